// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "ociassemble/command_words.hpp"
#include "ociassemble/error.hpp"
#include "recipe/import/text.hpp"

namespace ociassemble {
namespace {

using Texts = std::vector<std::string>;

struct Advice {
  std::string_view words;  // any of them, each with blanks around it
  std::string_view text;
};

constexpr std::array<Advice, 5> kAdvice{{
    {" apk apt apt-get dnf microdnf yum ",
     "packages are not installed here; prepare a base that has them, and name it as \"base\""},
    {" go make ", "build the program before, outside, and name it under \"binaries\""},
    {" curl wget git ", "download it before the build, check its digest, and name it under \"files\""},
    {" mkdir chown install ", "name a folder that the service writes to under \"writable\", others under \"files\""},
    {" chmod setcap ", "say \"mode\" of the file, or \"capabilities\" of the binary, in this recipe"},
}};

bool is_listed(std::string_view names, const std::string& name) {
  return names.find(" " + name + " ") != std::string_view::npos;
}

// The words after the command that are no options; `with_values` are options that take the next word.
Texts operands(const ShellCommand& command, std::size_t at, std::string_view with_values) {
  Texts found;
  for (; at < command.words.size(); ++at) {
    const auto& word = command.words[at];
    if (is_listed(with_values, word)) {
      ++at;
    } else if (!word.starts_with('-')) {
      found.push_back(word);
    }
  }
  return found;
}

}  // namespace

std::string_view advice_for(const Texts& words) {
  for (const auto& advice : kAdvice) {
    const bool fits =
        std::any_of(words.begin(), words.end(), [&](const auto& word) { return is_listed(advice.words, word); });
    if (fits) return advice.text;
  }
  return "commands are not run here; add the result under \"files\", or prepare a base that has it";
}

bool only_cleans(const ShellCommand& command) {
  const auto& words = command.words;
  if (is_listed(" set true : cd exit export unset ", words[0])) return true;
  if (words[0] == "echo" || words[0] == "printf") return !command.needs_shell;
  const bool is_manager = is_listed(" apk apt apt-get dnf microdnf yum ", words[0]);
  if (is_manager) {
    return std::any_of(words.begin(), words.end(),
                       [](const auto& word) { return is_listed(" update clean autoclean ", word); });
  }
  if (words[0] != "rm") return false;
  const auto paths = operands(command, 1, "");
  return std::all_of(paths.begin(), paths.end(), [](const std::string& path) {
    return path.starts_with("/var/lib/apt/lists") || path.starts_with("/var/cache/") || path.starts_with("/tmp/");
  });
}

namespace {

class EffectsReader {
 public:
  explicit EffectsReader(NewAccounts& accounts) : accounts_(accounts) {}

  RunEffects read(const std::vector<ShellCommand>& commands) {
    for (const auto& command : commands) take(command);
    return std::move(effects_);
  }

 private:
  void take(const ShellCommand& command) {
    if (only_cleans(command) || take_accounts(command) || take_packages(command)) return;
    if (!command.needs_shell && (take_folder(command) || take_change(command))) return;
    if (command.words[0] == "update-ca-certificates" && effects_.certificates) return;
    leave(command.text, command.words);
  }

  void leave(const std::string& text, const Texts& words) {
    effects_.left.push_back(text);
    if (effects_.advice.empty()) effects_.advice = advice_for(words);
  }

  bool take_accounts(const ShellCommand& command) {
    const auto count = [&] { return accounts_.users.size() + accounts_.groups.size(); };
    const auto before = count();
    accounts_.read(command.words);
    return count() > before;
  }

  bool take_packages(const ShellCommand& command) {
    const auto& words = command.words;
    if (!is_listed(" apk apt apt-get dnf microdnf yum ", words[0])) return false;
    const auto verb =
        std::find_if(words.begin(), words.end(), [](const auto& word) { return is_listed(" add install ", word); });
    if (verb == words.end()) return false;
    const auto at = static_cast<std::size_t>(verb - words.begin()) + 1;
    Texts others;
    for (const auto& package : operands(command, at, " -t --virtual --repository -X -o ")) {
      const auto name = package.substr(0, package.find_first_of("=<>~@"));
      if (name == "ca-certificates" || name == "ca-certificates-bundle") {
        effects_.certificates = true;
      } else if (name == "tzdata") {
        effects_.zone_data = true;
      } else {
        others.push_back(package);
      }
    }
    if (!others.empty()) leave(fmt::format("install {}", fmt::join(others, ", ")), words);
    return true;
  }

  bool take_folder(const ShellCommand& command) {
    const auto& words = command.words;
    const bool is_install = words[0] == "install" && std::find(words.begin(), words.end(), "-d") != words.end();
    if (words[0] != "mkdir" && !is_install) return false;
    auto owner = option_of(words, " -o --owner ");
    const auto group = option_of(words, " -g --group ");
    if (!group.empty()) owner.append(":").append(group);
    const auto mode = option_of(words, " -m --mode -pm ");
    for (const auto& path : operands(command, 1, " -m --mode -o --owner -g --group -pm ")) {
      effects_.made.push_back(path);
      if (!mode.empty()) effects_.modes.push_back({path, mode, false, command.text});
      if (!owner.empty()) effects_.owners.push_back({path, owner, false, command.text});
    }
    return true;
  }

  // "-m 700", "-m700" or "--mode=700".
  static std::string option_of(const Texts& words, std::string_view names) {
    for (std::size_t i = 1; i < words.size(); ++i) {
      const auto& word = words[i];
      const auto equals = word.find('=');
      if (is_listed(names, word)) return i + 1 < words.size() ? words[i + 1] : std::string();
      if (word.starts_with("--") && equals != std::string::npos && is_listed(names, word.substr(0, equals)))
        return word.substr(equals + 1);
      if (word.size() > 2 && !word.starts_with("--") && is_listed(names, word.substr(0, 2))) return word.substr(2);
    }
    return {};
  }

  bool take_change(const ShellCommand& command) {
    const auto& words = command.words;
    if (!is_listed(" chown chgrp chmod ", words[0])) return false;
    if (std::any_of(words.begin(), words.end(), [](const auto& word) { return word.starts_with("--reference"); }))
      return false;
    auto paths = operands(command, 1, " --from ");
    if (paths.size() < 2) return false;
    const auto value = words[0] == "chgrp" ? ":" + paths.front() : paths.front();
    paths.erase(paths.begin());
    const bool is_recursive = std::any_of(words.begin(), words.end(), [](const auto& word) {
      return word == "--recursive" ||
             (word.size() > 1 && word[0] == '-' && word[1] != '-' && word.find('R') != std::string::npos);
    });
    auto& changes = words[0] == "chmod" ? effects_.modes : effects_.owners;
    for (const auto& path : paths) changes.push_back({path, value, is_recursive, command.text});
    return true;
  }

  NewAccounts& accounts_;
  RunEffects effects_;
};

}  // namespace

std::optional<Texts> exec_form(std::string_view text) {
  if (!text.starts_with('[')) return {};
  const auto refuse = [](const char* why) { throw Error(ErrorCode::invalid_argument, why); };
  Texts words;
  try {
    words = parse_command_words(text);
  } catch (const Error& error) {
    if (std::string_view(error.what()).find("is not a string") == std::string_view::npos) return {};
    refuse("an element of the JSON array is not a string");
  }
  if (std::any_of(words.begin(), words.end(), holds_marks))
    refuse("the JSON array holds a control character, which a recipe cannot");
  return words;
}

RunEffects effects_of(const std::vector<ShellCommand>& commands, NewAccounts& accounts) {
  return EffectsReader(accounts).read(commands);
}

}  // namespace ociassemble
