// SPDX-License-Identifier: Apache-2.0
#include "gates/needs.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "inspect/passwd.hpp"

namespace ociassemble {
namespace {

constexpr std::array<std::string_view, 2> kCertificateFolders{"/etc/ssl/certs", "/etc/pki/tls/certs"};
constexpr std::array<std::string_view, 4> kZoneFolders{"/usr/share/zoneinfo", "/usr/share/lib/zoneinfo",
                                                       "/usr/lib/locale/TZ", "/etc/zoneinfo"};
constexpr std::string_view kShell = "/bin/sh";

// One program in its surroundings.
class NeedsJudge {
 public:
  NeedsJudge(const ProgramNeeds& program, const ProgramSurroundings& surroundings, const RootFiles& root)
      : program_(program), surroundings_(surroundings), root_(root) {}

  std::vector<NeedVerdict> judge() {
    judge_certificates();
    judge_zones();
    judge_users();
    if (program_.starts_programs && program_.names_shell) judge_shell();
    if (program_.makes_temporary_files) judge_temporary_files();
    return std::move(verdicts_);
  }

 private:
  void meet(Need need, std::string_view path) { verdicts_.push_back({need, NeedFailure::none, std::string(path)}); }
  void fail(Need need, NeedFailure failure, std::string_view path = {}) {
    verdicts_.push_back({need, failure, std::string(path)});
  }

  std::string variable(std::string_view name) const {
    for (const auto& text : surroundings_.environment) {
      if (text.size() > name.size() && text.starts_with(name) && text[name.size()] == '=')
        return text.substr(name.size() + 1);
    }
    return {};
  }

  // A volume's files are the runtime's to bring.
  bool is_mounted(std::string_view path) const {
    return std::any_of(surroundings_.volumes.begin(), surroundings_.volumes.end(),
                       [&](const std::string& volume) { return path == volume || path.starts_with(volume + "/"); });
  }

  bool may_use(std::uint32_t mode, std::uint64_t uid, std::uint64_t gid, std::uint32_t bits) const {
    if (surroundings_.uid == 0) return true;
    const auto shift = uid == surroundings_.uid ? 6U : gid == surroundings_.gid ? 3U : 0U;
    return (mode >> shift & bits) == bits;
  }

  bool has_file(std::string_view path) const {
    if (is_mounted(path)) return true;
    const auto file = root_.find(path);
    if (!file || !root_.may_reach(file->path, surroundings_.uid, surroundings_.gid)) return false;
    return file->mode == 0 || may_use(file->mode, file->uid, file->gid, 4);  // 0: not known
  }

  bool has_folder_with_entries(std::string_view path) const {
    if (is_mounted(path)) return true;
    const auto folder = root_.folder(path);
    return folder && folder->has_entries && may_use(folder->mode, folder->uid, folder->gid, 1);
  }

  void judge_certificates() {
    if (program_.has_own_roots) return;
    if (!program_.asks_for_roots && !(program_.loads_roots && program_.is_tls_client)) return;
    const auto own_file = variable("SSL_CERT_FILE");
    if (!own_file.empty() && has_certificates(own_file)) return meet(Need::certificates, own_file);
    if (own_file.empty()) {
      for (const auto path : kCertificateFiles) {
        if (has_certificates(path)) return meet(Need::certificates, "/" + std::string(path));
      }
    }
    for (const auto& folder : certificate_folders()) {
      if (has_folder_with_entries(folder)) return meet(Need::certificates, folder);
    }
    if (!own_file.empty()) return fail(Need::certificates, NeedFailure::no_such_certificates, own_file);
    fail(Need::certificates, NeedFailure::no_certificates);
  }

  bool has_certificates(std::string_view path) const {
    if (!has_file(path)) return false;
    const auto file = root_.find(path);
    return !file || !file->certificates || *file->certificates > 0;
  }

  std::vector<std::string> certificate_folders() const {
    std::vector<std::string> folders;
    std::string list = variable("SSL_CERT_DIR");
    if (list.empty()) return {kCertificateFolders.begin(), kCertificateFolders.end()};
    for (std::string_view rest = list; !rest.empty();) {
      const auto end = std::min(rest.find(':'), rest.size());
      folders.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return folders;
  }

  void judge_zones() {
    if (program_.has_own_zones) return;
    const auto zone = local_zone();
    if (!zone.empty() && !has_zone(zone)) return fail(Need::time_zones, NeedFailure::no_such_zone, zone);
    if (!program_.loads_zones) return zone.empty() ? void() : meet(Need::time_zones, zone);
    if (const auto own = variable("ZONEINFO"); !own.empty() && (has_file(own) || has_folder_with_entries(own)))
      return meet(Need::time_zones, own);
    for (const auto folder : kZoneFolders) {
      if (has_folder_with_entries(folder)) return meet(Need::time_zones, folder);
    }
    fail(Need::time_zones, NeedFailure::no_zones);
  }

  // That which TZ names; empty where it is not set, or UTC.
  std::string local_zone() const {
    if (!program_.reads_local_zone) return {};
    auto zone = variable("TZ");
    if (zone.starts_with(':')) zone.erase(0, 1);
    return zone == "UTC" ? std::string() : zone;
  }

  bool has_zone(const std::string& zone) const {
    if (zone.starts_with('/')) return has_file(zone);
    return std::any_of(kZoneFolders.begin(), kZoneFolders.end(),
                       [&](std::string_view folder) { return has_file(std::string(folder) + "/" + zone); });
  }

  void judge_users() {
    if (!program_.looks_up_users && !program_.looks_up_groups && !program_.looks_up_itself) return;
    const auto passwd = program_.looks_up_users || program_.looks_up_itself ? root_.text("etc/passwd") : std::nullopt;
    if (program_.looks_up_users && !passwd) return fail(Need::users, NeedFailure::no_passwd);
    if (program_.looks_up_groups && !root_.text("etc/group")) return fail(Need::users, NeedFailure::no_group);
    if (program_.looks_up_itself && !knows_itself(passwd)) return fail(Need::users, NeedFailure::no_own_user);
    meet(Need::users, passwd ? "/etc/passwd" : program_.looks_up_itself ? "USER" : "/etc/group");
  }

  // Without libc the environment will do (os/user, "lookup_stubs.go").
  bool knows_itself(const std::optional<std::string>& passwd) const {
    if (passwd) {
      const auto users = parse_passwd(*passwd);
      if (std::any_of(users.begin(), users.end(), [&](const auto& user) { return user.uid == surroundings_.uid; }))
        return true;
    }
    return !program_.asks_libc_for_users && !variable("USER").empty() && !variable("HOME").empty();
  }

  void judge_shell() {
    const auto shell = root_.find(kShell);
    const bool is_there = shell && (shell->mode == 0 || may_use(shell->mode, shell->uid, shell->gid, 1));
    if (is_there || is_mounted(kShell)) return meet(Need::shell, kShell);
    fail(Need::shell, NeedFailure::no_shell);
  }

  void judge_temporary_files() {
    auto path = variable("TMPDIR");
    if (path.empty()) path = "/tmp";
    const auto folder = root_.folder(path);
    const bool is_writable = folder && may_use(folder->mode, folder->uid, folder->gid, 3);
    if (is_writable || is_mounted(path)) return meet(Need::temporary_files, path);
    fail(Need::temporary_files, NeedFailure::no_temporary_folder, path);
  }

  const ProgramNeeds& program_;
  const ProgramSurroundings& surroundings_;
  const RootFiles& root_;
  std::vector<NeedVerdict> verdicts_;
};

}  // namespace

std::vector<NeedVerdict> judge_needs(const ProgramNeeds& program, const ProgramSurroundings& surroundings,
                                     const RootFiles& root) {
  return NeedsJudge(program, surroundings, root).judge();
}

}  // namespace ociassemble
