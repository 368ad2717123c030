// SPDX-License-Identifier: Apache-2.0
#include "runtime/bundle.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "base/atomic_file.hpp"
#include "base/private_folder.hpp"
#include "image/read_only_contract.hpp"
#include "io/streams.hpp"
#include "ociassemble/digest.hpp"
#include "ociassemble/error.hpp"
#include "runtime/forms.hpp"
#include "runtime/image_root.hpp"
#include "runtime/kept_roots.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestTable = std::size_t{1} << 20U;
constexpr std::size_t kMostConfigs = 200;

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || text.empty()) return {};
  return value;
}

// The first range of a line "NAME:FIRST:COUNT" (subuid(5)) for this user.
std::optional<IdMappings::Range> own_range(const char* file, const std::string& name, std::uint32_t id) {
  const auto text = read_file_if_exists(file, kLargestTable).value_or("");
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    const auto line = std::string_view(text).substr(begin, end - begin);
    begin = end + 1;
    const auto first = line.find(':');
    const auto second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const auto who = line.substr(0, first);
    if (who != name && who != std::to_string(id)) continue;
    const auto start = number(line.substr(first + 1, second - first - 1));
    const auto count = number(line.substr(second + 1));
    if (start && count && *start != 0 && *count > 1) return IdMappings::Range{1, *start, *count};
  }
  return {};
}

std::string own_name() {
  const auto* entry = ::getpwuid(::geteuid());
  return entry != nullptr ? entry->pw_name : std::to_string(::geteuid());
}

bool is_there(const char* program) {
  for (const auto* folder : {"/usr/bin/", "/bin/", "/usr/local/bin/"}) {
    if (::access((std::string(folder) + program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

// Ourselves as user 0, and further users where the system lets us have some.
IdMappings own_mappings() {
  IdMappings mappings{{{0, ::geteuid(), 1}}, {{0, ::getegid(), 1}}};
  if (!is_there("newuidmap") || !is_there("newgidmap")) return mappings;
  const auto name = own_name();
  const auto uids = own_range("/etc/subuid", name, ::geteuid());
  const auto gids = own_range("/etc/subgid", name, ::geteuid());
  if (!uids || !gids) return mappings;
  mappings.uids.push_back(*uids);
  mappings.gids.push_back(*gids);
  return mappings;
}

bool has(const std::vector<IdMappings::Range>& ranges, std::uint64_t id) {
  return std::ranges::any_of(
      ranges, [&](const IdMappings::Range& range) { return id >= range.inside && id - range.inside < range.count; });
}

// The program runs as somebody whom the namespace has.
void fit_user(RunContract& contract, const IdMappings& mappings, std::vector<std::string>& notes) {
  if (has(mappings.uids, contract.uid) && has(mappings.gids, contract.gid)) {
    for (auto& folder : contract.writable) {
      if (!has(mappings.uids, folder.uid)) folder.uid = contract.uid;
      if (!has(mappings.gids, folder.gid)) folder.gid = contract.gid;
    }
    return;
  }
  notes.push_back(fmt::format(
      "the program runs as user 0 of a user namespace, which is you outside, and not as {}:{}: /etc/subuid and "
      "/etc/subgid give you no further users, or newuidmap is missing (package uidmap)",
      contract.uid, contract.gid));
  contract.uid = 0;
  contract.gid = 0;
  for (auto& folder : contract.writable) folder.uid = folder.gid = 0;
}

// A bundle has the machine's network: a port that is published as itself needs nothing.
void fit_ports(RunContract& contract) {
  std::erase_if(contract.settings.ports,
                [](const PublishedPort& port) { return port.address.empty() && port.host == port.container; });
}

void prune_configs(const fs::path& folder) {
  std::vector<std::pair<fs::file_time_type, fs::path>> all;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;
    all.emplace_back(fs::last_write_time(at->path(), ignored), at->path());
  }
  if (all.size() <= kMostConfigs) return;
  std::ranges::sort(all);
  all.resize(all.size() - kMostConfigs / 2);
  for (const auto& [time, path] : all) fs::remove_all(path, error);
}

// Of the same content in the same folder, so that runs may share it.
fs::path write_config(const fs::path& folder, const std::string& config) {
  prune_configs(folder);
  auto bundle = folder / Digest::of(config).hex();
  make_private_folders(bundle);
  // The runtime reads it now, and nobody after it.
  auto file = AtomicFile::in_folder(bundle, Durability::unsynced);
  file.write(as_bytes(config));
  file.commit_as(bundle / "config.json");
  return bundle;
}

struct LeftOut {
  std::uint64_t devices = 0;  // and pipes
  std::uint64_t set_id = 0;
};

void count_left_out(const Tree::Node& folder, LeftOut& counts) {
  for (const auto& child : folder.children) {
    const auto& node = child.node;
    if (node.type == EntryType::directory) {
      count_left_out(node, counts);
    } else if (node.type == EntryType::regular) {
      counts.set_id += (node.mode & 06000U) != 0 ? 1 : 0;
    } else if (node.type != EntryType::symlink) {
      ++counts.devices;
    }
  }
}

void tell_left_out(const Tree& tree, bool keep_set_id, std::vector<std::string>& notes) {
  LeftOut counts;
  count_left_out(tree.root(), counts);
  if (counts.devices != 0)
    notes.push_back(fmt::format("{} devices and pipes of the image are left out", counts.devices));
  if (counts.set_id != 0 && !keep_set_id) {
    notes.push_back(
        fmt::format("{} programs of the image lose their set-user-ID or set-group-ID bits; --keep-set-id keeps them",
                    counts.set_id));
  }
}

}  // namespace

Bundle make_bundle(const Image& image, const RunSettings& settings, const BundleOptions& options,
                   const std::stop_token& stop) {
  KeptRoots roots(options.folder / "roots", {}, options.trees);
  // What is mounted is mounted on a folder of the root, which the runtime makes where it is missing.
  std::vector<std::string> mounted_on;
  for (const auto& mount : settings.mounts) mounted_on.push_back(mount.target);
  std::ranges::sort(mounted_on);
  auto root = is_read_only(image.config()) ? roots.shared(image, options.keep_set_id, stop, mounted_on)
                                           : roots.own(image, options.keep_set_id, stop);
  auto contract = read_contract(image, root.tree, settings);
  Bundle bundle;
  contract.settings.rootfs = root.folder;
  fit_ports(contract);
  std::optional<IdMappings> mappings;
  if (::geteuid() != 0) {
    mappings = own_mappings();
    fit_user(contract, *mappings, bundle.notes);
  }
  tell_left_out(root.tree, options.keep_set_id, bundle.notes);
  const auto config =
      write_config(options.folder / "bundles", write_bundle_config(contract, mappings, options.terminal));
  bundle.words.push_back(options.runtime);
  if (!options.state.empty()) bundle.words.push_back("--root=" + options.state.string());
  for (const auto& word :
       {std::string("run"), "--bundle=" + config.string(), fmt::format("{}-{}", contract.name, ::getpid())})
    bundle.words.push_back(word);
  bundle.lock = std::move(root.lock);
  return bundle;
}

}  // namespace ociassemble
