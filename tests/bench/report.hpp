// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "measure.hpp"

namespace ociassemble::bench {

// One table: its rows were measured together, on the same input.
struct Table {
  std::string title;
  std::uint64_t input_size;
  std::string yardstick;  // the row that the others are set against
  std::vector<Series> rows;
};

const Series& row_of(const Table& table, const std::string& name);

void print(const Table& table);
void write_json(const std::vector<Table>& tables, const std::filesystem::path& file);

}  // namespace ociassemble::bench
