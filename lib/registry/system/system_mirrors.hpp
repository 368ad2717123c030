// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ociassemble/reference.hpp"
#include "registry/host_trust.hpp"
#include "registry/system/registries_conf.hpp"

namespace ociassemble {

// Where the system's configuration of mirrors lies; what is not there is passed over.
struct SystemMirrorFiles {
  std::filesystem::path registries_conf;                 // one file
  std::vector<std::filesystem::path> registries_conf_d;  // folders of "*.conf", later ones override
  std::vector<std::filesystem::path> containerd;  // folders of "HOST/hosts.toml"; the first that has the host counts

  // Those of this process's environment (docs/registries.md).
  static SystemMirrorFiles of_environment();
};

// A place to pull a reference from, as a file of the system names it.
struct SystemSource {
  std::string authority;
  Reference reference;  // what is pulled there; its registry is the authority
  HostTrust trust;
  std::string file;
};

struct SystemSources {
  std::vector<SystemSource> mirrors;   // in their order
  std::optional<SystemSource> origin;  // in place of the registry itself
  std::string blocked_by;              // the file that forbids to pull from the registry; may be empty
};

// The mirrors that the administrator of the machine, or its user, has configured for containers' tools: registries.conf
// and hosts.toml. A file that cannot be read or understood is a warning, once, and is passed over whole. Not safe for
// concurrent use.
class SystemMirrors {
 public:
  using Warn = std::function<void(const std::string&)>;

  SystemMirrors(SystemMirrorFiles files, Warn warn);

  // registries.conf first, then hosts.toml.
  SystemSources sources(const Reference& reference) const;

 private:
  void read_rules(const std::filesystem::path& file);
  void add_by_rule(const Reference& reference, SystemSources& sources) const;
  void add_by_hosts(const Reference& reference, SystemSources& sources) const;

  const SystemMirrorFiles files_;
  const Warn warn_;
  std::vector<RegistryRule> rules_;
};

}  // namespace ociassemble
