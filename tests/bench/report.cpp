// SPDX-License-Identifier: Apache-2.0
#include "report.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace ociassemble::bench {

const Series& row_of(const Table& table, const std::string& name) {
  for (const auto& row : table.rows) {
    if (row.name == name) return row;
  }
  return table.rows.front();
}

void print(const Table& table) {
  const auto& yardstick = row_of(table, table.yardstick);
  fmt::print("\n{}\n\n", table.title);
  fmt::print("| {:<26} | {:>9} | {:>9} | {:>7} | {:>7} | {:>9} | {:>9} | {:>8} |\n", "", "wall ms", "CPU ms", "MB/s",
             "out/in", "speed", "CPU", "peak MiB");
  fmt::print("| --- | --: | --: | --: | --: | --: | --: | --: |\n");
  for (const auto& row : table.rows) {
    const auto size = static_cast<double>(table.input_size);
    const auto peak = row.peak_mib() > 0 ? fmt::format("{:.0f}", row.peak_mib()) : std::string();
    fmt::print("| {:<26} | {:>9.1f} | {:>9.1f} | {:>7.0f} | {:>7.4f} | {:>8.2f}x | {:>8.2f}x | {:>8} |\n", row.name,
               row.wall_ms(), row.cpu_ms(), size / 1e3 / row.wall_ms(), static_cast<double>(row.output_size()) / size,
               wall_ratio(yardstick, row), cpu_ratio(yardstick, row), peak);
  }
  fmt::print("\nspeed, CPU: against {}, medians of the rounds' quotients; over 1 is faster\n", yardstick.name);
  std::fflush(stdout);
}

void write_json(const std::vector<Table>& tables, const std::filesystem::path& file) {
  auto document = nlohmann::ordered_json::array();
  for (const auto& table : tables) {
    const auto& yardstick = row_of(table, table.yardstick);
    auto rows = nlohmann::ordered_json::array();
    for (const auto& row : table.rows) {
      rows.push_back({{"name", row.name},
                      {"wallMs", row.wall_ms()},
                      {"cpuMs", row.cpu_ms()},
                      {"outputSize", row.output_size()},
                      {"peakMiB", row.peak_mib()},
                      {"speed", wall_ratio(yardstick, row)},
                      {"cpuSpeed", cpu_ratio(yardstick, row)}});
    }
    document.push_back({{"title", table.title},
                        {"inputSize", table.input_size},
                        {"yardstick", yardstick.name},
                        {"rounds", yardstick.rounds.size()},
                        {"rows", std::move(rows)}});
  }
  std::ofstream out(file);
  out << document.dump(2) << '\n';
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

}  // namespace ociassemble::bench
