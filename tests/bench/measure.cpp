// SPDX-License-Identifier: Apache-2.0
#include "measure.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

#include "base/unique_fd.hpp"

namespace ociassemble::bench {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double milliseconds(Clock::duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

double cpu_milliseconds(const rusage& usage) {
  const auto of = [](const timeval& time) {
    return 1e3 * static_cast<double>(time.tv_sec) + 1e-3 * static_cast<double>(time.tv_usec);
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

double own_cpu_milliseconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return cpu_milliseconds(usage);
}

template <typename Member>
double median_of(const std::vector<Cost>& rounds, Member member) {
  std::vector<double> values;
  for (const auto& cost : rounds) values.push_back(cost.*member);
  return median(std::move(values));
}

template <typename Member>
double median_ratio(const Series& slow, const Series& fast, Member member) {
  std::vector<double> values;
  for (std::size_t round = 0; round < std::min(slow.rounds.size(), fast.rounds.size()); ++round) {
    values.push_back(slow.rounds[round].*member / std::max(fast.rounds[round].*member, 1e-6));
  }
  return median(std::move(values));
}

[[noreturn]] void become(const std::vector<std::string>& words, int output) {
  std::vector<char*> arguments;
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::dup2(output, STDOUT_FILENO);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

std::vector<std::size_t> usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  ::sched_getaffinity(0, sizeof set, &set);
  std::vector<std::size_t> cores;
  for (std::size_t core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &set)) cores.push_back(core);
  }
  return cores;
}

void stay_on(const std::vector<std::size_t>& cores) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const auto core : cores) CPU_SET(core, &set);
  if (::sched_setaffinity(0, sizeof set, &set) != 0) throw std::runtime_error("cannot choose the cores to run on");
}

}  // namespace

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double Series::wall_ms() const { return median_of(rounds, &Cost::wall_ms); }
double Series::cpu_ms() const { return median_of(rounds, &Cost::cpu_ms); }
double Series::peak_mib() const {
  double peak = 0;
  for (const auto& cost : rounds) peak = std::max(peak, cost.peak_mib);
  return peak;
}

double wall_ratio(const Series& slow, const Series& fast) { return median_ratio(slow, fast, &Cost::wall_ms); }
double cpu_ratio(const Series& slow, const Series& fast) { return median_ratio(slow, fast, &Cost::cpu_ms); }

std::vector<Series> run_paired(const std::vector<Contender>& contenders, int rounds, WarmUp warm_up) {
  std::vector<Series> series;
  for (const auto& contender : contenders) series.push_back({contender.name, {}});
  if (warm_up == WarmUp::yes) {
    for (const auto& contender : contenders) contender.run();
  }
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t step = 0; step < contenders.size(); ++step) {
      const auto turn = round % 2 == 0 ? step : contenders.size() - 1 - step;
      series[turn].rounds.push_back(contenders[turn].run());
    }
  }
  return series;
}

Cost measure_call(const std::function<std::uint64_t()>& work) {
  Cost cost;
  const auto cpu = own_cpu_milliseconds();
  const auto begin = Clock::now();
  cost.output_size = work();
  cost.wall_ms = milliseconds(Clock::now() - begin);
  cost.cpu_ms = own_cpu_milliseconds() - cpu;
  return cost;
}

// fork() and not posix_spawn(): with the latter the kernel counts the largest memory that this process ever had as the
// child's.
Cost measure_program(const std::vector<std::string>& words, const fs::path& output) {
  const auto path = output.empty() ? fs::path("/dev/null") : output;
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!fd) throw std::runtime_error("cannot write to " + path.string());
  const auto begin = Clock::now();
  const auto child = ::fork();
  if (child < 0) throw std::runtime_error("cannot start " + words.front());
  if (child == 0) become(words, fd.get());
  int status = 0;
  rusage usage{};
  ::wait4(child, &status, 0, &usage);
  Cost cost;
  cost.wall_ms = milliseconds(Clock::now() - begin);
  cost.cpu_ms = cpu_milliseconds(usage);
  cost.peak_mib = static_cast<double>(usage.ru_maxrss) / 1024;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw std::runtime_error(words.front() + " failed: status " + std::to_string(status));
  }
  if (!output.empty()) cost.output_size = fs::file_size(output);
  return cost;
}

bool has_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (::access((fs::path(folder) / name).c_str(), X_OK) == 0) return true;
  }
  return false;
}

CoreLimit::CoreLimit(std::size_t count) : before_(usable_cores()) {
  stay_on({before_.end() - static_cast<std::ptrdiff_t>(std::min(count, before_.size())), before_.end()});
}

CoreLimit::~CoreLimit() {
  try {
    stay_on(before_);
  } catch (const std::exception&) {
    return;  // The next limit takes what it finds.
  }
}

std::size_t usable_core_count() { return usable_cores().size(); }

}  // namespace ociassemble::bench
