// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "compress/chunk_deflater.hpp"

namespace ociassemble {

// Chunks deflated by several threads and published in the order in which they were handed over, by one thread at a
// time: whichever finished the chunk whose turn it is. At most 2 x workers + 2 chunks exist at a time. exchange() and
// finish() belong to one thread; the destructor drops what is unfinished and joins.
class ChunkPipeline {
 public:
  using Chunk = std::unique_ptr<DeflateChunk>;
  using Publish = std::function<void(const DeflateChunk&)>;

  // At least one worker. Threads start as chunks come.
  ChunkPipeline(std::size_t workers, int level, Publish publish);
  ChunkPipeline(const ChunkPipeline&) = delete;
  ChunkPipeline& operator=(const ChunkPipeline&) = delete;
  ~ChunkPipeline();

  // Hands a chunk over and replaces it by an empty one; blocks while too many are on their way. Rethrows the first
  // failure of a worker or of `publish`, and leaves the chunk as it was.
  void exchange(Chunk& chunk);
  // Hands the last chunk over and returns when all are published. Rethrows like exchange().
  void finish(Chunk last);

 private:
  using Lock = std::unique_lock<std::mutex>;

  void enqueue(Chunk chunk);
  void start_worker();
  void work() noexcept;
  void deflate_and_publish();
  bool next_job(Lock& lock);
  void publish_in_turn(Lock& lock);
  void throw_if_failed() const;

  struct Job {
    std::uint64_t number;
    Chunk chunk;
  };

  const std::size_t workers_;
  const int level_;
  const Publish publish_;

  std::mutex mutex_;
  std::condition_variable job_came_;
  std::condition_variable progressed_;
  std::deque<Job> jobs_;
  std::map<std::uint64_t, Chunk> deflated_;
  std::vector<Chunk> empty_;
  std::size_t chunks_ = 1;  // in existence; the first is the one that the caller fills
  std::size_t idle_ = 0;
  std::uint64_t handed_over_ = 0;
  std::uint64_t published_ = 0;
  bool publishing_ = false;
  bool stopping_ = false;
  std::exception_ptr failure_;
  std::vector<std::thread> threads_;
};

}  // namespace ociassemble
