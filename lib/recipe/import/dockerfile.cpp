// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/dockerfile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kLargestFile = std::size_t{1} << 20U;
constexpr std::string_view kBlanks = " \t\r";
constexpr std::array<std::string_view, 18> kInstructions{
    "ADD",   "ARG",        "CMD", "COPY",  "ENTRYPOINT", "ENV",     "EXPOSE", "FROM",   "HEALTHCHECK",
    "LABEL", "MAINTAINER", "RUN", "SHELL", "STOPSIGNAL", "ONBUILD", "USER",   "VOLUME", "WORKDIR"};

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string upper(std::string_view text) {
  std::string made(text);
  for (char& c : made) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return made;
}

class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  std::size_t number() const { return number_; }
  bool at_end() const { return rest_.empty(); }
  std::string_view take() {
    auto line = rest_.substr(0, rest_.find('\n'));
    rest_.remove_prefix(std::min(line.size() + 1, rest_.size()));
    ++number_;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return line;
  }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

class Parser {
 public:
  Parser(std::string_view text, Dockerfile& file) : lines_(text), file_(file) {}

  void run() {
    bool is_top = true;
    while (!lines_.at_end()) {
      const auto line = trim(lines_.take());
      if (is_top && is_directive(line)) continue;
      is_top = false;
      if (line.empty() || line.front() == '#') continue;
      add(line, lines_.number());
    }
  }

 private:
  bool is_directive(std::string_view line) {
    const auto equals = line.find('=');
    if (line.empty() || line.front() != '#' || equals == std::string_view::npos) return false;
    const auto name = upper(trim(line.substr(1, equals - 1)));
    const auto value = trim(line.substr(equals + 1));
    if (name != "SYNTAX" && name != "ESCAPE" && name != "CHECK") return false;
    if (name != "ESCAPE") return true;
    if (value != "\\" && value != "`") file_.refuse(lines_.number(), "escape is neither \\ nor `");
    file_.escape = value.front();
    return true;
  }

  // With the lines that continue it; comments and empty lines between them do not count.
  std::string joined(std::string_view line) {
    std::string whole(line);
    while (!whole.empty() && whole.back() == file_.escape) {
      whole.pop_back();
      std::string_view next;
      do {
        if (lines_.at_end()) return whole;
        next = lines_.take();
      } while (trim(next).empty() || trim(next).front() == '#');
      whole += next.substr(0, next.find_last_not_of(kBlanks) + 1);
    }
    return whole;
  }

  void add(std::string_view line, std::size_t number) {
    const auto whole = joined(line);
    DockerInstruction made;
    made.line = number;
    const auto end = std::min(whole.find_first_of(" \t"), whole.size());
    made.name = upper(std::string_view(whole).substr(0, end));
    if (std::find(kInstructions.begin(), kInstructions.end(), made.name) == kInstructions.end()) {
      const auto near = nearest(made.name, kInstructions);
      file_.refuse(number, fmt::format("unknown instruction {}", printable(made.name)),
                   near ? fmt::format("did you mean {}?", *near) : std::string());
    }
    made.text = take_flags(made, trim(std::string_view(whole).substr(end)));
    if (made.text.empty()) file_.refuse(number, made.name + " has no arguments");
    if (made.name == "RUN" || made.name == "COPY" || made.name == "ADD") take_heredocs(made);
    file_.instructions.push_back(std::move(made));
  }

  static std::string take_flags(DockerInstruction& made, std::string_view text) {
    while (text.substr(0, 2) == "--") {
      const auto flag = text.substr(2, text.find_first_of(" \t") - 2);
      const auto equals = std::min(flag.find('='), flag.size());
      made.flags[std::string(flag.substr(0, equals))] = std::string(flag.substr(std::min(equals + 1, flag.size())));
      text = trim(text.substr(std::min(flag.size() + 2, text.size())));
    }
    return std::string(text);
  }

  void take_heredocs(DockerInstruction& made) {
    for (auto at = made.text.find("<<"); at != std::string::npos; at = made.text.find("<<", at + 2)) {
      auto word = std::string_view(made.text).substr(at + 2);
      word = word.substr(0, word.find_first_of(" \t;|&)>"));
      const bool strips_tabs = !word.empty() && word.front() == '-';
      if (strips_tabs) word.remove_prefix(1);
      std::string name(word);
      name.erase(std::remove_if(name.begin(), name.end(), [](char c) { return c == '"' || c == '\''; }), name.end());
      if (name.empty() || !((name[0] | 32) >= 'a' && (name[0] | 32) <= 'z')) continue;
      made.heredocs.push_back(take_heredoc(made.line, name, strips_tabs));
    }
  }

  std::string take_heredoc(std::size_t line, const std::string& name, bool strips_tabs) {
    std::string body;
    while (!lines_.at_end()) {
      auto next = lines_.take();
      if (strips_tabs) next.remove_prefix(std::min(next.find_first_not_of('\t'), next.size()));
      if (next == name) return body;
      body.append(next).append("\n");
    }
    file_.refuse(line, fmt::format("the heredoc {} has no end", printable(name)),
                 "write its name on a line of its own");
  }

  Lines lines_;
  Dockerfile& file_;
};

// Quotes, escapes and variables of one text.
class Expansion {
 public:
  Expansion(const Dockerfile& file, std::size_t line, std::string_view text, const DockerVariables& variables,
            unsigned depth = 0)
      : file_(file), line_(line), text_(text), variables_(variables), depth_(depth) {}

  std::vector<std::string> run(bool divides) {
    std::vector<std::string> words;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (divides && kBlanks.find(c) != std::string_view::npos && quote_ == 0) {
        ++at_;
        if (word_) words.push_back(*std::exchange(word_, std::nullopt));
        continue;
      }
      take(c);
    }
    if (quote_ != 0) file_.refuse(line_, fmt::format("no {} ends the quoted text", quote_));
    if (word_) words.push_back(*word_);
    return words;
  }

 private:
  void put(std::string_view text) { word_ = word_.value_or("").append(text); }

  void take(char c) {
    ++at_;
    if (quote_ != 0 ? c == quote_ : c == '"' || c == '\'') {
      quote_ = quote_ != 0 ? '\0' : c;
      return put("");
    }
    if (c == file_.escape && quote_ != '\'' && at_ < text_.size()) return take_escaped();
    if (c == '$' && quote_ != '\'') return take_variable();
    put(std::string_view(&c, 1));
  }

  void take_escaped() {
    const char next = text_[at_++];
    if (quote_ == '"' && next != '"' && next != '$' && next != file_.escape) put(std::string_view(&file_.escape, 1));
    put(std::string_view(&next, 1));
  }

  std::string take_name() {
    const auto start = at_;
    while (at_ < text_.size() && (text_[at_] == '_' || (text_[at_] >= '0' && text_[at_] <= '9') ||
                                  ((text_[at_] | 32) >= 'a' && (text_[at_] | 32) <= 'z'))) {
      ++at_;
    }
    return std::string(text_.substr(start, at_ - start));
  }

  std::optional<std::string> value_of(const std::string& name) const {
    const auto found = variables_.find(name);
    return found == variables_.end() ? std::nullopt : std::optional(found->second);
  }

  void take_variable() {
    if (at_ >= text_.size() || text_[at_] != '{') {
      const auto name = take_name();
      return put(name.empty() ? "$" : value_of(name).value_or(""));
    }
    ++at_;
    const auto name = take_name();
    const auto end = closing_brace();
    const auto rest = text_.substr(at_, end - at_);
    at_ = end + 1;
    put(modified(name, rest));
  }

  std::size_t closing_brace() const {
    int open = 1;
    for (auto i = at_; i < text_.size(); ++i) {
      open += text_[i] == '{' ? 1 : text_[i] == '}' ? -1 : 0;
      if (open == 0) return i;
    }
    file_.refuse(line_, "no '}' ends the variable");
  }

  std::string modified(const std::string& name, std::string_view rest) const {
    constexpr unsigned kDeepest = 16;
    auto value = value_of(name);
    if (name.empty()) file_.refuse(line_, "a variable without a name");
    if (rest.empty()) return value.value_or("");
    if (rest.front() == ':') {
      if (value && value->empty()) value.reset();
      rest.remove_prefix(1);
    }
    if (depth_ == kDeepest) file_.refuse(line_, "variables nested too deep");
    const char kind = rest.empty() ? '\0' : rest.front();
    if (kind != '-' && kind != '+' && kind != '?') {
      file_.refuse(line_, fmt::format("an unknown modifier of the variable {}", name), "known are :-, :+ and :?");
    }
    if (kind == '?' && !value) file_.refuse(line_, fmt::format("the variable {} is not set", name));
    if (kind == '+' ? !value : value.has_value()) return value.value_or("");
    const auto words = Expansion(file_, line_, rest.substr(1), variables_, depth_ + 1).run(false);
    return words.empty() ? "" : words.front();
  }

  const Dockerfile& file_;
  std::size_t line_;
  std::string_view text_;
  const DockerVariables& variables_;
  unsigned depth_;
  std::size_t at_ = 0;
  char quote_ = 0;
  std::optional<std::string> word_;
};

}  // namespace

Dockerfile Dockerfile::parse(std::string_view text, std::string_view name) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  Dockerfile file;
  file.name = std::string(name);
  if (text.size() > kLargestFile) file.refuse(1, "the file is over 1 MiB");
  if (text.substr(0, 3) == kByteOrderMark) text.remove_prefix(3);
  Parser(text, file).run();
  return file;
}

void Dockerfile::refuse(std::size_t line, std::string_view cause, std::string hint) const {
  throw Error(ErrorCode::invalid_argument, fmt::format("{}:{}: {}", printable(name), line, cause), std::move(hint));
}

std::vector<std::string> Dockerfile::words(const DockerInstruction& instruction, std::string_view text,
                                           const DockerVariables& variables) const {
  return Expansion(*this, instruction.line, text, variables).run(true);
}

std::string Dockerfile::expand(const DockerInstruction& instruction, std::string_view text,
                               const DockerVariables& variables) const {
  const auto made = Expansion(*this, instruction.line, text, variables).run(false);
  return made.empty() ? std::string() : made.front();
}

}  // namespace ociassemble
