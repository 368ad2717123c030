// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>

#include "base/atomic_file.hpp"

namespace ociassemble {

// What a path that the user gave for an output is. This is where it is decided what becomes of what is there:
// a regular file is replaced whole, a symlink is followed (also one that leads nowhere yet), into a device or a pipe
// the bytes are written, a folder is refused. "-" is the standard output. What is a descriptor of this process
// ("/dev/stdout", "/dev/fd/3", "-") is written to where it stands, and never replaced: others write to that file too.
struct OutputPlace {
  enum class Kind { file, stream };
  Kind kind = Kind::file;
  std::filesystem::path path;  // of a file: what the symlinks lead to
};

// Throws Error{io} naming the path for a folder, a socket, and what cannot be looked at.
OutputPlace find_output(const std::filesystem::path& path);

// Writes the bytes where find_output() says; waits for the reader of a pipe. A file is replaced whole, and left alone
// when it holds these bytes already. Throws Error{io}, Error{interrupted}.
void write_output(const std::filesystem::path& path, std::span<const std::byte> bytes);

// Opens a device or pipe for writing. Waits for the reader of a pipe.
UniqueFd open_output_stream(const std::filesystem::path& path);
// Throws Error{io} naming `path`, Error{interrupted}.
void write_output_stream(int fd, std::span<const std::byte> bytes, const std::filesystem::path& path);

}  // namespace ociassemble
