// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/atomic_file.hpp"
#include "compress/codec.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "vulnerabilities/database.hpp"
#include "vulnerabilities/readers.hpp"
#include "vulnerabilities/zip_file.hpp"

using namespace ociassemble;

namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((path() / name).parent_path());
    std::ofstream(path() / name, std::ios::binary) << text;
  }
  fs::path path() const { return folder_.path(); }
  Database open() const { return open_database(path(), {}); }
  // The message of what open() throws; empty where it does not.
  std::string refusal() const {
    try {
      open();
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }

 private:
  TemporaryFolder folder_{fs::temp_directory_path()};
};

std::string osv(const std::string& id, const std::string& affected) {
  return R"({"id":")" + id + R"(","modified":"2024-01-01T00:00:00Z","affected":[)" + affected + "]}";
}

const std::string kLib = R"({"package":{"ecosystem":"Go","name":"example.com/lib"},
  "ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.3.0"}]}]})";

std::vector<AffectedPackage> affected_of(const Database& database, const std::string& ecosystem,
                                         const std::string& package) {
  std::vector<AffectedPackage> found;
  database.index.for_each_affected(ecosystem, package, [&](AffectedPackage&& one) { found.push_back(std::move(one)); });
  return found;
}

std::string little(std::uint64_t value, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) bytes += static_cast<char>((value >> (8 * i)) & 0xFF);
  return bytes;
}

struct Stored {
  std::string name;
  std::string bytes;
  std::uint64_t size;  // that the directory claims
};

// A ZIP archive of stored entries (APPNOTE 6.3.10).
std::string zip(const std::vector<Stored>& entries) {
  std::string file;
  std::string directory;
  for (const auto& entry : entries) {
    const auto offset = file.size();
    const auto sizes =
        little(0, 4) + little(entry.bytes.size(), 4) + little(entry.size, 4) + little(entry.name.size(), 2);
    file += "PK\x03\x04" + little(20, 2) + little(0, 2) + little(0, 2) + little(0, 4) + sizes + little(0, 2) +
            entry.name + entry.bytes;
    directory += "PK\x01\x02" + little(20, 2) + little(20, 2) + little(0, 2) + little(0, 2) + little(0, 4) + sizes +
                 little(0, 2) + little(0, 2) + little(0, 2) + little(0, 2) + little(0, 4) + little(offset, 4) +
                 entry.name;
  }
  const auto at = file.size();
  file += directory;
  return file + "PK\x05\x06" + little(0, 4) + little(entries.size(), 2) + little(entries.size(), 2) +
         little(directory.size(), 4) + little(at, 4) + little(0, 2);
}

std::string zip_of(const std::string& name, const std::string& bytes) { return zip({{name, bytes, bytes.size()}}); }

}  // namespace

TEST_CASE("a folder of OSV documents is read, and found again by its index") {
  Folder folder;
  folder.write("GO-1.json", osv("GO-1", kLib));
  for (int run = 0; run < 2; ++run) {
    const auto database = folder.open();
    CHECK(database.index.facts().advisories == 1);
    CHECK(database.index.facts().modified == "2024-01-01T00:00:00Z");
    const auto found = affected_of(database, "Go", "example.com/lib");
    REQUIRE(found.size() == 1);
    CHECK(found[0].advisory == "GO-1");
    REQUIRE(found[0].ranges.size() == 1);
    CHECK(found[0].ranges[0].events[1].version == "1.3.0");
    CHECK(affected_of(database, "Go", "example.com/li").empty());
    CHECK(affected_of(database, "Go", "example.com/lib2").empty());
    CHECK(affected_of(database, "Debian:12", "example.com/lib").empty());
  }
  CHECK(fs::exists(folder.path() / ".ociassemble-index"));
}

TEST_CASE("an index of other files, and a damaged one, are made anew") {
  Folder folder;
  folder.write("GO-1.json", osv("GO-1", kLib));
  folder.open();
  folder.write("GO-2.json", osv("GO-2", kLib));
  CHECK(affected_of(folder.open(), "Go", "example.com/lib").size() == 2);
  const auto index = folder.path() / ".ociassemble-index";
  for (const auto size : {std::uintmax_t{0}, std::uintmax_t{50}, fs::file_size(index) - 1}) {
    fs::resize_file(index, size);
    CHECK(affected_of(folder.open(), "Go", "example.com/lib").size() == 2);
  }
}

TEST_CASE("many records are found across the blocks of an index") {
  Folder folder;
  std::string affected;
  for (int i = 0; i < 2000; ++i) {
    affected +=
        fmt::format(R"({}{{"package":{{"ecosystem":"Go","name":"example.com/m{:04}"}},"ranges":[{{"type":"SEMVER",
      "events":[{{"introduced":"0"}},{{"fixed":"1.{}.0"}}]}}]}})",
                    i == 0 ? "" : ",", i, i);
  }
  folder.write("GO-1.json", osv("GO-1", affected));
  const auto database = folder.open();
  for (int i = 0; i < 2000; ++i) {
    const auto found = affected_of(database, "Go", fmt::format("example.com/m{:04}", i));
    REQUIRE(found.size() == 1);
    CHECK(found[0].ranges[0].events[1].version == fmt::format("1.{}.0", i));
  }
}

TEST_CASE("Alpine's secdb: 0 is never affected, several identifiers share a text, remarks are none") {
  Folder folder;
  folder.write("main.json", R"j({"distroversion":"v3.20","reponame":"main","packages":[
    {"pkg":{"name":"openssl","secfixes":{"3.3.2-r1":["CVE-2099-1001"],"3.3.0-r0":["CVE_2099-1002 (+ regression fix)"],
      "0":["CVE-2099-1003"]}}},
    {"pkg":{"name":"busybox","secfixes":{"1.36.1-r30":["CVE-2099-1004 GHSA-xxxx-yyyy-zzzz"],"1.36.1-r2":[]}}},
    {"pkg":{"name":"varnish","secfixes":{"6.0-r0":["VSV00003"],"6.1-r0":["cve-2099-1005"],"6.2-r0":["see the changes"]}}}]})j");
  const auto database = folder.open();
  const auto openssl = affected_of(database, "Alpine:v3.20", "openssl");
  REQUIRE(openssl.size() == 2);
  CHECK(openssl[0].advisory == "CVE-2099-1002");
  CHECK(openssl[1].advisory == "CVE-2099-1001");
  CHECK(openssl[1].ranges[0].events[1].version == "3.3.2-r1");
  const auto varnish = affected_of(database, "Alpine:v3.20", "varnish");
  REQUIRE(varnish.size() == 2);
  CHECK(varnish[0].advisory == "VSV00003");
  CHECK(varnish[1].advisory == "CVE-2099-1005");
  const auto busybox = affected_of(database, "Alpine:v3.20", "busybox");
  REQUIRE(busybox.size() == 1);
  CHECK(busybox[0].advisory == "CVE-2099-1004");
  CHECK(database.index.find_advisory("CVE-2099-1004")->aliases == std::vector<std::string>{"GHSA-xxxx-yyyy-zzzz"});
  CHECK(database.index.advisories_of_alias("GHSA-xxxx-yyyy-zzzz") == std::vector<std::string>{"CVE-2099-1004"});
  CHECK(database.index.facts().coverage.contains({"Alpine:v3.20", "main"}));
}

TEST_CASE("Debian's tracker: open, resolved, never affected and undetermined") {
  Folder folder;
  folder.write("tracker.json", R"({"util-linux":{"CVE-2099-2001":{"description":"x","releases":{"bookworm":
    {"status":"resolved","fixed_version":"2.38.1-5+deb12u4","urgency":"not yet assigned"}}}},
    "openssl":{"CVE-2099-2002":{"releases":{"bookworm":{"status":"open","urgency":"medium","nodsa_reason":"postponed"}}},
    "CVE-2099-2003":{"releases":{"bookworm":{"status":"resolved","fixed_version":"0","urgency":"unimportant"}}},
    "CVE-2099-2004":{"releases":{"bookworm":{"status":"undetermined"}}}}})");
  const auto database = folder.open();
  const auto util = affected_of(database, "Debian:12", "util-linux");
  REQUIRE(util.size() == 1);
  CHECK(util[0].ranges[0].events[1].version == "2.38.1-5+deb12u4");
  const auto openssl = affected_of(database, "Debian:12", "openssl");
  REQUIRE(openssl.size() == 1);
  CHECK(openssl[0].advisory == "CVE-2099-2002");
  CHECK(openssl[0].severity == "medium");
  CHECK(openssl[0].note == "postponed");
  CHECK(openssl[0].ranges[0].events.size() == 1);
}

TEST_CASE("the secdb of Wolfi has no version, and an entry of the tracker may have no release") {
  Folder folder;
  folder.write("security.json", R"({"reponame":"os","urlprefix":"https://packages.wolfi.dev","packages":[
    {"pkg":{"name":"brotli","secfixes":{"1.0.9-r0":["CVE-2020-8927"]}}}]})");
  folder.write("tracker.json", R"({"chromium-browser":{"CVE-2022-0358":{"releases":[]}}})");
  const auto database = folder.open();
  CHECK(affected_of(database, "Wolfi", "brotli").size() == 1);
  CHECK(database.index.facts().advisories == 2);
}

TEST_CASE("archives are read as folders are") {
  Folder folder;
  folder.write("all.zip", zip({{"GO-1.json", osv("GO-1", kLib), osv("GO-1", kLib).size()},
                               {"README.md", "x", 1},
                               {"ID/GO-2.json", osv("GO-2", kLib), osv("GO-2", kLib).size()}}));
  CHECK(affected_of(folder.open(), "Go", "example.com/lib").size() == 2);
}

TEST_CASE("what is no database, or a broken one, is refused by name") {
  struct Case {
    const char* file;
    std::string bytes;
    const char* said;
  };
  std::string ranges;
  for (int i = 0; i < 100'000; ++i) ranges += (i == 0 ? "" : ",") + std::string(R"({"type":"SEMVER","events":[]})");
  const auto many = osv("GO-1", R"({"package":{"ecosystem":"Go","name":"m"},"ranges":[)" + ranges + "]}");
  const auto some =
      osv("GO-1", R"({"package":{"ecosystem":"Go","name":"m"},"ranges":[)" + ranges.substr(0, 29 * 12'000 - 1) + "]}");
  const std::string good = osv("GO-1", kLib);
  const std::string archive = zip_of("GO-1.json", good);
  const std::vector<Case> cases{
      {"a.json", "", "ends in the middle"},
      {"a.json", "[]", "not an object"},
      {"a.json", "{}", "no vulnerability database"},
      {"a.json", R"({"a":1})", "no vulnerability database"},
      {"a.json", good.substr(0, good.size() - 1), "ends in the middle"},
      {"a.json", good + "x", "more after the document"},
      {"a.json", R"({"id":"../../etc/passwd","affected":[]})", "id that is none"},
      {"a.json", R"({"id":"A-1","x":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}", "nested"},
      {"a.json", many, "more than 200000 values"},
      {"a.json", some, "more than 10000 ranges"},
      {"a.json", R"({"id":"A-1","x":")" + std::string(9'000'000, 'x') + "\"}", "a value of more than"},
      {"a.json", R"({"openssl":{"CVE-1":{"releases":{"bookworm":{"status":"maybe"}}}}})", "neither open nor resolved"},
      {"a.json", R"({"openssl":{"CVE-1":{"releases":{"bookworm":{"status":"resolved"}}}}})", "no fixed_version"},
      {"a.json", R"({"openssl":{"CVE-1":{"releases":{"bookworm":{"status":"open"}}}})", "ends in the middle"},
      {"a.json", R"({"distroversion":"v3.20","packages":[{"pkg":{"secfixes":{}}}]})", "name"},
      {"a.json", R"({"distroversion":"v3.20","packages":[{"pkg":{"name":"a","secfixes":{"":["CVE-1-1"]}}}]})",
       "no usable version"},
      {"a.json", R"({"distroversion":"v3.20","packages":[]})", "it has no packages"},
      {"a.json", R"({"openssl\u0000x":{"CVE-1":{"releases":{}}}})", "no source package"},
      // One name must not be found as another.
      {"a.json", osv("GO-1", R"({"package":{"ecosystem":"Go","name":"m\u0000x"}})"), "control characters"},
      {"a.json", osv("GO-1", R"({"package":{"ecosystem":"Go\u0000","name":"m"}})"), "control characters"},
      {"a.json", R"({"id":"A-1","aliases":["CVE-1\u0000"]})", "aliases with control characters"},
      // Nothing but a time leaves an entry aside.
      {"a.json", R"({"id":"A-1","withdrawn":"banana"})", "a withdrawn that is no time"},
      {"a.json", R"({"id":"A-1","withdrawn":"5"})", "a withdrawn that is no time"},
      {"a.zip", "", "truncated"},
      {"a.zip", "PK", "truncated"},
      {"a.zip", archive.substr(0, archive.size() - 1), "no ZIP archive, or a truncated one"},
      {"a.zip", archive.substr(10), "damaged"},
      {"a.zip", zip_of("../evil.json", good), "leaves the archive"},
      {"a.zip", zip_of("/etc/evil.json", good), "leaves the archive"},
      {"a.zip", zip_of("a/../../evil.json", good), "leaves the archive"},
      {"a.zip", zip({{"GO-1.json", good, std::uint64_t{3} << 30U}}), "unpacks to"},
      {"a.zip", zip({{"GO-1.json", good, good.size() + 1}}), "size that it states"},
      {"a.zip", zip_of("README.md", "x"), "no vulnerability database"},
      {"README.md", "x", "no vulnerability database"},
  };
  for (const auto& one : cases) {
    Folder folder;
    folder.write(one.file, one.bytes);
    const auto said = folder.refusal();
    INFO(std::string_view(one.bytes).substr(0, 80));
    INFO(said);
    CHECK(said.find(one.said) != std::string::npos);
    CHECK_FALSE(fs::exists(folder.path() / ".ociassemble-index"));
  }
}

TEST_CASE("entries of an archive that lie over each other are refused") {
  const auto good = osv("GO-1", kLib);
  auto archive = zip({{"GO-1.json", good, good.size()}, {"GO-2.json", good, good.size()}});
  // The second entry of the directory points to the first one's data.
  const auto second = archive.rfind("PK\x01\x02");
  archive.replace(second + 42, 4, little(0, 4));
  Folder folder;
  folder.write("a.zip", archive);
  CHECK(folder.refusal().find("over each other") != std::string::npos);
}

TEST_CASE("a copy of the Go database that lacks an entry is refused") {
  Folder folder;
  folder.write("ID/GO-1.json", osv("GO-1", kLib));
  folder.write("index/db.json", R"({"modified":"2024-01-01T00:00:00Z"})");
  folder.write("index/modules.json", R"([{"path":"example.com/lib","vulns":[{"id":"GO-1"},{"id":"GO-2"}]}])");
  CHECK(folder.refusal().find("ID/GO-2.json is not there") != std::string::npos);
  folder.write("index/modules.json", R"([{"path":"example.com/lib","vulns":[{"id":"../../etc/passwd"}]}])");
  CHECK(folder.refusal().find("id that is none") != std::string::npos);
  folder.write("index/modules.json", R"([{"path":"example.com/lib","vulns":[{"id":"GO-1"}]}])");
  CHECK(folder.refusal().empty());
}

TEST_CASE("links out of the folder are refused, those inside it are read") {
  Folder folder;
  Folder other;
  other.write("GO-1.json", osv("GO-1", kLib));
  fs::create_symlink(other.path() / "GO-1.json", folder.path() / "GO-1.json");
  CHECK(folder.refusal().find("a link out of the folder") != std::string::npos);
  fs::remove(folder.path() / "GO-1.json");
  fs::create_directory_symlink(other.path(), folder.path() / "more");
  CHECK(folder.refusal().find("a link to a folder") != std::string::npos);
  fs::remove(folder.path() / "more");
  folder.write("GO-2.json", osv("GO-2", kLib));
  fs::create_symlink("GO-2.json", folder.path() / "GO-3.json");
  CHECK(affected_of(folder.open(), "Go", "example.com/lib").size() == 2);
}

TEST_CASE("no document of 2 GB is read") {
  Folder folder;
  folder.write("a.json", "{");
  fs::resize_file(folder.path() / "a.json", std::uintmax_t{2} << 30U);
  CHECK(folder.refusal().find("more than any vulnerability database") != std::string::npos);
}
