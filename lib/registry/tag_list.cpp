// SPDX-License-Identifier: Apache-2.0
#include "registry/tag_list.hpp"

#include <cstddef>
#include <nlohmann/json.hpp>
#include <utility>

namespace ociassemble {
namespace {

constexpr int kDeepest = 8;  // of members that others add

// The names are what nlohmann's SAX interface demands. A false ends the parsing.
class TagListEvents : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return value(false); }
  bool boolean(bool /*value*/) override { return value(false); }
  bool number_integer(number_integer_t /*value*/) override { return value(false); }
  bool number_unsigned(number_unsigned_t /*value*/) override { return value(false); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return value(false); }
  bool string(string_t& text) override {
    if (depth_ == 2 && in_tags_) tags_.push_back(std::move(text));
    return value(false);
  }
  bool binary(binary_t& /*value*/) override { return false; }
  bool start_object(std::size_t /*size*/) override { return open(true); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t /*size*/) override { return open(false); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    if (depth_ == 1) at_tags_ = name == "tags";
    return true;
  }
  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    return false;
  }

  bool has_tags() const noexcept { return has_tags_; }
  std::vector<std::string> take() { return std::move(tags_); }

 private:
  bool value(bool is_open) {
    if (depth_ == 0 && !is_open) return false;  // the document is no object
    if (depth_ == 1 && std::exchange(at_tags_, false)) has_tags_ = true;
    return true;
  }
  bool open(bool is_object) {
    if (depth_ == 0 && !is_object) return false;
    in_tags_ = in_tags_ || (depth_ == 1 && at_tags_ && !is_object);
    if (!value(true)) return false;
    return ++depth_ <= kDeepest;
  }
  bool close() {
    if (--depth_ == 1) in_tags_ = false;
    return true;
  }

  std::vector<std::string> tags_;
  int depth_ = 0;
  bool at_tags_ = false;  // the next value is that of "tags"
  bool in_tags_ = false;
  bool has_tags_ = false;
};

}  // namespace

std::optional<std::vector<std::string>> parse_tag_list(std::string_view json) {
  TagListEvents events;
  if (!nlohmann::json::sax_parse(json.begin(), json.end(), &events) || !events.has_tags()) return {};
  return events.take();
}

}  // namespace ociassemble
