// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "spec/json.hpp"

namespace ociassemble {
namespace {

// The next character of a name as encoding/json's folding sees it; the two letters outside ASCII that fold into it are
// U+017F (long s) and U+212A (the Kelvin sign).
char next_folded(std::string_view& name) noexcept {
  constexpr std::string_view kLongS = "\xC5\xBF";
  constexpr std::string_view kKelvin = "\xE2\x84\xAA";
  const bool long_s = name.starts_with(kLongS);
  const bool kelvin = name.starts_with(kKelvin);
  const char c = long_s ? 's' : kelvin ? 'k' : name.front();
  name.remove_prefix(long_s ? kLongS.size() : kelvin ? kKelvin.size() : 1);
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

bool same_member_name(std::string_view a, std::string_view b) noexcept {
  while (!a.empty() && !b.empty()) {
    if (next_folded(a) != next_folded(b)) return false;
  }
  return a.empty() && b.empty();
}

void JsonView::refuse(std::string_view cause) const {
  throw Error(ErrorCode::corrupt,
              fmt::format("cannot parse {}: {} {}", subject_, path_.empty() ? "the document" : path_, cause));
}

const std::string& JsonView::string() const {
  const auto* text = std::get_if<std::string>(&value_->data);
  if (text == nullptr) refuse("is not a string");
  return *text;
}

bool JsonView::boolean() const {
  const auto* value = std::get_if<bool>(&value_->data);
  if (value == nullptr) refuse("is not true or false");
  return *value;
}

std::uint64_t JsonView::size() const {
  const auto* number = std::get_if<JsonValue::Number>(&value_->data);
  if (number == nullptr) refuse("is not a non-negative integer");
  const auto& text = number->text;
  std::uint64_t size = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), size);
  if (result.ptr != text.data() + text.size() || result.ec != std::errc{}) refuse("is not a non-negative integer");
  if (size > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) refuse("is too large");
  return size;
}

const JsonValue::Object& JsonView::object() const {
  const auto* object = std::get_if<JsonValue::Object>(&value_->data);
  if (object == nullptr) refuse("is not an object");
  return *object;
}

const JsonValue::Array& JsonView::array() const {
  const auto* array = std::get_if<JsonValue::Array>(&value_->data);
  if (array == nullptr) refuse("is not an array");
  return *array;
}

JsonView JsonView::child(std::string_view name, const JsonValue& value) const {
  return {value, subject_, path_.empty() ? printable(name) : fmt::format("{}.{}", path_, printable(name))};
}

JsonView JsonView::element(std::size_t index, const JsonValue& value) const {
  return {value, subject_, fmt::format("{}[{}]", path_, index)};
}

std::vector<JsonView> JsonView::elements() const {
  std::vector<JsonView> result;
  for (const auto& value : array()) result.push_back(element(result.size(), value));
  return result;
}

std::vector<std::string> JsonView::strings() const {
  std::vector<std::string> result;
  for (const auto& value : array()) {
    const auto* text = std::get_if<std::string>(&value.data);
    if (text == nullptr) element(result.size(), value).refuse("is not a string");
    result.push_back(*text);
  }
  return result;
}

std::map<std::string, std::string> JsonView::string_map() const {
  std::map<std::string, std::string> result;
  for (const auto& member : object()) {
    const auto* text = std::get_if<std::string>(&member.value.data);
    if (text == nullptr) child(member.name, member.value).refuse("is not a string");
    result.emplace_hint(result.end(), member.name, *text);
  }
  return result;
}

std::set<std::string> JsonView::names() const {
  std::set<std::string> result;
  for (const auto& member : object()) {
    const bool empty_value = member.value.is_null() || std::holds_alternative<JsonValue::Object>(member.value.data);
    if (!empty_value) child(member.name, member.value).refuse("is not an object");
    result.insert(result.end(), member.name);
  }
  return result;
}

std::vector<std::string> JsonView::member_names() const {
  std::vector<std::string> result;
  for (const auto& member : object()) result.push_back(member.name);
  return result;
}

const JsonMember* JsonView::find_member(std::string_view name) const {
  const JsonMember* found = nullptr;
  for (const auto& member : object()) {
    if (!same_member_name(member.name, name)) continue;
    if (found != nullptr) {
      refuse(fmt::format("has both members \"{}\" and \"{}\"", printable(found->name), printable(member.name)));
    }
    found = &member;
  }
  return found;
}

std::optional<JsonView> JsonView::find(std::string_view name) const {
  const auto* member = find_member(name);
  if (member == nullptr || member->value.is_null()) return std::nullopt;
  return child(name, member->value);
}

JsonView JsonView::at(std::string_view name) const {
  const auto* member = find_member(name);
  if (member == nullptr) child(name, *value_).refuse("is missing");
  if (member->value.is_null()) child(name, *value_).refuse("is null");
  return child(name, member->value);
}

bool JsonView::contains(std::string_view name) const { return find_member(name) != nullptr; }

std::string JsonView::find_string(std::string_view name) const {
  const auto member = find(name);
  return member ? member->string() : std::string();
}

std::vector<std::string> JsonView::find_strings(std::string_view name) const {
  const auto member = find(name);
  return member ? member->strings() : std::vector<std::string>();
}

std::map<std::string, std::string> JsonView::find_string_map(std::string_view name) const {
  const auto member = find(name);
  return member ? member->string_map() : std::map<std::string, std::string>();
}

std::set<std::string> JsonView::find_names(std::string_view name) const {
  const auto member = find(name);
  return member ? member->names() : std::set<std::string>();
}

std::map<std::string, std::string> JsonView::others(std::span<const std::string_view> known) const {
  std::map<std::string, std::string> result;
  for (const auto& member : object()) {
    const auto is_this = [&member](std::string_view name) { return same_member_name(member.name, name); };
    if (member.value.is_null() || std::any_of(known.begin(), known.end(), is_this)) continue;
    result.emplace_hint(result.end(), member.name, to_json(member.value));
  }
  return result;
}

}  // namespace ociassemble
