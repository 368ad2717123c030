// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <system_error>

#include "base/escape.hpp"
#include "commands/command.hpp"

namespace ociassemble::tool {

std::string path_hint(const std::string& text) {
  namespace fs = std::filesystem;
  if (!Location::parse(text).reference) return {};
  const auto is_there = [](const std::string& path) {
    std::error_code ignored;
    return !path.empty() && fs::exists(path, ignored);
  };
  const auto colon = text.rfind(':');
  // "image" or "image:v1".
  const auto path = is_there(text) || colon == std::string::npos ? text : text.substr(0, colon);
  if (!is_there(path)) return {};
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return "there is a folder " + path + " here: " + shell_word("oci:" + text);
  return "there is a file " + path + " here: " + shell_word("oci-archive:" + text) + " or " +
         shell_word("docker-archive:" + text);
}

}  // namespace ociassemble::tool
