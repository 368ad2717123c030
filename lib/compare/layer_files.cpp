// SPDX-License-Identifier: Apache-2.0
#include "compare/layer_files.hpp"

#include <fmt/format.h>

#include "base/stop.hpp"
#include "compare/layer_programs.hpp"
#include "digest/hasher.hpp"
#include "image/layer_reader.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "tar/tar_path.hpp"

namespace ociassemble {
namespace {

// What sparse files may hold more than their layer has bytes.
constexpr std::uint64_t kMaxHoles = std::uint64_t{64} << 30U;

std::uint64_t metadata_size(const std::string& path, const FileState& state) {
  std::uint64_t size = 400 + path.size() + state.link_target.size();
  for (const auto& [name, value] : state.xattrs) size += 100 + name.size() + value.size();
  return size;
}

// Digests of files, bounded also where a few bytes claim to be many.
class ContentReader {
 public:
  ContentReader(std::string subject, LayerPrograms* programs, const std::stop_token& stop)
      : subject_(std::move(subject)), programs_(programs), stop_(stop) {}

  Digest digest(const ReadEntry& read) {
    if (read.entry.size > kMaxHoles + read.layer_bytes || claimed_ > kMaxHoles + read.layer_bytes) {
      throw Error(ErrorCode::unsupported, fmt::format("cannot compare {}: {} is a file of more holes than can be read",
                                                      subject_, tar_name_for_message(read.entry.path)));
    }
    claimed_ += read.entry.size;
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
  const std::string subject_;
  LayerPrograms* const programs_;
  const std::stop_token& stop_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(kCopyBufferSize);
  std::uint64_t claimed_ = 0;
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

}  // namespace

void MetadataBudget::take(std::uint64_t bytes) {
  if ((used_ += bytes) <= kLimit) return;
  throw Error(ErrorCode::unsupported, "cannot compare the images: their layers hold more than a gigabyte of metadata",
              "compare without reading layers");
}

LayerFiles read_layer_files(const Layer& layer, MetadataBudget& budget, LayerPrograms* programs,
                            const std::stop_token& stop) {
  LayerFiles files;
  ContentReader contents(fmt::format("layer {}", layer.descriptor.digest.to_string()), programs, stop);
  for_each_entry(layer, stop, [&](const ReadEntry& read) {
    auto state = state_of(read.entry);
    const auto size = metadata_size(read.entry.path, state);
    budget.take(size);
    files.metadata_size += size;
    if (state.type == EntryType::regular) state.content = contents.digest(read);
    files.entries.insert_or_assign(read.entry.path, std::move(state));
  });
  return files;
}

std::vector<FileChange> compare_files(const LayerFiles& before, const LayerFiles& after) {
  std::vector<FileChange> changes;
  auto left = before.entries.begin();
  auto right = after.entries.begin();
  while (left != before.entries.end() || right != after.entries.end()) {
    if (right == after.entries.end() || (left != before.entries.end() && left->first < right->first)) {
      changes.push_back({left->first, left->second, {}, {}});
      ++left;
    } else if (left == before.entries.end() || right->first < left->first) {
      changes.push_back({right->first, {}, right->second, {}});
      ++right;
    } else {
      auto aspects = differing_aspects(left->second, right->second);
      if (!aspects.empty()) changes.push_back({left->first, left->second, right->second, std::move(aspects)});
      ++left, ++right;
    }
  }
  return changes;
}

}  // namespace ociassemble
