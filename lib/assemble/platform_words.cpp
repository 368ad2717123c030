// SPDX-License-Identifier: Apache-2.0
#include "assemble/platform_words.hpp"

namespace ociassemble {

std::string fill_braces(std::string_view text,
                        const std::function<std::optional<std::string>(std::string_view name)>& value_of) {
  std::string result;
  for (auto open = text.find('{'); open != std::string_view::npos; open = text.find('{')) {
    const auto close = text.find('}', open);
    if (close == std::string_view::npos) break;
    result += text.substr(0, open);
    const auto value = value_of(text.substr(open + 1, close - open - 1));
    result += value.value_or("{");
    text.remove_prefix(value ? close + 1 : open + 1);
  }
  return result.append(text);
}

std::optional<std::string> platform_word(const Platform& platform, std::string_view name) {
  if (name == "os") return platform.os;
  if (name == "arch") return platform.architecture;
  if (name == "variant") return platform.variant;
  return {};
}

}  // namespace ociassemble
