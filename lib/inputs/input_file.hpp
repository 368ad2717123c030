// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/file_identity.hpp"
#include "digest/hasher.hpp"
#include "inspect/elf_file.hpp"
#include "io/streams.hpp"

namespace ociassemble {

// Reads a regular file that goes into an image: the bytes are those that the file held at one time, or reading fails.
// The file is identified by its descriptor before and after. Where the file system cannot tell a change, or somebody
// has the file open for writing, it is read a second time and has to be the same.
class InputFile : public Source {
 public:
  // By what a change is seen: the identity where the file system keeps ctimes, or always a second reading.
  enum class Trust { identity, bytes };

  // Waits up to kClockGrain for a file that was changed just now. Throws Error{not_found}, Error{io}, and Error{io}
  // when the path does not lead to the `expected` file, as it was, or the file changes meanwhile.
  explicit InputFile(std::filesystem::path file, const std::optional<FileIdentity>& expected = {},
                     Trust trust = Trust::identity);

  // Checks at the end of the file.
  std::size_t read(std::span<std::byte> buffer) override;
  // For a reader that stops earlier: whether the file still is what it was. Throws Error{io} when it is not.
  void require_unchanged() const;
  const FileIdentity& identity() const noexcept { return identity_; }
  // Whether the identity tells every change, so that the bytes need not be read twice.
  bool is_known_to_stay() const noexcept { return !hash_; }
  // The same file, for a reader of pieces, who calls require_unchanged() when done. Throws Error{io}.
  BoundedFile in_pieces() const;
  // Whether a write may be under way that began before the file was looked at, so that its identity may stay while its
  // bytes change: nobody must remember anything by it.
  bool may_be_written() const noexcept { return may_be_written_; }

 private:
  void come_to_rest();
  void look_for_writers();
  void require_same_bytes();

  std::filesystem::path file_;
  FileSource source_;
  FileIdentity identity_;
  bool may_be_written_ = false;
  std::optional<Hasher> hash_;  // of a file that is to be read twice
};

// The whole of a small file, of one time. Throws as InputFile, and Error{corrupt} past `limit`.
std::string read_input_file(const std::filesystem::path& file, std::size_t limit);

[[noreturn]] void throw_changed(const std::filesystem::path& file);

}  // namespace ociassemble
