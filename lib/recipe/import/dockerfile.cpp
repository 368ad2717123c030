// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/dockerfile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "recipe/import/run.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kLargestFile = std::size_t{1} << 20U;
constexpr std::string_view kBlanks = " \t\v\f\r";
constexpr std::array<std::string_view, 18> kInstructions{
    "ADD",   "ARG",        "CMD", "COPY",  "ENTRYPOINT", "ENV",     "EXPOSE", "FROM",   "HEALTHCHECK",
    "LABEL", "MAINTAINER", "RUN", "SHELL", "STOPSIGNAL", "ONBUILD", "USER",   "VOLUME", "WORKDIR"};
constexpr std::string_view kTakeArrays = " ADD CMD COPY ENTRYPOINT RUN SHELL VOLUME ";
constexpr std::string_view kTakeHeredocs = " ADD COPY RUN ";
constexpr std::string_view kMayBeEmpty = " CMD ENTRYPOINT RUN ";

bool is_one_of(std::string_view names, std::string_view name) {
  return names.find(fmt::format(" {} ", name)) != std::string_view::npos;
}

std::string_view trim_left(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(kBlanks), text.size()));
}

std::string_view trim(std::string_view text) {
  text = trim_left(text);
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

std::string upper(std::string_view text) {
  std::string made(text);
  for (char& c : made) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return made;
}

std::string_view without_line_end(std::string_view line) { return line.substr(0, line.find_last_not_of("\r\n") + 1); }

bool is_comment(std::string_view line) { return trim_left(line).starts_with('#'); }

class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  std::size_t number() const { return number_; }
  bool at_end() const { return rest_.empty(); }
  // With its end.
  std::string_view take() {
    const auto line = rest_.substr(0, std::min(rest_.find('\n'), rest_.size() - 1) + 1);
    rest_.remove_prefix(line.size());
    ++number_;
    return line;
  }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

// Leaves every variable as it is written.
class UntouchedVariables : public VariableSource {
 public:
  std::string substitute(const VariableForm& form) override { return form.text; }
};

// "[N]<<[-]NAME", a whole word; the name is quoted still.
bool read_heredoc_word(std::string_view word, Heredoc& made, std::string_view& name) {
  word.remove_prefix(std::min(word.find_first_not_of("0123456789"), word.size()));
  if (!word.starts_with("<<")) return false;
  word.remove_prefix(2);
  made.strips = word.starts_with('-');
  if (made.strips) word.remove_prefix(1);
  name = trim_left(word);
  return !name.empty() && name.find('<') == std::string_view::npos;
}

std::optional<Heredoc> heredoc_of(std::string_view word) {
  Heredoc made;
  std::string_view name;
  if (!read_heredoc_word(word, made, name)) return {};
  UntouchedVariables untouched;
  const auto plain = expand_docker_words(name, {}, untouched).words;
  if (plain.size() != 1) return {};
  const auto raw = expand_docker_words(name, {'\\', true, false}, untouched).text;
  const auto count_quotes = [](std::string_view text) {
    return std::count_if(text.begin(), text.end(), [](char c) { return c == '"' || c == '\''; });
  };
  made.name = plain.front();
  made.expands = count_quotes(made.name) == count_quotes(raw);
  return made;
}

// A line whose quotes or variables are broken has none.
std::vector<Heredoc> heredocs_of_line(std::string_view line) {
  std::vector<Heredoc> made;
  UntouchedVariables untouched;
  try {
    for (const auto& word : expand_docker_words(line, {'\\', true, true}, untouched).words) {
      if (auto heredoc = heredoc_of(word)) made.push_back(std::move(*heredoc));
    }
  } catch (const Error&) {
    return {};
  }
  return made;
}

class Parser {
 public:
  Parser(std::string_view text, Dockerfile& file) : lines_(text), file_(file) {}

  void run() {
    bool is_top = true;
    while (!lines_.at_end()) {
      const auto line = trim_left(without_line_end(lines_.take()));
      is_top = is_top && is_directive(line);
      if (line.empty() || line.front() == '#') continue;
      add(line, lines_.number());
    }
  }

 private:
  bool is_directive(std::string_view line) {
    const auto equals = line.find('=');
    if (!line.starts_with('#') || equals == std::string_view::npos) return false;
    const auto name = upper(trim(line.substr(1, equals - 1)));
    const auto value = trim(line.substr(equals + 1));
    if (value.empty() || (name != "SYNTAX" && name != "ESCAPE" && name != "CHECK")) return false;
    if (!directives_.insert(name).second)
      file_.refuse(lines_.number(), fmt::format("the directive {} is there twice", name));
    if (name != "ESCAPE") return true;
    if (value != "\\" && value != "`") file_.refuse(lines_.number(), "escape is neither \\ nor `");
    file_.escape = value.front();
    return true;
  }

  // Takes the escape that continues a line off; an escape before it takes its meaning.
  bool take_continuation(std::string_view& line) const {
    const auto last = line.find_last_not_of(" \t");
    if (last == std::string_view::npos || line[last] != file_.escape) return false;
    if (last > 0 && line[last - 1] == file_.escape) return false;
    line = line.substr(0, last);
    return true;
  }

  // With the lines that continue it; comments and empty lines between them do not count.
  std::string joined(std::string_view line) {
    bool continues = take_continuation(line);
    std::string whole(line);
    while (continues && !lines_.at_end()) {
      auto next = without_line_end(lines_.take());
      if (trim_left(next).empty() || is_comment(next)) continue;
      continues = take_continuation(next);
      whole += next;
    }
    return whole;
  }

  void add(std::string_view line, std::size_t number) {
    const auto joined_line = joined(line);
    const auto whole = trim(joined_line);
    DockerInstruction made;
    made.line = number;
    if (whole.empty()) return;
    const auto end = std::min(whole.find_first_of(kBlanks), whole.size());
    made.name = upper(whole.substr(0, end));
    if (std::find(kInstructions.begin(), kInstructions.end(), made.name) == kInstructions.end()) {
      const auto near = nearest(made.name, kInstructions);
      file_.refuse(number, fmt::format("unknown instruction {}", printable(made.name)),
                   near ? fmt::format("did you mean {}?", *near) : std::string());
    }
    made.text = trim(take_flags(made, trim_left(whole.substr(end))));
    if (made.text.empty() && !is_one_of(kMayBeEmpty, made.name)) file_.refuse(number, made.name + " has no arguments");
    if (is_one_of(kTakeArrays, made.name)) made.exec = array_of_arguments(made, made.text);
    if (may_have_heredocs(made)) take_heredocs(made, whole);
    file_.instructions.push_back(std::move(made));
  }

  std::optional<std::vector<std::string>> array_of_arguments(const DockerInstruction& made,
                                                             std::string_view text) const {
    try {
      return exec_form(text);
    } catch (const Error& error) {
      file_.refuse(made.line, error.what());
    }
  }

  bool may_have_heredocs(const DockerInstruction& made) const {
    if (made.name != "ONBUILD") return is_one_of(kTakeHeredocs, made.name) && !made.exec;
    const auto end = std::min(made.text.find_first_of(kBlanks), made.text.size());
    return is_one_of(kTakeHeredocs, upper(made.text.substr(0, end))) &&
           !array_of_arguments(made, trim(std::string_view(made.text).substr(end)));
  }

  // One word, its quotes taken off.
  std::string take_flag(std::string_view& text) const {
    std::string word;
    char quote = '\0';
    std::size_t at = 0;
    for (; at < text.size(); ++at) {
      char c = text[at];
      if (quote == '\0' && kBlanks.find(c) != std::string_view::npos) break;
      if (quote != '\0' ? c == quote : c == '"' || c == '\'') {
        quote = quote == '\0' ? c : '\0';
        continue;
      }
      if (c == file_.escape) {
        if (at + 1 == text.size()) continue;
        c = text[++at];
      }
      word += c;
    }
    text = trim_left(text.substr(at));
    return word;
  }

  std::string_view take_flags(DockerInstruction& made, std::string_view text) const {
    while (text.starts_with("--")) {
      const auto flag = take_flag(text);
      if (flag == "--") break;
      const auto equals = std::min(flag.find('='), flag.size());
      made.flags.emplace_back(flag.substr(2, equals - 2), flag.substr(std::min(equals + 1, flag.size())));
    }
    return text;
  }

  void take_heredocs(DockerInstruction& made, std::string_view whole) {
    if (whole.find("<<") == std::string_view::npos) return;
    for (auto& heredoc : heredocs_of_line(whole)) {
      heredoc.body = take_body(made.line, heredoc);
      made.heredocs.push_back(std::move(heredoc));
    }
  }

  std::string take_body(std::size_t line, const Heredoc& heredoc) {
    std::string body;
    while (!lines_.at_end()) {
      const auto next = lines_.take();
      auto end = without_line_end(next);
      if (heredoc.strips) end.remove_prefix(std::min(end.find_first_not_of('\t'), end.size()));
      if (end == heredoc.name) return body;
      body.append(next);
    }
    file_.refuse(line, fmt::format("the heredoc {} has no end", printable(heredoc.name)),
                 "write its name on a line of its own");
  }

  Lines lines_;
  Dockerfile& file_;
  std::set<std::string> directives_;
};

// At blanks that are not quoted; quotes and escapes stay.
std::vector<std::string> words_with_quotes(std::string_view text, char escape) {
  std::vector<std::string> words;
  std::string word;
  char quote = '\0';
  const auto finish = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quote == '\0' && kBlanks.find(c) != std::string_view::npos) {
      finish();
      continue;
    }
    if (c == escape && quote != '\'') {
      if (at + 1 == text.size()) break;  // at the end it means nothing
      word += c;
      word += text[++at];
      continue;
    }
    if (quote != '\0' && c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '"' || c == '\'')) {
      quote = c;
    }
    word += c;
  }
  finish();
  return words;
}

DockerPair pair_of(std::string_view word) {
  const auto equals = word.find('=');
  if (equals == std::string_view::npos) return {std::string(word), {}};
  return {std::string(word.substr(0, equals)), std::string(word.substr(equals + 1))};
}

}  // namespace

const std::string* DockerInstruction::flag(std::string_view wanted) const {
  const auto found = std::find_if(flags.rbegin(), flags.rend(), [&](const auto& one) { return one.first == wanted; });
  return found == flags.rend() ? nullptr : &found->second;
}

Dockerfile Dockerfile::parse(std::string_view text, std::string_view name) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  Dockerfile file;
  file.name = std::string(name);
  if (text.size() > kLargestFile) file.refuse(1, "the file is over 1 MiB");
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Parser(text, file).run();
  return file;
}

void Dockerfile::refuse(std::size_t line, std::string_view cause, std::string hint) const {
  throw Error(ErrorCode::invalid_argument, fmt::format("{}:{}: {}", printable(name), line, cause), std::move(hint));
}

std::string Dockerfile::expand(const DockerInstruction& instruction, std::string_view text,
                               VariableSource& variables) const {
  try {
    return expand_docker_words(text, {escape}, variables).text;
  } catch (const Error& error) {
    refuse(instruction.line, error.what(), error.hint());
  }
}

std::vector<std::string> Dockerfile::expand_words(const DockerInstruction& instruction, std::string_view text,
                                                  VariableSource& variables) const {
  std::vector<std::string> all;
  for (const auto& part : divide_at_blanks(text)) {
    try {
      const auto words = expand_docker_words(part, {escape}, variables).words;
      all.insert(all.end(), words.begin(), words.end());
    } catch (const Error& error) {
      refuse(instruction.line, error.what(), error.hint());
    }
  }
  return all;
}

std::vector<std::string> Dockerfile::arguments(const DockerInstruction& instruction, VariableSource& variables) const {
  auto words = instruction.exec ? *instruction.exec : divide_at_blanks(instruction.text);
  for (auto& word : words) word = expand(instruction, word, variables);
  return words;
}

std::vector<DockerPair> Dockerfile::pairs(const DockerInstruction& instruction) const {
  const auto words = words_with_quotes(instruction.text, escape);
  std::vector<DockerPair> pairs;
  const bool takes_names = instruction.name == "ARG";
  if (!takes_names && !words.empty() && words.front().find('=') == std::string::npos) {
    const auto blank = instruction.text.find_first_of(kBlanks);
    if (blank == std::string::npos) refuse(instruction.line, instruction.name + " has no value");
    return {{instruction.text.substr(0, blank), std::string(trim(std::string_view(instruction.text).substr(blank)))}};
  }
  for (const auto& word : words) {
    pairs.push_back(pair_of(word));
    if (pairs.back().name.empty() || !(takes_names || pairs.back().value))
      refuse(instruction.line, instruction.name + " is not NAME=VALUE");
  }
  return pairs;
}

std::vector<std::string> divide_at_blanks(std::string_view text) {
  std::vector<std::string> words;
  for (auto begin = text.find_first_not_of(kBlanks); begin != std::string_view::npos;) {
    const auto end = std::min(text.find_first_of(kBlanks, begin), text.size());
    words.emplace_back(text.substr(begin, end - begin));
    begin = text.find_first_not_of(kBlanks, end);
  }
  return words;
}

}  // namespace ociassemble
