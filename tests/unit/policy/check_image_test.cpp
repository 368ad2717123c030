// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "../compare/compare_support.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/policy.hpp"
#include "raw_elf.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using namespace ociassemble::test;
using namespace std::string_literals;

namespace {

// As Go's linker writes it: lengths are unsigned LEB128, the modules lie between sentinels.
std::string built_program(const std::string& modules, const std::string& version = "go1.22.1") {
  const std::string sentinel(16, '\x30');
  const auto counted = [](const std::string& text) {
    std::string length;
    if (text.size() >= 128) length += static_cast<char>(0x80U | (text.size() & 0x7FU));
    length += static_cast<char>(text.size() < 128 ? text.size() : text.size() >> 7U);
    return length + text;
  };
  RawElf raw;
  raw.segments = {{1, 5, 0x400000, "code"}};
  raw.sections = {{".go.buildinfo", "\xff Go buildinf:\x08\x02"s + std::string(16, '\0') + counted(version) +
                                        counted(sentinel + modules + sentinel)}};
  return raw.bytes();
}

constexpr const char* kTomlSum = "h1:kuoIxZQy2WRRk1pttg9asf+WVv6tWQuBNVmK8+nqPr0=";
const std::string kHead = "path\texample.com/server\nmod\texample.com/server\tv1.0.0\t\n";
const std::string kTomlModule = "dep\tgithub.com/BurntSushi/toml\tv1.4.0\t"s + kTomlSum + "\n";

Image image_of(const RawTar& tar, ImageConfig config = {}) {
  static const Images images;
  return Images::image({{images.layer(tar), "hand"}}, std::move(config));
}

Image image_with(const std::string& program) { return image_of(RawTar().file("server", program, 0555)); }

// The findings of one rule, as "SUBJECT: REASON" or "SUBJECT not judged: REASON".
std::vector<std::string> findings_of(const Image& image, const std::string& rule, const std::string& options = "{}",
                                     const CheckInputs& inputs = {}) {
  const auto policy =
      Policy::parse(R"({"runs": "off", "needs": "off", ")" + rule + "\": " + options + "}", "/nowhere/p.json");
  std::vector<std::string> texts;
  for (const auto& finding : check_image(image, policy, inputs).findings)
    texts.push_back(finding.subject + (finding.verdict == GateVerdict::not_judged ? " not judged: " : ": ") +
                    finding.reason);
  return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("modules are held against a go.sum") {
  const TestFolder folder;
  const auto with = [&](const std::string& sum) {
    folder.write("go.sum", sum);
    return findings_of(image_with(built_program(kHead + kTomlModule)), "go-sums",
                       "{\"goSum\": \"" + (folder / "go.sum").string() + "\"}");
  };
  const auto file = (folder / "go.sum").string();
  CHECK(with("github.com/BurntSushi/toml v1.4.0 "s + kTomlSum + "\n").empty());
  CHECK(with("github.com/BurntSushi/toml v1.4.0/go.mod "s + kTomlSum + "\n") ==
        Texts{"github.com/BurntSushi/toml: /server has github.com/BurntSushi/toml v1.4.0, which " + file +
              " does not name"});
  CHECK(with("github.com/BurntSushi/toml v1.4.0 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n") ==
        Texts{"github.com/BurntSushi/toml: /server has github.com/BurntSushi/toml v1.4.0 with another checksum than " +
              file});
}

TEST_CASE("modules without a checksum and from folders fail, and a program without a list is not judged") {
  CHECK(findings_of(image_with(built_program(kHead + kTomlModule)), "go-sums").empty());
  CHECK(findings_of(image_with(built_program(kHead + "dep\texample.org/vendored\tv1.0.0\t\n")), "go-sums") ==
        Texts{"example.org/vendored: /server has example.org/vendored v1.0.0 without a checksum"});
  CHECK(findings_of(image_with(built_program(kHead + "dep\texample.org/a\tv0.3.0\n=>\t../a\t\t\n")), "go-sums") ==
        Texts{"../a: /server has ../a from a folder, in the place of example.org/a v0.3.0"});
  CHECK(findings_of(image_with(built_program("path\texample.com/server\n")), "go-sums") ==
        Texts{"/server not judged: /server does not say which modules are in it"});
}

TEST_CASE("modules are allowed and denied by what was linked") {
  const auto image = image_with(built_program(
      kHead + kTomlModule + "dep\texample.org/old\tv1.0.0\n=>\texample.org/fork\tv1.1.0\t" + kTomlSum + "\n"));
  CHECK(findings_of(image, "go-modules", R"({"deny": ["example.org/old"]})").empty());
  CHECK(findings_of(image, "go-modules", R"({"deny": "example.org/fork@v1.1.*"})") ==
        Texts{"example.org/fork: /server has example.org/fork v1.1.0, which is denied"});
  CHECK(findings_of(image, "go-modules", R"({"allow": ["example.org/*"]})") ==
        Texts{"github.com/BurntSushi/toml: /server has github.com/BurntSushi/toml v1.4.0, which is not allowed"});
}

TEST_CASE("how a program was built: settings of the toolchain") {
  const auto built = [](const std::string& settings) { return image_with(built_program(kHead + settings)); };
  CHECK(findings_of(built("build\t-trimpath=true\n"), "go-trimpath").empty());
  CHECK(findings_of(built("build\tCGO_ENABLED=0\n"), "go-trimpath").size() == 1);
  CHECK(findings_of(built("build\tCGO_ENABLED=0\n"), "go-cgo").empty());
  CHECK(findings_of(built("build\tCGO_ENABLED=1\n"), "go-cgo").size() == 1);
  CHECK(findings_of(built("build\tGOAMD64=v3\n"), "go-cpu", R"({"amd64": "v2"})") ==
        Texts{"/server: /server needs processors of GOAMD64=v3"});
  CHECK(findings_of(built("build\tGOAMD64=v3\n"), "go-cpu", R"({"amd64": "v3"})").empty());
  CHECK(findings_of(built("build\t-buildmode=pie\n"), "go-buildmode", R"({"allow": ["exe"]})").size() == 1);
  CHECK(findings_of(built("build\tvcs.revision=abc\nbuild\tvcs.modified=false\n"), "go-vcs").empty());
  CHECK(findings_of(built("build\tvcs.revision=abc\nbuild\tvcs.modified=true\n"), "go-vcs") ==
        Texts{"/server: /server was built with changes that are not committed"});
  // Before Go 1.18 nothing is recorded.
  CHECK(findings_of(image_with(built_program(kHead, "go1.17.5")), "go-trimpath") ==
        Texts{"/server not judged: how /server was built is not known: its Go records no settings"});
  CHECK(findings_of(image_with(built_program(kHead, "devel go1.25-abc")), "go-version", R"({"atLeast": "1.20"})") ==
        Texts{"/server not judged: /server was built with devel go1.25-abc, which is no release"});
}

TEST_CASE("private keys are found by their form, and texts about keys are none") {
  const auto named = [](const std::string& path, const std::string& bytes) {
    return findings_of(image_of(RawTar().file(path, bytes)), "secret-files");
  };
  const auto body = "\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw\n"s;
  CHECK(named("etc/tls/server.pem", "-----BEGIN PRIVATE KEY-----" + body) ==
        Texts{"/etc/tls/server.pem: /etc/tls/server.pem holds a private key"});
  CHECK(named("a", "text\n-----BEGIN RSA PRIVATE KEY-----\r\nProc-Type: 4,ENCRYPTED\r\n").empty() == false);
  CHECK(named("a", "-----BEGIN CERTIFICATE-----" + body).empty());
  CHECK(named("a.md", "write -----BEGIN PRIVATE KEY-----\nbefore it\n").empty());
  CHECK(named("a.md", "-----BEGIN PRIVATE KEY-----\n...\n").empty());
  CHECK(named("root/.ssh/id_rsa", "x").size() == 1);
  CHECK(named("root/.ssh/id_rsa.pub", "ssh-rsa AAAA").empty());
  CHECK(named("app/.env", "").empty());
}

TEST_CASE("names of secrets") {
  const auto named = [](const std::string& name) {
    ImageConfig config;
    config.env = {name + "=value"};
    return !findings_of(image_of(RawTar(), config), "secret-names").empty();
  };
  for (const auto* name :
       {"PASSWORD", "DB_PASS", "API_KEY", "apiKey", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "KEY"}) {
    CAPTURE(name);
    CHECK(named(name));
  }
  for (const auto* name : {"PATH", "PWD", "GPG_KEY", "PUBLIC_KEY", "KEYBOARD", "PASSWORD_FILE", "MONKEY", "COMPASS"}) {
    CAPTURE(name);
    CHECK(!named(name));
  }
  ImageConfig config;
  HistoryEntry entry;
  entry.created_by = "RUN |2 VERSION=1 NPM_TOKEN=abc123 /bin/sh -c npm ci # buildkit";
  entry.empty_layer = true;
  config.history = {entry};
  CHECK(findings_of(image_of(RawTar(), config), "secret-names") ==
        Texts{"NPM_TOKEN: the history has a value of NPM_TOKEN, which is called like a secret"});
}

TEST_CASE("whiteouts, links and later layers count as when the image is unpacked") {
  const Images images;
  const auto lower = images.layer(RawTar().file("bin/su", "x", 04755).file("bin/mount", "y", 04755));
  const auto upper = images.layer(RawTar().file("bin/.wh.su", ""));
  CHECK(findings_of(Images::image({{lower, "a"}, {upper, "b"}}), "setuid") ==
        Texts{"/bin/mount: /bin/mount gains its owner's rights when it runs (mode 4755)"});
}

TEST_CASE("a layer with other bytes is no verdict") {
  const Images images;
  auto layer = images.layer(RawTar().file("a", "x"));
  layer.diff_id = Digest::of("other");
  CHECK_THROWS_AS(findings_of(Images::image({{layer, "a"}}), "setuid"), DigestMismatch);
}
