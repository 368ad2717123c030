// SPDX-License-Identifier: Apache-2.0
#include "spec/json_writer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "spec/json.hpp"

namespace ociassemble {
namespace {

// Leaves room for the members around a value that is put into a document, which has to be readable again.
constexpr std::size_t kDeepestUnknown = 60;

[[noreturn]] void refuse_json(std::string_view member, std::string_view cause) {
  throw Error(ErrorCode::invalid_argument, fmt::format("cannot write member \"{}\": {}", printable(member), cause));
}

std::string quoted(std::string_view member, std::string_view text) {
  if (!is_valid_utf8(text)) refuse_json(member, "not UTF-8");
  return json_string(text);
}

JsonValue checked(std::string_view member, std::string_view json) {
  try {
    return parse_json(json, "it", {.size = std::numeric_limits<std::size_t>::max(), .depth = kDeepestUnknown});
  } catch (const Error& error) {
    refuse_json(member, error.what());
  }
}

}  // namespace

std::string json_string(std::string_view text) {
  if (!is_valid_utf8(text)) {
    throw Error(ErrorCode::invalid_argument, fmt::format("cannot write text \"{}\": not UTF-8", printable(text)));
  }
  return nlohmann::json(text).dump();
}

std::string json_array(std::span<const std::string> elements) { return fmt::format("[{}]", fmt::join(elements, ",")); }

std::string json_array_of_strings(std::span<const std::string> texts) {
  std::vector<std::string> elements;
  for (const auto& text : texts) elements.push_back(json_string(text));
  return json_array(elements);
}

void JsonObjectWriter::json(std::string_view name, std::string_view value) {
  if (!text_.empty()) text_ += ',';
  text_ += quoted(name, name);
  text_ += ':';
  text_ += value;
}

void JsonObjectWriter::string(std::string_view name, std::string_view value) {
  if (!value.empty()) json(name, quoted(name, value));
}

void JsonObjectWriter::strings(std::string_view name, std::span<const std::string> values) {
  if (values.empty()) return;
  std::vector<std::string> elements;
  for (const auto& value : values) elements.push_back(quoted(name, value));
  json(name, json_array(elements));
}

void JsonObjectWriter::string_map(std::string_view name, const std::map<std::string, std::string>& values) {
  if (values.empty()) return;
  JsonObjectWriter object;
  for (const auto& [key, value] : values) object.json(key, quoted(name, value));
  json(name, object.finish());
}

void JsonObjectWriter::names(std::string_view name, const std::set<std::string>& values) {
  if (values.empty()) return;
  JsonObjectWriter object;
  for (const auto& value : values) object.json(value, "{}");
  json(name, object.finish());
}

void JsonObjectWriter::flag(std::string_view name, bool value) {
  if (value) json(name, "true");
}

void JsonObjectWriter::unknown(const std::map<std::string, std::string>& members,
                               std::span<const std::string_view> known) {
  for (const auto& [name, text] : members) {
    const auto is_this = [&member = name](std::string_view other) { return same_member_name(member, other); };
    if (std::any_of(known.begin(), known.end(), is_this)) refuse_json(name, "it is one of the known members");
    const auto value = checked(name, text);
    if (!value.is_null()) json(name, to_json(value));
  }
}

}  // namespace ociassemble
