// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../compare/compare_support.hpp"
#include "image/layer_builder.hpp"
#include "image/new_layer.hpp"
#include "inputs/folder.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/policy.hpp"
#include "policy/detail_codec.hpp"
#include "policy/layer_record.hpp"
#include "raw_go_program.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

constexpr const char* kModules = "path\texample.com/server\nmod\texample.com/server\tv1.0.0\t\nbuild\tCGO_ENABLED=1\n";
constexpr const char* kKey =
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJrmmyp+AmDBkRzKDhbUAe9kHZCP5lQXhdIxJcJUlzLc\n"
    "-----END PRIVATE KEY-----\n";

// What most rules find something in.
RawTar base_files() {
  return RawTar()
      .file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nother:x:0:0::/:/bin/sh\n")
      .file("etc/shadow", "root::1:0:::::\n", 0600)
      .file("etc/os-release", "ID=debian\nVERSION_ID=12\nSUPPORT_END=2020-01-01\n")
      .file("etc/key.pem", kKey)
      .file("usr/bin/su", "program", 04755)
      .file("usr/lib/removed.pem", kKey)
      .file("bin/sh", "#!/bin/other\n", 0755)
      .hard_link("bin/bash", "bin/sh");
}
RawTar application() {
  return RawTar().file("usr/lib/.wh.removed.pem", "").file("server", raw_go_program("go1.22.1", kModules), 0755);
}

Policy strict_policy() {
  auto policy = Policy::of_level(PolicyLevel::strict);
  policy.rules["eol"].level = Severity::error;
  return policy;
}

ImageConfig config() {
  ImageConfig config;
  config.entrypoint = {"/server"};
  config.user = "65532:65532";
  return config;
}

Image without_layers(const Image& image) {
  return Image::from_documents(image.manifest_json(), image.manifest().media_type(), image.config_json(),
                               std::make_shared<Untouchable>());
}

// Counts how often a layer is opened.
class CountedBlobs : public BlobReader {
 public:
  explicit CountedBlobs(std::shared_ptr<BlobReader> from) : from_(std::move(from)) {}
  std::unique_ptr<Source> open(const Descriptor& descriptor) override {
    ++opened;
    return from_->open(descriptor);
  }
  int opened = 0;

 private:
  std::shared_ptr<BlobReader> from_;
};

CheckInputs inputs_with(const std::filesystem::path& cache) {
  CheckInputs inputs;
  inputs.cache_folder = cache;
  inputs.now = 1'800'000'000;
  return inputs;
}

}  // namespace

TEST_CASE("an image whose layers the cache knows is judged as before, and no layer is read") {
  const Images images;
  const auto image =
      Images::image({{images.layer(base_files()), "base"}, {images.layer(application()), "app"}}, config());
  const TestFolder folder;
  const auto plain = check_image(image, strict_policy(), inputs_with({}));
  REQUIRE(plain.findings.size() > 8);
  const auto first = check_image(image, strict_policy(), inputs_with(folder.path()));
  const auto second = check_image(without_layers(image), strict_policy(), inputs_with(folder.path()));
  CHECK(first == plain);
  CHECK(second == plain);
  // A key that a later layer removes is still in the image.
  CHECK(std::any_of(plain.findings.begin(), plain.findings.end(), [](const Finding& finding) {
    return finding.rule == "secret-files" &&
           finding.reason.starts_with("layer 1 has /usr/lib/removed.pem, a private key");
  }));
  // What one policy did not ask for is read for one that does.
  const TestFolder other;
  auto without_needs = strict_policy();
  without_needs.rules["needs"].level = Severity::off;
  check_image(image, without_needs, inputs_with(other.path()));
  CHECK(check_image(image, strict_policy(), inputs_with(other.path())) == plain);
  CHECK_THROWS_AS(check_image(without_layers(image), strict_policy(), inputs_with({})), std::logic_error);
}

TEST_CASE("rules and databases of vulnerabilities read a layer once between them") {
  const Images images;
  const auto base = images.layer(base_files());
  const auto app = images.layer(application());
  const auto made = Images::image({{base, "base"}, {app, "app"}}, config());
  const TestFolder databases;
  databases.write("GO-2026-0001.json",
                  R"({"id":"GO-2026-0001","affected":[{"package":{"ecosystem":"Go","name":"example.com/server"},)"
                  R"("ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]}]})");
  const TestFolder cache;
  for (const auto& folder : {std::filesystem::path(), cache.path()}) {
    const auto counted = std::make_shared<CountedBlobs>(images.store);
    const auto image =
        Image::from_documents(made.manifest_json(), made.manifest().media_type(), made.config_json(), counted);
    auto policy = strict_policy();
    policy.rules["vulnerabilities"].level = Severity::error;
    policy.rules["unknown-severity"].level = Severity::error;
    auto inputs = inputs_with(folder);
    inputs.databases = {databases.path()};
    const auto report = check_image(image, policy, inputs);
    CHECK(counted->opened == 2);
    CHECK(std::any_of(report.findings.begin(), report.findings.end(),
                      [](const Finding& finding) { return finding.subject == "GO-2026-0001"; }));
    if (folder.empty()) continue;
    check_image(image, policy, inputs);
    CHECK(counted->opened == 2);
  }
}

TEST_CASE("records that are cut off or damaged are read past") {
  const Images images;
  const auto image = Images::image({{images.layer(base_files()), "base"}}, config());
  const TestFolder folder;
  const auto first = check_image(image, strict_policy(), inputs_with(folder.path()));
  std::filesystem::path record;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
    if (entry.is_regular_file()) record = entry.path();
  }
  REQUIRE(!record.empty());
  std::filesystem::resize_file(record, std::filesystem::file_size(record) - 1);
  CHECK(check_image(image, strict_policy(), inputs_with(folder.path())) == first);
}

TEST_CASE("a record of a layer that is cut off anywhere is no record") {
  LayerRecordWriter writer({.needs = true});
  FileDetail detail;
  detail.script_line = "#!/bin/sh";
  detail.text = "text";
  detail.certificates = 3;
  TarEntry entry;
  entry.path = "bin/script";
  entry.mode = 0755;
  entry.uid = 7;
  entry.xattrs["security.capability"] = std::string("\0\1\2", 3);
  writer.add(entry, encode_detail(detail));
  const auto bytes = writer.take();
  REQUIRE(bytes);
  LayerRecordReader whole(*bytes);
  CHECK(whole.has().needs);
  CHECK(!whole.has().code);
  const auto item = whole.next();
  REQUIRE(item);
  CHECK(item->entry.path == "bin/script");
  CHECK(item->entry.uid == 7);
  CHECK(item->entry.xattrs == entry.xattrs);
  const auto found = decode_detail(item->detail);
  REQUIRE(found);
  CHECK(found->script_line == "#!/bin/sh");
  CHECK(found->text == "text");
  CHECK(found->certificates == 3);
  CHECK(!whole.next());
  CHECK(whole.is_whole());
  const std::size_t head = std::string("layer of a policy 1\n").size() + 1;
  for (std::size_t size = 0; size < bytes->size(); ++size) {
    LayerRecordReader cut(std::string_view(*bytes).substr(0, size));
    while (cut.next()) {
    }
    CAPTURE(size);
    CHECK(cut.is_whole() == (size == head));  // which is a record of no entries
  }
  const auto encoded = encode_detail(detail);
  for (std::size_t size = 1; size < encoded.size(); ++size) CHECK(!decode_detail(encoded.substr(0, size)));
  CHECK(!decode_detail(encoded + "x"));
}

TEST_CASE("files of a layer that was just made are looked at where they lie, and kept for the next time") {
  const TestFolder folder;
  const auto program = folder.write("server", raw_go_program("go1.22.1", kModules));
  const auto key = folder.write("key.pem", kKey);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  std::vector<LayerEntry> entries;
  entries.push_back(read_regular_file(program, "server", 0));
  entries.back().entry.mode = 0755;
  entries.push_back(read_regular_file(key, "srv/key.pem", 0));
  entries.back().entry.mode = 0666;
  sort_entries(entries);
  const Images images;
  const auto layer = build_layer(entries, {}, images.store, {});
  const auto image = Images::image({{layer, "app"}}, config());
  const auto plain = check_image(image, strict_policy(), inputs_with({}));
  REQUIRE(plain.findings.size() > 3);
  const TestFolder cache;
  auto inputs = inputs_with(cache.path());
  inputs.new_layers[layer.descriptor.digest] = std::make_shared<const NewLayer>(NewLayer{entries});
  CHECK(check_image(without_layers(image), strict_policy(), inputs) == plain);
  // By what was kept.
  CHECK(check_image(without_layers(image), strict_policy(), inputs_with(cache.path())) == plain);
  // Another file in its place is not taken for it.
  folder.write("key.pem", "no key");
  inputs.cache_folder.clear();
  CHECK_THROWS_AS(check_image(without_layers(image), strict_policy(), inputs), Error);
}
