// SPDX-License-Identifier: Apache-2.0
#include "image/layer_cache.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <stop_token>
#include <thread>

#include "image/cached_layer.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "test_folder.hpp"
#include "tree/tree_record.hpp"

using namespace ociassemble;
using test::TestFolder;

namespace {

// A file that counts how often it is read.
class FileBytes : public EntryBytes {
 public:
  FileBytes(std::filesystem::path file, FileIdentity identity) : file_(std::move(file)), identity_(identity) {}

  std::unique_ptr<Source> open() const override {
    ++reads_;
    return std::make_unique<FileSource>(file_);
  }
  std::optional<FileIdentity> file() const override { return identity_; }
  int reads() const noexcept { return reads_; }

 private:
  const std::filesystem::path file_;
  const FileIdentity identity_;
  mutable int reads_ = 0;
};

LayerEntry file_entry(const std::filesystem::path& file, const std::string& path,
                      const std::optional<FileIdentity>& identity = {}) {
  LayerEntry made;
  made.entry.path = path;
  made.entry.mode = 0444;
  made.bytes = std::make_shared<FileBytes>(file, identity ? *identity : FileIdentity::of(file).value());
  made.entry.size = made.bytes->file()->size;
  return made;
}

Layer build_cached(const std::vector<LayerEntry>& entries, const std::shared_ptr<BlobStore>& store, LayerCache& cache,
                   MakeLayer when = MakeLayer::now) {
  return build_cached_layer(entries, {}, store, &cache, LayerCache::key(entries, {}), when, {});
}

// Until a file is older than the clock's grain.
void let_rest() { std::this_thread::sleep_for(std::chrono::milliseconds(60)); }

struct Counted {
  explicit Counted(const std::filesystem::path& file, const std::optional<FileIdentity>& identity = {})
      : entry(file_entry(file, "f", identity)) {}
  int reads() const { return static_cast<const FileBytes&>(*entry.bytes).reads(); }
  LayerEntry entry;
};

}  // namespace

TEST_CASE("an unchanged file is not read again") {
  const TestFolder folder;
  const auto file = folder.write("file", "one");
  let_rest();
  LayerCache cache(std::make_shared<RecordCache>(folder / "cache"));
  const auto store = make_memory_store();
  Counted counted(file);
  const auto first = build_cached({counted.entry}, store, cache);
  const auto second = build_cached({counted.entry}, store, cache);
  CHECK(counted.reads() == 1);
  CHECK(first.descriptor == second.descriptor);
  CHECK(first.diff_id == second.diff_id);
}

TEST_CASE("a file that changed while its size and mtime stayed is read again") {
  const TestFolder folder;
  const auto file = folder.write("file", "one");
  struct stat before {};
  REQUIRE(::stat(file.c_str(), &before) == 0);
  let_rest();
  LayerCache cache(std::make_shared<RecordCache>(folder / "cache"));
  const auto store = make_memory_store();
  const auto first = build_cached({file_entry(file, "f")}, store, cache);
  folder.write("file", "two");
  const timespec times[2] = {before.st_atim, before.st_mtim};
  REQUIRE(::utimensat(AT_FDCWD, file.c_str(), times, 0) == 0);
  const auto second = build_cached({file_entry(file, "f")}, store, cache);
  CHECK(first.diff_id != second.diff_id);
}

TEST_CASE("a file younger than the clock's grain is not remembered") {
  const TestFolder folder;
  LayerCache cache(std::make_shared<RecordCache>(folder / "cache"));
  const auto store = make_memory_store();
  const auto file = folder.write("file", "one");
  Counted counted(file);
  build_cached({counted.entry}, store, cache);
  build_cached({counted.entry}, store, cache);
  CHECK(counted.reads() == 2);
}

TEST_CASE("a file where a change need not show in the ctime is never remembered") {
  const TestFolder folder;
  const auto file = folder.write("file", "one");
  let_rest();
  LayerCache cache(std::make_shared<RecordCache>(folder / "cache"));
  const auto store = make_memory_store();
  auto other = file_entry(file, "f");
  REQUIRE(LayerCache::key({other}, {}));
  auto identity = *other.bytes->file();
  SUBCASE("a network file system, one in user space, or the image of a disc") { identity.keeps_ctime = false; }
  SUBCASE("times in whole seconds") { identity.ctime -= identity.ctime % 1'000'000'000; }
  SUBCASE("a ctime that is yet to come") { identity.ctime = identity.seen + 1'000'000'001; }
  CHECK_FALSE(LayerCache::key({file_entry(file, "f", identity)}, {}));
  CHECK_FALSE(LayerCache::key(identity, {}));
  const Counted counted(file, identity);
  build_cached({counted.entry}, store, cache);
  build_cached({counted.entry}, store, cache);
  CHECK(counted.reads() == 2);
}

TEST_CASE("metadata, format, codec and level are part of the key") {
  const TestFolder folder;
  const auto file = folder.write("file", "one");
  const auto entry = file_entry(file, "f");
  const auto base = LayerCache::key({entry}, {});
  REQUIRE(base);
  auto other = entry;
  other.entry.mode = 0555;
  CHECK(LayerCache::key({other}, {}) != base);
  other = entry;
  other.entry.path = "g";
  CHECK(LayerCache::key({other}, {}) != base);
  other = entry;
  other.entry.xattrs["security.capability"] = "x";
  CHECK(LayerCache::key({other}, {}) != base);
  CHECK(LayerCache::key({entry}, {ImageFormat::docker, {}}) != base);
  CHECK(LayerCache::key({entry}, {ImageFormat::oci, CompressionOptions::parse("zstd")}) != base);
  CHECK(LayerCache::key({entry}, {ImageFormat::oci, CompressionOptions::parse("gzip:9")}) != base);
  CompressionOptions many_workers;
  many_workers.workers = 8;
  CHECK(LayerCache::key({entry}, {ImageFormat::oci, many_workers}) == base);
}

TEST_CASE("a regular file whose bytes nothing tells apart has no key") {
  LayerEntry entry;
  entry.entry.path = "f";
  CHECK_FALSE(LayerCache::key({entry}, {}));
}

TEST_CASE("a layer that is known but not stored is made when its bytes are asked for, and never before") {
  const TestFolder folder;
  const auto file = folder.write("file", "one");
  let_rest();
  LayerCache cache(std::make_shared<RecordCache>(folder / "cache"));
  Counted counted(file);
  const auto first = build_cached({counted.entry}, make_memory_store(), cache);
  const auto second = build_cached({counted.entry}, make_memory_store(), cache, MakeLayer::on_demand);
  CHECK(counted.reads() == 1);
  CHECK(second.descriptor == first.descriptor);
  NullSink nowhere;
  CHECK(copy(*second.blobs->open(second.descriptor), nowhere) == second.descriptor.size);
  CHECK(counted.reads() == 2);
}

TEST_CASE("a layer on demand whose file changed in between is an error, not another layer") {
  const TestFolder folder;
  const auto file = folder.write("file", "one");
  let_rest();
  LayerCache cache(std::make_shared<RecordCache>(folder / "cache"));
  const auto entry = file_entry(file, "f");
  build_cached({entry}, make_memory_store(), cache);
  const auto layer = build_cached({entry}, make_memory_store(), cache, MakeLayer::on_demand);
  folder.write("file", "two");
  CHECK_THROWS_AS(layer.blobs->open(layer.descriptor), Error);
}

TEST_CASE("a tree survives being bytes, and damaged bytes are no tree") {
  Tree::Node root;
  root.mode = 0711;
  auto& etc = root.children["etc"];
  etc.uid = 1000000;
  auto& passwd = etc.children["passwd"];
  passwd.type = EntryType::regular;
  passwd.size = 300;
  passwd.set_contents("root:x:0:0::/:\n");
  passwd.set_xattrs({{"user.x", std::string("\0y", 2)}});
  auto& link = root.children["link"];
  link.type = EntryType::symlink;
  link.set_link_target("etc/passwd");
  const auto bytes = encode_tree(Tree::from_root(root));
  const auto tree = decode_tree(share(bytes));
  REQUIRE(tree);
  CHECK(tree->root().mode == 0711);
  CHECK(tree->find("etc")->uid == 1000000);
  CHECK(tree->follow("link")->contents() == "root:x:0:0::/:\n");
  CHECK(tree->find("etc/passwd")->xattrs().at("user.x") == std::string("\0y", 2));
  CHECK(encode_tree(*tree) == bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) CHECK_FALSE(decode_tree(share(bytes.substr(0, size))));
  CHECK_FALSE(decode_tree(share(bytes + "x")));
}

TEST_CASE("the folders of a tree that was bytes can be looked at in any order, in copies, and be added to") {
  Tree::Node root;
  for (const auto* outer : {"a", "b", "c"}) {
    for (const auto* inner : {"x", "y"}) {
      auto& folder = root.children[outer].children[inner];
      folder.uid = 7;
      folder.children["file"].type = EntryType::regular;
      folder.children["file"].set_link_target(std::string(outer) + inner);
    }
  }
  const auto bytes = encode_tree(Tree::from_root(root));
  const auto tree = decode_tree(share(bytes));
  REQUIRE(tree);
  const auto before = *tree;
  CHECK(tree->find("c/y/file")->link_target() == "cy");
  const auto between = *tree;
  CHECK(tree->find("a/x/file")->link_target() == "ax");
  CHECK(tree->find("a/x")->children.size() == 1);
  CHECK(tree->find("a/z") == nullptr);
  CHECK(between.find("b/x")->uid == 7);
  for (const auto* each : {&*tree, &before, &between}) CHECK(encode_tree(*each) == bytes);

  auto changed = before.root();
  changed.children["b"].children["x"].children["more"] = {};
  const auto more = Tree::from_root(changed);
  CHECK(more.find("b/x/file") != nullptr);
  CHECK(more.find("b/x/more") != nullptr);
  CHECK(before.find("b/x/more") == nullptr);
}

namespace {

// Its reader is interrupted when it has seen the end.
class StoppingSource : public Source {
 public:
  StoppingSource(std::string bytes, std::stop_source& stop) : bytes_(std::move(bytes)), stop_(stop) {}

  std::size_t read(std::span<std::byte> buffer) override {
    const auto count = std::min(buffer.size(), bytes_.size() - at_);
    std::memcpy(buffer.data(), bytes_.data() + at_, count);
    at_ += count;
    if (count == 0) stop_.request_stop();
    return count;
  }

 private:
  std::string bytes_;
  std::stop_source& stop_;
  std::size_t at_ = 0;
};

}  // namespace

TEST_CASE("a layer whose input has been read can still be interrupted while it is compressed") {
  for (const auto kind : {Compression::none, Compression::gzip, Compression::zstd}) {
    std::stop_source stop;
    LayerEntry made;
    made.entry.path = "f";
    made.entry.mode = 0444;
    made.entry.size = 1000;
    made.bytes = entry_bytes([&stop] { return std::make_unique<StoppingSource>(std::string(1000, 'x'), stop); });
    CHECK_THROWS_WITH_AS(
        build_layer({made}, {.compression = {.kind = kind, .workers = 1}}, make_memory_store(), stop.get_token()),
        "interrupted", Error);
  }
}
