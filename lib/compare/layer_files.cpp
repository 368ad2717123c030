// SPDX-License-Identifier: Apache-2.0
#include "compare/layer_files.hpp"

#include <fmt/format.h>

#include "base/stop.hpp"
#include "compare/file_change_list.hpp"
#include "compare/file_state_record.hpp"
#include "compare/layer_programs.hpp"
#include "digest/hasher.hpp"
#include "image/layer_reader.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "tar/claimed_bytes.hpp"

namespace ociassemble {
namespace {

constexpr std::uint64_t kRecordRoom = 8;  // beside key and value

// Digests of files, bounded also where a few bytes claim to be many.
class ContentReader {
 public:
  ContentReader(std::string subject, LayerPrograms* programs, const std::stop_token& stop)
      : subject_(std::move(subject)), programs_(programs), stop_(stop) {}

  Digest digest(const ReadEntry& read) {
    claimed_.take(read.entry, read.layer_bytes, "compare " + subject_);
    if (read.entry.size == 0) return kNothing_;
    Hasher hasher;
    if (programs_ != nullptr) programs_->begin();
    while (const auto count = read.data.read(buffer_)) {
      throw_if_stopped(stop_);
      hasher.update(std::span(buffer_).first(count));
      if (programs_ != nullptr) programs_->write(std::span(buffer_).first(count));
    }
    if (programs_ != nullptr) programs_->finish(read.entry.path);
    return hasher.finish();
  }

 private:
  const Digest kNothing_ = Digest::of(std::string_view());
  const std::string subject_;
  LayerPrograms* const programs_;
  const std::stop_token& stop_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(kCopyBufferSize);
  ClaimedBytes claimed_;
};

FileState state_of(const TarEntry& entry) {
  return {.type = entry.type,
          .mode = entry.mode,
          .uid = entry.uid,
          .gid = entry.gid,
          .mtime = entry.mtime,
          .size = entry.size,
          .content = {},
          .link_target = entry.link_target,
          .device_major = entry.device_major,
          .device_minor = entry.device_minor,
          .xattrs = entry.xattrs};
}

std::vector<FileAspect> differing_aspects(const FileState& before, const FileState& after) {
  std::vector<FileAspect> aspects;
  const auto check = [&](FileAspect aspect, bool same) {
    if (!same) aspects.push_back(aspect);
  };
  check(FileAspect::type, before.type == after.type);
  check(FileAspect::content, before.size == after.size && before.content == after.content);
  check(FileAspect::mode, before.mode == after.mode);
  check(FileAspect::owner, before.uid == after.uid && before.gid == after.gid);
  check(FileAspect::mtime, before.mtime == after.mtime);
  check(FileAspect::link_target, before.link_target == after.link_target);
  check(FileAspect::device, before.device_major == after.device_major && before.device_minor == after.device_minor);
  check(FileAspect::xattrs, before.xattrs == after.xattrs);
  return aspects;
}

// Goes through two sides at once.
class ChangesBetween : public FileChangeReader {
 public:
  ChangesBetween(const SortedRecords& before, const SortedRecords& after)
      : before_(before.read()), after_(after.read()), has_before_(before_.next()), has_after_(after_.next()) {}

  bool next(FileChange& change) override {
    while (has_before_ || has_after_) {
      const bool takes_before = has_before_ && (!has_after_ || before_.key() <= after_.key());
      const bool takes_after = has_after_ && (!has_before_ || after_.key() <= before_.key());
      const bool differs = !takes_before || !takes_after || before_.value() != after_.value();
      if (differs) take(change, takes_before, takes_after);
      if (takes_before) has_before_ = before_.next();
      if (takes_after) has_after_ = after_.next();
      if (differs) return true;
    }
    return false;
  }

 private:
  void take(FileChange& change, bool takes_before, bool takes_after) {
    change = {std::string(takes_before ? before_.key() : after_.key()), {}, {}, {}};
    if (takes_before) change.before = decode_state(before_.value());
    if (takes_after) change.after = decode_state(after_.value());
    if (takes_before && takes_after) change.aspects = differing_aspects(*change.before, *change.after);
  }

  SortedRecords::Reader before_;
  SortedRecords::Reader after_;
  bool has_before_;
  bool has_after_;
};

class RecordedChanges : public FileChangeList {
 public:
  RecordedChanges(SortedRecords before, SortedRecords after) : before_(std::move(before)), after_(std::move(after)) {}
  std::unique_ptr<FileChangeReader> read() const override { return std::make_unique<ChangesBetween>(before_, after_); }

 private:
  SortedRecords before_;
  SortedRecords after_;
};

}  // namespace

void MetadataBudget::take(std::uint64_t bytes) {
  if ((used_ += bytes) <= kLimit) return;
  throw Error(ErrorCode::unsupported, "cannot compare the images: their layers hold more than a gigabyte of metadata",
              "compare without reading layers");
}

SortedRecords read_layer_files(const Layer& layer, MetadataBudget& budget, LayerPrograms* programs,
                               const std::stop_token& stop) {
  RecordSorter files;
  ContentReader contents(fmt::format("layer {}", layer.descriptor.digest.to_string()), programs, stop);
  for_each_entry(layer, stop, [&](const ReadEntry& read) {
    auto state = state_of(read.entry);
    if (state.type == EntryType::regular) state.content = contents.digest(read);
    const auto record = encode_state(state);
    budget.take(kRecordRoom + read.entry.path.size() + record.size());
    files.add(read.entry.path, record);
  });
  return files.finish();
}

FileChanges compare_files(SortedRecords before, SortedRecords after) {
  return FileChanges(std::make_shared<RecordedChanges>(std::move(before), std::move(after)));
}

}  // namespace ociassemble
