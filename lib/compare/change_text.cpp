// SPDX-License-Identifier: Apache-2.0
#include "compare/change_text.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace ociassemble {
namespace {

std::string value_text(const std::optional<std::string>& value) { return value ? short_text(*value) : "(none)"; }

}  // namespace

std::string value_change_text(const ValueChange& change) {
  const auto name = terminal_text(change.key.empty() ? change.member : change.member + " " + change.key);
  return fmt::format("{}: {} -> {}", name, value_text(change.before), value_text(change.after));
}

}  // namespace ociassemble
