// SPDX-License-Identifier: Apache-2.0
// What must hold for every layer, tried on random trees; the same ones in every run.
#include <doctest/doctest.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "base/unique_fd.hpp"
#include "image/layer_builder.hpp"
#include "io/streams.hpp"
#include "ociassemble/digest.hpp"
#include "random.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using test::Random;

namespace {

// Noise, zeros, or repeated pieces of what came before, as programs have them.
std::string random_contents(Random& random, std::size_t size) {
  std::string bytes;
  bytes.reserve(size + 300);
  while (bytes.size() < size) {
    const auto count = 1 + random.below(300);
    const auto kind = random.below(8);
    if (kind == 0) {
      for (std::size_t i = 0; i < count; ++i) bytes += static_cast<char>(random.next() >> 40);
    } else if (kind == 1 || bytes.size() < count) {
      bytes.append(count, static_cast<char>(random.below(3)));
    } else {
      bytes += bytes.substr(random.below(bytes.size() - count + 1), count);
    }
  }
  bytes.resize(size);
  return bytes;
}

std::string random_name(Random& random) {
  const auto length = random.below(20) == 0 ? 120 : 1 + random.below(9);
  std::string name;
  for (std::size_t i = 0; i < length; ++i) name += "abc-_. \xc3\xa9"[random.below(9)];
  return name == "." || name == ".." ? "dots" : name;
}

using PathContents = std::map<std::string, std::string>;  // path -> contents

PathContents random_tree(Random& random) {
  PathContents tree;
  const auto folder = random_name(random);
  const auto small_files = random.below(30);
  for (std::size_t i = 0; i < small_files; ++i) {
    tree[folder + "/" + random_name(random)] = random_contents(random, random.below(3000));
  }
  // Around the borders of a gzip chunk; two of them make three chunks or more.
  for (std::size_t i = random.below(3); i > 0; --i) {
    tree["large" + std::to_string(i)] = random_contents(random, (std::size_t{1} << 20) - 2000 + random.below(4000));
  }
  return tree;
}

// Gives its bytes in reads of random sizes.
class ChoppedSource : public Source {
 public:
  ChoppedSource(std::string_view bytes, std::uint64_t seed) : bytes_(bytes), random_(seed) {}
  std::size_t read(std::span<std::byte> buffer) override {
    const auto largest = random_.below(3) == 0 ? std::size_t{7} : std::size_t{100'000};
    const auto count = std::min({buffer.size(), bytes_.size(), 1 + random_.below(largest)});
    std::copy_n(as_bytes(bytes_).begin(), count, buffer.begin());
    bytes_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view bytes_;
  Random random_;
};

// What a process at the other end of a pipe writes.
class PipeSource : public Source {
 public:
  explicit PipeSource(std::string_view bytes) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    reader_ = std::make_unique<FileSource>(UniqueFd(ends[0]), "a pipe");
    writer_ = std::thread([bytes, end = ends[1]]() mutable {
      const UniqueFd fd(end);
      while (!bytes.empty()) {
        const auto count = ::write(fd.get(), bytes.data(), std::min<std::size_t>(bytes.size(), 10'000));
        if (count <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(count));
      }
    });
  }
  ~PipeSource() override { writer_.join(); }
  std::size_t read(std::span<std::byte> buffer) override { return reader_->read(buffer); }

 private:
  std::unique_ptr<FileSource> reader_;
  std::thread writer_;
};

using Open = std::function<std::unique_ptr<Source>(const std::string& path, const std::string& contents)>;

Layer layer_of(const PathContents& tree, const CompressionOptions& compression, const std::shared_ptr<BlobStore>& store,
               const Open& open) {
  std::vector<LayerEntry> entries;
  for (const auto& [path, contents] : tree) {
    LayerEntry made;
    made.entry.path = path;
    made.entry.mode = 0444;
    made.entry.size = contents.size();
    made.bytes = entry_bytes([&open, &path = path, &contents = contents] { return open(path, contents); });
    entries.push_back(std::move(made));
  }
  return build_layer(std::move(entries), {.compression = compression}, store, {});
}

std::unique_ptr<Source> from_memory(const std::string& /*path*/, const std::string& contents) {
  return std::make_unique<StringSource>(contents);
}

// What zlib makes of the first member, which must be all there is.
std::string first_member(std::string gzip, std::size_t limit) {
  std::string out(limit, '\0');
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, MAX_WBITS + 16) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(gzip.data());
  stream.avail_in = static_cast<uInt>(gzip.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
  CHECK(stream.avail_in == 0);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

CompressionOptions compression_of(Compression kind, int level, std::size_t workers) {
  return {.kind = kind, .level = level, .workers = workers};
}

void check_same(const Layer& layer, const Layer& expected) {
  CHECK(layer.descriptor == expected.descriptor);
  CHECK(layer.diff_id == expected.diff_id);
}

}  // namespace

TEST_CASE("a layer's bytes do not depend on workers, on how files are read, or on where they come from") {
  const test::TestFolder folder;
  const auto store = make_memory_store();
  for (std::uint64_t seed = 1; seed <= 14; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const auto tree = random_tree(random);
    for (const auto& [path, contents] : tree) folder.write(path, contents);
    const auto kind = seed % 3 == 0 ? Compression::zstd : Compression::gzip;
    const auto level = static_cast<int>(1 + random.below(7));
    const auto one = layer_of(tree, compression_of(kind, level, 1), store, from_memory);
    for (const std::size_t workers : {2U, 3U, 8U}) {
      CAPTURE(workers);
      check_same(layer_of(tree, compression_of(kind, level, workers), store, from_memory), one);
    }
    check_same(
        layer_of(tree, compression_of(kind, level, 2), store,
                 [seed](const auto&, const auto& contents) { return std::make_unique<ChoppedSource>(contents, seed); }),
        one);
    check_same(layer_of(tree, compression_of(kind, level, 2), store,
                        [&](const auto& path, const auto&) { return std::make_unique<FileSource>(folder / path); }),
               one);
    check_same(layer_of(tree, compression_of(kind, level, 3), store,
                        [](const auto&, const auto& contents) { return std::make_unique<PipeSource>(contents); }),
               one);
  }
}

TEST_CASE("every gzip layer is one member whose bytes have the diff ID, and other compressions have the same one") {
  const auto store = make_memory_store();
  for (std::uint64_t seed = 101; seed <= 116; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const auto tree = random_tree(random);
    const auto level = static_cast<int>(1 + random.below(9));
    const auto plain = layer_of(tree, compression_of(Compression::none, 0, 2), store, from_memory);
    const auto gzip = layer_of(tree, compression_of(Compression::gzip, level, 2), store, from_memory);
    const auto zstd = layer_of(tree, compression_of(Compression::zstd, level, 2), store, from_memory);
    CHECK(plain.diff_id == plain.descriptor.digest);
    CHECK(gzip.diff_id == plain.diff_id);
    CHECK(zstd.diff_id == plain.diff_id);
    const auto member = BlobStore::read(*store, gzip.descriptor, std::size_t{1} << 30);
    CHECK(Digest::of(first_member(member, static_cast<std::size_t>(plain.descriptor.size))) == plain.diff_id);
  }
}
