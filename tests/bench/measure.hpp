// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace ociassemble::bench {

// What one run took. Memory is known for child processes only.
struct Cost {
  double wall_ms = 0;
  double cpu_ms = 0;  // user and system, all threads and children
  double peak_mib = 0;
  std::uint64_t output_size = 0;
};

// A thing to measure: does its work once and returns the size of what came out.
struct Contender {
  std::string name;
  std::function<Cost()> run;
};

// The runs of one contender, one a round, in the order of rounds.
struct Series {
  std::string name;
  std::vector<Cost> rounds;

  double wall_ms() const;
  double cpu_ms() const;
  double peak_mib() const;  // the largest
  std::uint64_t output_size() const { return rounds.front().output_size; }
};

double median(std::vector<double> values);
// The median of the rounds' quotients `slow` / `fast`: what happens on the machine in a round happens to both.
double wall_ratio(const Series& slow, const Series& fast);
double cpu_ratio(const Series& slow, const Series& fast);

// Runs every contender once a round, after one round that is not counted when `warm_up` is set. The order turns around
// every second round, so that nobody always follows the same neighbour.
enum class WarmUp { no, yes };
std::vector<Series> run_paired(const std::vector<Contender>& contenders, int rounds, WarmUp warm_up);

// The cost of a call in this process: the wall's clock and the CPU time of all its threads.
Cost measure_call(const std::function<std::uint64_t()>& work);
// The cost of a program. Its standard output goes to `output` (empty: nowhere), and its size there is the output's
// size. Throws std::runtime_error when the program does not end with 0.
Cost measure_program(const std::vector<std::string>& words, const std::filesystem::path& output);

// Whether $PATH has the program.
bool has_program(const std::string& name);

// Keeps this thread, and the threads and programs that it starts, on `count` of the usable cores, until it ends.
class CoreLimit {
 public:
  explicit CoreLimit(std::size_t count);
  CoreLimit(const CoreLimit&) = delete;
  CoreLimit& operator=(const CoreLimit&) = delete;
  ~CoreLimit();

 private:
  std::vector<std::size_t> before_;
};

std::size_t usable_core_count();

}  // namespace ociassemble::bench
