// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/programs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "base/stop.hpp"
#include "digest/hasher.hpp"
#include "image/layer_makers.hpp"
#include "image/layer_reader.hpp"
#include "inspect/elf_spool.hpp"
#include "inspect/go_program.hpp"
#include "io/streams.hpp"
#include "tree/whiteout.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMostPrograms = 1000;
constexpr std::uint64_t kMostFacts = std::uint64_t{64} << 20U;
constexpr std::uint64_t kMostHoles = std::uint64_t{64} << 30U;  // that sparse files may have
constexpr std::uint64_t kLargestProgram = std::uint64_t{2} << 30U;

// The programs of the layers read so far, by path.
class Programs {
 public:
  explicit Programs(const std::stop_token& stop) : stop_(stop) {}

  void read(const Layer& layer, std::size_t number) {
    for_each_entry(layer, stop_, [&](const ReadEntry& read) { take(read, number); });
  }

  ImagePrograms finish() {
    ImagePrograms result;
    for (auto& [path, program] : programs_) result.programs.push_back(std::move(program));
    result.left_out = left_out_;
    return result;
  }

 private:
  using Found = std::map<std::string, ImageProgram>;

  void take(const ReadEntry& read, std::size_t number) {
    const auto& entry = read.entry;
    if (const auto whiteout = whiteout_of(entry.path)) {
      remove_below(whiteout->path, number);
      if (!whiteout->is_opaque) remove(whiteout->path, number);
      return;
    }
    // Of a path that the layer has twice the last counts.
    remove(entry.path, number + 1);
    if (entry.type != EntryType::directory) remove_below(entry.path, number + 1);
    if (entry.type == EntryType::regular && entry.size <= kLargestProgram) look_at(read, number);
  }

  void look_at(const ReadEntry& read, std::size_t number) {
    spool_.begin();
    Hasher hasher;
    for (;;) {
      throw_if_stopped(stop_);
      const auto count = read_full(read.data, buffer_);
      const auto bytes = std::span<const std::byte>(buffer_).first(count);
      spool_.write(bytes);
      if (!spool_.keeps()) return;
      hasher.update(bytes);
      claimed_ += count;
      if (claimed_ > kMostHoles + read.layer_bytes) return leave_out();
      if (count < buffer_.size()) break;
    }
    if (auto program = read_program_file(*spool_.file(read.entry.path)))
      keep(read.entry, number, hasher.finish(), std::move(*program));
  }

  void keep(const TarEntry& entry, std::size_t number, const Digest& digest, ProgramFile program) {
    const auto size = program.go ? size_of_facts(*program.go) : 0;
    if (programs_.size() == kMostPrograms || size > kMostFacts - facts_) return leave_out();
    facts_ += size;
    programs_.emplace(entry.path, ImageProgram{entry.path, number, entry.mode, entry.size, digest,
                                               std::move(program.architecture), std::move(program.go)});
  }

  void leave_out() { ++left_out_; }

  // What layers below `layer` have.
  void remove(const std::string& path, std::size_t layer) {
    if (const auto found = programs_.find(path); found != programs_.end()) remove(found, layer);
  }
  void remove_below(const std::string& folder, std::size_t layer) {
    const auto prefix = folder.empty() ? std::string() : folder + "/";
    for (auto at = programs_.lower_bound(prefix); at != programs_.end() && at->first.starts_with(prefix);) {
      at = remove(at, layer);
    }
  }
  Found::iterator remove(Found::iterator at, std::size_t layer) {
    const auto& program = at->second;
    if (program.layer >= layer) return std::next(at);
    if (program.go) facts_ -= size_of_facts(*program.go);
    return programs_.erase(at);
  }

  const std::stop_token& stop_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(kCopyBufferSize);
  ElfSpool spool_{kLargestProgram};
  Found programs_;
  std::uint64_t facts_ = 0;
  std::uint64_t claimed_ = 0;
  std::size_t left_out_ = 0;
};

}  // namespace

std::optional<ImagePrograms> read_programs(const Image& image, const ProgramOptions& options) {
  auto wanted = application_layers(image);
  if (options.layers == ProgramLayers::application && wanted.empty()) return {};
  if (options.layers == ProgramLayers::all) {
    wanted.resize(image.layers().size());
    for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] = i;
  }
  Programs programs(options.stop);
  for (const auto i : wanted) programs.read(image.layers()[i], i + 1);
  return programs.finish();
}

}  // namespace ociassemble
