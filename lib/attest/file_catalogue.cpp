// SPDX-License-Identifier: Apache-2.0
#include "attest/file_catalogue.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/stop.hpp"
#include "compress/codec.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "tar/tar_path.hpp"

namespace ociassemble {
namespace {

constexpr std::uint64_t kLargestRecord = std::uint64_t{64} << 20U;
constexpr std::uint64_t kLargestProgram = std::uint64_t{4} << 30U;
constexpr std::uint64_t kMostRecords = std::uint64_t{256} << 20U;

// Whether a file of that name may be what a package manager or the system writes down. By the last name alone: folders
// above may be links.
bool may_be_record(std::string_view path) {
  const auto name = path.substr(path.rfind('/') + 1);
  return name == "installed" || name == "status" || name.ends_with("os-release") || name.ends_with(".list") ||
         path.find("dpkg/status.d/") != std::string_view::npos;
}

}  // namespace

FileCatalogue::FileCatalogue() : spool_(kLargestProgram) {}

void FileCatalogue::read(const Image& image, const std::stop_token& stop) {
  stop_ = stop;
  buffer_.resize(kCopyBufferSize);
  for (const auto& layer : image.layers()) {
    ++layer_;
    const auto subject = fmt::format("layer {}", layer.descriptor.digest.to_string());
    HashSource tar_bytes(make_decompressor(layer.blobs->open(layer.descriptor), subject), layer.diff_id.algorithm());
    tar_bytes_ = &tar_bytes;
    TarReader tar(tar_bytes, subject);
    tree_.apply(tar, this);
    const auto diff_id = tar_bytes.finish();
    if (diff_id != layer.diff_id) throw DigestMismatch(subject, layer.diff_id.to_string(), diff_id.to_string());
  }
  tar_bytes_ = nullptr;
}

const CataloguedFile* FileCatalogue::find(std::string_view path) const {
  const auto file = files_.find(tree_.resolve(path));
  return file == files_.end() ? nullptr : &file->second;
}

std::optional<TreeWatcher::Known> FileCatalogue::read(const TarEntry& entry, Source& data, std::uint32_t /*layer*/,
                                                      std::uint32_t /*number*/) {
  pending_ = {};
  if (entry.type != EntryType::regular) return {};
  claimed_.take(entry, tar_bytes_->size(), "list what the image holds");
  pending_.layer = layer_;
  const bool is_record = may_be_record(entry.path);
  if (is_record) {
    if (entry.size > kLargestRecord || kept_ + entry.size > kMostRecords) {
      throw Error(ErrorCode::unsupported, fmt::format("cannot list what the image holds: {} is too large for a record",
                                                      tar_name_for_message(entry.path)));
    }
    kept_ += entry.size;
  }
  Hasher hasher;
  std::string contents;
  spool_.begin();
  for (;;) {
    throw_if_stopped(stop_);
    const auto count = read_full(data, buffer_);
    const auto bytes = std::span<const std::byte>(buffer_).first(count);
    hasher.update(bytes);
    spool_.write(bytes);
    if (is_record) contents += as_text(bytes);
    if (count < buffer_.size()) break;
  }
  pending_.digest = hasher.finish();
  if (is_record) pending_.contents = std::make_shared<const std::string>(std::move(contents));
  pending_.build = read_build(entry.path);
  return {};
}

std::shared_ptr<const GoBuild> FileCatalogue::read_build(const std::string& name) {
  const auto file = spool_.file(name);
  if (!file) return {};
  try {
    auto build = read_go_build(ElfFile(*file), *file);
    return build ? std::make_shared<const GoBuild>(std::move(*build)) : nullptr;
  } catch (const Error& error) {
    // Damaged: a file like any other.
    if (error.code() != ErrorCode::check_failed) throw;
    return {};
  }
}

void FileCatalogue::placed(const TarEntry& entry, const std::string& path) {
  if (entry.type == EntryType::directory) {
    files_.erase(path);
    return;
  }
  auto file = std::exchange(pending_, {});
  if (entry.type == EntryType::hard_link) {
    const auto target = files_.find(tree_.resolve_parent(entry.link_target));
    if (target != files_.end()) file = target->second;
    file.layer = layer_;
  }
  erase_below(path);
  if (file.digest) {
    files_.insert_or_assign(path, std::move(file));
  } else {
    files_.erase(path);
  }
}

void FileCatalogue::removed(const std::string& path) {
  const auto file = files_.find(path);
  if (file != files_.end() && file->second.layer < layer_) files_.erase(file);
  erase_below(path);
}

// Of lower layers: what this one brought stays, whatever the order of its entries.
void FileCatalogue::erase_below(const std::string& path) {
  const auto prefix = path.empty() ? std::string() : path + "/";
  for (auto file = files_.lower_bound(prefix); file != files_.end() && file->first.starts_with(prefix);) {
    file = file->second.layer < layer_ ? files_.erase(file) : std::next(file);
  }
}

}  // namespace ociassemble
