// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace ociassemble::tool {

// --now: what day it is, for whatever depends on it. The machine's clock counts only where the user says so.
class ClockFlag {
 public:
  void add_to(CLI::App& app, const char* group);

  // Seconds since 1970; nothing where it was not given. Throws Error{invalid_argument}.
  std::optional<std::int64_t> now() const;

 private:
  std::optional<std::string> text_;
};

}  // namespace ociassemble::tool
