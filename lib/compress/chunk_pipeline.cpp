// SPDX-License-Identifier: Apache-2.0
#include "compress/chunk_pipeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "ociassemble/error.hpp"

namespace ociassemble {

ChunkPipeline::ChunkPipeline(std::size_t workers, int level, Publish publish)
    : workers_(std::max<std::size_t>(workers, 1)), level_(level), publish_(std::move(publish)) {}

ChunkPipeline::~ChunkPipeline() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  job_came_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void ChunkPipeline::exchange(Chunk& chunk) {
  Lock lock(mutex_);
  const auto may_have_another = [this] { return failure_ || !empty_.empty() || chunks_ < 2 * workers_ + 2; };
  progressed_.wait(lock, may_have_another);
  throw_if_failed();
  Chunk next;
  if (empty_.empty()) {
    next = std::make_unique<DeflateChunk>();
    ++chunks_;
  } else {
    next = std::move(empty_.back());
    empty_.pop_back();
  }
  next->input_size = 0;
  enqueue(std::exchange(chunk, std::move(next)));
}

void ChunkPipeline::finish(Chunk last) {
  Lock lock(mutex_);
  throw_if_failed();
  enqueue(std::move(last));
  progressed_.wait(lock, [this] { return failure_ || published_ == handed_over_; });
  throw_if_failed();
}

// Under the lock.
void ChunkPipeline::enqueue(Chunk chunk) {
  if (jobs_.size() >= idle_ && threads_.size() < workers_) start_worker();
  jobs_.push_back({handed_over_++, std::move(chunk)});
  job_came_.notify_one();
}

void ChunkPipeline::start_worker() {
  try {
    threads_.emplace_back([this] { work(); });
  } catch (const std::system_error& error) {
    if (!threads_.empty()) return;  // those that run will do, only slower
    failure_ = std::make_exception_ptr(
        Error(ErrorCode::io, fmt::format("cannot start a thread to compress: {}", error.code().message())));
    throw_if_failed();
  }
}

void ChunkPipeline::work() noexcept {
  try {
    deflate_and_publish();
  } catch (...) {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::current_exception();
    stopping_ = true;
    job_came_.notify_all();
    progressed_.notify_all();
  }
}

void ChunkPipeline::deflate_and_publish() {
  ChunkDeflater deflater(level_);
  Lock lock(mutex_);
  while (next_job(lock)) {
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    deflater.deflate(*job.chunk);
    lock.lock();
    deflated_.emplace(job.number, std::move(job.chunk));
    publish_in_turn(lock);
  }
}

// Waits for something to do; false when there will be nothing more.
bool ChunkPipeline::next_job(Lock& lock) {
  ++idle_;
  job_came_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
  --idle_;
  return !stopping_;
}

// When publish_ throws, publishing_ stays true: nothing is published after a gap.
void ChunkPipeline::publish_in_turn(Lock& lock) {
  if (publishing_) return;
  publishing_ = true;
  while (!stopping_ && !deflated_.empty() && deflated_.begin()->first == published_) {
    Chunk chunk = std::move(deflated_.begin()->second);
    deflated_.erase(deflated_.begin());
    lock.unlock();
    publish_(*chunk);
    lock.lock();
    ++published_;
    empty_.push_back(std::move(chunk));
    progressed_.notify_one();
  }
  publishing_ = false;
}

void ChunkPipeline::throw_if_failed() const {
  if (failure_) std::rethrow_exception(failure_);
}

}  // namespace ociassemble
