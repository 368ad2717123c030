// SPDX-License-Identifier: Apache-2.0
#include "help/help_text.hpp"

#include <algorithm>
#include <sstream>
#include <string_view>

#include "report/counted.hpp"

namespace ociassemble::tool {
namespace {

constexpr std::size_t kNamesWidth = 28;

// Characters, not bytes: usage lines have "…".
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

// Writes words from a column on, and breaks lines between them.
class Wrapper {
 public:
  Wrapper(std::string& out, std::size_t indent, std::size_t columns) : out_(out), indent_(indent), columns_(columns) {}

  // `used`: columns of the line that are taken.
  void write(std::string_view text, std::size_t used) {
    std::istringstream words{std::string(text)};
    bool first = true;
    for (std::string word; words >> word; first = false) {
      const auto wide = width_of(word);
      if (!first && used + 1 + wide > columns_) {
        out_.append("\n").append(indent_, ' ');
        used = indent_;
      } else if (!first) {
        out_ += ' ';
        ++used;
      }
      out_ += word;
      used += wide;
    }
    out_ += '\n';
  }

 private:
  std::string& out_;
  std::size_t indent_;
  std::size_t columns_;
};

std::string names_of(const OptionText& option) {
  std::string names;
  for (const auto& name : option.names) names += (names.empty() ? "" : ", ") + name;
  if (!option.value.empty()) names += " " + option.value;
  return names;
}

void write_entry(std::string& out, const OptionText& option, std::size_t left, std::size_t columns) {
  const auto names = "  " + names_of(option);
  out += names;
  auto used = width_of(names);
  if (used + 2 > left) {
    out += '\n';
    used = 0;
  }
  out.append(left - used, ' ');
  Wrapper(out, left, columns).write(option.description, left);
}

void write_entries(std::string& out, std::string_view title, const std::vector<OptionText>& entries,
                   std::size_t columns) {
  if (entries.empty()) return;
  out.append("\n").append(title).append(":\n");
  std::size_t longest = 0;
  for (const auto& entry : entries) longest = std::max(longest, width_of(names_of(entry)));
  const auto left = std::min({kNamesWidth, columns / 3, longest + 4});
  for (const auto& entry : entries) write_entry(out, entry, left, columns);
}

void write_footer(std::string& out, const std::string& footer, std::size_t columns) {
  std::istringstream lines(footer);
  std::string paragraph;
  const auto end_paragraph = [&] {
    if (!paragraph.empty()) Wrapper(out, 0, columns).write(paragraph, 0);
    paragraph.clear();
  };
  if (!footer.empty()) out += '\n';
  for (std::string line; std::getline(lines, line);) {
    const bool stands = line.empty() || line.front() == ' ' || line.ends_with(':');
    if (!stands) {
      paragraph += line + " ";
      continue;
    }
    end_paragraph();
    out += line + "\n";
  }
  end_paragraph();
}

}  // namespace

std::string help_text(const CommandText& command, HelpScope scope, std::size_t columns) {
  std::string out = command.summary + "\n\nUsage: " + command.usage + "\n";
  write_entries(out, "Commands", command.commands, columns);
  write_entries(out, "Arguments", command.arguments, columns);
  std::size_t left_out = 0;
  for (const auto& group : command.groups) {
    std::vector<OptionText> shown;
    for (const auto& option : group.options) {
      if (scope == HelpScope::all || !option.rare) {
        shown.push_back(option);
      } else {
        ++left_out;
      }
    }
    write_entries(out, group.title, shown, columns);
  }
  if (left_out > 0) {
    out += "\n";
    Wrapper(out, 0, columns)
        .write("ociassemble " + command.name + " --help-all shows " + counted(left_out, "more option") + ".", 0);
  }
  write_footer(out, command.footer, columns);
  return out;
}

}  // namespace ociassemble::tool
