// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ociassemble {

// One secret, and every form in which a server may repeat it: as it is, each character of it escaped as JSON, a URL, a
// form, HTML or C does (also some and not others), in base64 with whatever before and after it, in hexadecimal digits.
class Secret {
 public:
  explicit Secret(std::string text);

  const std::string& text() const noexcept { return text_; }
  // Puts "***" in the place of each occurrence.
  std::string redact(const std::string& from) const;

 private:
  std::size_t match(std::string_view text, std::size_t at) const;

  std::string text_;
  std::vector<std::string> characters_;  // UTF-8 sequences, or bytes that are none
  std::vector<std::string> encoded_;     // the forms of base64 and hexadecimal, without their ends
};

}  // namespace ociassemble
