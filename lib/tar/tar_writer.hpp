// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ociassemble/io.hpp"
#include "tar/entry.hpp"

namespace ociassemble {

// Writes layer format 1 (docs/layer-format.md): ustar headers, a pax header only where a value does not fit. Gathers
// small pieces: all bytes have reached the sink when finish() returns, not before. One thread.
class TarWriter {
 public:
  // Borrows `to` for its life.
  explicit TarWriter(Sink& to);

  // Appends an entry; `data` (regular files only) must give exactly entry.size bytes, and may be left out when that is
  // 0. Throws Error{invalid_argument} for a path that is not in canonical form (the root, too), not after the one
  // before it (order of path bytes, parents first), for another type than regular, directory and symlink, for a value
  // that tar cannot hold; Error{io} "changed while it was read" when data is longer or shorter. After an error the
  // archive cannot be continued.
  void add(const TarEntry& entry, Source* data = nullptr);
  // Two zero blocks. Called once.
  void finish();

 private:
  void append(std::string_view bytes);
  void append_zeros(std::size_t count);
  void append_data(const TarEntry& entry, Source& data);
  std::span<std::byte> room();  // never empty
  void flush();

  Sink& to_;
  std::optional<std::string> last_path_;
  std::vector<std::byte> buffer_;
  std::size_t filled_ = 0;
};

// The order of entries in a layer: by path bytes with '/' before all other bytes, so that parents come first and a
// directory's entries stay together.
bool tar_path_less(std::string_view left, std::string_view right) noexcept;

}  // namespace ociassemble
