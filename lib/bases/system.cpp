// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/system.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

#include "bases/base.hpp"
#include "bases/file_summaries.hpp"
#include "gates/library_facts.hpp"
#include "gates/root_files.hpp"
#include "inspect/apk_database.hpp"
#include "inspect/dpkg_database.hpp"
#include "inspect/os_release.hpp"
#include "inspect/passwd.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::array<std::string_view, 4> kShells{"bin/sh", "bin/bash", "bin/ash", "bin/dash"};
constexpr std::string_view kZones = "usr/share/zoneinfo";

class SystemReader {
 public:
  explicit SystemReader(const Tree& tree) : tree_(tree) {}

  ImageSystem read() {
    read_names();
    read_libraries(tree_.root(), "");
    for (const auto path : kCertificateFiles) {
      const auto* summary = contents_at(path);
      if (summary != nullptr && !system_.certificates) system_.certificates = decode_certificates(*summary);
    }
    const auto* zones = node_at(kZones);
    system_.has_time_zones = zones != nullptr && !zones->children.empty();
    for (const auto path : kShells) {
      const auto* shell = node_at(path);
      if (shell != nullptr && shell->type == EntryType::regular) system_.shells.push_back("/" + std::string(path));
    }
    if (const auto* passwd = contents_at("etc/passwd")) {
      for (auto& user : parse_passwd(*passwd)) system_.users.push_back(std::move(user.name));
    }
    read_packages();
    return std::move(system_);
  }

 private:
  const Tree::Node* node_at(std::string_view path) const {
    try {
      return tree_.follow(path);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::corrupt) throw;
      return nullptr;  // symlinks in a circle lead to nothing
    }
  }

  // The contents, or what is kept in their place, of the file that a path leads to; null where there are none.
  const std::string* contents_at(std::string_view path) const {
    const auto* node = node_at(path);
    return node != nullptr && node->contents() ? &*node->contents() : nullptr;
  }

  void read_names() {
    for (const auto path : kOsReleaseFiles) {
      const auto* text = contents_at(path);
      if (text == nullptr) continue;
      auto release = parse_os_release(*text);
      system_.name = std::move(release.pretty_name);
      system_.id = std::move(release.id);
      system_.version_id = std::move(release.version_id);
      return;
    }
  }

  // The depth of a tree is bounded.
  void read_libraries(const Tree::Node& folder, const std::string& path) {
    for (const auto& [name, child] : folder.children) {
      const auto child_path = path + "/" + std::string(name);
      read_libraries(child, child_path);
      const auto facts = child.type == EntryType::regular && child.contents() ? decode_library(*child.contents())
                                                                              : std::optional<LibraryFacts>();
      if (facts && facts->is_elf) take_library(*facts, child_path);
    }
  }

  void take_library(const LibraryFacts& facts, const std::string& path) {
    ++system_.libraries;
    system_.x86_level = std::max(system_.x86_level, facts.x86_level);
    if (!facts.glibc_release.empty()) system_.libc_version = facts.glibc_release;
    if (!facts.is_musl_loader() && !facts.is_glibc_loader()) return;
    system_.loaders.push_back(path);
    // An image may have both; glibc is then for its programs, and musl an addition.
    if (system_.libc != "glibc") system_.libc = facts.is_musl_loader() ? "musl" : "glibc";
  }

  void read_packages() {
    for (const auto path : kApkDatabases) take_packages("apk", node_at(path));
    take_packages("dpkg", node_at(kDpkgStatus));
    const auto* folder = node_at(kDpkgStatusFolder);
    if (folder == nullptr) return;
    for (const auto& [name, child] : folder->children)
      take_packages("dpkg", node_at(std::string(kDpkgStatusFolder) + "/" + std::string(name)));
  }

  // Two places may lead to one database.
  void take_packages(const std::string& manager, const Tree::Node* node) {
    if (node == nullptr || !node->contents() || !databases_.insert(node).second) return;
    auto list = decode_packages(*node->contents());
    if (!list) return;
    auto& managers = system_.package_managers;
    if (std::find(managers.begin(), managers.end(), manager) == managers.end()) managers.push_back(manager);
    system_.broken_records += list->broken_records;
    for (auto& package : list->packages) {
      if (!package.is_installed) continue;
      system_.packages.push_back({manager, std::move(package.name), std::move(package.version),
                                  std::move(package.architecture), std::move(package.source_name),
                                  std::move(package.source_version), std::move(package.license)});
    }
  }

  const Tree& tree_;
  std::set<const Tree::Node*> databases_;
  ImageSystem system_;
};

}  // namespace

ImageSystem read_system(const Image& image, const Workplace& workplace) {
  SharedWork work(workplace);
  const auto tree = read_base_tree(image.layers(), workplace, work);
  return SystemReader(tree).read();
}

}  // namespace ociassemble
