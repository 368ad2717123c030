// SPDX-License-Identifier: Apache-2.0
#include "inspect/passwd.hpp"

#include <algorithm>
#include <string_view>

#include "fuzz.hpp"
#include "ociassemble/error.hpp"

namespace {

using ociassemble::Error;
using ociassemble::ErrorCode;
using ociassemble::fuzz::require;

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7F; });
}

void look_up(std::string_view user, std::string_view passwd, std::string_view group) {
  try {
    const auto found = ociassemble::lookup_user(user, passwd, group);
    require(ociassemble::lookup_user(found.to_string(), "", "").to_string() == found.to_string(),
            "numbers stand for themselves");
    require(found.uid != 0xFFFFFFFF && found.gid != 0xFFFFFFFF, "-1 is nobody");
  } catch (const Error& error) {
    require(error.code() == ErrorCode::not_found || error.code() == ErrorCode::invalid_argument, "the kind of error");
    require(!has_control_character(error.what()), "an error is one line");
  }
}

}  // namespace

// The first line is the user; the rest is both passwd and group.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = ociassemble::fuzz::as_text(data, size);
  const auto end = std::min(text.find('\n'), text.size());
  const auto user = std::string_view(text).substr(0, end);
  const auto rest = std::string_view(text).substr(end == text.size() ? end : end + 1);
  look_up(user, rest, rest);
  for (const auto& entry : ociassemble::parse_passwd(rest)) {
    require(!entry.name.empty() && entry.name.find_first_of(":\n") == std::string::npos, "a name has no separator");
    require(entry.uid != 0xFFFFFFFF && entry.gid != 0xFFFFFFFF, "-1 is nobody");
  }
  for (const auto& entry : ociassemble::parse_group(rest)) require(!entry.name.empty(), "a group has a name");
  return 0;
}
