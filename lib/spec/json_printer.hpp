// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ociassemble/io.hpp"

namespace ociassemble {

// Prints one JSON value for people and machines, two blanks a level, straight into a sink: nothing is held back,
// however long it gets. Text that is not UTF-8 gets U+FFFD where it is broken. The caller keeps the order: a key before
// each member's value, an end for each begin. One thread.
class JsonPrinter {
 public:
  // Borrows the sink.
  explicit JsonPrinter(Sink& to) : to_(to) {}

  void begin_object() { begin('{'); }
  void end_object() { end('}'); }
  void begin_array() { begin('['); }
  void end_array() { end(']'); }
  JsonPrinter& key(std::string_view name);

  void value(std::string_view text);
  void value(const char* text) { value(std::string_view(text)); }
  void value(const std::string& text) { value(std::string_view(text)); }
  void value(std::uint64_t number);
  void value(std::int64_t number);
  void value(std::uint32_t number) { value(std::uint64_t{number}); }
  void value(int number) { value(std::int64_t{number}); }
  void value(bool flag);
  void value(const std::vector<std::string>& texts);
  void value(const std::set<std::string>& texts);
  void value(const std::map<std::string, std::string>& texts);

  template <class Value>
  void member(std::string_view name, const Value& value_of_member) {
    key(name).value(value_of_member);
  }

  // A value that is JSON already, and valid. Its strings stay the same texts; what a terminal may not see is escaped.
  void json(std::string_view text);

  // The newline after the value.
  void finish();

 private:
  void begin(char bracket);
  void end(char bracket);
  void separate();
  void write(std::string_view text) { to_.write(as_bytes(text)); }

  Sink& to_;
  std::vector<bool> has_members_;  // of each object or array that is open
  bool after_key_ = false;
};

}  // namespace ociassemble
