// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "attest/bom.hpp"
#include "attest/go_components.hpp"
#include "attest/owned_files.hpp"
#include "attest/purl.hpp"
#include "attest/spdx_license.hpp"

using namespace ociassemble;

TEST_CASE("a package URL is percent-encoded, with sorted qualifiers and without empty ones") {
  CHECK(make_purl("golang", "github.com/BurntSushi/toml", "v1.2.0") == "pkg:golang/github.com/BurntSushi/toml@v1.2.0");
  CHECK(make_purl("golang", "example.com/m", "v1.0.0+dirty") == "pkg:golang/example.com/m@v1.0.0%2Bdirty");
  CHECK(make_purl("golang", "example.com/m", "") == "pkg:golang/example.com/m");
  CHECK(make_purl("deb", "debian/libc6", "2.36-9+deb12u8",
                  {{"upstream", "glibc@2.36"}, {"distro", "debian-12"}, {"arch", "amd64"}, {"epoch", ""}}) ==
        "pkg:deb/debian/libc6@2.36-9%2Bdeb12u8?arch=amd64&distro=debian-12&upstream=glibc%402.36");
  CHECK(make_purl("apk", "alpine/a b", "1~2") == "pkg:apk/alpine/a%20b@1~2");
}

TEST_CASE("licence expressions of known identifiers") {
  for (const auto* text : {"MIT", "GPL-2.0-or-later", "GPL-2.0+", "(MIT)", "MIT AND BSD-2-Clause AND GPL-2.0-or-later",
                           "GPL-2.0-or-later WITH Classpath-exception-2.0", "(MIT OR Apache-2.0) AND Zlib"}) {
    CAPTURE(text);
    CHECK(is_spdx_expression(text));
  }
  for (const auto* text : {"", "GPL", "MIT Apache-2.0", "MIT AND", "(MIT", "MIT)", "MIT WITH MIT", "AND", "WITH",
                           "custom", "MIT/X11", "MIT,BSD-3-Clause", "()"}) {
    CAPTURE(text);
    CHECK_FALSE(is_spdx_expression(text));
  }
  CHECK_FALSE(is_spdx_expression(std::string(1000, '(') + "MIT" + std::string(1000, ')')));
}

TEST_CASE("the version of a main module") {
  GoBuild build;
  CHECK(main_module_version(build).empty());
  build.main = GoModule{{.path = "example.com/m", .version = "v1.2.3", .sum = {}}, {}};
  CHECK(main_module_version(build) == "v1.2.3");
  build.main->required.version = "(devel)";
  CHECK(main_module_version(build).empty());
  build.settings = {{"vcs.revision", "0123456789abcdef0123456789abcdef01234567"}, {"vcs.time", "2024-05-06T07:08:09Z"}};
  CHECK(main_module_version(build) == "v0.0.0-20240506070809-0123456789ab");
  build.settings[1].second = "2024-05-06T09:08:09+02:00";
  CHECK(main_module_version(build) == "v0.0.0-20240506070809-0123456789ab");
  build.settings[1].second = "yesterday";
  CHECK(main_module_version(build).empty());
}

TEST_CASE("the release of Go's standard library") {
  CHECK(go_release("go1.22.1") == "1.22.1");
  CHECK(go_release("go1.22.1 X:boringcrypto") == "1.22.1");
  CHECK(go_release("go1.22.1-X:nocoverageredesign") == "1.22.1");
  CHECK(go_release("devel go1.25-0a1b2c Mon Jan 1") == "1.25-0a1b2c");
}

TEST_CASE("Go's h1 sums hold a SHA-256") {
  // The empty module: dirhash of nothing is the SHA-256 of the empty text.
  CHECK(go_sum_as_hex("h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=") ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(go_sum_as_hex("h2:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=").empty());
  CHECK(go_sum_as_hex("h1:47DE").empty());
  CHECK(go_sum_as_hex("").empty());
}

TEST_CASE("who made a document") {
  const auto person = BomActor::parse("Person: Ada Lovelace (ada@example.com)");
  CHECK(person.is_person);
  CHECK(person.name == "Ada Lovelace");
  CHECK(person.email == "ada@example.com");
  CHECK(person.to_string() == "Person: Ada Lovelace (ada@example.com)");
  CHECK(BomActor::parse("Example (Europe)").to_string() == "Organization: Example (Europe)");
  CHECK(BomActor::parse("Organization: Example").to_string() == "Organization: Example");
}

TEST_CASE("a UUID out of a digest has version 8 and the variant of RFC 9562") {
  const auto uuid = uuid_of(Digest::of(std::string_view()));
  CHECK(uuid == "e3b0c442-98fc-8c14-9afb-f4c8996fb924");
}

TEST_CASE("the files that package managers own") {
  std::vector<std::string> paths;
  const auto take = [&](std::string_view path) { paths.emplace_back(path); };
  for_each_apk_file("P:a\nF:etc\nR:a.conf\nZ:Q1x\nF:\nR:top\n\nP:b\nF:usr/bin\nR:b\n", take);
  CHECK(paths == std::vector<std::string>{"etc/a.conf", "top", "usr/bin/b"});
  paths.clear();
  for_each_dpkg_file("/.\n/etc\n/etc/x y\n", take);
  CHECK(paths == std::vector<std::string>{"etc", "etc/x y"});
  paths.clear();
  for_each_summed_file("d41d8cd98f00b204e9800998ecf8427e  usr/share/a b\nrubbish\n", take);
  CHECK(paths == std::vector<std::string>{"usr/share/a b"});
  // What is no path: none, and ones longer than PATH_MAX, which a file after the other would repeat.
  paths.clear();
  for_each_apk_file("F:" + std::string(4097, 'a') + "\nR:b\nR:c\nF:" + std::string(4090, 'a') +
                        "\nR:12345\nR:123456\nF:\nR:\nR:" + std::string(4097, 'b') + "\nR:/d\n",
                    take);
  CHECK(paths == std::vector<std::string>{std::string(4090, 'a') + "/12345", "d"});
  paths.clear();
  for_each_dpkg_file("/\n//\n/" + std::string(4097, 'a') + "\n/e\n", take);
  for_each_summed_file("x  \nx  /\nx  " + std::string(4097, 'a') + "\n", take);
  CHECK(paths == std::vector<std::string>{"e"});
}
