// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/shell.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace ociassemble {
namespace {

bool is_shell_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool is_shell_name(char c) { return c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z'); }

class ShellReader {
 public:
  ShellReader(std::string_view script, const ShellVariable& value_of) : text_(script), value_of_(value_of) {}

  std::vector<ShellCommand> read() {
    begin_ = at_;
    while (at_ < text_.size()) step();
    finish_command(at_);
    return std::move(commands_);
  }

 private:
  void put(std::string_view part) { word_ = word_.value_or("").append(part); }

  void finish_word() {
    if (word_) command_.words.push_back(*std::exchange(word_, std::nullopt));
  }

  void finish_command(std::size_t end) {
    finish_word();
    auto text = text_.substr(begin_, end - begin_);
    while (!text.empty() && (is_shell_blank(text.back()) || text.back() == '\n')) text.remove_suffix(1);
    while (!text.empty() && (is_shell_blank(text.front()) || text.front() == '\n')) text.remove_prefix(1);
    command_.text = text;
    if (!command_.words.empty()) commands_.push_back(std::move(command_));
    command_ = {};
  }

  // Past an operator of that length.
  void end_command(std::size_t length) {
    finish_command(at_);
    at_ += length;
    begin_ = at_;
  }

  void step() {
    const char c = text_[at_];
    const auto two = text_.substr(at_, 2);
    if (is_shell_blank(c)) {
      finish_word();
      ++at_;
    } else if (two == "&&" || two == "||") {
      end_command(2);
    } else if (c == '\n' || c == ';' || (c == '&' && !ends_with_angle())) {
      end_command(1);
    } else if (c == '|') {
      command_.needs_shell = true;
      end_command(1);
      command_.needs_shell = true;
    } else if (c == '#' && !word_) {
      at_ = std::min(text_.find('\n', at_), text_.size());
      if (command_.words.empty()) begin_ = at_;
    } else {
      step_in_word(c);
    }
  }

  bool ends_with_angle() const { return at_ > 0 && (text_[at_ - 1] == '>' || text_[at_ - 1] == '<'); }

  void step_in_word(char c) {
    if (c == '\\') {
      if (text_.substr(at_ + 1, 1) != "\n") put(text_.substr(at_ + 1, 1));
      at_ = std::min(at_ + 2, text_.size());
    } else if (c == '\'') {
      const auto end = std::min(text_.find('\'', at_ + 1), text_.size());
      put(text_.substr(at_ + 1, end - at_ - 1));
      at_ = std::min(end + 1, text_.size());
    } else if (c == '"') {
      read_double_quotes();
    } else if (c == '$') {
      read_variable();
    } else {
      if (std::string_view("`<>(){}*?[~").find(c) != std::string_view::npos) command_.needs_shell = true;
      put(text_.substr(at_++, 1));
    }
  }

  void read_double_quotes() {
    put("");
    for (++at_; at_ < text_.size() && text_[at_] != '"';) {
      const char c = text_[at_];
      if (c == '$') {
        read_variable();
        continue;
      }
      if (c == '`') command_.needs_shell = true;
      if (c == '\\' && std::string_view("\"\\$`").find(text_.substr(at_ + 1, 1)) != std::string_view::npos) ++at_;
      put(text_.substr(at_, 1));
      at_ = std::min(at_ + 1, text_.size());
    }
    at_ = std::min(at_ + 1, text_.size());
  }

  void read_variable() {
    const auto start = at_++;
    const bool braces = text_.substr(at_, 1) == "{";
    if (braces) ++at_;
    const auto begin = at_;
    while (at_ < text_.size() && is_shell_name(text_[at_])) ++at_;
    const std::string name(text_.substr(begin, at_ - begin));
    const bool is_whole = !name.empty() && (!braces || text_.substr(at_, 1) == "}");
    const auto value = is_whole ? value_of_(name) : std::nullopt;
    if (is_whole && braces) ++at_;
    if (value) return put(*value);
    command_.needs_shell = true;
    if (text_.substr(start, 2) == "$(") return skip_substitution(start);
    put(text_.substr(start, at_ - start));
  }

  // "$(…)" is a part of the word.
  void skip_substitution(std::size_t start) {
    int open = 0;
    for (at_ = start + 1; at_ < text_.size(); ++at_) {
      open += text_[at_] == '(' ? 1 : text_[at_] == ')' ? -1 : 0;
      if (open == 0) break;
    }
    at_ = std::min(at_ + 1, text_.size());
    put(text_.substr(start, at_ - start));
  }

  std::string_view text_;
  const ShellVariable& value_of_;
  std::vector<ShellCommand> commands_;
  ShellCommand command_;
  std::optional<std::string> word_;
  std::size_t at_ = 0, begin_ = 0;
};

}  // namespace

std::vector<ShellCommand> shell_commands(std::string_view script, const ShellVariable& value_of) {
  return ShellReader(script, value_of).read();
}

std::vector<ShellCommand> commands_of_run(const DockerInstruction& made, const ShellVariable& value_of) {
  if (made.exec) {
    const bool is_shell = made.exec->size() == 3 && made.exec->at(1) == "-c";
    if (is_shell) return shell_commands(made.exec->at(2), value_of);
    if (made.exec->empty()) return {};
    return {{*made.exec, fmt::format("{}", fmt::join(*made.exec, " ")), false}};
  }
  if (made.heredocs.empty()) return shell_commands(made.text, value_of);
  std::vector<ShellCommand> all;
  const bool is_script = made.text.find_first_of(" \t") == std::string::npos;
  for (const auto& heredoc : made.heredocs) {
    auto commands = shell_commands(heredoc.body, value_of);
    // With a "#!" another program may read it, and a command of the line takes it as a file.
    const bool is_other =
        !is_script || (heredoc.body.starts_with("#!") && heredoc.body.find("sh\n") > heredoc.body.find('\n'));
    if (is_other) commands = {{{made.text}, made.text + " (with its heredoc)", true}};
    all.insert(all.end(), commands.begin(), commands.end());
  }
  return all;
}

}  // namespace ociassemble
