// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ociassemble {

struct JsonMember;

// A JSON value (RFC 8259) as it was read. Numbers keep their text, so that none loses its value.
struct JsonValue {
  struct Number {
    std::string text;
  };
  using Array = std::vector<JsonValue>;
  using Object = std::vector<JsonMember>;  // sorted by the names' bytes, each name once

  std::variant<std::monostate, bool, Number, std::string, Array, Object> data;  // monostate: null

  bool is_null() const noexcept { return std::holds_alternative<std::monostate>(data); }
};

struct JsonMember {
  std::string name;
  JsonValue value;
};

struct JsonLimits {
  std::size_t size;  // of the text, in bytes
  std::size_t depth = 64;
  std::size_t values = std::size_t{1} << 20U;  // all of them together; bounds the memory
};

// Reads one JSON document, strictly: UTF-8 without a byte order mark, nothing after it, no duplicate names in an
// object. `subject` names it in errors: "cannot parse SUBJECT: ...". Throws Error{corrupt}, also over a limit.
JsonValue parse_json(std::string_view text, std::string_view subject, const JsonLimits& limits);

// Compact, members sorted by bytes; integers as they were (of any length), floats in their shortest form.
std::string to_json(const JsonValue& value);

// Whether Go's encoding/json, which reads images everywhere else, takes the two for the same member: it ignores case
// (also of U+017F and U+212A). What we read and write must mean the same to it.
bool same_member_name(std::string_view a, std::string_view b) noexcept;

// A value inside a document and the path to it, for typed access: a wrong type is an Error{corrupt} that says where
// ("cannot parse manifest: layers[2].size is not a non-negative integer"). Borrows the value and the subject.
class JsonView {
 public:
  JsonView(const JsonValue& value, std::string_view subject) : value_(&value), subject_(subject) {}

  // This value as what it has to be. size() is an integer from 0 to 2^63-1, names() are the names of an object whose
  // values are objects or null (Go's map[string]struct{}).
  const std::string& string() const;
  bool is_string() const noexcept { return std::holds_alternative<std::string>(value_->data); }
  bool boolean() const;
  std::uint64_t size() const;
  std::vector<std::string> strings() const;
  std::map<std::string, std::string> string_map() const;
  std::set<std::string> names() const;
  std::vector<JsonView> elements() const;
  // Of an object, sorted by bytes, whatever the values.
  std::vector<std::string> member_names() const;

  // A member of this object, by same_member_name; nothing when it is absent or null, Error{corrupt} when it is there
  // twice in different case.
  std::optional<JsonView> find(std::string_view name) const;
  // As find, but absent or null is Error{corrupt}.
  JsonView at(std::string_view name) const;
  // Whether the member is there, if only as null.
  bool contains(std::string_view name) const;

  // The member, or an empty value when it is absent or null.
  std::string find_string(std::string_view name) const;
  std::vector<std::string> find_strings(std::string_view name) const;
  std::map<std::string, std::string> find_string_map(std::string_view name) const;
  std::set<std::string> find_names(std::string_view name) const;

  // The members that are neither in `known` nor null, as compact JSON.
  std::map<std::string, std::string> others(std::span<const std::string_view> known) const;

  // Throws Error{corrupt}: "cannot parse SUBJECT: PATH CAUSE".
  [[noreturn]] void refuse(std::string_view cause) const;

 private:
  JsonView(const JsonValue& value, std::string_view subject, std::string path)
      : value_(&value), subject_(subject), path_(std::move(path)) {}

  const JsonValue::Object& object() const;
  const JsonValue::Array& array() const;
  const JsonMember* find_member(std::string_view name) const;
  JsonView child(std::string_view name, const JsonValue& value) const;
  JsonView element(std::size_t index, const JsonValue& value) const;

  const JsonValue* value_;
  std::string_view subject_;
  std::string path_;
};

}  // namespace ociassemble
