// SPDX-License-Identifier: Apache-2.0
#include "vulnerabilities/json_walk.hpp"

#include <fmt/format.h>

#include <utility>

#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "spec/json.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kDeepest = 64;
constexpr std::size_t kLongestName = 4096;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool ends_scalar(char c) { return c == ',' || c == '}' || c == ']' || c == ':' || is_blank(c); }

}  // namespace

JsonWalk::JsonWalk(Source& from, std::string subject, std::size_t longest)
    : from_(from), subject_(std::move(subject)), longest_(longest), buffer_(kCopyBufferSize) {}

void JsonWalk::refuse(std::string_view cause) const {
  throw Error(ErrorCode::corrupt, fmt::format("cannot parse {}: {}", subject_, cause),
              "fetch the database again, or take the file out of the folder of databases");
}

bool JsonWalk::fill() {
  before_ += end_;
  at_ = 0;
  end_ = from_.read(buffer_);
  return end_ > 0;
}

char JsonWalk::peek() {
  if (at_ == end_ && !fill()) refuse(fmt::format("it ends in the middle, at byte {}", before_));
  return static_cast<char>(buffer_[at_]);
}

char JsonWalk::next() {
  const char c = peek();
  ++at_;
  return c;
}

char JsonWalk::skip_blanks() {
  while (is_blank(peek())) ++at_;
  return peek();
}

char JsonWalk::kind() { return skip_blanks(); }

void JsonWalk::enter_object() {
  if (skip_blanks() != '{') refuse(fmt::format("no object at byte {}", before_ + at_));
  ++at_;
  if (is_first_.size() == kDeepest) refuse(fmt::format("nested more than {} deep", kDeepest));
  is_first_.push_back(true);
}

void JsonWalk::enter_array() {
  if (skip_blanks() != '[') refuse(fmt::format("no array at byte {}", before_ + at_));
  ++at_;
  if (is_first_.size() == kDeepest) refuse(fmt::format("nested more than {} deep", kDeepest));
  is_first_.push_back(true);
}

// Whether another member or element comes.
bool JsonWalk::next_in(char closing) {
  const char c = skip_blanks();
  if (c == closing) {
    ++at_;
    is_first_.pop_back();
    return false;
  }
  const bool is_first = is_first_.back();
  is_first_.back() = false;
  if (is_first) return true;
  if (c != ',') refuse(fmt::format("invalid JSON at byte {}", before_ + at_));
  ++at_;
  return true;
}

bool JsonWalk::next_member(std::string& name) {
  if (!next_in('}')) return false;
  if (skip_blanks() != '"') refuse(fmt::format("no name of a member at byte {}", before_ + at_));
  value_.clear();
  pass_string(true);
  if (value_.size() > kLongestName) refuse("the name of a member is too long");
  const auto parsed = parse_json(value_, subject_, {.size = longest_});
  name = std::get<std::string>(parsed.data);
  if (skip_blanks() != ':') refuse(fmt::format("invalid JSON at byte {}", before_ + at_));
  ++at_;
  return true;
}

bool JsonWalk::next_element() { return next_in(']'); }

void JsonWalk::pass_string(bool keep) {
  std::size_t size = 0;
  for (bool is_escaped = false;;) {
    const char c = next();
    if (keep) value_ += c;
    if (++size > longest_) refuse(fmt::format("a value of more than {} bytes", longest_));
    if (is_escaped) {
      is_escaped = false;
    } else if (c == '\\') {
      is_escaped = true;
    } else if (c == '"' && size > 1) {
      return;
    }
  }
}

void JsonWalk::pass_value(bool keep) {
  value_.clear();
  std::uint64_t size = 0;
  std::size_t depth = is_first_.size();
  const auto outside = depth;
  skip_blanks();
  for (;;) {
    const char c = peek();
    if (c == '"') {
      const auto before = before_ + at_;
      pass_string(keep);
      size += before_ + at_ - before;
    } else if (c == '{' || c == '[' || c == '}' || c == ']') {
      ++at_;
      ++size;
      if (keep) value_ += c;
      if (c == '{' || c == '[') {
        if (++depth > kDeepest) refuse(fmt::format("nested more than {} deep", kDeepest));
      } else {
        if (depth == outside) refuse(fmt::format("invalid JSON at byte {}", before_ + at_ - 1));
        --depth;
      }
    } else if (depth == outside) {
      // A number, true, false or null: up to what ends it.
      while ((at_ < end_ || fill()) && !ends_scalar(peek())) {
        if (keep) value_ += peek();
        ++at_;
        if (++size > longest_) break;
      }
      if (size == 0) refuse(fmt::format("invalid JSON at byte {}", before_ + at_));
    } else {
      ++at_;
      ++size;
      if (keep) value_ += c;
    }
    if (size > longest_) refuse(fmt::format("a value of more than {} bytes", longest_));
    if (depth == outside) return;
  }
}

std::string_view JsonWalk::take_value() {
  pass_value(true);
  return value_;
}

void JsonWalk::skip_value() { pass_value(false); }

void JsonWalk::finish() {
  while (at_ < end_ || fill()) {
    if (!is_blank(static_cast<char>(buffer_[at_])))
      refuse(fmt::format("more after the document, at byte {}", before_ + at_));
    ++at_;
  }
}

}  // namespace ociassemble
