// SPDX-License-Identifier: Apache-2.0
#include "image/read_only_contract.hpp"

#include <algorithm>
#include <string_view>

namespace ociassemble {

bool is_read_only(const ImageConfig& config) {
  const auto label = config.labels.find(kReadOnlyLabel);
  return label != config.labels.end() && label->second == "true";
}

std::set<std::string> label_words(const ImageConfig& config, const char* label) {
  std::set<std::string> words;
  const auto found = config.labels.find(label);
  if (found == config.labels.end()) return words;
  const std::string_view text = found->second;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    if (end != begin) words.emplace(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

std::string confinement_options(const std::set<std::string>& capabilities) {
  if (capabilities.empty()) return "--cap-drop=all --security-opt=no-new-privileges";
  std::string options = "--cap-drop=all";
  for (const auto& name : capabilities) options += " --cap-add=" + name;
  return options;
}

}  // namespace ociassemble
