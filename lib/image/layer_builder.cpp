// SPDX-License-Identifier: Apache-2.0
#include "image/layer_builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/stop.hpp"
#include "base/trace.hpp"
#include "compress/codec.hpp"
#include "digest/hasher.hpp"
#include "image/entry_reader.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "tar/tar_writer.hpp"

namespace ociassemble {
namespace {

// A compressor can take long over what it was given: its output is another place to stop at.
class StoppableSink : public Sink {
 public:
  // `also_to` may be null.
  StoppableSink(Sink& to, const std::stop_token& stop, Sink* also_to) : to_(to), stop_(stop), also_to_(also_to) {}

  void write(std::span<const std::byte> bytes) override {
    throw_if_stopped(stop_);
    to_.write(bytes);
    if (also_to_ != nullptr) also_to_->write(bytes);
  }

 private:
  Sink& to_;
  const std::stop_token& stop_;
  Sink* const also_to_;
};

// Tar bytes on their way into the store.
class LayerPipeline {
 public:
  LayerPipeline(const LayerOptions& options, const std::shared_ptr<BlobStore>& store, const std::stop_token& stop,
                Sink* also_to = nullptr)
      : options_(options),
        store_(store),
        blob_(store->begin()),
        compressed_(*blob_, stop, also_to),
        compressor_(make_compressor(options.compression, compressed_)),
        diff_id_(compressor_.get()) {}

  // What is not compressed has one digest.
  Sink& tar() { return is_plain() ? static_cast<Sink&>(*compressor_) : diff_id_; }

  Layer finish() {
    compressor_->finish();
    auto descriptor = blob_->commit(layer_type(options_.format, options_.compression.kind));
    auto diff_id = is_plain() ? descriptor.digest : diff_id_.finish();
    return {std::move(descriptor), std::move(diff_id), store_};
  }

 private:
  bool is_plain() const { return options_.compression.kind == Compression::none; }

  const LayerOptions& options_;
  const std::shared_ptr<BlobStore>& store_;
  std::unique_ptr<BlobWriter> blob_;
  StoppableSink compressed_;
  std::unique_ptr<FinishingSink> compressor_;
  HashSink diff_id_;
};

class BytesOnDemand : public EntryBytes {
 public:
  BytesOnDemand(std::function<std::unique_ptr<Source>()> open, std::optional<Digest> digest)
      : open_(std::move(open)), digest_(std::move(digest)) {}

  std::unique_ptr<Source> open() const override { return open_(); }
  const Digest* digest() const noexcept override { return digest_ ? &*digest_ : nullptr; }

 private:
  const std::function<std::unique_ptr<Source>()> open_;
  const std::optional<Digest> digest_;
};

}  // namespace

std::shared_ptr<const EntryBytes> entry_bytes(std::function<std::unique_ptr<Source>()> open,
                                              std::optional<Digest> digest) {
  return std::make_shared<BytesOnDemand>(std::move(open), std::move(digest));
}

// Along the cycles that the order consists of.
void put_in_order(std::vector<LayerEntry>& entries, std::vector<std::size_t> order) {
  for (std::size_t first = 0; first < order.size(); ++first) {
    if (order[first] == first) continue;
    auto held = std::move(entries[first]);
    std::size_t to = first;
    while (order[to] != first) {
      const auto from = order[to];
      entries[to] = std::move(entries[from]);
      order[to] = to;
      to = from;
    }
    entries[to] = std::move(held);
    order[to] = to;
  }
}

void sort_entries(std::vector<LayerEntry>& entries) {
  const auto less = [](const LayerEntry& left, const LayerEntry& right) {
    return tar_path_less(left.entry.path, right.entry.path);
  };
  if (!std::ranges::is_sorted(entries, less)) {
    std::vector<std::size_t> order(entries.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order,
                             [&](std::size_t left, std::size_t right) { return less(entries[left], entries[right]); });
    put_in_order(entries, std::move(order));
  }
  const auto twice = std::adjacent_find(
      entries.begin(), entries.end(),
      [](const LayerEntry& left, const LayerEntry& right) { return left.entry.path == right.entry.path; });
  if (twice != entries.end()) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("cannot make a layer: two entries for /{}", twice->entry.path));
  }
}

Layer build_layer(std::vector<LayerEntry> entries, const LayerOptions& options, const std::shared_ptr<BlobStore>& store,
                  const std::stop_token& stop, Sink* also_to) {
  TraceSpan span("make layer");
  span.note("entries", entries.size());
  sort_entries(entries);
  LayerPipeline pipeline(options, store, stop, also_to);
  TarWriter tar(pipeline.tar());
  EntryReader reader(entries, stop);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto& made = entries[i];
    throw_if_stopped(stop);
    if (made.entry.type == EntryType::regular) {
      const auto data = reader.open(i);
      StoppableSource stoppable(*data, stop);
      tar.add(made.entry, &stoppable);
    } else {
      tar.add(made.entry);
    }
  }
  tar.finish();
  auto layer = pipeline.finish();
  span.note("blob bytes", layer.descriptor.size);
  return layer;
}

Layer build_layer_from_tar(Source& tar, const LayerOptions& options, const std::shared_ptr<BlobStore>& store,
                           const std::function<void(Source&)>& read, const std::stop_token& stop) {
  LayerPipeline pipeline(options, store, stop);
  StoppableSource stoppable(tar, stop);
  TeeSource tee(stoppable, pipeline.tar());
  read(tee);
  return pipeline.finish();
}

}  // namespace ociassemble
