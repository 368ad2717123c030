// SPDX-License-Identifier: Apache-2.0
#include "registry/system/hosts_toml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "http/url.hpp"
#include "ociassemble/error.hpp"
#include "registry/system/toml_file.hpp"

namespace ociassemble {
namespace {

constexpr std::string_view kUnsupported[] = {"client", "header", "dial_timeout", "proxy"};

class HostsReader {
 public:
  HostsReader(const TomlFile& toml, std::filesystem::path folder) : toml_(toml), folder_(std::move(folder)) {}

  ContainerdHosts read() {
    if (const auto* hosts = toml_.table(toml_.root(), "host")) read_hosts(*hosts);
    const auto server = toml_.text(toml_.root(), "server");
    if (!server.empty()) {
      found_.server = host_of(server, toml_.root());
    } else if (toml_.root().contains("ca") || toml_.root().contains("skip_verify")) {
      found_.server.emplace();
      read_trust(toml_.root(), *found_.server);
    }
    return std::move(found_);
  }

 private:
  // toml++ sorts a table's members; the file's order is that of their lines.
  void read_hosts(const toml::table& hosts) {
    struct Entry {
      toml::source_position at;
      std::string url;
      const toml::table* table;
    };
    std::vector<Entry> entries;
    for (const auto& [url, node] : hosts) {
      const auto* table = node.as_table();
      if (table == nullptr) toml_.refuse(node, "a host is not a table");
      entries.push_back({node.source().begin, std::string(url.str()), table});
    }
    std::ranges::stable_sort(entries, [](const Entry& one, const Entry& other) { return one.at < other.at; });
    for (const auto& entry : entries) {
      if (auto host = host_of(entry.url, *entry.table)) found_.hosts.push_back(std::move(*host));
    }
  }

  // Nothing, and a word in `unused`, where the host cannot be asked by us.
  std::optional<ContainerdHost> host_of(const std::string& text, const toml::table& table) {
    const auto url = parse_url(text, table);
    ContainerdHost host{.authority = url.authority(), .plain_http = !url.is_https()};
    const auto path = path_of(url);
    const bool override_path = toml_.flag(table, "override_path");
    for (const auto& key : kUnsupported) {
      if (const auto* node = table.get(key))
        found_.unused.push_back(fmt::format("{}: {} of {} is not used", toml_.place(*node), key, host.authority));
    }
    read_capabilities(table, host);
    read_trust(table, host);
    const bool rooted = path == "v2" || (path.empty() && !override_path);
    if (!rooted && !(override_path && path.starts_with("v2/"))) {
      found_.unused.push_back(
          fmt::format("{}: {} is not used: its API is not below /v2/", toml_.place(table), host.authority));
      return {};
    }
    if (!rooted) host.prefix = path.substr(std::string_view("v2/").size()) + "/";
    return host;
  }

  void read_trust(const toml::table& table, ContainerdHost& host) const {
    host.skip_verify = toml_.flag(table, "skip_verify");
    for (const auto& file : toml_.texts(table, "ca")) host.ca_files.push_back(folder_ / file);
  }

  Url parse_url(const std::string& text, const toml::table& table) const {
    try {
      return Url::parse(text.starts_with("http://") || text.starts_with("https://") ? text : "https://" + text);
    } catch (const Error& error) {
      toml_.refuse(table, error.what());
    }
  }

  // Without the slashes around it.
  static std::string path_of(const Url& url) {
    const auto& whole = url.to_string();
    const auto begin = whole.find('/', whole.find("://") + 3);
    if (begin == std::string::npos) return {};
    auto path = whole.substr(begin + 1);
    while (path.ends_with('/')) path.pop_back();
    return path;
  }

  void read_capabilities(const toml::table& table, ContainerdHost& host) const {
    const auto names = toml_.texts(table, "capabilities");
    if (names.empty()) return;
    host.pulls = false;
    host.resolves = false;
    for (const auto& each : names) {
      const auto name = to_lower(each);
      if (name != "pull" && name != "resolve" && name != "push")
        toml_.refuse(*table.get("capabilities"), "a capability is none of pull, resolve and push");
      host.pulls = host.pulls || name == "pull";
      host.resolves = host.resolves || name == "resolve";
    }
  }

  const TomlFile& toml_;
  const std::filesystem::path folder_;
  ContainerdHosts found_;
};

}  // namespace

ContainerdHosts parse_hosts_toml(std::string_view text, const std::filesystem::path& file) {
  const TomlFile toml(text, file.string());
  return HostsReader(toml, file.parent_path()).read();
}

}  // namespace ociassemble
