// SPDX-License-Identifier: Apache-2.0
#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>

#include "base/task_group.hpp"

namespace ociassemble {
namespace {

std::size_t affinity_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<std::size_t>(CPU_COUNT(&set));
  return std::max(1U, std::thread::hardware_concurrency());
}

// "MAX PERIOD" of cgroup v2, where MAX may be "max".
std::optional<double> quota_v2(const std::string& folder) {
  std::ifstream file(folder + "/cpu.max");
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max" || period <= 0) return {};
  return std::strtod(quota.c_str(), nullptr) / period;
}

std::optional<double> quota_v1(const std::string& folder) {
  std::ifstream quota_file(folder + "/cpu.cfs_quota_us");
  std::ifstream period_file(folder + "/cpu.cfs_period_us");
  double quota = 0;
  double period = 0;
  if (!(quota_file >> quota) || !(period_file >> period) || quota <= 0 || period <= 0) return {};
  return quota / period;
}

// The smallest quota from the process's own group up to the root, over both versions' hierarchies.
std::optional<double> cgroup_quota() {
  std::ifstream file("/proc/self/cgroup");
  std::optional<double> least;
  for (std::string line; std::getline(file, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool v2 = controllers == ",,";
    if (!v2 && controllers.find(",cpu,") == std::string::npos) continue;
    const std::string root = v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu";
    for (std::string path = line.substr(second + 1);; path = path.substr(0, path.rfind('/'))) {
      const auto quota = v2 ? quota_v2(root + path) : quota_v1(root + path);
      if (quota && (!least || *quota < *least)) least = quota;
      if (path.empty() || path[0] != '/' || path == "/") break;
    }
  }
  return least;
}

}  // namespace

std::size_t usable_cores() {
  std::size_t cores = affinity_cores();
  if (const auto quota = cgroup_quota()) cores = std::min(cores, static_cast<std::size_t>(std::ceil(*quota)));
  return std::max<std::size_t>(cores, 1);
}

}  // namespace ociassemble
