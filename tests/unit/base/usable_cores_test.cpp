// SPDX-License-Identifier: Apache-2.0
#include "base/usable_cores.hpp"

#include <doctest/doctest.h>
#include <sched.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>

#include "test_folder.hpp"

using namespace ociassemble;

namespace {

void write(const std::filesystem::path& file, std::string_view text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

std::optional<double> quota(std::string_view groups, const TestFolder& mounted) {
  std::istringstream lines{std::string(groups)};
  return cgroup_cpu_quota(lines, mounted.path().string());
}

}  // namespace

TEST_CASE("there is a core to use, and no more than the machine has") {
  CHECK(usable_cores() >= 1);
  CHECK(usable_cores() <= std::max(1U, std::thread::hardware_concurrency()));
}

TEST_CASE("a thread that is bound to one core uses one") {
  std::size_t cores = 0;
  bool bound = false;
  std::thread([&] {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    REQUIRE(::sched_getaffinity(0, sizeof allowed, &allowed) == 0);
    int first = 0;
    while (!CPU_ISSET(first, &allowed)) ++first;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    bound = ::sched_setaffinity(0, sizeof one, &one) == 0;
    cores = usable_cores();
  }).join();
  REQUIRE(bound);
  CHECK(cores == 1);
}

TEST_CASE("the quota of a cgroup is the smallest of its own and those above it") {
  const TestFolder folder;
  const auto& mounted = folder.path();
  CHECK_FALSE(quota("0::/ci/job\n", folder));
  write(mounted / "ci/job/cpu.max", "max 100000\n");
  CHECK_FALSE(quota("0::/ci/job\n", folder));
  write(mounted / "ci/job/cpu.max", "400000 100000\n");
  CHECK(quota("0::/ci/job\n", folder) == 4.0);
  write(mounted / "ci/cpu.max", "150000 100000\n");
  CHECK(quota("0::/ci/job\n", folder) == 1.5);
  write(mounted / "cpu.max", "50000 100000\n");  // as in a container, which sees its own group as the root
  CHECK(quota("0::/ci/job\n", folder) == 0.5);
  CHECK(quota("0::/\n", folder) == 0.5);
}

TEST_CASE("the quota of a cgroup of version 1 is that of its cpu controller") {
  const TestFolder folder;
  const auto& mounted = folder.path();
  write(mounted / "cpu/job/cpu.cfs_quota_us", "-1\n");
  write(mounted / "cpu/job/cpu.cfs_period_us", "100000\n");
  constexpr std::string_view groups = "5:memory:/other\n4:cpu,cpuacct:/job\n0::/\n";
  CHECK_FALSE(quota(groups, folder));
  write(mounted / "cpu/job/cpu.cfs_quota_us", "250000\n");
  CHECK(quota(groups, folder) == 2.5);
  write(mounted / "cpu/cpu.cfs_quota_us", "200000\n");
  write(mounted / "cpu/cpu.cfs_period_us", "100000\n");
  CHECK(quota(groups, folder) == 2.0);
}

TEST_CASE("what is no cgroup's quota is none") {
  const TestFolder folder;
  for (const std::string_view text : {"", "x y", "x 100000", "100000", "100000 0", "max", "-1 100000"}) {
    CAPTURE(text);
    write(folder.path() / "cpu.max", text);
    CHECK_FALSE(quota("0::/\n", folder));
  }
  CHECK_FALSE(quota("", folder));
  CHECK_FALSE(quota("no colons\n0\n", folder));
}
