// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ociassemble {

// What the process does and when, in Chrome's Trace Event Format. Nothing is recorded, and a span costs one look at a
// flag, but between the two calls. Safe for concurrent use.
void start_trace();
bool is_tracing() noexcept;

struct Trace {
  std::string json;          // an object with "traceEvents"; times are microseconds since start_trace()
  std::size_t left_out = 0;  // spans beyond the first 100,000
};
Trace finish_trace();

// A stretch of time from here to the end of its scope. Its name and what is noted may be shown: no secrets.
class TraceSpan {
 public:
  enum class Kind {
    stage,     // begins and ends on one thread, within the stages that began before it there
    transfer,  // overlaps with others
  };

  explicit TraceSpan(std::string_view name, Kind kind = Kind::stage);
  TraceSpan(const TraceSpan&) = delete;
  TraceSpan& operator=(const TraceSpan&) = delete;
  ~TraceSpan();

  void note(const char* key, std::string_view value);
  void note(const char* key, std::uint64_t value);

 private:
  using Clock = std::chrono::steady_clock;

  std::optional<Clock::time_point> begin_;  // empty: nothing is recorded
  Kind kind_;
  std::string name_;
  std::string notes_;  // members of a JSON object
};

}  // namespace ociassemble
