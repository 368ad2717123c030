// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "recipe/import/words.hpp"

namespace ociassemble {
namespace {

constexpr char kArgument = kMarks[0];
constexpr char kPlatform = kMarks[1];
constexpr char kEnd = kMarks[2];
constexpr char kBase = kMarks[3];

std::string escaped(char c) {
  if (c == '"' || c == '\\') return {'\\', c};
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 ? fmt::format("\\u{:04x}", byte) : std::string{c};
}

// What a recipe writes for a byte of a mark; empty for another byte.
std::string_view mark_text(char c) {
  if (c == kArgument) return "${";
  if (c == kBase) return "${base.";
  if (c == kPlatform) return "{";
  return c == kEnd ? "}" : "";
}

// Marks may stand in the words of others.
class MarkReader {
 public:
  MarkReader(std::string_view text, const MarkValue& value_of) : text_(text), value_of_(value_of) {}

  std::string read() {
    std::string made;
    while (at_ < text_.size() && text_[at_] != kEnd) {
      const char c = text_[at_++];
      if (c != kArgument && c != kPlatform && c != kBase) {
        made += c;
      } else {
        made += read_mark(c == kArgument ? MarkKind::argument : c == kBase ? MarkKind::base : MarkKind::platform);
      }
    }
    if (at_ < text_.size()) ++at_;
    return made;
  }

 private:
  std::string read_mark(MarkKind kind) {
    const auto inner = read();
    VariableForm form;
    const auto end = std::min(inner.find_first_of(":-+"), inner.size());
    form.name = inner.substr(0, end);
    if (end < inner.size()) {
      const std::size_t length = inner[end] == ':' ? 2 : 1;
      form.operation = inner.substr(end, length);
      form.word = inner.substr(std::min(end + length, inner.size()));
    }
    return apply_form(form, value_of_(kind, form.name));
  }

  std::string_view text_;
  const MarkValue& value_of_;
  std::size_t at_ = 0;
};

}  // namespace

bool holds_marks(std::string_view text) {
  return text.find_first_of(kMarks) != std::string_view::npos || text.find('\0') != std::string_view::npos;
}

std::string argument_mark(std::string_view name, std::string_view form) {
  return fmt::format("{}{}{}{}", kArgument, name, form, kEnd);
}

std::string base_mark(std::string_view name, std::string_view form) {
  return fmt::format("{}{}{}{}", kBase, name, form, kEnd);
}

std::string platform_mark(std::string_view name) { return fmt::format("{}{}{}", kPlatform, name, kEnd); }

bool holds_platform(std::string_view text) { return text.find(kPlatform) != std::string_view::npos; }

bool holds_base(std::string_view text) { return text.find(kBase) != std::string_view::npos; }

std::string base_variables_of(std::string_view text) {
  std::string names;
  for (auto at = text.find(kBase); at != std::string_view::npos; at = text.find(kBase, at + 1)) {
    const auto name = text.substr(at + 1);
    names.append(names.empty() ? "" : ", ")
        .append(name.substr(0, name.find_first_of(std::string{':', '-', '+', kEnd})));
  }
  return names;
}

std::string without_marks(std::string_view text, const MarkValue& value_of) {
  return MarkReader(text, value_of).read();
}

std::string without_mark_bytes(std::string_view text) {
  std::string made;
  for (const char c : text) {
    if (const auto words = mark_text(c); !words.empty()) {
      made += words;
    } else {
      made += c;
    }
  }
  return made;
}

std::string json_text(std::string_view text) {
  std::string made = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (const auto words = mark_text(text[i]); !words.empty()) {
      made += words;
      continue;
    }
    if (text.substr(i, 2) == "${") made += '$';  // a plain one
    made += escaped(text[i]);
  }
  return made + "\"";
}

std::string plain_json_text(std::string_view text) {
  std::string made = "\"";
  for (const char c : text) made += escaped(c);
  return made + "\"";
}

std::string array_of(const std::vector<std::string>& texts) {
  std::vector<std::string> all;
  all.reserve(texts.size());
  for (const auto& text : texts) all.push_back(json_text(text));
  return fmt::format("[{}]", fmt::join(all, ", "));
}

void set_member(RecipeMembers& members, const std::string& name, std::string json) {
  const auto found = std::find_if(members.begin(), members.end(), [&](const auto& one) { return one.first == name; });
  if (found != members.end()) {
    found->second = std::move(json);
  } else {
    members.emplace_back(name, std::move(json));
  }
}

void remove_member(RecipeMembers& members, std::string_view name) {
  std::erase_if(members, [&](const auto& one) { return one.first == name; });
}

std::string line_object(const RecipeMembers& members) {
  std::vector<std::string> all;
  all.reserve(members.size());
  for (const auto& [name, json] : members) all.push_back(fmt::format("{}: {}", json_text(name), json));
  return fmt::format("{{{}}}", fmt::join(all, ", "));
}

std::string tall_object(const RecipeMembers& members) {
  std::string text = "{\n";
  for (const auto& [name, json] : members) text += fmt::format("    {}: {},\n", json_text(name), json);
  return text + "  }";
}

}  // namespace ociassemble
