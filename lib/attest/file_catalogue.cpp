// SPDX-License-Identifier: Apache-2.0
#include "attest/file_catalogue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/stop.hpp"
#include "compress/codec.hpp"
#include "io/read_ahead.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::uint64_t kLargestProgram = std::uint64_t{4} << 30U;
// Of all programs: 64 MiB. Of a program beyond it no functions are known.
constexpr std::size_t kMostFunctions = std::size_t{8} << 20U;

std::unique_ptr<Source> open(const Layer& layer, BlobStore* kept, const std::string& subject) {
  try {
    if (kept != nullptr && kept->contains(layer.descriptor)) return kept->open(layer.descriptor);
    return layer.blobs->open(layer.descriptor);
  } catch (const Error& error) {
    const auto code = error.code();
    if (code != ErrorCode::network && code != ErrorCode::not_found && code != ErrorCode::unauthorized) throw;
    throw Error(code,
                fmt::format("cannot list the contents of the image: {} is not in the cache and cannot be read: {}",
                            subject, error.what()),
                error.hint().empty() ? "make the SBOM once where the layer can be read, with a cache; or build into "
                                       "oci:DIR, which keeps the base's layers"
                                     : error.hint());
  }
}

}  // namespace

// A record with functions is of a kind of its own: most readers need none, and they are most of its bytes.
std::string_view layer_facts_kind(ProgramReading detail) noexcept {
  return detail == ProgramReading::functions ? "layer-functions" : "layer-facts";
}

FileCatalogue::FileCatalogue(LayerRecords* records, std::shared_ptr<BlobStore> kept, ProgramReading detail)
    : records_(records), kept_layers_(std::move(kept)), detail_(detail), reader_(detail), spool_(kLargestProgram) {}

void FileCatalogue::read(const Image& image, const std::stop_token& stop) {
  stop_ = stop;
  for (const auto& layer : image.layers()) {
    throw_if_stopped(stop);
    ++layer_;
    if (!recall(layer)) read(layer);
  }
  tar_bytes_ = nullptr;
}

// Whether the records knew the layer.
bool FileCatalogue::recall(const Layer& layer) {
  if (records_ == nullptr) return false;
  const auto record = records_->find(layer_facts_kind(detail_), layer);
  if (!record) return false;
  LayerFactsReader check(record->bytes);
  while (check.next()) {
  }
  if (!check.is_whole()) return false;
  LayerFactsReader facts(record->bytes);
  tree_.start_layer(this);
  StringSource nothing{{}};
  while (const auto fact = facts.next()) {
    pending_ = {};
    last_ = {};
    recalled_ = &fact->details;
    tree_.add(fact->entry, nothing);
    recalled_ = nullptr;
  }
  return true;
}

void FileCatalogue::read(const Layer& layer) {
  const auto subject = fmt::format("layer {}", layer.descriptor.digest.to_string());
  buffer_.resize(kCopyBufferSize);
  HashSource tar_bytes(read_ahead(make_decompressor(open(layer, kept_layers_.get(), subject), subject)),
                       layer.diff_id.algorithm());
  tar_bytes_ = &tar_bytes;
  TarReader tar(tar_bytes, subject);
  LayerFactsWriter facts;
  tree_.start_layer(this);
  while (const auto entry = tar.next()) {
    pending_ = {};
    tree_.add(*entry, tar.data());
    if (records_ != nullptr) facts.add(*entry, last_);
    last_ = {};
  }
  const auto diff_id = tar_bytes.finish();
  if (diff_id != layer.diff_id) throw DigestMismatch(subject, layer.diff_id.to_string(), diff_id.to_string());
  auto record = records_ == nullptr ? std::nullopt : facts.take();
  if (record) records_->put(layer_facts_kind(detail_), layer, std::move(*record));
}

const CataloguedFile* FileCatalogue::find(std::string_view path) const {
  const auto file = files_.find(tree_.resolve(path));
  return file == files_.end() ? nullptr : &file->second;
}

void FileCatalogue::own(const std::string& path, std::uint32_t layer) {
  const auto file = files_.find(path);
  if (file != files_.end()) file->second.owned = std::max(file->second.owned, layer);
}

std::optional<TreeWatcher::Known> FileCatalogue::read(const TarEntry& entry, Source& data, std::uint32_t /*layer*/,
                                                      std::uint32_t /*number*/) {
  pending_ = {};
  pending_.layer = layer_;
  if (entry.type == EntryType::regular) last_ = recalled_ == nullptr ? look_at(entry, data) : *recalled_;
  static_cast<FileDetails&>(pending_) = last_;
  limit_functions(pending_);
  return {};
}

FileDetails FileCatalogue::look_at(const TarEntry& entry, Source& data) {
  claimed_.take(entry, tar_bytes_->size(), "list what the image holds");
  reader_.begin(entry);
  spool_.begin();
  for (;;) {
    throw_if_stopped(stop_);
    const auto count = read_full(data, buffer_);
    const auto bytes = std::span<const std::byte>(buffer_).first(count);
    reader_.write(bytes);
    spool_.write(bytes);
    if (count < buffer_.size()) break;
  }
  return reader_.finish(spool_.file(entry.path));
}

void FileCatalogue::limit_functions(FileDetails& details) {
  if (!details.findings || !details.findings->functions) return;
  functions_ += details.findings->functions->hashes().size();
  if (functions_ <= kMostFunctions) return;
  auto fewer = *details.findings;
  fewer.functions = nullptr;
  details.findings = std::make_shared<const FileFindings>(std::move(fewer));
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
