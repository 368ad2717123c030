// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/stop.hpp"
#include "base/text.hpp"
#include "compare/change_text.hpp"
#include "compare/value_changes.hpp"
#include "compress/codec.hpp"
#include "image/layer_reader.hpp"
#include "io/streams.hpp"
#include "ociassemble/compare.hpp"
#include "tar/tar_header.hpp"

namespace ociassemble {
namespace {

std::size_t first_difference(std::string_view first, std::string_view second) {
  return static_cast<std::size_t>(std::mismatch(first.begin(), first.end(), second.begin(), second.end()).first -
                                  first.begin());
}

// Where two streams begin to differ; nothing when they are the same.
std::optional<std::uint64_t> first_difference(Source& first, Source& second, const std::stop_token& stop) {
  std::vector<std::byte> left(kCopyBufferSize);
  std::vector<std::byte> right(kCopyBufferSize);
  for (std::uint64_t offset = 0;; offset += left.size()) {
    throw_if_stopped(stop);
    const auto a = as_text(std::span(left).first(read_full(first, left)));
    const auto b = as_text(std::span(right).first(read_full(second, right)));
    if (a != b) return offset + first_difference(a, b);
    if (a.size() < left.size()) return {};
  }
}

std::unique_ptr<Source> open_blob(const Layer& layer) { return layer.blobs->open(layer.descriptor); }
std::unique_ptr<Source> open_tar(const Layer& layer) {
  return make_decompressor(open_blob(layer), layer.descriptor.digest.to_string());
}

// What lies at an offset of a layer's tar; nothing for a tar whose headers are not as we write them.
std::optional<std::string> entry_at(const Layer& layer, std::uint64_t offset, const std::stop_token& stop) {
  std::optional<std::string> found;
  std::uint64_t position = 0;
  const auto size = for_each_entry(layer, stop, [&](const ReadEntry& read) {
    if (read.entry.path.empty()) return;  // we never write the root
    const auto data = position + tar_header_blocks(read.entry).size();
    const auto end = data + read.entry.size + tar_padding(read.entry.size);
    if (offset >= position && offset < data) found = fmt::format("in the header of /{}", read.entry.path);
    if (offset >= data && offset < end) found = fmt::format("at byte {} of /{}", offset - data, read.entry.path);
    position = end;
  });
  return size == position + 2 * kTarBlockSize ? found : std::nullopt;
}

std::string layer_difference(const Layer& first, const Layer& second, const std::stop_token& stop) {
  if (first.diff_id == second.diff_id) {
    const auto offset = first_difference(*open_blob(first), *open_blob(second), stop);
    return fmt::format("the same tar is compressed otherwise from offset {} of the blob on", offset.value_or(0));
  }
  const auto offset = first_difference(*open_tar(first), *open_tar(second), stop);
  if (!offset) return fmt::format("diff ID {} is not that of its bytes", first.diff_id.to_string());
  auto text = fmt::format("offset {} of the tar", *offset);
  if (const auto entry = entry_at(first, *offset, stop)) text += ", " + short_text(*entry);
  const auto other = entry_at(second, *offset, stop);
  if (other && text.find(short_text(*other)) == std::string::npos) {
    text += fmt::format(" (in the second assembly: {})", short_text(*other));
  }
  return text;
}

std::string document_difference(std::string_view name, const std::vector<ValueChange>& changes, std::string_view first,
                                std::string_view second) {
  if (!changes.empty()) return fmt::format("{}: {}", name, value_change_text(changes.front()));
  return fmt::format("{}: offset {}", name, first_difference(first, second));
}

}  // namespace

std::optional<std::string> first_difference(const Image& first, const Image& second, const std::stop_token& stop) {
  if (first.digest() == second.digest()) return {};
  const auto count = std::min(first.layers().size(), second.layers().size());
  for (std::size_t i = 0; i < count; ++i) {
    const auto& left = first.layers()[i];
    const auto& right = second.layers()[i];
    if (left.descriptor.digest == right.descriptor.digest) continue;
    return fmt::format("layer {}: {}", i + 1, layer_difference(left, right, stop));
  }
  if (first.layers().size() != second.layers().size()) {
    return fmt::format("{} layers instead of {}", second.layers().size(), first.layers().size());
  }
  if (first.config_json() != second.config_json()) {
    return document_difference("config", compare_configs(first.config(), second.config()), first.config_json(),
                               second.config_json());
  }
  return document_difference("manifest", compare_manifests(first.manifest(), second.manifest()), first.manifest_json(),
                             second.manifest_json());
}

}  // namespace ociassemble
