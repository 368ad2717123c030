// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>

#include "ociassemble/error.hpp"
#include "ociassemble/image.hpp"
#include "tree/tree.hpp"

namespace ociassemble {

struct UnpackOptions {
  bool set_owners = false;   // as the image has them; takes root
  bool keep_set_id = false;  // set-user-ID and set-group-ID bits; else they are dropped
  // Make /tmp, with the mode that everybody may write to, whatever the image has there: a runtime mounts memory on it
  // and gives that the folder's mode.
  bool temporary_folder = false;
  // A folder that holds the first `lower_layers` of the image unpacked by the same options, whose files may be shared
  // by hard links; nobody may write to either. Empty: none.
  std::filesystem::path lower;
  std::size_t lower_layers = 0;
};

// What was left out.
struct UnpackReport {
  std::uint64_t devices = 0;  // and pipes
  std::uint64_t set_id = 0;   // files whose bits were dropped
  std::uint64_t bytes = 0;    // of the files written
};

// Thrown for a file whose place in the layers the tree does not know (Tree::continued), and that the lower folder
// lacks.
class FileElsewhere : public Error {
 public:
  explicit FileElsewhere(const std::string& path);
};

// Writes the files of the tree, which the first `layers` of the image made, into an empty folder that only we can write
// to. Nothing outside it is touched, whatever the layers hold: every path is opened below the folder without following
// a link. No device is made. Memory does not grow with the files beside the tree. Throws what reading layers throws,
// Error{io}, FileElsewhere, and
// Error{unsupported} for more than 64 GiB.
UnpackReport unpack(const Image& image, const Tree& tree, std::size_t layers, const std::filesystem::path& folder,
                    const UnpackOptions& options, const std::stop_token& stop);

}  // namespace ociassemble
