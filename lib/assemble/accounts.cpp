// SPDX-License-Identifier: Apache-2.0
#include "assemble/accounts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "assemble/placement.hpp"
#include "base/text.hpp"
#include "bases/static_base.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr const char* kPasswd = "etc/passwd";
constexpr const char* kGroup = "etc/group";
constexpr std::uint32_t kLargestId = 0xFFFFFFFE;

std::string contents_of(const Tree& tree, std::string_view path) {
  const auto* node = tree.follow(path);
  return node != nullptr ? node->contents().value_or("") : "";
}

[[noreturn]] void reject_user(const CreatedUser& user, std::string_view cause, std::string hint) {
  throw Error(ErrorCode::invalid_argument, fmt::format("cannot create user \"{}\": {}", printable(user.name), cause),
              std::move(hint));
}

bool is_name(std::string_view name) {
  const auto is_first = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && name.size() <= 32 && is_first(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_first(c) || (c >= '0' && c <= '9') || c == '-' || c == '.'; });
}

void check_field(const CreatedUser& user, const std::string& path, const char* what) {
  canonical_path(path, what);
  if (std::any_of(path.begin(), path.end(), [](unsigned char c) { return c < ' ' || c == ':' || c == 0x7F; })) {
    reject_user(user, fmt::format("its {} holds a ':' or a control character", what), "choose another path");
  }
}

void check_words(const CreatedUser& user) {
  constexpr const char* kForm = "use up to 32 letters, digits, _, - and ., and a letter or _ first";
  if (!is_name(user.name)) reject_user(user, "that is not a name for a user", kForm);
  if (!user.group.empty() && !is_name(user.group)) {
    reject_user(user, fmt::format("\"{}\" is not a name for a group", printable(user.group)), kForm);
  }
  if (user.uid > kLargestId || user.gid > kLargestId)
    reject_user(user, "4294967295 is not a valid user or group ID", "choose another");
  if (user.home) check_field(user, *user.home, "home");
  if (user.shell) check_field(user, *user.shell, "shell");
}

void append_line(std::string& text, const std::string& line) {
  if (!text.empty() && text.back() != '\n') text += '\n';
  text += line + "\n";
}

}  // namespace

Accounts::Accounts(const Tree& base)
    : base_(base), passwd_(contents_of(base, kPasswd)), group_(contents_of(base, kGroup)) {}

NumericUser Accounts::user(const std::optional<std::string>& text) const {
  return lookup_user(text.value_or("65532:65532"), passwd_, group_);
}

NumericUser Accounts::owner(const std::string& text) const {
  if (text.empty()) return {};
  const bool lone_number = text.find_first_not_of("0123456789") == std::string::npos;
  return lookup_user(lone_number ? text + ":" + text : text, passwd_, group_);
}

bool Accounts::has_user(const CreatedUser& user) const {
  for (const auto& entry : parse_passwd(passwd_)) {
    const bool same_name = entry.name == user.name;
    if (!same_name && entry.uid != user.uid) continue;
    const bool same = same_name && entry.uid == user.uid && entry.gid == user.gid &&
                      user.home.value_or(entry.home) == entry.home && user.shell.value_or(entry.shell) == entry.shell;
    if (same) return true;
    reject_user(user,
                fmt::format("the base's /etc/passwd has {}:{}:{} with home {} and shell {}", printable(entry.name),
                            entry.uid, entry.gid, printable(entry.home), printable(entry.shell)),
                same_name ? "choose another name, or run as the base's own user" : "choose another uid");
  }
  return false;
}

bool Accounts::has_group(const std::string& name, const CreatedUser& user) const {
  for (const auto& entry : parse_group(group_)) {
    if (entry.name == name && entry.gid == user.gid) return true;
    if (entry.gid == user.gid && user.group.empty()) return true;
    if (entry.name != name && entry.gid != user.gid) continue;
    reject_user(user, fmt::format("the base's /etc/group has {}:{}", printable(entry.name), entry.gid),
                entry.name == name ? "choose another group, or its gid" : "choose another gid, or name that group");
  }
  return false;
}

void Accounts::add_file(std::vector<LayerEntry>& entries, const char* path, const std::string& text,
                        std::int64_t mtime) const {
  const auto* node = base_.follow(path);
  if (node != nullptr && (node->type != EntryType::regular || !node->contents())) {
    throw Error(ErrorCode::unsupported,
                fmt::format("cannot add to the base's /{}: it is not a file of at most 1 MiB", path),
                "run as a number that needs no entry");
  }
  auto made = text_entry(base_.resolve(path), 0644, text, mtime);
  if (node != nullptr) {
    made.entry.mode = node->mode;
    made.entry.uid = node->uid;
    made.entry.gid = node->gid;
    made.entry.xattrs = node->xattrs();
  }
  entries.push_back(std::move(made));
}

std::vector<LayerEntry> Accounts::create(const CreatedUser& user, std::int64_t mtime) {
  check_words(user);
  std::vector<LayerEntry> entries;
  const auto group = user.group.empty() ? user.name : user.group;
  const bool new_user = !has_user(user);
  const bool new_group = !has_group(group, user);
  if (new_user) {
    append_line(passwd_, fmt::format("{}:x:{}:{}::{}:{}", user.name, user.uid, user.gid,
                                     user.home.value_or("/nonexistent"), user.shell.value_or("/sbin/nologin")));
    add_file(entries, kPasswd, passwd_, mtime);
  }
  if (new_group) {
    append_line(group_, fmt::format("{}:x:{}:", group, user.gid));
    add_file(entries, kGroup, group_, mtime);
  }
  if (user.home && base_.follow(*user.home) == nullptr) {
    entries.push_back(directory_entry(canonical_path(*user.home, "home"), 0700, user.uid, user.gid, mtime));
  }
  return entries;
}

}  // namespace ociassemble
