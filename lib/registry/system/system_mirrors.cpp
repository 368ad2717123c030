// SPDX-License-Identifier: Apache-2.0
#include "registry/system/system_mirrors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "registry/system/hosts_toml.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxConfiguration = std::size_t{1} << 20U;
constexpr std::size_t kMostDropIns = 1000;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::vector<fs::path> drop_ins(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".conf" && files.size() < kMostDropIns) files.push_back(at->path());
  }
  std::ranges::sort(files);
  return files;
}

// What a rule's prefix is compared with: a reference without tag and digest means "latest".
std::string full_name(const Reference& reference) {
  if (reference.digest()) return reference.name() + "@" + reference.digest()->to_string();
  return reference.name() + ":" + reference.tag().value_or("latest");
}

SystemSource source_at(const RegistryRule& rule, const RegistryPlace& place, const Reference& reference) {
  auto there = Reference::parse(rule.rewrite(full_name(reference), place));
  // A prefix may hold the tag or the digest. What stands for it must have one, too, and for a digest there is no other.
  if ((!there.tag() && !there.digest()) || there.digest() != reference.digest()) {
    throw Error(ErrorCode::corrupt, fmt::format("{} names another image than {}", place.location, rule.prefix));
  }
  HostTrust trust;
  if (place.insecure) trust = {.scheme = HostTrust::Scheme::https_else_http, .any_certificate = true};
  auto authority = there.registry();
  return {std::move(authority), std::move(there), std::move(trust), rule.file};
}

bool is_for(RegistryPlace::Use use, const Reference& reference) {
  switch (use) {
    case RegistryPlace::Use::all:
      return true;
    case RegistryPlace::Use::digests:
      return reference.digest().has_value();
    case RegistryPlace::Use::tags:
      return !reference.digest();
  }
  return false;
}

// containerd's names for the folder of a host.
std::vector<std::string> host_folders(const std::string& registry) {
  std::vector<std::string> names;
  if (const auto colon = registry.rfind(':'); colon != std::string::npos)
    names.push_back(registry.substr(0, colon) + "_" + registry.substr(colon + 1) + "_");
  names.push_back(registry);
  names.emplace_back("_default");
  return names;
}

std::optional<fs::path> host_folder(const std::vector<fs::path>& roots, const std::string& registry) {
  for (const auto& root : roots) {
    for (const auto& name : host_folders(registry)) {
      std::error_code error;
      if (fs::is_directory(root / name, error)) return root / name;
    }
  }
  return {};
}

// Docker Hub is asked at another name than references have.
bool is_own_host(const std::string& authority, const std::string& registry) {
  return authority == registry || (registry == "docker.io" && authority == "registry-1.docker.io");
}

SystemSource source_at(const ContainerdHost& host, const Reference& reference, const std::string& file) {
  const bool own = is_own_host(host.authority, reference.registry());
  const auto& authority = own ? reference.registry() : host.authority;
  auto there = Reference::parse(authority + "/" + host.prefix + reference.repository());
  if (reference.digest()) {
    there = there.with_digest(*reference.digest());
  } else {
    there = there.with_tag(reference.tag().value_or("latest"));
  }
  HostTrust trust{.scheme = host.plain_http ? HostTrust::Scheme::http : HostTrust::Scheme::https,
                  .any_certificate = host.skip_verify,
                  .ca_files = host.ca_files,
                  .mirrored_registry = own ? std::string() : reference.registry()};
  return {authority, std::move(there), std::move(trust), file};
}

}  // namespace

SystemMirrorFiles SystemMirrorFiles::of_environment() {
  SystemMirrorFiles files;
  const fs::path home = variable("HOME");
  const fs::path etc = "/etc/containers";
  const auto own = home / ".config" / "containers";
  std::error_code error;
  const auto named = variable("CONTAINERS_REGISTRIES_CONF");
  const bool has_own = !home.empty() && fs::exists(own / "registries.conf", error);
  files.registries_conf = !named.empty() ? fs::path(named) : (has_own ? own : etc) / "registries.conf";
  files.registries_conf_d = {etc / "registries.conf.d"};
  if (!home.empty()) files.registries_conf_d.push_back(own / "registries.conf.d");
  const auto config = variable("XDG_CONFIG_HOME");
  if (!config.empty() || !home.empty())
    files.containerd.push_back((config.empty() ? home / ".config" : fs::path(config)) / "containerd" / "certs.d");
  files.containerd.emplace_back("/etc/containerd/certs.d");
  return files;
}

SystemMirrors::SystemMirrors(SystemMirrorFiles files, Warn warn) : files_(std::move(files)), warn_(std::move(warn)) {
  read_rules(files_.registries_conf);
  for (const auto& folder : files_.registries_conf_d) {
    for (const auto& file : drop_ins(folder)) read_rules(file);
  }
}

// A later rule takes the place of an earlier one of the same prefix.
void SystemMirrors::read_rules(const fs::path& file) {
  try {
    const auto text = read_file_if_exists(file, kMaxConfiguration);
    if (!text) return;
    for (auto& rule : parse_registries_conf(*text, file.string())) {
      std::erase_if(rules_,
                    [&](const RegistryRule& other) { return other.prefix == rule.prefix && other.file != rule.file; });
      rules_.push_back(std::move(rule));
    }
  } catch (const Error& error) {
    warn_(fmt::format("{}; its mirrors are not used", error.what()));
  }
}

SystemSources SystemMirrors::sources(const Reference& reference) const {
  SystemSources found;
  add_by_rule(reference, found);
  if (found.blocked_by.empty()) add_by_hosts(reference, found);
  return found;
}

void SystemMirrors::add_by_rule(const Reference& reference, SystemSources& sources) const {
  const auto* rule = find_rule(rules_, full_name(reference));
  if (rule == nullptr) return;
  if (rule->blocked) {
    sources.blocked_by = rule->file;
    return;
  }
  try {
    for (const auto& mirror : rule->mirrors) {
      if (is_for(mirror.use, reference)) sources.mirrors.push_back(source_at(*rule, mirror, reference));
    }
    const bool moved = rule->rewrite(full_name(reference), rule->primary) != full_name(reference);
    if (moved || rule->primary.insecure) sources.origin = source_at(*rule, rule->primary, reference);
  } catch (const Error& error) {
    warn_(fmt::format("the mirrors of {} are not used for {}: {}", rule->file, reference.to_string(), error.what()));
    sources = {};
  }
}

void SystemMirrors::add_by_hosts(const Reference& reference, SystemSources& sources) const {
  const auto folder = host_folder(files_.containerd, reference.registry());
  if (!folder) return;
  const auto file = *folder / "hosts.toml";
  try {
    const auto text = read_file_if_exists(file, kMaxConfiguration);
    if (!text) return;
    auto found = parse_hosts_toml(*text, file);
    for (const auto& line : found.unused) warn_(line);
    for (const auto& host : found.hosts) {
      const bool helps = host.pulls && (host.resolves || reference.digest());
      if (helps) sources.mirrors.push_back(source_at(host, reference, file.string()));
    }
    if (!found.server || sources.origin) return;
    auto& server = *found.server;
    const bool own = server.authority.empty() || is_own_host(server.authority, reference.registry());
    if (own && !server.plain_http && !server.skip_verify && server.ca_files.empty()) return;
    if (own) server.authority = reference.registry();
    sources.origin = source_at(server, reference, file.string());
  } catch (const Error& error) {
    warn_(fmt::format("{}; its mirrors are not used", error.what()));
  }
}

}  // namespace ociassemble
