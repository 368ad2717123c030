// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ociassemble {

// How one host is asked, where a file of the system says so. Holds for that host alone, also when it redirects.
struct HostTrust {
  enum class Scheme { as_usual, https, http, https_else_http };

  Scheme scheme = Scheme::as_usual;
  bool any_certificate = false;
  std::vector<std::filesystem::path> ca_files = {};
  // Of a host that serves several registries: which one is meant ("ns" in requests, as containerd sends it).
  std::string mirrored_registry = {};

  bool operator==(const HostTrust&) const = default;
};

}  // namespace ociassemble
