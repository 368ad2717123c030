// SPDX-License-Identifier: Apache-2.0
#include "spec/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "spec/json_writer.hpp"

namespace ociassemble {
namespace {

[[noreturn]] void fail(std::string_view subject, std::string_view cause) {
  throw Error(ErrorCode::corrupt, fmt::format("cannot parse {}: {}", subject, cause));
}

bool is_integer(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// A float stays one ("1.0"): nobody shall take it for an integer.
std::string shortest(double value) {
  std::array<char, 32> text;
  const auto result = std::to_chars(text.data(), text.data() + text.size(), value);
  std::string number(text.data(), result.ptr);
  return is_integer(number) ? number + ".0" : number;
}

// Where a byte, counted from 1, is in the text; what a person wrote has lines.
std::string byte_words(std::string_view text, std::size_t byte) {
  const auto before = text.substr(0, byte == 0 ? 0 : byte - 1);
  const auto last_break = before.rfind('\n');
  if (last_break == std::string_view::npos) return fmt::format("byte {}", byte);
  return fmt::format("byte {}, line {}, column {}", byte, 1 + std::count(before.begin(), before.end(), '\n'),
                     before.size() - last_break);
}

// Builds a JsonValue from the parser's events; the names are what nlohmann's SAX interface demands.
class Builder {
 public:
  Builder(std::string_view text, std::string_view subject, const JsonLimits& limits)
      : text_(text), subject_(subject), limits_(limits) {}

  bool null() { return add({}); }
  bool boolean(bool value) { return add({value}); }
  bool number_integer(std::int64_t value) { return add({JsonValue::Number{std::to_string(value)}}); }
  bool number_unsigned(std::uint64_t value) { return add({JsonValue::Number{std::to_string(value)}}); }
  // Also gets integers that are over 64 bits.
  bool number_float(double value, const std::string& text) {
    return add({JsonValue::Number{is_integer(text) ? text : shortest(value)}});
  }
  bool string(std::string& value) { return add({std::move(value)}); }
  bool binary(nlohmann::json::binary_t& /*value*/) { return false; }
  bool start_array(std::size_t /*size*/) { return open({JsonValue::Array{}}); }
  bool start_object(std::size_t /*size*/) { return open({JsonValue::Object{}}); }
  bool key(std::string& name) {
    names_.push_back(std::move(name));
    return true;
  }
  bool end_array() { return close(); }
  bool end_object() {
    sort_members(std::get<JsonValue::Object>(open_.back().data));
    return close();
  }
  bool parse_error(std::size_t position, const std::string& /*token*/, const nlohmann::json::exception& /*error*/) {
    fail(subject_, "invalid JSON at " + byte_words(text_, position));
  }

  JsonValue take() { return std::move(result_); }

 private:
  bool add(JsonValue value) {
    if (++count_ > limits_.values) fail(subject_, fmt::format("more than {} values", limits_.values));
    if (open_.empty()) {
      result_ = std::move(value);
    } else if (auto* array = std::get_if<JsonValue::Array>(&open_.back().data)) {
      array->push_back(std::move(value));
    } else {
      std::get<JsonValue::Object>(open_.back().data).push_back({std::move(names_.back()), std::move(value)});
      names_.pop_back();
    }
    return true;
  }

  bool open(JsonValue container) {
    if (open_.size() == limits_.depth) fail(subject_, fmt::format("nested more than {} deep", limits_.depth));
    open_.push_back(std::move(container));
    return true;
  }

  bool close() {
    auto value = std::move(open_.back());
    open_.pop_back();
    return add(std::move(value));
  }

  void sort_members(JsonValue::Object& members) {
    std::sort(members.begin(), members.end(), [](const JsonMember& a, const JsonMember& b) { return a.name < b.name; });
    const auto twice = std::adjacent_find(members.begin(), members.end(),
                                          [](const JsonMember& a, const JsonMember& b) { return a.name == b.name; });
    if (twice != members.end()) fail(subject_, fmt::format("member \"{}\" is there twice", printable(twice->name)));
  }

  std::string_view text_;
  std::string_view subject_;
  JsonLimits limits_;
  std::size_t count_ = 0;
  std::vector<JsonValue> open_;
  std::vector<std::string> names_;  // of the members whose values are not complete
  JsonValue result_;
};

void append(std::string& text, const JsonValue& value);

void append_array(std::string& text, const JsonValue::Array& array) {
  char separator = '[';
  for (const auto& element : array) {
    text += std::exchange(separator, ',');
    append(text, element);
  }
  text += array.empty() ? "[]" : "]";
}

void append_object(std::string& text, const JsonValue::Object& object) {
  char separator = '{';
  for (const auto& member : object) {
    text += std::exchange(separator, ',');
    text += json_string(member.name);
    text += ':';
    append(text, member.value);
  }
  text += object.empty() ? "{}" : "}";
}

struct Appender {
  std::string& text;
  void operator()(std::monostate) const { text += "null"; }
  void operator()(bool value) const { text += value ? "true" : "false"; }
  void operator()(const JsonValue::Number& number) const { text += number.text; }
  void operator()(const std::string& value) const { text += json_string(value); }
  void operator()(const JsonValue::Array& array) const { append_array(text, array); }
  void operator()(const JsonValue::Object& object) const { append_object(text, object); }
};

// Recursion is bounded by the depth that was read.
void append(std::string& text, const JsonValue& value) { std::visit(Appender{text}, value.data); }

}  // namespace

JsonValue parse_json(std::string_view text, std::string_view subject, const JsonLimits& limits) {
  if (text.size() > limits.size) {
    fail(subject, fmt::format("{} bytes are more than the limit of {}", text.size(), limits.size));
  }
  if (!is_valid_utf8(text)) fail(subject, "not UTF-8");
  // The parser would skip the mark, and take a zero byte for the end.
  if (text.starts_with("\xEF\xBB\xBF")) fail(subject, "begins with a byte order mark");
  if (const auto zero = text.find('\0'); zero != std::string_view::npos) {
    fail(subject, "invalid JSON at " + byte_words(text, zero + 1));
  }
  Builder builder(text, subject, limits);
  nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

std::string to_json(const JsonValue& value) {
  std::string text;
  append(text, value);
  return text;
}

}  // namespace ociassemble
