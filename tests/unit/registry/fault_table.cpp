// SPDX-License-Identifier: Apache-2.0
#include "fault_table.hpp"

#include <fmt/format.h>

#include <array>
#include <stdexcept>

namespace ociassemble::test {
namespace {

constexpr std::array<int, 9> kLasting = {400, 401, 403, 404, 405, 409, 413, 416, 501};

Expected expected_of(char letter) {
  switch (letter) {
    case '.':
      return recovered();
    case 'N':
      return fails(ErrorCode::network, "cannot ");
    case 'U':
      return fails(ErrorCode::unauthorized, "cannot ");
    case 'F':
      return fails(ErrorCode::not_found, "cannot ");
    case 'C':
      return fails(ErrorCode::corrupt, "cannot ");
    default:
      throw std::logic_error("an unknown letter in the table");
  }
}

std::string letters_of(const char* outcomes) {
  std::string letters;
  for (const char c : std::string(outcomes)) {
    if (c != ' ') letters += c;
  }
  return letters;
}

void replace(std::string& text, const std::string& from, const std::string& to) {
  if (const auto at = text.find(from); at != std::string::npos) text.replace(at, from.size(), to);
}

}  // namespace

std::vector<FaultRow> passing_status_rows(const std::vector<Step>& steps) {
  std::vector<FaultRow> rows;
  for (const auto& step : steps) {
    for (const int status : {408, 425, 429, 500, 502, 503, 504, 522})
      rows.push_back({step, fmt::format("{} twice", status), {.times = 2, .status = status}, recovered()});
  }
  return rows;
}

std::vector<FaultRow> lasting_status_rows(const std::vector<FaultLine>& lines) {
  std::vector<FaultRow> rows;
  for (const auto& line : lines) {
    const auto letters = letters_of(line.outcomes);
    for (std::size_t i = 0; i < kLasting.size(); ++i) {
      rows.push_back({line.step,
                      fmt::format("{} always", kLasting.at(i)),
                      {.times = kAlways, .status = kLasting.at(i)},
                      expected_of(letters.at(i))});
    }
  }
  return rows;
}

std::vector<FaultRow> cut_rows(const std::vector<FaultLine>& lines) {
  const std::vector<std::pair<const char*, Fault>> cuts = {
      {"closed before the answer, twice", {.times = 2, .drop = true}},
      {"closed in the answer's headers, twice", {.times = 2, .raw = "HTTP/1.1 200 OK\r\nContent-Le"}},
      {"closed after the request was served", {.drop_answer = true}},
      {"closed before the answer, always", {.times = kAlways, .drop = true}},
  };
  std::vector<FaultRow> rows;
  for (const auto& line : lines) {
    const auto letters = letters_of(line.outcomes);
    for (std::size_t i = 0; i < cuts.size(); ++i)
      rows.push_back({line.step, cuts[i].first, cuts[i].second, expected_of(letters.at(i))});
  }
  return rows;
}

std::vector<Fault> faults_of(const FaultRow& row, const std::string& layer, const std::string& config) {
  auto faults = row.step.before;
  faults.insert(faults.end(), row.besides.begin(), row.besides.end());
  faults.push_back(row.effect);
  faults.back().method = row.step.method;
  faults.back().path = row.step.path;
  for (auto& fault : faults) {
    replace(fault.path, "LAYER", layer);
    replace(fault.path, "CONFIG", config);
  }
  return faults;
}

std::string name_of(const FaultRow& row) { return fmt::format("{}: {}", row.step.name, row.fault); }

}  // namespace ociassemble::test
