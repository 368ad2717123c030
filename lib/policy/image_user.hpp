// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "inspect/passwd.hpp"
#include "ociassemble/image_config.hpp"
#include "policy/unpacked_image.hpp"

namespace ociassemble {

// The user that the image runs as, found in its own /etc/passwd and /etc/group as runtimes do; nothing where it names
// one that is not there.
std::optional<NumericUser> find_image_user(const ImageConfig& config, const UnpackedImage& files);

// Whether the user, who is not root, may do to the entry what `bits` (4 read, 2 write, 1 execute) say.
bool may_use(const Tree::Node& node, const NumericUser& user, std::uint32_t bits) noexcept;

// The words that the image starts with: entrypoint, then cmd.
std::vector<std::string> start_words(const ImageConfig& config);

// The program that the image starts: the first word, looked for along PATH.
struct StartProgram {
  std::string word;  // as the config has it
  std::string path;  // absolute, in the image, links followed; empty: there is none
  const Tree::Node* node = nullptr;
  bool is_in_volume = false;  // what is there is the runtime's to bring
};
// Nothing where the image starts no program.
std::optional<StartProgram> find_start_program(const ImageConfig& config, const UnpackedImage& files);

// Whether a path (absolute) is a volume's, or below one.
bool is_in_volume(const std::string& path, const ImageConfig& config);

}  // namespace ociassemble
