// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <stdexcept>

#include "codec_support.hpp"

namespace ociassemble {
namespace {

using test::code_of;
using test::kMiB;
using test::options_of;

// A disk that is full after so many bytes. Counts the threads that are in it, and the writes after it failed.
class FullSink : public Sink {
 public:
  explicit FullSink(std::size_t room) : room_(room) {}
  void write(std::span<const std::byte> bytes) override {
    if (inside_.exchange(true)) two_at_once_ = true;
    if (failed_) written_after_failure_ = true;
    failed_ = bytes.size() > room_;
    room_ -= failed_ ? 0 : bytes.size();
    inside_ = false;
    if (failed_) throw Error(ErrorCode::io, "cannot write the test's disk: No space left on device");
  }
  bool two_at_once() const { return two_at_once_; }
  bool written_after_failure() const { return written_after_failure_; }

 private:
  std::size_t room_;
  bool failed_ = false;
  std::atomic<bool> inside_ = false;
  std::atomic<bool> two_at_once_ = false;
  std::atomic<bool> written_after_failure_ = false;
};

TEST_CASE("a full disk stops the compressor with the disk's own error") {
  const auto input = test::random_bytes(12 * kMiB);
  for (const std::string spec : {"gzip:1", "zstd:1", "none"}) {
    for (const std::size_t room : {std::size_t{0}, std::size_t{100}, 5 * kMiB}) {
      CAPTURE(spec);
      CAPTURE(room);
      FullSink disk(room);
      const auto code = code_of([&] {
        const auto compressor = make_compressor(options_of(spec, 3), disk);
        compressor->write(as_bytes(input));
        compressor->finish();
      });
      CHECK(code == ErrorCode::io);
      CHECK_FALSE(disk.two_at_once());
      CHECK_FALSE(disk.written_after_failure());
    }
  }
}

TEST_CASE("a failure stays a failure when the caller goes on") {
  const auto input = test::random_bytes(8 * kMiB);
  FullSink disk(0);
  const auto compressor = make_compressor(options_of("gzip:1", 2), disk);
  CHECK(code_of([&] { compressor->write(as_bytes(input)); }) == ErrorCode::io);
  CHECK(code_of([&] { compressor->write(as_bytes(input)); }) == ErrorCode::io);
  CHECK(code_of([&] { compressor->finish(); }) == ErrorCode::io);
  CHECK_FALSE(disk.written_after_failure());
}

TEST_CASE("a failure that is no Error keeps its type") {
  struct Broken : Sink {
    void write(std::span<const std::byte>) override { throw std::out_of_range("broken"); }
  } sink;
  const auto compressor = make_compressor(options_of("gzip:1", 2), sink);
  const auto input = test::text(5 * kMiB);
  CHECK_THROWS_AS(
      [&] {
        compressor->write(as_bytes(input));
        compressor->finish();
      }(),
      std::out_of_range);
}

TEST_CASE("a compressor that is not finished writes no end and joins its threads") {
  const auto input = test::text(7 * kMiB + 5);
  for (const std::string spec : {"gzip", "zstd"}) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{10}, kMiB + 1, input.size()}) {
      StringSink out;
      {
        const auto compressor = make_compressor(options_of(spec, 4), out);
        compressor->write(as_bytes(std::string_view(input).substr(0, size)));
      }
      CHECK(out.bytes().size() < test::compress(input.substr(0, size), options_of(spec)).size());
    }
  }
}

}  // namespace
}  // namespace ociassemble
