// SPDX-License-Identifier: Apache-2.0
#include "base/trace.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace ociassemble;

namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("spans become events of Chrome's format, between start and finish alone") {
  { const TraceSpan before("before"); }
  start_trace();
  CHECK(is_tracing());
  {
    TraceSpan stage("make layer");
    stage.note("bytes", std::uint64_t{12});
    TraceSpan request("GET \"x\"\n", TraceSpan::Kind::transfer);
    request.note("text", "a\"b");
  }
  const auto trace = finish_trace();
  { const TraceSpan after("after"); }
  CHECK_FALSE(is_tracing());
  CHECK(trace.left_out == 0);
  CHECK(count(trace.json, R"("ph":"X")") == 1);
  CHECK(count(trace.json, R"("ph":"b")") == 1);
  CHECK(count(trace.json, R"("ph":"e")") == 1);
  CHECK(trace.json.find(R"("args":{"bytes":12})") != std::string::npos);
  CHECK(trace.json.find(R"("name":"GET \"x\"\n")") != std::string::npos);
  CHECK(trace.json.find(R"("args":{"text":"a\"b"})") != std::string::npos);
  CHECK(trace.json.find("before") == std::string::npos);
  start_trace();
  CHECK(finish_trace().json.find("after") == std::string::npos);
}

TEST_CASE("a span that began before the trace is left out, and so are those that are too many") {
  const auto long_lived = [] {
    start_trace();
    finish_trace();
  };
  start_trace();
  {
    const TraceSpan span("early");
    long_lived();
    start_trace();
  }
  CHECK(count(finish_trace().json, "early") == 0);
  start_trace();
  for (int i = 0; i < 100'005; ++i) const TraceSpan span("one");
  const auto trace = finish_trace();
  CHECK(trace.left_out == 5);
  CHECK(count(trace.json, R"("ph":"X")") == 100'000);
}
