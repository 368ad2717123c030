// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string>

namespace ociassemble {

// The cores that this process may use: its affinity mask, and its cgroup's CPU quota rounded up. At least 1.
std::size_t usable_cores();

// The smallest CPU quota, in cores, of the groups in `groups` (the lines of /proc/self/cgroup) and of all above them,
// of both versions' hierarchies; nothing where none is set. `mounted` is where the hierarchies are: "/sys/fs/cgroup".
std::optional<double> cgroup_cpu_quota(std::istream& groups, const std::string& mounted);

}  // namespace ociassemble
