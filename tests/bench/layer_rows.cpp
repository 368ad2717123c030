// SPDX-License-Identifier: Apache-2.0
#include "layer_rows.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <libdeflate.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <memory>
#include <span>

#include "base/atomic_file.hpp"
#include "compress/chunk_deflater.hpp"
#include "compress/levels.hpp"
#include "digest/hasher.hpp"
#include "image/layer_builder.hpp"
#include "inputs.hpp"
#include "io/streams.hpp"

namespace ociassemble::bench {
namespace {

// What most chunks of a gzip layer come out as; the kernel takes longer for one write of all of them.
constexpr std::size_t kPiece = std::size_t{256} * 1024;

namespace fs = std::filesystem;

std::uint64_t make_layer(const fs::path& input, const CompressionOptions& compression, const fs::path& folder) {
  LayerEntry entry;
  entry.entry.path = "usr/local/bin/app";
  entry.entry.mode = 0555;
  entry.entry.size = fs::file_size(input);
  entry.bytes = entry_bytes([&input] { return std::make_unique<FileSource>(input); });
  std::vector<LayerEntry> entries;
  entries.push_back(std::move(entry));
  const auto layer =
      build_layer(std::move(entries), {.compression = compression}, open_directory_store(folder), std::stop_token());
  return layer.descriptor.size;
}

std::uint64_t sum_of(std::span<const std::byte> bytes) {
  HashSink hash;
  hash.write(bytes);
  return hash.finish().to_string().empty() ? 0 : bytes.size();
}

Contender hash_row(const Bench& bench) {
  return {"sha256", [&bench] {
            const Mapping input(bench.input);
            return measure_call([&input] { return sum_of(input.bytes()); });
          }};
}

Contender copy_row(const Bench& bench) {
  return {"memcpy", [&bench] {
            const Mapping input(bench.input);
            const auto room = std::make_unique<std::byte[]>(input.bytes().size());
            return measure_call([&] {
              std::memcpy(room.get(), input.bytes().data(), input.bytes().size());
              return input.bytes().size();
            });
          }};
}

void add_program(std::vector<Contender>& rows, const Bench& bench, const std::vector<std::string>& words) {
  if (!has_program(words.front())) return;
  const auto name = fmt::format("{}", fmt::join(words, " "));
  auto command = words;
  command.insert(command.end(), {"-c", bench.input.string()});
  rows.push_back({name, [&bench, command] { return measure_program(command, bench.folder / "peer"); }});
}

void add_tar_pipe(std::vector<Contender>& rows, const Bench& bench, const fs::path& what) {
  if (!has_program("tar") || !has_program("gzip")) return;
  rows.push_back({"tar | gzip -6", [&bench, what] {
                    return measure_program({"sh", "-c", "tar -cf - -C \"$0\" -- \"$1\" | gzip -6",
                                            what.parent_path().string(), what.filename().string()},
                                           bench.folder / "peer");
                  }});
}

// A stage that goes over the input in the layer format's chunks.
template <typename Stage>
Contender chunk_stage(const Bench& bench, const std::string& name, Stage stage) {
  return {name, [&bench, stage] {
            const Mapping input(bench.input);
            return measure_call([&] {
              std::uint64_t made = 0;
              for (auto rest = input.bytes(); !rest.empty();) {
                const auto chunk = rest.first(std::min(rest.size(), kGzipChunkSize));
                made += stage(chunk);
                rest = rest.subspan(chunk.size());
              }
              return made;
            });
          }};
}

}  // namespace

Contender our_layer(const Bench& bench, const std::string& name, const std::string& compression, std::size_t workers) {
  auto options = CompressionOptions::parse(compression);
  options.workers = workers;
  return {name, [&bench, options] {
            const auto folder = bench.folder / "store";
            auto cost = measure_call([&] { return make_layer(bench.input, options, folder); });
            fs::remove_all(folder);
            return cost;
          }};
}

std::vector<Contender> layer_contenders(const Bench& bench, std::size_t cores) {
  std::vector<Contender> rows;
  add_program(rows, bench, {"gzip", "-6"});
  add_program(rows, bench, {"gzip", "-1"});
  add_program(rows, bench, {"pigz", "-6", "-p", std::to_string(cores)});
  add_program(rows, bench, {"zstd", fmt::format("-T{}", cores), "-3", "-q"});
  add_tar_pipe(rows, bench, bench.input);
  rows.push_back(copy_row(bench));
  rows.push_back(hash_row(bench));
  for (const auto& compression : {"none", "gzip:1", "gzip:6"}) {
    rows.push_back(our_layer(bench, fmt::format("our {}", compression), compression, cores));
  }
  for (const auto& kind : {"gzip", "zstd"}) {
    rows.push_back(our_layer(bench, fmt::format("our {} (default)", kind), kind, cores));
  }
  return rows;
}

std::vector<Contender> level_contenders(const Bench& bench, std::size_t cores) {
  std::vector<Contender> rows;
  add_program(rows, bench, {"gzip", "-6"});
  add_program(rows, bench, {"zstd", fmt::format("-T{}", cores), "-3", "-q"});
  for (const auto& kind : {"gzip", "zstd"}) {
    for (int level = 1; level <= 9; ++level) {
      const auto compression = fmt::format("{}:{}", kind, level);
      rows.push_back(our_layer(bench, compression, compression, cores));
    }
  }
  return rows;
}

std::vector<Contender> stage_contenders(const Bench& bench) {
  const int level = effective_level({});
  const std::shared_ptr<libdeflate_compressor> compressor(libdeflate_alloc_compressor(level),
                                                          libdeflate_free_compressor);
  const auto room = std::make_shared<DeflateChunk>();
  const auto deflater = std::make_shared<ChunkDeflater>(level);
  const auto encoder = std::make_shared<DeflateEncoder>(level);
  std::vector<Contender> rows;
  rows.push_back(our_layer(bench, "the whole layer", "gzip", 1));
  rows.push_back(chunk_stage(bench, "deflate, proof, CRC-32", [deflater, room](std::span<const std::byte> bytes) {
    room->input_size = 0;
    room->fill(bytes);
    deflater->deflate(*room);
    return room->output_size;
  }));
  rows.push_back(chunk_stage(bench, "deflate", [encoder, room](std::span<const std::byte> bytes) {
    room->input_size = 0;
    room->fill(bytes);
    return encoder->encode(room->input(), room->room());
  }));
  rows.push_back(chunk_stage(bench, fmt::format("libdeflate's level {}", level),
                             [compressor, room](std::span<const std::byte> bytes) {
                               return libdeflate_deflate_compress(compressor.get(), bytes.data(), bytes.size(),
                                                                  room->room().data(), room->room().size());
                             }));
  rows.push_back(chunk_stage(bench, "CRC-32", [](std::span<const std::byte> bytes) {
    return libdeflate_crc32(0, bytes.data(), bytes.size()) == 1 ? std::size_t{1} : bytes.size();
  }));
  rows.push_back({"sha256 of the tar", hash_row(bench).run});
  rows.push_back({"sha256 of the blob", [&bench] {
                    const Mapping blob(bench.folder / "blob");
                    return measure_call([&blob] { return sum_of(blob.bytes()); });
                  }});
  rows.push_back({"write and fsync", [&bench] {
                    const Mapping blob(bench.folder / "blob");
                    const auto folder = bench.folder / "synced";
                    fs::create_directories(folder);
                    auto cost = measure_call([&] {
                      auto file = AtomicFile::in_folder(folder);
                      for (auto rest = blob.bytes(); !rest.empty();
                           rest = rest.subspan(std::min(rest.size(), kPiece))) {
                        file.write(rest.first(std::min(rest.size(), kPiece)));
                      }
                      file.commit_as(folder / "copy");
                      return blob.bytes().size();
                    });
                    fs::remove_all(folder);
                    return cost;
                  }});
  return rows;
}

Contender tool_build(const Bench& bench, const std::string& name, const fs::path& program,
                     const std::vector<std::string>& more_words) {
  const auto layout = bench.folder / "layout";
  std::vector<std::string> words = {bench.tool.string(),
                                    "build",
                                    "--quiet",
                                    "--no-cache",
                                    "--base",
                                    "scratch",
                                    "--any-binary",
                                    "--binary",
                                    program.string() + ":/app",
                                    "--output",
                                    "oci:" + layout.string() + ":bench"};
  words.insert(words.end(), more_words.begin(), more_words.end());
  return {name, [layout, words] {
            auto cost = measure_program(words, {});
            for (const auto& blob : fs::recursive_directory_iterator(layout)) {
              if (blob.is_regular_file()) cost.output_size += blob.file_size();
            }
            fs::remove_all(layout);
            return cost;
          }};
}

std::vector<Contender> tree_contenders(const Bench& bench, const fs::path& tree) {
  std::vector<Contender> rows;
  const auto small = bench.folder / "small";
  std::ofstream(small) << "a program";
  add_tar_pipe(rows, bench, tree);
  rows.push_back(tool_build(bench, "ociassemble build (gzip)", small, {"--add", tree.string() + ":/srv"}));
  rows.push_back(tool_build(bench, "ociassemble build (none)", small,
                            {"--add", tree.string() + ":/srv", "--compression", "none"}));
  return rows;
}

}  // namespace ociassemble::bench
