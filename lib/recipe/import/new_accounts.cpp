// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/new_accounts.hpp"

#include <algorithm>
#include <array>

namespace ociassemble {
namespace {

using Texts = std::vector<std::string>;

// The options of one command that take a value, by what they say.
struct Grammar {
  std::string_view command;
  std::string_view uid, group, gid, home, shell;
  std::string_view other, lost;  // " -x --long " each; `lost` changes what is made
};

constexpr std::array<Grammar, 4> kGrammars{{
    {"adduser", " -u --uid ", " -G --ingroup ", " --gid ", " -h --home ", " -s --shell ",
     " -k --firstuid --lastuid --conf ", " -g --gecos --comment "},
    {"useradd", " -u --uid ", " -g --gid ", " ", " -d --home-dir --home ", " -s --shell ", " -k --skel -K --key ",
     " -c --comment -G --groups -b --base-dir -e --expiredate -f --inactive -p --password "},
    {"addgroup", " ", " ", " -g --gid ", " ", " ", " --firstgid --lastgid --conf ", " "},
    {"groupadd", " ", " ", " -g --gid ", " ", " ", " -K --key ", " -p --password "},
}};

bool lists(std::string_view options, const std::string& option) {
  return options.find(" " + option + " ") != std::string_view::npos;
}

class Command {
 public:
  explicit Command(const Grammar& grammar) : grammar_(grammar) {
    user.command = grammar.command;
    user.makes_home = grammar.command == "adduser";
  }

  void take(const Texts& words) {
    for (std::size_t i = 0; i < words.size(); ++i) {
      const auto& word = words[i];
      const auto equals = word.find('=');
      if (word.size() < 2 || word.front() != '-') {
        names.push_back(word);
      } else if (word[1] == '-' && equals != std::string::npos) {
        set(word.substr(0, equals), word.substr(equals + 1));
      } else {
        const auto option = take_flags(word);
        const auto* value = i + 1 < words.size() ? &words[i + 1] : nullptr;
        if (value != nullptr && set(option, *value)) ++i;
      }
    }
  }

  Texts names;
  NewUser user;
  std::string gid;

 private:
  // "-DHu" is -D and -H, and -u, which may take a value.
  std::string take_flags(const std::string& word) {
    const bool is_long = word[1] == '-';
    const auto flags = is_long ? std::string() : word.substr(1);
    if (word == "--system" || flags.find_first_of(grammar_.command == "adduser" ? "S" : "r") != std::string::npos)
      user.is_system = true;
    note_home(word, flags);
    return is_long ? word : std::string("-") + word.back();
  }

  void note_home(const std::string& word, const std::string& flags) {
    const bool is_adduser = grammar_.command == "adduser";
    const auto has = [&](char flag) { return flags.find(flag) != std::string::npos; };
    if (word == "--create-home" || (!is_adduser && has('m'))) user.makes_home = true;
    if (word == "--no-create-home" || has(is_adduser ? 'H' : 'M')) user.makes_home = false;
  }

  // Whether the option takes a value.
  bool set(const std::string& option, const std::string& value) {
    if (lists(grammar_.uid, option)) return user.uid = plain_number(value), true;
    if (lists(grammar_.group, option)) return user.group = plain_number(value), true;
    if (lists(grammar_.gid, option)) return gid = plain_number(value), true;
    if (lists(grammar_.home, option)) return user.home = value, true;
    if (lists(grammar_.shell, option)) return user.shell = value, true;
    if (lists(grammar_.lost, option)) {
      if (!value.empty()) user.lost.push_back(option + " " + value);
      return true;
    }
    return lists(grammar_.other, option);
  }

  const Grammar& grammar_;
};

void take_command(const Grammar& grammar, const Texts& words, NewAccounts& accounts) {
  Command command(grammar);
  command.take(words);
  if (command.names.size() != 1) return;  // with two names a user joins a group
  if (grammar.command == "addgroup" || grammar.command == "groupadd") {
    accounts.groups[command.names.front()] = command.gid;
    return;
  }
  command.user.name = command.names.front();
  if (command.user.group.empty()) command.user.group = command.gid;
  accounts.users.push_back(command.user);
}

bool ends_command(std::string_view word) {
  return word == "&&" || word == "||" || word == ";" || word == "|" || word == "&";
}

// With an operator that hangs on a word set apart.
Texts apart(const Texts& words) {
  Texts all;
  for (const auto& word : words) {
    if (word.size() > 1 && word.back() == ';') {
      all.push_back(word.substr(0, word.size() - 1));
      all.emplace_back(";");
    } else {
      all.push_back(word);
    }
  }
  return all;
}

}  // namespace

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 9 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string plain_number(const std::string& text) { return is_number(text) ? std::to_string(std::stoul(text)) : text; }

const NewUser* NewAccounts::find(std::string_view user) const {
  const auto found = std::find_if(users.rbegin(), users.rend(),
                                  [&](const NewUser& one) { return one.name == user || one.uid == user; });
  return found == users.rend() ? nullptr : &*found;
}

void NewAccounts::read(const Texts& words) {
  const auto all = apart(words);
  for (auto begin = all.begin(); begin != all.end();) {
    const auto end = std::find_if(begin, all.end(), ends_command);
    const auto name = std::find_if(begin, end, [](const std::string& word) {
      return std::any_of(kGrammars.begin(), kGrammars.end(), [&](const Grammar& one) { return one.command == word; });
    });
    if (name != end) {
      const auto grammar =
          std::find_if(kGrammars.begin(), kGrammars.end(), [&](const Grammar& one) { return one.command == *name; });
      take_command(*grammar, Texts(name + 1, end), *this);
    }
    begin = end == all.end() ? end : end + 1;
  }
}

}  // namespace ociassemble
