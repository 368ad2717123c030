// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/blob_store.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
namespace fs = std::filesystem;

namespace {

// From sha256sum and sha512sum.
constexpr std::string_view kHello = "hello\n";
constexpr std::string_view kHelloHex = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
constexpr std::string_view kHelloHex512 =
    "e7c22b994c59d9cf2b48e549b1e24666636045930d3da7c1acb299d1c3b7f931"
    "f94aae41edda2c2b207a36e10f8bcb8d45223e54878f5b316e7ce3b6bc019629";

Descriptor hello() {
  return {.media_type = "text/plain", .digest = Digest::parse("sha256:" + std::string(kHelloHex)), .size = 6};
}

Descriptor hello_512() {
  return {.media_type = "text/plain", .digest = Digest::parse("sha512:" + std::string(kHelloHex512)), .size = 6};
}

fs::path hello_path(const fs::path& folder) { return folder / "blobs" / "sha256" / kHelloHex; }

ErrorCode code_of(const auto& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  FAIL("nothing was thrown");
  return ErrorCode::io;
}

std::size_t entries_below(const fs::path& folder) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : fs::recursive_directory_iterator(folder)) ++count;
  return count;
}

void commit_hello(BlobStore& store, const Descriptor& expected) {
  const auto writer = store.begin();
  writer->write(as_bytes("hel"));
  writer->write(as_bytes("lo\n"));
  writer->commit(expected);
}

void write_at(const fs::path& path, std::string_view bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace

TEST_CASE("a directory store writes a blob under its algorithm and digits, and nothing else") {
  const test::TestFolder folder;
  const auto store = open_directory_store(folder / "layout");
  CHECK(!fs::exists(folder / "layout"));

  const auto descriptor = store->put(kHello, "text/plain");

  CHECK(descriptor == hello());
  CHECK(test::read_bytes(hello_path(folder / "layout")) == kHello);
  CHECK(entries_below(folder / "layout") == 3);
}

TEST_CASE("both kinds of store give back what was put") {
  const test::TestFolder folder;
  for (const auto& store : {open_directory_store(folder.path()), make_memory_store()}) {
    CHECK(!store->contains(hello()));
    CHECK(!store->size(hello().digest));
    CHECK(code_of([&] { store->open(hello()); }) == ErrorCode::not_found);
    store->put(kHello, "text/plain");
    CHECK(store->contains(hello()));
    CHECK(store->size(hello().digest) == 6);
    CHECK(BlobStore::read(*store, hello(), 6) == kHello);
  }
}

TEST_CASE("a commit with another digest or size than expected publishes nothing") {
  const test::TestFolder folder;
  for (const auto& store : {open_directory_store(folder / "a"), make_memory_store()}) {
    auto other_digest = hello();
    other_digest.digest = Digest::parse("sha256:" + std::string(64, '0'));
    CHECK_THROWS_AS(commit_hello(*store, other_digest), DigestMismatch);
    auto other_size = hello();
    other_size.size = 7;
    CHECK(code_of([&] { commit_hello(*store, other_size); }) == ErrorCode::corrupt);
    CHECK(!store->size(hello().digest));
    CHECK(!store->size(other_digest.digest));
  }
  CHECK(fs::is_empty(folder / "a"));
}

TEST_CASE("a blob may be named by sha512") {
  const test::TestFolder folder;
  for (const auto& store : {open_directory_store(folder.path()), make_memory_store()}) {
    commit_hello(*store, hello_512());
    CHECK(BlobStore::read(*store, hello_512(), 6) == kHello);
    auto wrong = hello_512();
    wrong.digest = Digest::parse("sha512:" + std::string(128, '0'));
    CHECK_THROWS_AS(commit_hello(*store, wrong), DigestMismatch);
  }
  CHECK(test::read_bytes(folder / "blobs/sha512" / kHelloHex512) == kHello);
}

TEST_CASE("an empty blob is a blob") {
  const test::TestFolder folder;
  for (const auto& store : {open_directory_store(folder.path()), make_memory_store()}) {
    const auto descriptor = store->put("", "text/plain");
    CHECK(descriptor.digest.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(BlobStore::read(*store, descriptor, 0).empty());
  }
}

TEST_CASE("what is written and not committed is gone") {
  const test::TestFolder folder;
  const auto store = open_directory_store(folder / "a");
  store->begin()->write(as_bytes(kHello));
  CHECK(fs::is_empty(folder / "a"));
}

TEST_CASE("a blob that is there already keeps its file") {
  const test::TestFolder folder;
  const auto store = open_directory_store(folder.path());
  store->put(kHello, "text/plain");
  struct stat before {};
  REQUIRE(::stat(hello_path(folder.path()).c_str(), &before) == 0);
  commit_hello(*store, hello());
  store->put(kHello, "text/plain");
  struct stat after {};
  REQUIRE(::stat(hello_path(folder.path()).c_str(), &after) == 0);
  CHECK(before.st_ino == after.st_ino);
}

TEST_CASE("a truncated blob file is corrupt to a reader and put right by the next commit") {
  const test::TestFolder folder;
  const auto store = open_directory_store(folder.path());
  write_at(hello_path(folder.path()), "hel");
  CHECK(!store->contains(hello()));
  CHECK(code_of([&] { store->open(hello()); }) == ErrorCode::corrupt);
  store->put(kHello, "text/plain");
  CHECK(BlobStore::read(*store, hello(), 6) == kHello);
}

TEST_CASE("a blob file with other bytes is found out at the end of reading") {
  const test::TestFolder folder;
  const auto store = open_directory_store(folder.path());
  write_at(hello_path(folder.path()), "jello\n");
  CHECK_THROWS_AS(BlobStore::read(*store, hello(), 6), DigestMismatch);
}

TEST_CASE("a blob that is a symbolic link, a folder or a fifo is corrupt, and is no blob to the store") {
  const test::TestFolder folder;
  const auto path = hello_path(folder.path());
  const auto store = open_directory_store(folder.path());
  fs::create_directories(path.parent_path());
  SUBCASE("symbolic link") { fs::create_symlink(folder.write("outside", kHello), path); }
  SUBCASE("folder") { fs::create_directory(path); }
  SUBCASE("fifo") { REQUIRE(::mkfifo(path.c_str(), 0600) == 0); }
  CHECK(code_of([&] { store->open(hello()); }) == ErrorCode::corrupt);
  CHECK(!store->size(hello().digest));
  CHECK(!store->file(hello().digest));
}

TEST_CASE("a document past the limit is refused by its descriptor already") {
  const auto store = make_memory_store();
  store->put(kHello, "text/plain");
  CHECK(code_of([&] { BlobStore::read(*store, hello(), 5); }) == ErrorCode::corrupt);
}

TEST_CASE("a source outlives its store") {
  std::vector<std::unique_ptr<Source>> sources;
  for (const auto& store : {make_temporary_store(), make_memory_store()}) {
    store->put(kHello, "text/plain");
    sources.push_back(store->open(hello()));
  }
  for (const auto& source : sources) CHECK(read_all(*source, 6, "blob") == kHello);
}

TEST_CASE("a temporary store is gone with its last owner, and lies where TMPDIR says") {
  const test::TestFolder folder;
  const test::TestFolder named;
  const char* set = std::getenv("TMPDIR");
  const std::string before = set == nullptr ? "" : set;
  ::setenv("TMPDIR", folder.path().c_str(), 1);
  auto store = make_temporary_store();
  const auto other = make_temporary_store(named.path());
  if (set == nullptr) {
    ::unsetenv("TMPDIR");
  } else {
    ::setenv("TMPDIR", before.c_str(), 1);
  }
  store->put(kHello, "text/plain");
  CHECK(entries_below(folder.path()) == 4);
  CHECK(entries_below(named.path()) == 1);
  store.reset();
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("copying brings a verified blob from any kind of store into any other") {
  const test::TestFolder folder;
  const auto directory = open_directory_store(folder / "a");
  const auto memory = make_memory_store();
  for (const auto& from : {directory, memory}) {
    from->put(kHello, "text/plain");
    commit_hello(*from, hello_512());
    for (const auto& to : {make_temporary_store(folder.path()), make_memory_store()}) {
      for (const auto& descriptor : {hello(), hello_512()}) {
        copy_blob(*from, descriptor, *to, {});
        CHECK(BlobStore::read(*to, descriptor, 6) == kHello);
      }
    }
  }
}

TEST_CASE("copying a blob that is not what it is called leaves the target without it") {
  const test::TestFolder folder;
  write_at(hello_path(folder / "a"), "jello\n");
  const auto from = open_directory_store(folder / "a");
  for (const auto& to : {open_directory_store(folder / "b"), make_memory_store()}) {
    CHECK_THROWS_AS(copy_blob(*from, hello(), *to, {}), DigestMismatch);
    CHECK(!to->size(hello().digest));
  }
  CHECK(fs::is_empty(folder / "b"));
}

TEST_CASE("copying between folders brings blobs of any size, and none that is longer or shorter than it says") {
  const test::TestFolder folder;
  const auto from = open_directory_store(folder / "a");
  const auto to = open_directory_store(folder / "b");
  for (const std::size_t size : {0U, 1U, 5'000'000U}) {
    const auto descriptor = from->put(std::string(size, 'x'), "text/plain");
    copy_blob(*from, descriptor, *to, {});
    CHECK(BlobStore::read(*to, descriptor, size) == std::string(size, 'x'));
  }
  for (const char* bytes : {"hello\nand more", "hell"}) {
    write_at(hello_path(folder / "a"), bytes);
    CHECK(code_of([&] { copy_blob(*from, hello(), *to, {}); }) == ErrorCode::corrupt);
    CHECK(!to->size(hello().digest));
  }
}

TEST_CASE("copying onto itself and copying what is there need no source") {
  const test::TestFolder folder;
  const auto store = open_directory_store(folder.path());
  store->put(kHello, "text/plain");
  copy_blob(*store, hello(), *open_directory_store(folder.path()), {});
  copy_blob(*make_memory_store(), hello(), *store, {});
  CHECK(BlobStore::read(*store, hello(), 6) == kHello);
}

TEST_CASE("copying stops when it is asked to") {
  const auto from = make_memory_store();
  from->put(kHello, "text/plain");
  std::stop_source stop;
  stop.request_stop();
  const auto to = make_memory_store();
  CHECK(code_of([&] { copy_blob(*from, hello(), *to, stop.get_token()); }) == ErrorCode::interrupted);
  CHECK(!to->size(hello().digest));
}

TEST_CASE("threads and processes may write the same blobs into one folder") {
  const test::TestFolder folder;
  const auto write_many = [&] {
    const auto store = open_directory_store(folder / "layout");
    for (int i = 0; i < 30; ++i) store->put("blob " + std::to_string(i), "text/plain");
  };
  std::vector<pid_t> children;
  for (int i = 0; i < 2; ++i) {
    const auto child = ::fork();
    if (child == 0) {
      int status = 0;
      try {
        write_many();
      } catch (...) {
        status = 1;
      }
      ::_exit(status);
    }
    children.push_back(child);
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) threads.emplace_back(write_many);
  for (auto& thread : threads) thread.join();
  for (const auto child : children) {
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  const auto blobs = folder / "layout/blobs/sha256";
  CHECK(entries_below(folder / "layout") == 32);
  for (const auto& entry : fs::directory_iterator(blobs)) {
    CHECK(Digest::of(test::read_bytes(entry.path())).hex() == entry.path().filename().string());
  }
}

TEST_CASE("a blob that was damaged with its size kept is replaced by whoever has the right bytes") {
  const test::TestFolder folder;
  const auto store = open_directory_store(folder / "layout");
  write_at(hello_path(folder / "layout"), "jello\n");
  SUBCASE("a writer") { commit_hello(*store, hello()); }
  SUBCASE("a document") { store->put(kHello, "text/plain"); }
  SUBCASE("a copy that looks at the bytes") {
    const auto from = make_memory_store();
    from->put(kHello, "text/plain");
    copy_blob(*from, hello(), *store, {}, Present::by_bytes);
  }
  SUBCASE("a copy from a store that the bytes were just made in") {
    const auto from = open_directory_store(folder / "other");
    from->put(kHello, "text/plain");
    copy_blob(*from, hello(), *store, {});
  }
  CHECK(test::read_bytes(hello_path(folder / "layout")) == kHello);
  CHECK(entries_below(folder / "layout") == 3);
}

TEST_CASE("a right blob is left alone by whoever has the right bytes") {
  const test::TestFolder folder;
  const auto store = open_directory_store(folder / "layout");
  write_at(hello_path(folder / "layout"), kHello);
  const auto before = test::inode_of(hello_path(folder / "layout"));
  commit_hello(*store, hello());
  store->put(kHello, "text/plain");
  copy_blob(*make_memory_store(), hello(), *store, {}, Present::by_bytes);
  CHECK(test::inode_of(hello_path(folder / "layout")) == before);
}

TEST_CASE("holding a blob means its bytes, not its size") {
  const test::TestFolder folder;
  const auto store = open_directory_store(folder / "layout");
  CHECK_FALSE(store->holds(hello()));
  write_at(hello_path(folder / "layout"), "jello\n");
  CHECK(store->contains(hello()));
  CHECK_FALSE(store->holds(hello()));
  write_at(hello_path(folder / "layout"), kHello);
  CHECK(store->holds(hello()));
}
