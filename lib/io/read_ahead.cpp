// SPDX-License-Identifier: Apache-2.0
#include "io/read_ahead.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace ociassemble {
namespace {

constexpr std::size_t kPiece = std::size_t{256} * 1024;
constexpr std::size_t kPieces = 4;

class ReadAheadSource : public Source {
 public:
  // Throws std::system_error without a thread.
  ReadAheadSource() : thread_([this] { run(); }) {}
  ReadAheadSource(const ReadAheadSource&) = delete;
  ReadAheadSource& operator=(const ReadAheadSource&) = delete;

  ~ReadAheadSource() override {
    {
      const std::lock_guard lock(mutex_);
      abandoned_ = true;
      changed_.notify_all();
    }
    thread_.join();
  }

  void begin(std::unique_ptr<Source> from) {
    const std::lock_guard lock(mutex_);
    from_ = std::move(from);
    changed_.notify_all();
  }

  std::size_t read(std::span<std::byte> buffer) override {
    if (buffer.empty()) return 0;
    if (taken_ == size_ && !next_piece()) return 0;
    const auto& piece = pieces_.at(reading_ % kPieces);
    const auto count = std::min(buffer.size(), size_ - taken_);
    std::memcpy(buffer.data(), piece.data() + taken_, count);
    taken_ += count;
    return count;
  }

 private:
  // False at the end.
  bool next_piece() {
    std::unique_lock lock(mutex_);
    if (size_ != 0) {
      ++reading_;  // the one before may be filled again
      size_ = taken_ = 0;
      changed_.notify_all();
    }
    changed_.wait(lock, [&] { return filled_ > reading_ || ended_; });
    if (filled_ == reading_) {
      if (failure_) std::rethrow_exception(failure_);
      return false;
    }
    size_ = sizes_.at(reading_ % kPieces);
    return true;
  }

  void run() noexcept {
    for (;;) {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return abandoned_ || (from_ && filled_ - reading_ < kPieces); });
        if (abandoned_) return;
      }
      std::size_t count = 0;
      std::exception_ptr failure;
      try {
        // Between the two, nobody else touches this piece.
        auto& piece = pieces_.at(filled_ % kPieces);
        piece.resize(kPiece);
        count = from_->read(piece);
      } catch (...) {
        failure = std::current_exception();
      }
      const std::lock_guard lock(mutex_);
      if (count != 0) {
        sizes_.at(filled_ % kPieces) = count;
        ++filled_;
      } else {
        failure_ = failure;
        ended_ = true;
      }
      changed_.notify_all();
      if (ended_) return;
    }
  }

  std::unique_ptr<Source> from_;
  std::array<std::vector<std::byte>, kPieces> pieces_;
  std::array<std::size_t, kPieces> sizes_{};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t filled_ = 0;   // pieces, since the beginning
  std::size_t reading_ = 0;  // the piece that read() stands in
  bool ended_ = false;
  bool abandoned_ = false;
  std::exception_ptr failure_;

  // The reader's own.
  std::size_t size_ = 0;  // of the piece that it stands in; 0: none
  std::size_t taken_ = 0;

  std::thread thread_;  // last: it uses all of them
};

}  // namespace

std::unique_ptr<Source> read_ahead(std::unique_ptr<Source> from) {
  std::unique_ptr<ReadAheadSource> ahead;
  try {
    ahead = std::make_unique<ReadAheadSource>();
  } catch (const std::system_error&) {
    return from;
  }
  ahead->begin(std::move(from));
  return ahead;
}

}  // namespace ociassemble
