// SPDX-License-Identifier: Apache-2.0
#include "image/entry_reader.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "base/stop.hpp"
#include "io/streams.hpp"

namespace ociassemble {
namespace {

constexpr std::uint64_t kLargestSmall = std::uint64_t{64} << 10U;
constexpr std::size_t kFewFiles = 64;
constexpr std::size_t kBatchFiles = 64;
constexpr std::size_t kBatchBytes = std::size_t{512} << 10U;
constexpr std::size_t kMostBatches = 8;

bool is_small(const LayerEntry& made) {
  return made.entry.type == EntryType::regular && made.entry.size <= kLargestSmall;
}

// All of it, and of one that is longer than it was a byte more, so that its layer fails.
std::string read_small(const LayerEntry& made) {
  const auto source = made.bytes->open();
  std::string bytes(static_cast<std::size_t>(made.entry.size) + 1, '\0');
  const auto count = read_full(*source, std::as_writable_bytes(std::span(bytes)));
  bytes.resize(count);
  return bytes;
}

}  // namespace

EntryReader::EntryReader(const std::vector<LayerEntry>& entries, std::stop_token stop)
    : entries_(entries), stop_(std::move(stop)), ready_(kMostBatches) {
  if (std::ranges::count_if(entries, is_small) <= static_cast<std::ptrdiff_t>(kFewFiles)) return;
  ready_.start([this] { read_small_files(); });
}

void EntryReader::read_small_files() {
  Batch batch;
  for (const auto& made : entries_) {
    if (!is_small(made)) continue;
    try {
      throw_if_stopped(stop_);
      batch.files.push_back(read_small(made));
    } catch (...) {
      batch.failure = std::current_exception();
      ready_.put(std::move(batch));
      return;
    }
    batch.bytes += batch.files.back().size();
    if (batch.files.size() < kBatchFiles && batch.bytes < kBatchBytes) continue;
    if (!ready_.put(std::exchange(batch, {}))) return;
  }
  ready_.put(std::move(batch));
}

std::unique_ptr<Source> EntryReader::open(std::size_t index) {
  const auto& made = entries_[index];
  if (!ready_.is_started() || !is_small(made)) return made.bytes->open();
  if (current_.files.empty() && !current_.failure) current_ = ready_.take();
  if (current_.files.empty()) std::rethrow_exception(current_.failure);
  auto bytes = std::move(current_.files.front());
  current_.files.pop_front();
  return std::make_unique<StringSource>(std::move(bytes));
}

}  // namespace ociassemble
