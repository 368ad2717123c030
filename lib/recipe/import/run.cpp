// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/run.hpp"

#include <algorithm>
#include <array>

#include "ociassemble/command_words.hpp"
#include "ociassemble/error.hpp"
#include "recipe/import/text.hpp"

namespace ociassemble {
namespace {

using Texts = std::vector<std::string>;

// The place of the blank after the word; quoted ones do not count.
std::size_t end_of_word(std::string_view text, std::size_t at) {
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == ' ' || c == '\t' || c == '\n') return at;
    if (c != '"' && c != '\'') continue;
    const auto close = text.find(c, at + 1);
    if (close < text.find('\n', at)) at = close;
  }
  return at;
}

std::string without_quotes(std::string_view word) {
  std::string plain(word);
  std::erase_if(plain, [](char c) { return c == '"' || c == '\''; });
  return plain;
}

// "$NAME" or "${NAME}", and nothing else.
std::string variable_name(const std::string& word) {
  if (word.size() < 2 || word.front() != '$') return {};
  const bool braces = word[1] == '{' && word.back() == '}';
  const auto name = braces ? word.substr(2, word.size() - 3) : word.substr(1);
  const auto is_part = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return std::all_of(name.begin(), name.end(), is_part) ? name : std::string();
}

struct Advice {
  std::string_view words;  // any of them, each with blanks around it
  std::string_view text;
};

constexpr std::array<Advice, 5> kAdvice{{
    {" apk apt apt-get dnf microdnf yum ",
     "packages are not installed here; prepare a base that has them, and name it as \"base\""},
    {" go ", "build the program before, outside, and name it under \"binaries\""},
    {" curl wget git ", "download it before the build, check its digest, and name it under \"files\""},
    {" mkdir chown install ", "name a folder that the service writes to under \"writable\", others under \"files\""},
    {" chmod setcap ", "say \"mode\" of the file, or \"capabilities\" of the binary, in this recipe"},
}};

}  // namespace

std::optional<Texts> exec_form(std::string_view text) {
  if (text.empty() || text.front() != '[') return {};
  try {
    auto words = parse_command_words(text);
    if (std::none_of(words.begin(), words.end(), holds_marks)) return words;
    return {};
  } catch (const Error&) {
    return {};
  }
}

Texts run_words(const DockerInstruction& made,
                const std::function<std::optional<std::string>(const std::string&)>& value_of) {
  auto text = made.text;
  if (const auto words = exec_form(text)) {
    text.clear();
    for (const auto& word : *words) text += word + " ";
  }
  for (const auto& body : made.heredocs) text += "\n" + body;
  Texts words;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = end_of_word(text, begin);
    if (end > begin) {
      auto word = without_quotes(std::string_view(text).substr(begin, end - begin));
      const auto name = variable_name(word);
      words.push_back(name.empty() ? word : value_of(name).value_or(word));
    }
    if (end < text.size() && text[end] == '\n') words.emplace_back(";");
    begin = end + 1;
  }
  return words;
}

std::string_view advice_for(const Texts& words) {
  for (const auto& advice : kAdvice) {
    const bool fits = std::any_of(words.begin(), words.end(), [&](const std::string& word) {
      return advice.words.find(" " + word + " ") != std::string_view::npos;
    });
    if (fits) return advice.text;
  }
  return "commands are not run here; add its result under \"files\", or prepare a base that has it";
}

}  // namespace ociassemble
