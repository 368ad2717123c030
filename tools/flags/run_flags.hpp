// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ociassemble/runtime.hpp"
#include "run.hpp"

namespace CLI {
class App;
}

namespace ociassemble::tool {

// Options about how an image is run.
class RunFlags {
 public:
  void add_to(CLI::App& app, const char* group);
  // The same in the library's words. `mounts` are those that come from elsewhere, which these add to.
  RunSettings settings(std::vector<BindMount> mounts = {}) const;

 private:
  std::string name_;
  std::vector<std::string> env_, ports_, mounts_, capabilities_;
  std::string memory_, temporary_, volumes_;
  std::uint32_t processes_ = 256;
};

// What follows "--" on the command line: arguments for the program, in the place of the image's command. Nothing
// without a "--".
std::optional<std::vector<std::string>> program_words(const Streams& streams);

// "256m", "1g", "512k", "64Mi" or bytes. Throws Error{invalid_argument}.
std::uint64_t parse_size(const std::string& text, const std::string& option);

}  // namespace ociassemble::tool
