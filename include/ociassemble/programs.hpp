// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "ociassemble/export.hpp"
#include "ociassemble/go_program.hpp"
#include "ociassemble/image.hpp"

namespace ociassemble {

// A program in an image: one that Go built, or one that UPX packed, whose facts cannot be read.
struct ImageProgram {
  std::string path;       // relative, as the layer has it
  std::size_t layer = 0;  // counted from 1
  std::uint32_t mode = 0;
  std::uint64_t size = 0;
  Digest digest;
  std::string architecture;     // of the ELF header, in Go's words: "amd64"
  std::optional<GoProgram> go;  // nothing for a packed program
};

struct ImagePrograms {
  std::vector<ImageProgram> programs;  // by path
  std::size_t left_out = 0;            // more than are kept: 1,000 programs, 64 MiB of facts
};

// application: those that `ociassemble build` put programs and added files in, by the history.
enum class ProgramLayers { application, all };

struct ProgramOptions {
  ProgramLayers layers = ProgramLayers::application;
  std::stop_token stop;
};

// Finds the Go programs of an image by reading its layers, from below; of several files at one path the uppermost
// counts, and whiteouts remove. A hard link to a program is not listed beside it. Nothing where only the application's
// layers are asked for and the history names none. Each ELF file is copied to a temporary file while its layer is read,
// so memory does not grow with it; a file over 2 GiB is taken for no program. Throws DigestMismatch for layers with
// other bytes, what reading blobs throws, and Error{interrupted}.
OCIASSEMBLE_EXPORT std::optional<ImagePrograms> read_programs(const Image& image, const ProgramOptions& options = {});

}  // namespace ociassemble
