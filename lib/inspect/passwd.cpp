// SPDX-License-Identifier: Apache-2.0
#include "inspect/passwd.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <system_error>
#include <utility>

#include "base/text.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::uint32_t kLargestId = 0xFFFFFFFE;  // 2^32-1 means "no change" to chown(2)
constexpr std::size_t kListedNames = 12;
constexpr std::size_t kComparedNames = 1000;

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::uint32_t> parse_id(std::string_view text) {
  std::uint32_t value = 0;
  if (!is_number(text)) return {};
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || value > kLargestId) return {};
  return value;
}

// Up to the next separator, which is removed with it.
std::string_view take_until(std::string_view& text, char separator) {
  const auto at = text.find(separator);
  const auto part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return part;
}

std::optional<PasswdEntry> parse_passwd_line(std::string_view line) {
  PasswdEntry entry;
  entry.name = take_until(line, ':');
  take_until(line, ':');  // password
  const auto uid = parse_id(take_until(line, ':'));
  const auto gid = parse_id(take_until(line, ':'));
  take_until(line, ':');  // GECOS
  entry.home = take_until(line, ':');
  entry.shell = take_until(line, ':');
  if (entry.name.empty() || !uid || !gid) return {};
  entry.uid = *uid;
  entry.gid = *gid;
  return entry;
}

std::optional<GroupEntry> parse_group_line(std::string_view line) {
  GroupEntry entry;
  entry.name = take_until(line, ':');
  take_until(line, ':');  // password
  const auto gid = parse_id(take_until(line, ':'));
  if (entry.name.empty() || !gid) return {};
  entry.gid = *gid;
  return entry;
}

// Leading blanks, comments and the "+" and "-" lines of NIS are as C libraries see them.
template <class Entry>
std::vector<Entry> parse_lines(std::string_view text, std::optional<Entry> (*parse)(std::string_view)) {
  std::vector<Entry> entries;
  while (!text.empty()) {
    auto line = take_until(text, '\n');
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.empty() || line[0] == '#' || line[0] == '+' || line[0] == '-') continue;
    if (auto entry = parse(line)) entries.push_back(std::move(*entry));
  }
  return entries;
}

[[noreturn]] void refuse(std::string_view text, const std::string& cause) {
  throw Error(ErrorCode::invalid_argument, fmt::format("cannot use user \"{}\": {}", printable(text), cause),
              "a user is NAME, UID, NAME:GROUP or UID:GID, such as 65532:65532");
}

void check_part(std::string_view user, std::string_view part) {
  const auto is_odd = [](unsigned char c) { return c <= ' ' || c == 0x7F || c == ':'; };
  if (part.empty()) refuse(user, "a part is empty");
  if (part[0] == '-') refuse(user, fmt::format("\"{}\" is neither a name nor a number", printable(part)));
  if (std::any_of(part.begin(), part.end(), is_odd)) refuse(user, "a blank, a control character or a second ':'");
  if (is_number(part) && !parse_id(part)) refuse(user, fmt::format("{} is over {}", printable(part), kLargestId));
}

// All names there are, where they are few, else the nearest.
template <class Entry>
std::string describe_names(std::string_view name, const std::vector<Entry>& entries) {
  std::vector<std::string_view> names;
  for (const auto& entry : entries) {
    if (std::find(names.begin(), names.end(), entry.name) == names.end()) names.emplace_back(entry.name);
    if (names.size() == kComparedNames) break;
  }
  if (names.empty()) return "has no entries";
  if (names.size() <= kListedNames) return "has " + printable(fmt::format("{}", fmt::join(names, ", ")));
  const auto near = nearest(name, names);
  return near ? fmt::format("has no such name; did you mean {}?", printable(*near))
              : fmt::format("has {} other names", entries.size());
}

template <class Entry>
const Entry& find_name(std::string_view name, const std::vector<Entry>& entries, std::string_view kind,
                       std::string_view file) {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.name == name; });
  if (found != entries.end()) return *found;
  throw Error(ErrorCode::not_found,
              fmt::format("cannot find {} \"{}\": {} {}", kind, printable(name), file, describe_names(name, entries)),
              "name one that the base has, or use numbers, such as 65532:65532");
}

NumericUser find_user(std::string_view name, const std::vector<PasswdEntry>& entries) {
  const auto uid = parse_id(name);
  if (!uid) {
    const auto& entry = find_name(name, entries, "user", "the base's /etc/passwd");
    return {entry.uid, entry.gid, entry.home};
  }
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const auto& e) { return e.uid == *uid; });
  if (found == entries.end()) return {*uid, 0, {}};
  return {found->uid, found->gid, found->home};
}

}  // namespace

std::vector<PasswdEntry> parse_passwd(std::string_view text) { return parse_lines(text, parse_passwd_line); }

std::vector<GroupEntry> parse_group(std::string_view text) { return parse_lines(text, parse_group_line); }

std::string NumericUser::to_string() const { return fmt::format("{}:{}", uid, gid); }

NumericUser lookup_user(std::string_view user, std::string_view passwd, std::string_view group) {
  const auto colon = user.find(':');
  const auto name = user.substr(0, colon);
  if (user.empty()) refuse(user, "it is empty");
  check_part(user, name);
  if (colon == std::string_view::npos) return find_user(name, parse_passwd(passwd));

  const auto group_name = user.substr(colon + 1);
  check_part(user, group_name);
  NumericUser found = find_user(name, parse_passwd(passwd));
  const auto gid = parse_id(group_name);
  found.gid = gid ? *gid : find_name(group_name, parse_group(group), "group", "the base's /etc/group").gid;
  return found;
}

}  // namespace ociassemble
