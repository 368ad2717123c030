// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "inspect/os_release.hpp"
#include "inspect/passwd.hpp"
#include "policy/image_texts.hpp"
#include "policy/image_user.hpp"
#include "policy/option_values.hpp"
#include "policy/rule_judges.hpp"
#include "policy/unpacked_image.hpp"
#include "spec/timestamp.hpp"

namespace ociassemble {
namespace {

constexpr std::int64_t kSecondsADay = 86400;
constexpr std::string_view kCapabilityXattr = "security.capability";
constexpr std::uint32_t kSetIdBits = 06000;
constexpr std::uint32_t kOthersWrite = 0002;
constexpr std::uint32_t kSticky = 01000;

std::string_view name_in(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool is_in_any(const std::string& path, const std::vector<std::string>& folders) {
  return std::any_of(folders.begin(), folders.end(), [&](const std::string& folder) {
    return path == folder || path.starts_with(folder.ends_with('/') ? folder : folder + "/");
  });
}

template <class Names>
bool is_name_among(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Calls for each entry but what `allow` and volumes have, by its absolute path.
template <class Use>
void for_each_file(const RuleContext& context, const Use& use) {
  const auto allowed = context.texts("allow");
  context.facts().files().for_each([&](const std::string& path, const Tree::Node& node) {
    if (!is_in_any(path, allowed)) use(path, node);
  });
}

bool is_shell_word(std::string_view word) {
  constexpr std::array<std::string_view, 6> kShells{"sh", "bash", "ash", "dash", "zsh", "busybox"};
  return is_name_among(kShells, name_in(word));
}

constexpr std::array<std::string_view, 7> kProgramFolders{
    "/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/usr/local/bin/", "/usr/local/sbin/", "/busybox/"};

// Fails for each program of one of the names in a folder of programs.
template <class Names>
void judge_no_program(const RuleContext& context, const Names& names, std::string_view what, std::string_view remedy) {
  for_each_file(context, [&](const std::string& path, const Tree::Node& node) {
    if (node.type == EntryType::directory || !is_name_among(names, name_in(path))) return;
    const bool is_program = std::any_of(kProgramFolders.begin(), kProgramFolders.end(), [&](std::string_view folder) {
      return path.size() == folder.size() + name_in(path).size() && path.starts_with(folder);
    });
    if (is_program)
      context.fail_file(path, fmt::format("the image has {} ({})", printable(path), what), std::string(remedy));
  });
}

// What of a build stays behind; empty for anything else. A folder's are told once, by the folder.
std::string leftover_folder(std::string_view path) {
  constexpr std::array<std::string_view, 9> kFolders{"/var/lib/apt/lists/", "/var/cache/apt/archives/",
                                                     "/var/cache/apk/",     "/var/cache/yum/",
                                                     "/var/cache/dnf/",     "/root/.cache/",
                                                     "/root/.npm/",         "/tmp/",
                                                     "/root/go/pkg/mod/"};
  // Most files are in none of these.
  if (!path.starts_with("/var/") && !path.starts_with("/root/") && !path.starts_with("/tmp/") &&
      path.find("/.") == std::string_view::npos) {
    return {};
  }
  for (const auto folder : kFolders) {
    if (path.starts_with(folder) && path.size() > folder.size())
      return std::string(folder.substr(0, folder.size() - 1));
  }
  for (const auto* folder : {"/.git/", "/.svn/", "/.hg/"}) {
    const auto at = path.find(folder);
    if (at != std::string_view::npos) return std::string(path.substr(0, at + std::string_view(folder).size() - 1));
  }
  return {};
}

template <class Entries, class Key>
void fail_of_duplicates(const RuleContext& context, const Entries& entries, const Key& key, std::string_view what,
                        std::string_view file) {
  std::map<std::string, std::string> known;  // and whose it is first
  for (const auto& entry : entries) {
    const auto value = key(entry);
    const auto [at, is_new] = known.emplace(value, entry.name);
    if (is_new) continue;
    context.fail(entry.name,
                 fmt::format("{} has the {} {} twice, of {} and {}", file, what, printable(value),
                             printable(at->second), printable(entry.name)),
                 "give each account its own");
  }
}

void judge_passwords(const RuleContext& context, const UnpackedImage& files) {
  for (const auto* file : {kShadowPath.data(), "etc/passwd"}) {
    for (const auto& name : accounts_without_password(files.text(file).value_or("")))
      context.fail(name, fmt::format("the account {} has an empty password in /{}", printable(name), file),
                   "put \"!\" or \"*\" in the place of the password, which nobody can log in with");
  }
}

std::optional<std::string> os_release_text(const UnpackedImage& files) {
  for (const auto path : kOsReleaseFiles) {
    if (auto text = files.text(path)) return text;
  }
  return {};
}

// Folders that a label declares to be written to.
std::vector<std::string> declared_paths(const ImageConfig& config) {
  std::vector<std::string> paths;
  const auto label = config.labels.find("dev.ociassemble.writable-paths");
  if (label == config.labels.end()) return paths;
  for (std::string_view rest = label->second; !rest.empty();) {
    const auto comma = std::min(rest.find(','), rest.size());
    // Not the root, which would except everything.
    if (comma > 1) paths.emplace_back(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return paths;
}

}  // namespace

void judge_entrypoint(const RuleContext& context) {
  const auto& files = context.facts().files();
  const auto words = start_words(context.config());
  const auto program = find_start_program(context.config(), files);
  if (!program) {
    return context.fail("entrypoint", "the image starts nothing: it has neither entrypoint nor cmd",
                        "name the program (\"entrypoint\" of a recipe, or --entrypoint)");
  }
  if (program->path.empty()) {
    if (program->is_in_volume) return;
    return context.fail(program->word, fmt::format("the image starts {}, which is not in it", printable(program->word)),
                        "name a program that is in the image, by its absolute path");
  }
  if (words.size() > 2 && is_shell_word(words.front()) && words[1] == "-c") {
    return context.fail(program->word,
                        fmt::format("the image starts through {} -c, which does not pass signals on", words.front()),
                        "write the entrypoint as words (the exec form), so that SIGTERM reaches the program");
  }
  const auto user = find_image_user(context.config(), files);
  const bool is_executable = user && user->uid == 0 ? (program->node->mode & 0111U) != 0
                             : user                 ? may_use(*program->node, *user, 1)
                                                    : (program->node->mode & 0111U) != 0;
  if (!is_executable)
    context.fail_file(program->path,
                      fmt::format("the image starts {}, which its user may not execute (mode {:04o})",
                                  printable(program->path), std::uint32_t{program->node->mode}),
                      "give it mode 0555");
}

void judge_writable(const RuleContext& context) {
  const auto& files = context.facts().files();
  const auto user = find_image_user(context.config(), files);
  if (!user) {
    return context.not_judged("user", "the image's user is not in its /etc/passwd", "set a user by its number");
  }
  if (user->uid == 0) return;  // the rule "user" says so
  constexpr std::array<std::string_view, 5> kTemporary{"/tmp", "/var/tmp", "/dev/shm", "/run", "/var/run"};
  std::vector<std::string> left_out(kTemporary.begin(), kTemporary.end());
  // No account's, where it has none of its own.
  if (user->home.size() > 1) left_out.push_back(user->home);
  for (const auto& path : declared_paths(context.config())) left_out.push_back(path);
  std::string told;
  for_each_file(context, [&](const std::string& path, const Tree::Node& node) {
    if (node.type != EntryType::regular && node.type != EntryType::directory) return;
    if (!told.empty() && path.starts_with(told)) return;
    if (is_in_any(path, left_out) || is_in_volume(path, context.config())) return;
    const bool is_owner = node.uid == user->uid;
    const bool is_group = !is_owner && node.gid == user->gid;
    // What others may write is the rule "world-writable"'s.
    if (!((is_owner && (node.mode & 0200U) != 0) || (is_group && (node.mode & 0020U) != 0))) return;
    if (node.type == EntryType::directory) told = path + "/";
    context.fail_file(path,
                      fmt::format("the image's user may write {} (mode {:04o}, owner {}:{})", printable(path),
                                  std::uint32_t{node.mode}, node.uid, node.gid),
                      "let root own it and take the w bit; or declare the folder a volume; or list it in the rule's "
                      "\"allow\"");
  });
}

void judge_setuid(const RuleContext& context) {
  for_each_file(context, [&](const std::string& path, const Tree::Node& node) {
    if (node.type != EntryType::regular) return;
    if ((node.mode & kSetIdBits) != 0)
      context.fail_file(path,
                        fmt::format("{} gains its owner's rights when it runs (mode {:04o})", printable(path),
                                    std::uint32_t{node.mode}),
                        "take setuid and setgid bits away (chmod a-s), or choose a base without such programs");
    if (node.xattrs().contains(std::string(kCapabilityXattr)))
      context.fail_file(path, fmt::format("{} has file capabilities", printable(path)),
                        "leave the capability out, or list the program in the rule's \"allow\"");
  });
}

void judge_world_writable(const RuleContext& context) {
  for_each_file(context, [&](const std::string& path, const Tree::Node& node) {
    if (node.type != EntryType::regular && node.type != EntryType::directory) return;
    if ((node.mode & kOthersWrite) == 0) return;
    if (node.type == EntryType::directory && (node.mode & kSticky) != 0) return;
    context.fail_file(path,
                      fmt::format("anybody may write {} (mode {:04o})", printable(path), std::uint32_t{node.mode}),
                      "take the w bit of others away, or set the sticky bit of a folder that all share");
  });
}

void judge_devices(const RuleContext& context) {
  for_each_file(context, [&](const std::string& path, const Tree::Node& node) {
    if (node.type != EntryType::block_device && node.type != EntryType::character_device) return;
    if (path.starts_with("/dev/")) return;  // which runtimes hide
    context.fail_file(path, fmt::format("{} is a device", printable(path)),
                      "leave it out: runtimes make the devices that a container may use");
  });
}

void judge_secret_files(const RuleContext& context) {
  const auto* remedy =
      "leave it out of the image, and give it to the container when it runs; if it was published, make a new one";
  const auto& files = context.facts().files();
  std::set<std::pair<std::uint32_t, std::uint32_t>> told;
  for_each_file(context, [&](const std::string& path, const Tree::Node& node) {
    if (node.type != EntryType::regular || node.size == 0) return;
    if (files.holds_private_key(node)) {
      context.fail_file(path, fmt::format("{} holds a private key", printable(path)), remedy);
    } else if (is_secret_path(path)) {
      context.fail_file(path, fmt::format("{} is called like a file of secrets", printable(path)), remedy);
    }
  });
  files.for_each([&](const std::string& /*path*/, const Tree::Node& node) {
    if (node.type == EntryType::regular) told.emplace(node.bytes_layer, node.bytes_entry);
  });
  const auto allowed = context.texts("allow");
  for (const auto& secret : files.secrets()) {
    if (told.contains({secret.layer, secret.entry}) || is_in_any(secret.path, allowed)) continue;
    context.fail_file(
        secret.path,
        fmt::format("layer {} has {}, {}: a later layer hides it, and whoever pulls the image has it", secret.layer,
                    printable(secret.path), secret.is_key ? "a private key" : "which is called like a file of secrets"),
        remedy);
  }
}

void judge_accounts(const RuleContext& context) {
  const auto& files = context.facts().files();
  judge_passwords(context, files);
  const auto users = parse_passwd(files.text("etc/passwd").value_or(""));
  fail_of_duplicates(
      context, users, [](const auto& user) { return user.name; }, "name", "/etc/passwd");
  fail_of_duplicates(
      context, users, [](const auto& user) { return std::to_string(user.uid); }, "number", "/etc/passwd");
  const auto groups = parse_group(files.text("etc/group").value_or(""));
  fail_of_duplicates(
      context, groups, [](const auto& group) { return group.name; }, "name", "/etc/group");
  fail_of_duplicates(
      context, groups, [](const auto& group) { return std::to_string(group.gid); }, "number", "/etc/group");
}

void judge_preload(const RuleContext& context) {
  for (const auto& variable : context.config().env) {
    const auto name = variable.substr(0, variable.find('='));
    if (!name.starts_with("LD_") || name.size() + 1 >= variable.size()) continue;
    context.fail(name, fmt::format("{} lets every program load what it names", printable(name)),
                 "leave the variable out, and put libraries where the loader looks");
  }
  const auto list = context.facts().files().text(kLoaderPreloadPath);
  if (list && list->find_first_not_of(" \t\r\n") != std::string::npos)
    context.fail_file("/" + std::string(kLoaderPreloadPath), "/etc/ld.so.preload is loaded into every program",
                      "leave the file out");
}

void judge_ports(const RuleContext& context) {
  constexpr std::uint32_t kFirstFree = 1024;
  const auto& files = context.facts().files();
  const auto user = find_image_user(context.config(), files);
  if (user && user->uid == 0) return;
  const auto program = find_start_program(context.config(), files);
  if (program && program->node != nullptr && program->node->xattrs().contains(std::string(kCapabilityXattr))) return;
  for (const auto& text : context.config().exposed_ports) {
    std::uint32_t port = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (failure != std::errc() || port >= kFirstFree || port == 0) continue;
    context.fail(text,
                 fmt::format("port {} is below {}, which the image's user may not bind everywhere", text, kFirstFree),
                 "listen on a port of 1024 or above, such as 8080");
  }
}

void judge_leftovers(const RuleContext& context) {
  std::map<std::string, std::uint64_t> folders;  // and the bytes in them
  for_each_file(context, [&](const std::string& path, const Tree::Node& node) {
    if (node.type != EntryType::regular) return;
    const auto name = name_in(path);
    // What package managers keep there always.
    if (name == "lock" || name == ".keep" || name == "auxfiles") return;
    const auto folder = leftover_folder(path);
    if (!folder.empty()) folders[folder] += node.size;
  });
  for (const auto& [folder, size] : folders)
    context.fail_file(folder, fmt::format("{} holds {} that only a build needs", printable(folder), format_size(size)),
                      "remove it in the step that makes it, or build in another stage");
}

void judge_sshd(const RuleContext& context) {
  constexpr std::array<std::string_view, 3> kServers{"sshd", "dropbear", "telnetd"};
  judge_no_program(context, kServers, "a server for logins", "leave it out: `kubectl exec` or `docker exec` need none");
}

void judge_shell(const RuleContext& context) {
  constexpr std::array<std::string_view, 9> kShells{"sh",  "bash", "ash", "dash",   "zsh",
                                                    "ksh", "fish", "csh", "busybox"};
  judge_no_program(context, kShells, "a shell", "choose a base without a shell, such as static or distroless");
}

void judge_package_manager(const RuleContext& context) {
  constexpr std::array<std::string_view, 11> kManagers{"apt",      "apt-get", "dpkg",   "apk",    "yum", "dnf",
                                                       "microdnf", "rpm",     "zypper", "pacman", "opkg"};
  judge_no_program(context, kManagers, "a package manager", "choose a base without one, such as static or distroless");
}

void judge_eol(const RuleContext& context) {
  const auto text = os_release_text(context.facts().files());
  if (!text) {
    return context.not_judged("os-release", "the image does not say which system it is (no os-release)",
                              "choose a base with os-release, or switch the rule off");
  }
  const auto system = parse_os_release(*text);
  const auto name = system.id + ":" + system.version_id;
  auto end = support_end_in(*text);
  for (const auto& entry : context.texts("ends")) {
    const auto equals = entry.find('=');
    if (equals != std::string::npos && entry.substr(0, equals) == name) end = entry.substr(equals + 1);
  }
  const auto last_day = parse_date(end);
  if (!last_day) {
    return context.not_judged(name, fmt::format("when the support of {} ends is not known", printable(name)),
                              fmt::format("write it into the rule: \"ends\": [\"{}=YYYY-MM-DD\"]", printable(name)));
  }
  const auto& now = context.inputs().now;
  if (!now) {
    return context.not_judged(name, "whether the system is still supported is not known without a date",
                              "say what day it is: --now DATE, or --now system for this machine's clock");
  }
  if (*now >= *last_day + kSecondsADay)
    context.fail(name, fmt::format("the support of {} ended on {}", printable(name), end),
                 "choose a base that is still supported");
}

}  // namespace ociassemble
