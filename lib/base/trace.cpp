// SPDX-License-Identifier: Apache-2.0
#include "base/trace.hpp"

#include <fmt/format.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include "base/escape.hpp"

namespace ociassemble {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostSpans = 100'000;

struct Span {
  TraceSpan::Kind kind;
  pid_t thread;
  Clock::time_point begin;
  Clock::time_point end;
  std::string name;
  std::string notes;
};

struct Recording {
  Clock::time_point begin;
  std::vector<Span> spans;
  std::size_t left_out = 0;
};

std::atomic<bool> recording_goes_on{false};
std::mutex recording_mutex;
Recording recording;

std::int64_t microseconds(Clock::duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

void append_event(std::string& json, const Span& span, std::size_t id, Clock::time_point zero) {
  const auto at = [&](Clock::time_point time) { return microseconds(time - zero); };
  const auto common = fmt::format(R"("name":{},"pid":{},"tid":{},"args":{{{}}})", quoted_json(span.name), ::getpid(),
                                  span.thread, span.notes);
  if (!json.empty()) json += ",\n";
  if (span.kind == TraceSpan::Kind::stage) {
    json += fmt::format(R"({{"ph":"X","cat":"stage","ts":{},"dur":{},{}}})", at(span.begin),
                        at(span.end) - at(span.begin), common);
    return;
  }
  json += fmt::format("{{\"ph\":\"b\",\"cat\":\"transfer\",\"id\":{},\"ts\":{},{}}},\n", id, at(span.begin), common);
  json += fmt::format(R"({{"ph":"e","cat":"transfer","id":{},"ts":{},{}}})", id, at(span.end), common);
}

}  // namespace

void start_trace() {
  const std::lock_guard lock(recording_mutex);
  recording = {Clock::now(), {}, 0};
  recording_goes_on = true;
}

bool is_tracing() noexcept { return recording_goes_on.load(std::memory_order_relaxed); }

Trace finish_trace() {
  Recording finished;
  {
    const std::lock_guard lock(recording_mutex);
    recording_goes_on = false;
    finished = std::exchange(recording, {});
  }
  std::string events;
  for (std::size_t i = 0; i < finished.spans.size(); ++i) append_event(events, finished.spans[i], i, finished.begin);
  return {"{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n" + events + "\n]}\n", finished.left_out};
}

TraceSpan::TraceSpan(std::string_view name, Kind kind) : kind_(kind) {
  if (!is_tracing()) return;
  name_ = name;
  begin_ = Clock::now();
}

TraceSpan::~TraceSpan() {
  if (!begin_) return;
  const auto end = Clock::now();
  const std::lock_guard lock(recording_mutex);
  if (!recording_goes_on || *begin_ < recording.begin) return;
  if (recording.spans.size() == kMostSpans) {
    ++recording.left_out;
    return;
  }
  recording.spans.push_back({kind_, ::gettid(), *begin_, end, std::move(name_), std::move(notes_)});
}

void TraceSpan::note(const char* key, std::string_view value) {
  if (begin_) notes_ += fmt::format("{}{}:{}", notes_.empty() ? "" : ",", quoted_json(key), quoted_json(value));
}

void TraceSpan::note(const char* key, std::uint64_t value) {
  if (begin_) notes_ += fmt::format("{}{}:{}", notes_.empty() ? "" : ",", quoted_json(key), value);
}

}  // namespace ociassemble
