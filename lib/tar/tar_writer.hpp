// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "ociassemble/io.hpp"
#include "tar/entry.hpp"

namespace ociassemble {

// Writes layer format 1 (docs/layer-format.md): ustar headers, a pax header only where a value does not fit. One
// thread.
class TarWriter {
 public:
  // Borrows `to` for its life.
  explicit TarWriter(Sink& to) : to_(to) {}

  // Appends an entry; `data` (regular files only) must give exactly entry.size bytes. Throws Error{invalid_argument}
  // for a path that is not in canonical form, not after the one before it (order of path bytes, parents first), for
  // another type than regular, directory and symlink; Error{io} "changed while it was read" when data is longer or
  // shorter.
  void add(const TarEntry& entry, Source* data = nullptr);
  // Two zero blocks. Called once.
  void finish();

 private:
  Sink& to_;
  std::optional<std::string> last_path_;
};

// The order of entries in a layer: by path bytes with '/' before all other bytes, so that parents come first and a
// directory's entries stay together.
bool tar_path_less(std::string_view left, std::string_view right) noexcept;

}  // namespace ociassemble
