// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "commands/command.hpp"

namespace ociassemble::tool {

// `verify --key`: its options, and what it does.
class SignedFlags {
 public:
  void add_to(CLI::App& app);
  bool is_asked() const noexcept { return !keys_.empty(); }
  // Prints the reference with the digest that is signed, or what is not. Returns the exit status.
  int run(const std::string& location, const RegistryFlags& registry, const Streams& streams, bool is_quiet,
          bool is_json) const;

 private:
  std::vector<std::string> keys_, required_;
  std::string through_;
};

}  // namespace ociassemble::tool
