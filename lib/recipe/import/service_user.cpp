// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/service_user.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace ociassemble {
namespace {

constexpr std::string_view kNoHome = "/nonexistent";

}  // namespace

void UserImport::take(const DockerInstruction& made) {
  made_ = &made;
  text_ = state_.expand(made, made.text);
}

void UserImport::settle() {
  if (made_ == nullptr || !state_.can_hold(*made_, text_)) return;
  if (text_.empty()) return state_.notes.add(*made_, "the user is empty; name it under \"user\"");
  const auto colon = text_.find(':');
  name_ = uid_ = state_.arguments.plain(text_.substr(0, colon));
  const auto* created = state_.accounts.find(plain_number(name_));
  if (created == nullptr) return set_member(state_.draft.simple, "user", json_text(text_));
  auto user = *created;
  created_ = name_ = user.name;
  if (colon != std::string::npos) user.group = plain_number(state_.arguments.plain(text_.substr(colon + 1)));
  set_member(state_.draft.simple, "user", created_user(*made_, std::move(user)));
}

std::string UserImport::created_user(const DockerInstruction& made, NewUser user) {
  const auto given = user;
  auto uid = state_.arguments.plain(user.uid);
  if (!is_number(uid)) {
    uid = user.is_system ? "999" : "1000";
    state_.notes.add(made.line, fmt::format("which number {} has is left to the command; {} is taken.",
                                            state_.arguments.plain(user.name), uid));
  }
  uid_ = uid;
  if (user.home.empty()) user.home = "/home/" + state_.arguments.plain(user.name);
  if (user.shell.empty()) user.shell = user.is_system && user.command == "adduser" ? "/sbin/nologin" : "/bin/sh";
  RecipeMembers members{{"name", json_text(user.name)}, {"uid", uid}};
  add_group(made, user, uid, members);
  if (user.home != kNoHome) set_member(members, "home", json_text(user.home));  // which is not made
  set_member(members, "shell", json_text(user.shell));
  set_member(members, "create", "true");
  note_defaults(made, given, user);
  return line_object(members);
}

void UserImport::note_defaults(const DockerInstruction& made, const NewUser& given, const NewUser& made_user) {
  std::vector<std::string> parts;
  if (given.home.empty()) parts.push_back("home " + made_user.home);
  if (given.shell.empty()) parts.push_back("shell " + made_user.shell);
  const auto& name = given.name;
  if (!parts.empty())
    state_.notes.add(made.line, fmt::format("{} has the {}, as {} makes it where nothing else is said.", name,
                                            fmt::join(parts, " and the "), given.command));
  state_.notes.add(
      made.line,
      fmt::format("{} is a line of /etc/passwd and one of /etc/group; nothing else of the "
                  "account is made (/etc/shadow){}.",
                  name,
                  made_user.home == kNoHome ? std::string() : fmt::format(", and {} has mode 0700", made_user.home)));
  if (!given.makes_home && made_user.home != kNoHome)
    state_.notes.add(made.line, fmt::format("the home {} is made where the base lacks it, which {} does not do.",
                                            made_user.home, given.command));
  if (!given.lost.empty())
    state_.notes.add(
        made.line, fmt::format("of the account {} is not carried over: {}.", given.name, fmt::join(given.lost, ", ")));
}

// Unless it is the user's own, with the same number.
void UserImport::add_group(const DockerInstruction& made, const NewUser& user, const std::string& uid,
                           RecipeMembers& members) {
  const auto& groups = state_.accounts.groups;
  const auto& group = user.group;
  const auto known = groups.find(group.empty() ? user.name : group);
  const auto number = plain_number(state_.arguments.plain(group));
  if (is_number(number)) {
    if (number != uid) set_member(members, "gid", number);
  } else if (known != groups.end()) {
    const auto gid = plain_number(state_.arguments.plain(known->second));
    if (is_number(gid) && gid != uid) set_member(members, "gid", gid);
    if (!group.empty() && group != user.name) set_member(members, "group", json_text(group));
  } else if (!group.empty() && group != user.name) {
    state_.notes.add(made, fmt::format("the number of the base's group {} is not known here; add \"gid\" to the user",
                                       state_.arguments.plain(group)));
  }
}

bool UserImport::is_service(const std::string& owner) const {
  const auto user = owner.substr(0, owner.find(':'));
  return !user.empty() && (user == name_ || plain_number(user) == uid_);
}

// An owner by name must be there; one that is not created is its number.
void UserImport::finish_owner(DraftFile& file) {
  const auto owner =
      std::find_if(file.more.begin(), file.more.end(), [](const auto& member) { return member.first == "owner"; });
  if (owner == file.more.end()) return;
  for (const auto& user : state_.accounts.users) {
    if (user.name == created_) continue;
    const bool is_alone = owner->second == json_text(user.name);
    const auto own_group = user.group.empty() ? user.name : user.group;
    if (!is_alone && owner->second != json_text(user.name + ":" + own_group) &&
        owner->second != json_text(user.name + ":" + user.name))
      continue;
    if (!is_number(user.uid)) {
      state_.notes.add(file.line, fmt::format("the owner {} of {} has no number here; say it under \"owner\".",
                                              user.name, file.destination));
      remove_member(file.more, "owner");
      return;
    }
    const auto group = state_.accounts.groups.find(own_group);
    const bool has_group = group != state_.accounts.groups.end() && is_number(group->second);
    owner->second = json_text(user.uid + ":" + (has_group ? group->second : user.uid));
    return;
  }
}

void UserImport::finish() {
  for (auto& file : state_.draft.files) finish_owner(file);
  for (auto& binary : state_.draft.binaries) finish_owner(binary);
  for (const auto& user : state_.accounts.users) {
    if (user.name == created_) continue;
    state_.notes.add(fmt::format("The user {} is not created, since no USER of the image names it.",
                                 state_.arguments.plain(user.name)));
  }
  if (made_ == nullptr)
    state_.notes.add("The Dockerfile names no user; an image made here runs as 65532:65532, not as root.");
}

}  // namespace ociassemble
