// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "gates/program_needs.hpp"
#include "gates/root_files.hpp"

namespace ociassemble {

// What the program finds around it when it runs.
struct ProgramSurroundings {
  std::vector<std::string> environment;  // "NAME=VALUE"
  std::set<std::string> volumes;         // absolute paths that the runtime mounts
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
};

enum class Need { certificates, time_zones, users, shell, temporary_files };

// Why a need is not met.
enum class NeedFailure {
  none,
  no_certificates,
  no_such_certificates,  // what SSL_CERT_FILE names is not there
  no_zones,
  no_such_zone,  // that of TZ
  no_passwd,
  no_group,
  no_own_user,
  no_shell,
  no_temporary_folder,
};

struct NeedVerdict {
  Need need = Need::certificates;
  NeedFailure failure = NeedFailure::none;
  std::string path;  // what meets the need; of a failure what is missing, where it has a name
};

// What the program needs, each with what the files say of it, in the order of `Need`. Looks for the files that Go's
// standard library looks for (crypto/x509, "root_linux.go"; time, "zoneinfo_unix.go"; os/user; os, "TempDir").
std::vector<NeedVerdict> judge_needs(const ProgramNeeds& program, const ProgramSurroundings& surroundings,
                                     const RootFiles& root);

}  // namespace ociassemble
