// SPDX-License-Identifier: Apache-2.0
#include "http/curl_functions.hpp"
#include "http/http.hpp"

namespace ociassemble {

std::optional<std::int64_t> parse_http_date(std::string_view text) {
  // curl_getdate() also takes bare numbers and words like "Monday"; an HTTP date always names the zone.
  if (text.size() < 24 || text.find(':') == std::string_view::npos) return {};
  const auto seconds = curl().getdate(std::string(text).c_str(), nullptr);
  if (seconds < 0) return {};
  return seconds;
}

}  // namespace ociassemble
