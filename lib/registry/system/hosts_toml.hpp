// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ociassemble {

// A host of containerd's hosts.toml.
struct ContainerdHost {
  std::string authority;  // empty: the registry's own
  bool plain_http = false;
  std::string prefix;  // before the repository: "" or "proxy/"
  bool pulls = true;
  bool resolves = true;  // may say which digest a tag has
  bool skip_verify = false;
  std::vector<std::filesystem::path> ca_files;
};

// A hosts.toml: the hosts in their order, and what stands for the registry itself where that is another server.
struct ContainerdHosts {
  std::vector<ContainerdHost> hosts;
  std::optional<ContainerdHost> server;
  std::vector<std::string> unused;  // "FILE:LINE: what is not supported", for warnings
};

// As containerd's docs/hosts.md has it. Relative paths are those of the file's folder. Throws Error{corrupt}
// "FILE:LINE: cause".
ContainerdHosts parse_hosts_toml(std::string_view text, const std::filesystem::path& file);

}  // namespace ociassemble
