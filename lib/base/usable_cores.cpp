// SPDX-License-Identifier: Apache-2.0
#include "base/usable_cores.hpp"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <thread>

namespace ociassemble {
namespace {

std::size_t affinity_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<std::size_t>(CPU_COUNT(&set));
  return std::max(1U, std::thread::hardware_concurrency());
}

// "MAX PERIOD" of cgroup v2, where MAX may be "max", which is no number.
std::optional<double> quota_v2(const std::string& folder) {
  std::ifstream file(folder + "/cpu.max");
  double quota = 0;
  double period = 0;
  if (!(file >> quota >> period) || quota <= 0 || period <= 0) return {};
  return quota / period;
}

std::optional<double> quota_v1(const std::string& folder) {
  std::ifstream quota_file(folder + "/cpu.cfs_quota_us");
  std::ifstream period_file(folder + "/cpu.cfs_period_us");
  double quota = 0;
  double period = 0;
  if (!(quota_file >> quota) || !(period_file >> period) || quota <= 0 || period <= 0) return {};
  return quota / period;
}

}  // namespace

std::optional<double> cgroup_cpu_quota(std::istream& groups, const std::string& mounted) {
  std::optional<double> least;
  for (std::string line; std::getline(groups, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool v2 = controllers == ",,";
    if (!v2 && controllers.find(",cpu,") == std::string::npos) continue;
    const std::string root = v2 ? mounted : mounted + "/cpu";
    for (std::string path = line.substr(second + 1);; path = path.substr(0, path.rfind('/'))) {
      const auto quota = v2 ? quota_v2(root + path) : quota_v1(root + path);
      if (quota && (!least || *quota < *least)) least = quota;
      if (path.empty() || path[0] != '/' || path == "/") break;
    }
  }
  return least;
}

std::size_t usable_cores() {
  auto cores = static_cast<double>(affinity_cores());
  std::ifstream groups("/proc/self/cgroup");
  if (const auto quota = cgroup_cpu_quota(groups, "/sys/fs/cgroup")) cores = std::min(cores, std::ceil(*quota));
  return std::max<std::size_t>(static_cast<std::size_t>(cores), 1);
}

}  // namespace ociassemble
