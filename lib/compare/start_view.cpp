// SPDX-License-Identifier: Apache-2.0
#include "compare/start_view.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "compare/start_variables.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

// What runtimes give a container whose image sets none.
constexpr const char* kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

bool is_of_name(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// The name behind a '$', which is taken off; empty where there is none.
std::string take_variable(std::string_view& text) {
  const bool is_braced = text.starts_with('{');
  if (is_braced) text.remove_prefix(1);
  std::size_t end = 0;
  while (end < text.size() && is_of_name(text[end])) ++end;
  std::string name(text.substr(0, end));
  text.remove_prefix(end);
  if (!is_braced) return name;
  if (!text.starts_with('}')) return {};
  text.remove_prefix(1);
  return name;
}

}  // namespace

std::string_view last_name_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string Found::describe() const {
  return node == nullptr ? "nothing" : fmt::format("{} ({})", printable(path), describe_file(node));
}

Found StartView::follow(std::string_view path) const {
  Found found;
  found.spelled = path.starts_with('/') ? std::string(path) : fmt::format("{}/{}", config_.working_dir, path);
  try {
    const auto resolved = tree_.resolve(found.spelled);
    found.node = tree_.find(resolved);
    found.path = "/" + resolved;
    if (found.node != nullptr && found.node->has_mark) found.links = &image_.links_of(*found.node);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt) throw;
    found.path = found.spelled;
  }
  return found;
}

Found StartView::program(const std::string& name) const {
  return program(name, config_.env_value("PATH").value_or(kDefaultPath));
}

Found StartView::program(const std::string& name, std::string_view path) const {
  if (name.find('/') != std::string::npos) return follow(name);
  while (true) {
    const auto colon = path.find(':');
    auto place = std::string(path.substr(0, colon));
    if (!place.empty()) place += '/';
    auto found = follow(place + name);
    if (found.node != nullptr && found.node->type == EntryType::regular && (found.node->mode & 0111U) != 0)
      return found;
    if (colon == std::string_view::npos) return {};
    path.remove_prefix(colon + 1);
  }
}

std::vector<std::string> StartView::words() const {
  auto words = config_.entrypoint.value_or(std::vector<std::string>());
  const auto cmd = config_.cmd.value_or(std::vector<std::string>());
  words.insert(words.end(), cmd.begin(), cmd.end());
  return words;
}

std::map<std::string, std::vector<std::string>> StartView::variables() const {
  std::map<std::string, std::vector<std::string>> all;
  for (const auto& entry : config_.env) {
    const auto name = entry.substr(0, entry.find('='));
    if (name == "PATH" || is_start_variable(entry)) all[name].push_back(entry);
  }
  return all;
}

std::vector<std::string> StartView::values_of(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& entry : config_.env) {
    const auto equals = entry.find('=');
    if (equals != std::string::npos && std::string_view(entry).substr(0, equals) == name)
      values.push_back(entry.substr(equals + 1));
  }
  return values;
}

std::optional<std::string> StartView::expand(std::string_view text) const {
  std::string expanded;
  while (true) {
    const auto dollar = text.find_first_of("$`");
    expanded += text.substr(0, dollar);
    if (dollar == std::string_view::npos) return expanded;
    if (text[dollar] == '`') return {};
    text.remove_prefix(dollar + 1);
    const auto name = take_variable(text);
    const auto value = name.empty() ? std::nullopt : config_.env_value(name);
    if (!value) return {};
    expanded += *value;
  }
}

}  // namespace ociassemble
