// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/check.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <clocale>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "assemble/perturbation.hpp"
#include "ociassemble/compare.hpp"
#include "ociassemble/error.hpp"
#include "test_folder.hpp"
#include "tiny_elf.hpp"

using namespace ociassemble;

namespace {

struct Made {
  test::TestFolder folder;
  AssembleOptions options;
  Workplace workplace;

  Made() {
    options.contents.binaries = {{folder.write("app", test::tiny_elf()), "", false, {}}};
    folder.write("data/a", "a");
    folder.write("data/b", "b");
    AddInput add;
    add.source = folder / "data";
    add.destination = "/srv";
    options.contents.adds = {add};
    workplace.store = make_memory_store();
  }
  Image assemble_once() const { return assemble(options, workplace).image; }
};

// What the check throws; empty when it is content.
std::string finding(const Made& made, const Image& image) {
  try {
    check_reproducible(made.options, made.workplace, image);
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::check_failed);
    return error.what();
  }
  return {};
}

// A folder whose files are not the same each time that they are read.
class Restless : public InputAccess {
 public:
  explicit Restless(std::filesystem::path file) : file_(std::move(file)) {}
  void arrange(std::vector<std::string>&) const override {
    std::ofstream(file_, std::ios::binary) << "xxxx" << static_cast<char>('a' + count_++);
  }
  std::size_t limit_read(std::size_t wanted) const override { return wanted; }

 private:
  const std::filesystem::path file_;
  mutable std::atomic<int> count_ = 0;
};

// Sees that the other circumstances are there.
class Witness : public InputAccess {
 public:
  void arrange(std::vector<std::string>& members) const override {
    std::sort(members.begin(), members.end());
    time_zone = std::getenv("TZ") == nullptr ? "" : std::getenv("TZ");
    std::ostringstream text;
    text << 1234567;
    number = text.str();
  }
  std::size_t limit_read(std::size_t wanted) const override { return wanted; }

  mutable std::string time_zone;
  mutable std::string number;
};

}  // namespace

TEST_CASE("an image of inputs at rest is the same under other circumstances, in every compression") {
  for (const char* compression : {"gzip", "zstd", "none"}) {
    Made made;
    made.options.compression = CompressionOptions::parse(compression);
    CHECK(finding(made, made.assemble_once()).empty());
  }
}

TEST_CASE("a check leaves the process as it was") {
  const Made made;
  const auto mask = ::umask(022);
  ::umask(mask);
  const std::string locale = std::setlocale(LC_ALL, nullptr);
  const char* zone = std::getenv("TZ");
  const auto before = zone == nullptr ? std::string("unset") : std::string(zone);
  const Witness witness;
  {
    const ScopedInputAccess access(witness);
    CHECK(finding(made, made.assemble_once()).empty());
  }
  CHECK(witness.time_zone == "XXX-13:37");
  CHECK(witness.number == "1.234.567");
  zone = std::getenv("TZ");
  CHECK((zone == nullptr ? std::string("unset") : std::string(zone)) == before);
  CHECK(std::setlocale(LC_ALL, nullptr) == locale);
  CHECK(::umask(mask) == mask);
  std::ostringstream text;
  text << 1234567;
  CHECK(text.str() == "1234567");
}

TEST_CASE("a file that is not the same each time is found, with its layer and byte") {
  const Made made;
  const Restless restless(made.folder / "data/a");
  const ScopedInputAccess access(restless);
  const auto found = finding(made, made.assemble_once());
  CAPTURE(found);
  CHECK(found.find("layer 2: offset 1028 of the tar, at byte 4 of /srv/a") != std::string::npos);
}

TEST_CASE("a folder in another order and files in pieces give the bytes that they gave before") {
  const Made made;
  const auto before = made.assemble_once().digest();
  const PerturbedInputs inputs;
  std::vector<std::string> members{"b", "a", "c"};
  inputs.arrange(members);
  CHECK(members == std::vector<std::string>{"c", "b", "a"});
  CHECK(inputs.limit_read(1) == 1);
  CHECK(inputs.limit_read(262144) == 4093);
  const ScopedInputAccess access(inputs);
  CHECK(made.assemble_once().digest() == before);
}

TEST_CASE("where the config or the manifest differs, the member is named") {
  Made made;
  const auto first = made.assemble_once();
  made.options.env = {{"A", "1"}};
  CHECK(first_difference(first, made.assemble_once(), {}) == R"(config: config.Env A: (none) -> "1")");
  made.options.env.clear();
  made.options.annotations = {{"k", "v"}};
  CHECK(first_difference(first, made.assemble_once(), {}) == R"(manifest: annotations k: (none) -> "v")");
  made.options.annotations.clear();
  CHECK_FALSE(first_difference(first, made.assemble_once(), {}));
}

TEST_CASE("where an entry's header differs, or its compression, that is said") {
  Made made;
  const auto first = made.assemble_once();
  made.options.contents.adds[0].mode = 0640;
  const auto mode = first_difference(first, made.assemble_once(), {});
  REQUIRE(mode);
  CHECK(mode->find("layer 2: offset 10") == 0);
  CHECK(mode->find("in the header of /srv") != std::string::npos);
  made.options.contents.adds[0].mode.reset();
  made.options.compression = CompressionOptions::parse("gzip:1");
  const auto level = first_difference(first, made.assemble_once(), {});
  REQUIRE(level);
  CHECK(level->find("the same tar is compressed otherwise") != std::string::npos);
}
