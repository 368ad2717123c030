// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/ignore.hpp"

#include <algorithm>
#include <string_view>

#include "fuzz.hpp"
#include "ociassemble/error.hpp"

namespace {

using ociassemble::fuzz::require;

void check_path(const ociassemble::IgnoreRules& rules, const std::string& path) {
  const auto decision = rules.decide(path);
  require(!decision.excluded || decision.rule.has_value(), "nothing is out without a rule");
  require(!decision.may_include_below || decision.excluded, "only below what is out an exception counts");
  if (!decision.excluded || decision.may_include_below) return;
  for (const char* name : {"/x", "/a/b", "/README.md"}) {
    require(rules.decide(path + name).excluded, "what is below a directory that nothing opens is out");
  }
}

}  // namespace

// The first line is the path; the rest is the ignore file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = ociassemble::fuzz::as_text(data, std::min(size, std::size_t{16} * 1024));
  const auto end = std::min(text.find('\n'), text.size());
  const auto path = text.substr(0, std::min(end, std::size_t{256}));
  try {
    check_path(ociassemble::IgnoreRules::parse(std::string_view(text).substr(end), "rules"), path);
  } catch (const ociassemble::Error& error) {
    require(error.code() == ociassemble::ErrorCode::invalid_argument, "the kind of error");
    require(std::string_view(error.what()).find('\n') == std::string_view::npos, "an error is one line");
  }
  return 0;
}
