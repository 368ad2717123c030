// SPDX-License-Identifier: Apache-2.0
#include "attest/purl.hpp"

#include <fmt/format.h>

#include <iterator>

#include "base/text.hpp"

namespace ociassemble {
namespace {

constexpr std::string_view kUnreserved = "-._~";

void append_encoded(std::string& to, std::string_view text, std::string_view kept) {
  for (const char c : text) {
    if (is_letter_or_digit(c) || kUnreserved.find(c) != std::string_view::npos ||
        kept.find(c) != std::string_view::npos) {
      to += c;
    } else {
      fmt::format_to(std::back_inserter(to), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
}

}  // namespace

std::string make_purl(std::string_view type, std::string_view name, std::string_view version,
                      const std::map<std::string, std::string>& qualifiers) {
  std::string purl = "pkg:";
  purl += type;
  purl += '/';
  append_encoded(purl, name, "/");
  if (!version.empty()) {
    purl += '@';
    append_encoded(purl, version, "");
  }
  char separator = '?';
  for (const auto& [key, value] : qualifiers) {
    if (value.empty()) continue;
    purl += separator;
    purl += key;
    purl += '=';
    append_encoded(purl, value, "");
    separator = '&';
  }
  return purl;
}

}  // namespace ociassemble
