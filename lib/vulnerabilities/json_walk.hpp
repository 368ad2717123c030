// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ociassemble/io.hpp"

namespace ociassemble {

// Goes through a JSON document that may be larger than memory: into objects and arrays step by step, and value by value
// as text, for parse_json(). What is between the values is checked here, the values where they are parsed. Borrows the
// source. One thread. Every function throws Error{corrupt}, "cannot parse SUBJECT: …", for what is no JSON, ends early,
// is nested too deep, or has a value of more than `longest` bytes.
class JsonWalk {
 public:
  JsonWalk(Source& from, std::string subject, std::size_t longest);

  // The first character of the value that comes: '{', '[', '"', …
  char kind();
  // Goes into an object; then next_member() gives each name, or false at its end. Each member's value has to be taken,
  // skipped or gone into before the next.
  void enter_object();
  bool next_member(std::string& name);
  // The same for an array.
  void enter_array();
  bool next_element();
  // The value as text; lasts until the next call.
  std::string_view take_value();
  void skip_value();
  // After the document: nothing but blanks may follow.
  void finish();

  const std::string& subject() const noexcept { return subject_; }
  [[noreturn]] void refuse(std::string_view cause) const;

 private:
  char peek();
  char next();
  bool fill();
  char skip_blanks();
  // Reads one value; keeps its bytes where `keep`.
  void pass_value(bool keep);
  void pass_string(bool keep);
  bool next_in(char closing);

  Source& from_;
  std::string subject_;
  std::size_t longest_;
  std::vector<std::byte> buffer_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  std::uint64_t before_ = 0;  // bytes of the document before the buffer
  std::string value_;
  std::vector<bool> is_first_;  // of each object and array that was gone into
};

}  // namespace ociassemble
