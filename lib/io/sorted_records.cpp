// SPDX-License-Identifier: Apache-2.0
#include "io/sorted_records.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include "base/nameless_file.hpp"
#include "base/system_error.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kReadAhead = std::size_t{64} * 1024;
constexpr std::size_t kMostReadAhead = std::size_t{16} << 20U;  // of all runs

// Before the bytes of key and value.
struct RecordSizes {
  std::uint32_t key = 0;
  std::uint32_t value = 0;
};

RecordSizes sizes_at(std::string_view bytes) {
  RecordSizes sizes;
  std::memcpy(&sizes, bytes.data(), sizeof sizes);
  return sizes;
}

std::size_t record_size(const RecordSizes& sizes) {
  return sizeof sizes + std::size_t{sizes.key} + std::size_t{sizes.value};
}

std::string_view key_at(std::string_view bytes) { return bytes.substr(sizeof(RecordSizes), sizes_at(bytes).key); }

}  // namespace

struct SortedRecords::Stored {
  struct Part {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
  };

  std::string_view at(std::uint32_t place) const { return std::string_view(memory).substr(place); }

  std::string memory;
  std::vector<std::uint32_t> order;  // places in `memory`
  UniqueFd file;
  std::vector<Part> parts;  // of the file; an earlier one was added earlier
};

// Reads one part of the file.
class SortedRecords::Reader::Run {
 public:
  Run(int fd, const Stored::Part& part, std::size_t ahead) : fd_(fd), part_(part), ahead_(ahead) {}

  bool next() {
    used_ += size_;
    size_ = 0;
    if (!have(sizeof(RecordSizes))) return false;
    const auto size = record_size(sizes_at(rest()));
    if (!have(size)) throw Error(ErrorCode::io, "cannot read a temporary file: it was cut short");
    size_ = size;
    return true;
  }
  std::string_view record() const { return rest().substr(0, size_); }
  std::string_view key() const { return key_at(rest()); }

 private:
  std::string_view rest() const { return std::string_view(bytes_).substr(used_); }

  bool have(std::size_t count) {
    if (rest().size() >= count) return true;
    bytes_.erase(0, used_);
    used_ = 0;
    while (bytes_.size() < count && part_.begin < part_.end) fill(std::max(count, ahead_));
    return bytes_.size() >= count;
  }

  void fill(std::size_t wanted) {
    const auto old = bytes_.size();
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(wanted - old, part_.end - part_.begin));
    bytes_.resize(old + count);
    const auto got = ::pread(fd_, bytes_.data() + old, count, static_cast<off_t>(part_.begin));
    if (got < 0 && errno != EINTR) throw_errno("cannot read a temporary file");
    if (got == 0) throw Error(ErrorCode::io, "cannot read a temporary file: it was cut short");
    bytes_.resize(old + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    part_.begin += static_cast<std::uint64_t>(std::max<ssize_t>(got, 0));
  }

  int fd_;
  Stored::Part part_;  // what is not read yet
  std::size_t ahead_;
  std::string bytes_;
  std::size_t used_ = 0;  // of the bytes, by records before this one
  std::size_t size_ = 0;  // of this record
};

namespace {

// For a heap whose front is the least key, and of equal ones the one of the latest run.
template <class Runs>
auto comes_later(const Runs& runs) {
  return [&runs](std::size_t left, std::size_t right) {
    const auto order = runs[left]->key().compare(runs[right]->key());
    return order != 0 ? order > 0 : left < right;
  };
}

}  // namespace

SortedRecords::Reader::Reader(std::shared_ptr<const Stored> stored) : stored_(std::move(stored)) {
  const auto count = stored_->parts.size();
  const auto ahead = std::clamp<std::size_t>(kMostReadAhead / std::max<std::size_t>(1, count), 4096, kReadAhead);
  for (std::size_t i = 0; i < count; ++i) {
    runs_.push_back(std::make_unique<Run>(stored_->file.get(), stored_->parts[i], ahead));
    if (runs_.back()->next()) heap_.push_back(i);
  }
  std::make_heap(heap_.begin(), heap_.end(), comes_later(runs_));
}

SortedRecords::Reader::Reader(Reader&&) noexcept = default;
SortedRecords::Reader& SortedRecords::Reader::operator=(Reader&&) noexcept = default;
SortedRecords::Reader::~Reader() = default;

bool SortedRecords::Reader::next_in_memory() {
  if (place_ == stored_->order.size()) return false;
  const auto record = stored_->at(stored_->order[place_++]);
  const auto sizes = sizes_at(record);
  key_ = key_at(record);
  value_ = record.substr(sizeof sizes + sizes.key, sizes.value);
  return true;
}

bool SortedRecords::Reader::next() {
  if (runs_.empty()) return next_in_memory();
  const auto later = comes_later(runs_);
  // The front is the record that was given last: it and older ones of its key are passed over.
  std::string last;
  const bool has_last = place_++ != 0;
  if (has_last) last = key_;
  while (!heap_.empty() && has_last && runs_[heap_.front()]->key() == last) {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    if (runs_[heap_.back()]->next()) {
      std::push_heap(heap_.begin(), heap_.end(), later);
    } else {
      heap_.pop_back();
    }
  }
  if (heap_.empty()) return false;
  const auto record = runs_[heap_.front()]->record();
  const auto sizes = sizes_at(record);
  key_ = key_at(record);
  value_ = record.substr(sizeof sizes + sizes.key, sizes.value);
  return true;
}

SortedRecords::SortedRecords() : stored_(std::make_shared<Stored>()) {}

RecordSorter::RecordSorter(std::size_t memory) : memory_(memory), stored_(std::make_shared<SortedRecords::Stored>()) {}

RecordSorter::~RecordSorter() = default;

void RecordSorter::add(std::string_view key, std::string_view value) {
  const RecordSizes sizes{static_cast<std::uint32_t>(key.size()), static_cast<std::uint32_t>(value.size())};
  auto& memory = stored_->memory;
  if (!memory.empty() && memory.size() + record_size(sizes) > memory_) write_run();
  stored_->order.push_back(static_cast<std::uint32_t>(memory.size()));
  memory.append(reinterpret_cast<const char*>(&sizes), sizeof sizes);
  memory.append(key).append(value);
}

SortedRecords RecordSorter::finish() {
  if (stored_->parts.empty()) {
    sort();
  } else {
    write_run();
    stored_->memory = {};
    stored_->order = {};
  }
  return SortedRecords(std::move(stored_));
}

// Without what a later record of the same key replaces.
void RecordSorter::sort() {
  auto& order = stored_->order;
  const auto& stored = *stored_;
  std::sort(order.begin(), order.end(), [&](std::uint32_t left, std::uint32_t right) {
    const auto by_key = key_at(stored.at(left)).compare(key_at(stored.at(right)));
    return by_key != 0 ? by_key < 0 : left > right;
  });
  const auto same_key = [&](std::uint32_t left, std::uint32_t right) {
    return key_at(stored.at(left)) == key_at(stored.at(right));
  };
  order.erase(std::unique(order.begin(), order.end(), same_key), order.end());
}

void RecordSorter::write_run() {
  sort();
  auto& stored = *stored_;
  if (!stored.file) stored.file = open_nameless_file();
  const auto begin = stored.parts.empty() ? 0 : stored.parts.back().end;
  auto end = begin;
  std::string out;
  const auto write_out = [&] {
    write_nameless_file(stored.file.get(), std::as_bytes(std::span(out)));
    end += out.size();
    out.clear();
  };
  for (const auto place : stored.order) {
    const auto record = stored.at(place);
    out += record.substr(0, record_size(sizes_at(record)));
    if (out.size() >= kReadAhead) write_out();
  }
  write_out();
  stored.parts.push_back({begin, end});
  stored.memory.clear();
  stored.order.clear();
}

}  // namespace ociassemble
