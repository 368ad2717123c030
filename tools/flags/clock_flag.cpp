// SPDX-License-Identifier: Apache-2.0
#include "flags/clock_flag.hpp"

#include <CLI/CLI.hpp>

#include <chrono>

#include "ociassemble/error.hpp"
#include "spec/timestamp.hpp"

namespace ociassemble::tool {

void ClockFlag::add_to(CLI::App& app, const char* group) {
  app.add_option(
         "--now", text_,
         "Day or time that ages and dates are judged by, such as 2026-11-27, or system for this machine's clock")
      ->type_name("DATE|system")
      ->group(group);
}

std::optional<std::int64_t> ClockFlag::now() const {
  if (!text_) return {};
  if (*text_ == "system") {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(now).count();
  }
  constexpr std::size_t kDateLength = 10;
  try {
    return parse_time(text_->size() == kDateLength && (*text_)[4] == '-' ? *text_ + "T00:00:00Z" : *text_);
  } catch (const Error&) {
    throw Error(ErrorCode::invalid_argument, "cannot use --now " + *text_ + ": it is no day or time",
                "write 2026-11-27, 2026-11-27T10:00:00Z, or system");
  }
}

}  // namespace ociassemble::tool
