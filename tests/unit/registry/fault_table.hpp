// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "fake_registry.hpp"
#include "ociassemble/error.hpp"

// What a fault at a step of a pull or push has to come to.
namespace ociassemble::test {

inline constexpr int kAlways = -1;

// A request of a pull or push. LAYER and CONFIG in a path stand for the digests of the image.
struct Step {
  const char* name;
  const char* method;
  const char* path;
  // What has to go wrong before this request is ever sent.
  std::vector<Fault> before = {};
};

// Recovered with the identical result; or a clear error of that kind that has these words, and nothing half-published:
// the tag is where it was, the blob is not there.
struct Expected {
  bool recovered = false;
  ErrorCode code = ErrorCode::network;
  const char* words = "";
  bool moved = false;  // the fault is in the answer to the last request, the registry has the image by then
};
inline Expected recovered() { return {.recovered = true}; }
inline Expected fails(ErrorCode code, const char* words) { return {.code = code, .words = words}; }

struct FaultRow {
  Step step;
  std::string fault;
  Fault effect;  // without method and path, which are the step's
  Expected expected;
  std::vector<Fault> besides = {};
};

// One letter a column: '.' recovered, N network, U unauthorized, F not found, C corrupt.
struct FaultLine {
  Step step;
  const char* outcomes;
};

// The rows of three tables: statuses that another try may change, statuses that it may not, and cuts.
std::vector<FaultRow> passing_status_rows(const std::vector<Step>& steps);
std::vector<FaultRow> lasting_status_rows(const std::vector<FaultLine>& lines);
std::vector<FaultRow> cut_rows(const std::vector<FaultLine>& lines);

std::vector<Fault> faults_of(const FaultRow& row, const std::string& layer, const std::string& config);
std::string name_of(const FaultRow& row);

}  // namespace ociassemble::test
