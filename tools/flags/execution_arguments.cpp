// SPDX-License-Identifier: Apache-2.0
#include "flags/execution_arguments.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <sstream>

#include "base/text.hpp"
#include "io/streams.hpp"
#include "ociassemble/command_words.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/reference.hpp"

namespace ociassemble::tool {
namespace {

constexpr std::size_t kLargestEnvFile = std::size_t{1} << 20U;
constexpr const char* kUserForm = "write --create-user NAME:UID[:GID][,home=PATH][,shell=PATH], such as app:1001";

[[noreturn]] void refuse_argument(std::string_view option, std::string_view text, std::string_view why,
                                  std::string hint) {
  throw Error(ErrorCode::invalid_argument, fmt::format("cannot parse {} \"{}\": {}", option, printable(text), why),
              std::move(hint));
}

std::uint32_t parse_id(std::string_view digits, std::string_view text) {
  std::uint32_t id = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
  if (failure != std::errc() || end != digits.data() + digits.size())
    refuse_argument("--create-user", text, fmt::format("\"{}\" is not a user or group ID", printable(digits)),
                    kUserForm);
  return id;
}

// Cuts the part before the next divider off.
std::string_view next_part(std::string_view& rest, char divider) {
  const auto at = rest.find(divider);
  const auto part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return part;
}

void parse_user_option(CreatedUser& user, std::string_view option, std::string_view text) {
  const auto name = next_part(option, '=');
  if (option.empty() || (name != "home" && name != "shell"))
    refuse_argument("--create-user", text, "after the user only ,home=PATH and ,shell=PATH may follow", kUserForm);
  (name == "home" ? user.home : user.shell) = std::string(option);
}

}  // namespace

CreatedUser parse_created_user(std::string_view text) {
  auto options = text;
  auto ids = next_part(options, ',');
  CreatedUser user;
  user.name = std::string(next_part(ids, ':'));
  if (user.name.empty() || ids.empty())
    refuse_argument("--create-user", text, "it needs a name and a user ID", kUserForm);
  user.uid = user.gid = parse_id(next_part(ids, ':'), text);
  if (!ids.empty()) user.gid = parse_id(ids, text);
  while (!options.empty()) parse_user_option(user, next_part(options, ','), text);
  return user;
}

std::vector<std::string> parse_health_test(std::string_view text) {
  if (text == "none" || text == "NONE") return {"NONE"};
  auto words = parse_command_words(text);
  if (words.empty())
    refuse_argument("--healthcheck", text, "no command", "write --healthcheck \"/app health\", or none");
  if (words.front() == "CMD" || words.front() == "CMD-SHELL") {
    const bool complete = words.front() == "CMD" ? words.size() > 1 : words.size() == 2;
    if (!complete)
      refuse_argument("--healthcheck", text, "the command is not complete", R"(write ["CMD", "/app", "health"])");
    return words;
  }
  words.insert(words.begin(), "CMD");
  return words;
}

std::string parse_tag(const std::string& text) {
  if (text.find_first_of("/:@") != std::string::npos) {
    refuse_argument(
        "--tag", text, "a tag holds no '/', ':' or '@'",
        "write --push " + text + " to push there, or -o docker-archive:FILE:" + text + " for a file to load");
  }
  try {
    Reference::parse("x:" + text);
  } catch (const Error&) {
    refuse_argument("--tag", text, "a tag has letters, digits, '_', '.' and '-', at most 128",
                    "begin it with a letter, a digit or '_'");
  }
  return text;
}

std::vector<std::pair<std::string, std::string>> read_env_file(const std::filesystem::path& file) {
  std::vector<std::pair<std::string, std::string>> variables;
  std::istringstream lines(read_file(file, kLargestEnvFile));
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.ends_with('\r')) line.pop_back();
    const auto begin = line.find_first_not_of(" \t");
    if (begin == std::string::npos || line[begin] == '#') continue;
    line.erase(0, begin);
    const auto equals = line.find('=');
    const auto name = line.substr(0, equals);
    const auto refuse = [&](std::string_view why, std::string hint) {
      throw Error(ErrorCode::invalid_argument, fmt::format("{}:{}: {}", file.string(), number, why), std::move(hint));
    };
    if (name.empty()) refuse("no name before '='", "write NAME=VALUE");
    if (equals == std::string::npos) {
      refuse(fmt::format("{} has no value", printable(name)),
             fmt::format("write {}=VALUE: variables of this machine would make the image differ", printable(name)));
    }
    if (name.find_first_of(" \t") != std::string::npos)
      refuse(fmt::format("the name \"{}\" has a blank", printable(name)), "write NAME=VALUE");
    variables.emplace_back(name, line.substr(equals + 1));
  }
  return variables;
}

}  // namespace ociassemble::tool
