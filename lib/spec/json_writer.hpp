// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ociassemble {

// `text` in quotes; only what JSON demands is escaped. Throws Error{invalid_argument} for text that is not UTF-8.
std::string json_string(std::string_view text);
// The elements, which are JSON already.
std::string json_array(std::span<const std::string> elements);
std::string json_array_of_strings(std::span<const std::string> texts);

// Writes one compact object, its members in the order of the calls. Empty strings and containers are left out; text
// that is not UTF-8 is Error{invalid_argument} that names the member.
class JsonObjectWriter {
 public:
  void string(std::string_view name, std::string_view value);
  void strings(std::string_view name, std::span<const std::string> values);
  void string_map(std::string_view name, const std::map<std::string, std::string>& values);
  void names(std::string_view name, const std::set<std::string>& values);  // {"a":{},"b":{}}
  void flag(std::string_view name, bool value);                            // left out when false
  // A value that is JSON already; an empty one has to be left out by the caller.
  void json(std::string_view name, std::string_view value);
  // Members that somebody else wrote, name -> JSON: checked, made compact, nulls left out. A name that readers would
  // take for one of `known` is Error{invalid_argument}, as is what is not JSON.
  void unknown(const std::map<std::string, std::string>& members, std::span<const std::string_view> known);

  bool empty() const noexcept { return text_.empty(); }
  std::string finish() const { return "{" + text_ + "}"; }

 private:
  std::string text_;
};

}  // namespace ociassemble
