// SPDX-License-Identifier: Apache-2.0
// The mirrors that registries.conf (containers-registries.conf(5)) and hosts.toml (containerd, docs/hosts.md) name.
#include "registry/system/system_mirrors.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "registry/system/hosts_toml.hpp"
#include "registry_support.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

// Files of a system, and what they come to.
struct MadeSystem {
  SystemSources sources(const std::string& reference) {
    SystemMirrorFiles files{.registries_conf = folder / "registries.conf",
                            .registries_conf_d = {folder / "one.d", folder / "two.d"},
                            .containerd = {folder / "certs.d"}};
    const SystemMirrors mirrors(std::move(files), [this](const std::string& line) { warnings.push_back(line); });
    return mirrors.sources(Reference::parse(reference));
  }
  // What is asked, in order: the mirrors, and behind "|" what stands for the registry itself.
  std::string asked(const std::string& reference) {
    const auto found = sources(reference);
    std::string text;
    for (const auto& mirror : found.mirrors) text += mirror.reference.to_string() + " ";
    if (found.origin) text += "| " + found.origin->reference.to_string();
    return found.blocked_by.empty() ? text : "blocked";
  }
  TestFolder folder;
  std::vector<std::string> warnings;
};

std::string error_of(const std::function<void()>& action) {
  try {
    action();
    return "nothing was thrown";
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("the example of containers-registries.conf(5) comes to the requests that it says") {
  MadeSystem system;
  system.folder.write("registries.conf", R"(unqualified-search-registries = ["example.com"]
[[registry]]
prefix = "example.com/foo"
insecure = false
blocked = false
location = "internal-registry-for-example.com/bar"
[[registry.mirror]]
location = "example-mirror-0.local/mirror-for-foo"
[[registry.mirror]]
location = "example-mirror-1.local/mirrors/foo"
insecure = true
[[registry]]
location = "registry.com"
[[registry.mirror]]
location = "mirror.registry.com"
)");
  CHECK(system.asked("example.com/foo/image:latest") ==
        "example-mirror-0.local/mirror-for-foo/image:latest example-mirror-1.local/mirrors/foo/image:latest "
        "| internal-registry-for-example.com/bar/image:latest");
  const auto found = system.sources("example.com/foo/image");
  CHECK_FALSE(found.mirrors.at(0).trust.any_certificate);
  CHECK(found.mirrors.at(0).trust.scheme == HostTrust::Scheme::as_usual);
  CHECK(found.mirrors.at(1).trust.any_certificate);
  CHECK(found.mirrors.at(1).trust.scheme == HostTrust::Scheme::https_else_http);
  CHECK(system.asked("registry.com/image:latest") == "mirror.registry.com/image:latest ");
  CHECK(system.warnings.empty());
}

TEST_CASE("a prefix stands for whole components, hosts with their port, tags and digests; the longest counts") {
  struct Row {
    std::string prefix;
    std::string reference;
    std::string asked;  // with location "m.example/x"
  };
  const std::vector<Row> rows = {
      {"example.com", "example.com/a/b:1", "| m.example/x/a/b:1"},
      {"example.com", "example.com:5000/a:1", ""},
      {"example.com:5000", "example.com:5000/a:1", "| m.example/x/a:1"},
      {"example.com:5000", "example.com/a:1", ""},
      {"example.com/a", "example.com/ab:1", ""},
      {"example.com/a", "example.com/a:1", "| m.example/x:1"},
      {"example.com/a", "example.com/a", "| m.example/x:latest"},
      {"example.com/a/", "example.com/a/b:1", "| m.example/x/b:1"},
      {"example.com/a:1", "example.com/a:12", ""},
      {"example.com/a", "example.com/a:1@" + kDigest, "| m.example/x@" + kDigest},
      {"docker.io", "alpine", "| m.example/x/library/alpine:latest"},
      {"docker.io/library/alpine", "alpine:3.20", "| m.example/x:3.20"},
      {"docker.io/alpine", "alpine:3.20", ""},
      {"*.example.com", "a.example.com/b:1", "| m.example/x/b:1"},
      {"*.example.com", "c.a.example.com/b:1", "| m.example/x/b:1"},
      {"*.example.com", "example.com/b:1", ""},
      {"*.example.com", "notexample.com/b:1", ""},
      {"*.example.com", "other.com/a.example.com/b:1", ""},
      {"*.example.com", "a.example.com.evil.com/b:1", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.prefix);
    CAPTURE(row.reference);
    MadeSystem system;
    system.folder.write("registries.conf",
                        fmt::format("[[registry]]\nprefix = '{}'\nlocation = 'm.example/x'\n", row.prefix));
    CHECK(system.asked(row.reference) == row.asked);
    CHECK(system.warnings.empty());
  }
  MadeSystem system;
  system.folder.write("registries.conf", R"(
[[registry]]
prefix = "example.com/a/b"
location = "long.example"
[[registry]]
prefix = "example.com"
location = "short.example"
[[registry]]
prefix = "*.com"
location = "any.example"
)");
  CHECK(system.asked("example.com/a/b/c:1") == "| long.example/c:1");
  CHECK(system.asked("example.com/a/c:1") == "| short.example/a/c:1");
  CHECK(system.asked("other.com/c:1") == "| any.example/c:1");
}

TEST_CASE("a prefix with a tag or digest needs a location with one, and a digest stands for itself") {
  const auto other = "sha256:" + std::string(64, 'b');
  struct Row {
    std::string image;
    std::string location;
    bool used;
  };
  const std::vector<Row> rows = {{"a.example/x:1", "m.example/y:2", true},
                                 {"a.example/x:1", "m.example/y", false},
                                 {"a.example/x@" + kDigest, "m.example/y@" + kDigest, true},
                                 {"a.example/x@" + kDigest, "m.example/y", false},
                                 {"a.example/x@" + kDigest, "m.example/y:1", false},
                                 {"a.example/x@" + kDigest, "m.example/y@" + other, false},
                                 {"a.example/x:1", "m.example/y@" + other, false}};
  for (const auto& row : rows) {
    CAPTURE(row.image);
    CAPTURE(row.location);
    MadeSystem system;
    system.folder.write("registries.conf",
                        fmt::format("[[registry]]\nprefix = '{}'\nlocation = '{}'\n", row.image, row.location));
    CHECK(system.asked(row.image) == (row.used ? "| " + row.location : ""));
    CHECK(system.warnings.size() == (row.used ? 0 : 1));
  }
}

TEST_CASE("mirrors for digests or tags alone are asked for those") {
  MadeSystem system;
  system.folder.write("registries.conf", R"(
[[registry]]
location = "example.com"
[[registry.mirror]]
location = "all.example"
pull-from-mirror = "all"
[[registry.mirror]]
location = "digests.example"
pull-from-mirror = "digest-only"
[[registry.mirror]]
location = "tags.example"
pull-from-mirror = "tag-only"
[[registry]]
location = "other.com"
mirror-by-digest-only = true
[[registry.mirror]]
location = "digests.example"
)");
  CHECK(system.asked("example.com/a:1") == "all.example/a:1 tags.example/a:1 ");
  CHECK(system.asked("example.com/a@" + kDigest) == fmt::format("all.example/a@{0} digests.example/a@{0} ", kDigest));
  CHECK(system.asked("other.com/a:1").empty());
  CHECK(system.asked("other.com/a@" + kDigest) == "digests.example/a@" + kDigest + " ");
}

TEST_CASE("a later file's rule takes the place of an earlier one's, whole, and blocked is blocked") {
  MadeSystem system;
  system.folder.write("registries.conf", R"(
[[registry]]
location = "example.com"
[[registry.mirror]]
location = "main.example"
[[registry]]
location = "blocked.com"
blocked = true
[[registry]]
prefix = "blocked.com/free"
location = "blocked.com/free"
)");
  system.folder.write("one.d/20.conf", "[[registry]]\nlocation = 'example.com'\nblocked = true\n");
  system.folder.write("two.d/10.conf",
                      "[[registry]]\nlocation = 'example.com'\n[[registry.mirror]]\nlocation = 'last.example'\n");
  system.folder.write("two.d/10.conf.bak", "nonsense");
  CHECK(system.asked("example.com/a:1") == "last.example/a:1 ");
  CHECK(system.asked("blocked.com/a:1") == "blocked");
  CHECK(system.asked("blocked.com/free/a:1").empty());
  CHECK(system.warnings.empty());
}

TEST_CASE("a registries.conf that says nonsense is a warning with file and line, and is passed over whole") {
  struct Row {
    const char* text;
    const char* warning;  // behind "FILE:"
  };
  const std::vector<Row> rows = {
      {"[[registry]]\nlocation = \n", "2: "},
      {"[[registry]]\nlocation = 5\n", "2: location is not a string"},
      {"[[registry]]\nlocation = 'http://example.com'\n", "2: location is a URL, not HOST[:PORT][/NAMESPACE]"},
      {"[[registry]]\nlocation = 'mirror/app'\n", "2: location does not begin with a registry's host"},
      {"[[registry]]\nlocation = 'a.example/UPPER'\n", "2: location does not begin with a registry's host"},
      {"\n[[registry]]\nprefix = 'example.com'\n", "2: a registry has no location"},
      {"\n[[registry]]\ninsecure = true\n", "2: a registry has neither prefix nor location"},
      {"[[registry]]\nlocation = 'a.example'\ninsecure = 'yes'\n", "3: insecure is neither true nor false"},
      {"[[registry]]\nlocation = 'a.example'\nmirror = 'b.example'\n", "3: mirror is not an array of tables"},
      {"[[registry]]\nlocation = 'a.example'\npull-from-mirror = 'all'\n", "3: pull-from-mirror is for mirrors"},
      {"[[registry]]\nlocation = 'a.example'\n[[registry.mirror]]\nlocation = 'b.example'\npull-from-mirror = 'no'\n",
       "5: pull-from-mirror is none of all, digest-only and tag-only"},
      {"[[registry]]\nlocation = 'a.example'\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = "
       "'b.example'\npull-from-mirror = 'all'\n",
       "6: pull-from-mirror contradicts mirror-by-digest-only"},
      {"[[registry]]\nlocation = 'a.example'\n[[registry.mirror]]\ninsecure = true\n", "3: a mirror has no location"},
      // Letters outside of strings: Latin, Greek, kana, an Arabic ligature.
      {"[[registry]]\nl\u00f6cation = 'a.example'\n", "2: "},
      {"[[registry]]\n\u03b1 = 1\n", "2: "},
      {"[[registry]]\n\u3042 = 1\n", "2: "},
      {"[[registry]]\n\ufefc = 1\n", "2: "},
      {"[registries.search]\nregistries = ['a.example']\n", "1: this is format 1, which has no mirrors"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    MadeSystem system;
    system.folder.write("registries.conf", row.text);
    system.folder.write("one.d/1.conf",
                        "[[registry]]\nlocation = 'kept.com'\n[[registry.mirror]]\nlocation = 'm.example'\n");
    CHECK(system.asked("a.example/x:1").empty());
    CHECK(system.asked("kept.com/x:1") == "m.example/x:1 ");
    REQUIRE_FALSE(system.warnings.empty());
    CHECK(system.warnings.front().starts_with((system.folder / "registries.conf").string() + ":" + row.warning));
    CHECK(system.warnings.front().ends_with("; its mirrors are not used"));
  }
}

TEST_CASE("keys nested without end are refused, and so is a file that is a pipe or too large") {
  std::string deep = "a";
  for (int i = 0; i < 100000; ++i) deep += ".a";
  CHECK(error_of([&] { parse_registries_conf(deep + " = 1\n", "f"); }) == "f:1: a key is nested too deep");
  const std::string prose = "# " + std::string(500, '.') + "\n";
  CHECK(parse_registries_conf(prose, "f").empty());
  MadeSystem system;
  system.folder.write("registries.conf", std::string((std::size_t{1} << 20U) + 1, '\n'));
  CHECK(system.asked("a.example/x").empty());
  CHECK(system.warnings.size() == 1);
}

TEST_CASE("the hosts of hosts.toml are asked in the file's order, then the server") {
  MadeSystem system;
  const auto file = system.folder.write("certs.d/docker.io/hosts.toml", R"(server = "https://registry-1.docker.io"

[host."https://z-mirror.example.com"]
  capabilities = ["pull"]
[host."http://docker-mirror.internal:5000"]
  capabilities = ["pull", "resolve"]
  ca = "docker-mirror.crt"
  skip_verify = true
[host."https://a-harbor.example.com/v2/proxy/hub/"]
  capabilities = ["Pull", "resolve", "push"]
  override_path = true
[host."https://pushes.example.com"]
  capabilities = ["push"]
)");
  // One that may not resolve is not asked for a tag.
  CHECK(system.asked("alpine:3.20") ==
        "docker-mirror.internal:5000/library/alpine:3.20 a-harbor.example.com/proxy/hub/library/alpine:3.20 ");
  CHECK(system.asked("alpine@" + kDigest) ==
        fmt::format("z-mirror.example.com/library/alpine@{0} docker-mirror.internal:5000/library/alpine@{0} "
                    "a-harbor.example.com/proxy/hub/library/alpine@{0} ",
                    kDigest));
  const auto found = system.sources("alpine@" + kDigest);
  CHECK(found.mirrors[0].trust == HostTrust{.scheme = HostTrust::Scheme::https, .mirrored_registry = "docker.io"});
  CHECK(found.mirrors[1].trust.scheme == HostTrust::Scheme::http);
  CHECK(found.mirrors[1].trust.any_certificate);
  CHECK(found.mirrors[1].trust.ca_files ==
        std::vector<std::filesystem::path>{file.parent_path() / "docker-mirror.crt"});
  CHECK(system.warnings.empty());
}

TEST_CASE("containerd's folders: HOST_PORT_, HOST:PORT, _default, the first that is there") {
  const auto names = [](const char* mirror) { return fmt::format("[host.'https://{}.example']\n", mirror); };
  MadeSystem system;
  system.folder.write("certs.d/a.example_5000_/hosts.toml", names("under"));
  system.folder.write("certs.d/a.example:5000/hosts.toml", names("colon"));
  system.folder.write("certs.d/b.example:5000/hosts.toml", names("colon"));
  system.folder.write("certs.d/c.example/other", "");
  system.folder.write("certs.d/_default/hosts.toml", names("default"));
  CHECK(system.asked("a.example:5000/x:1") == "under.example/x:1 ");
  CHECK(system.asked("b.example:5000/x:1") == "colon.example/x:1 ");
  CHECK(system.asked("c.example/x:1").empty());
  CHECK(system.asked("d.example/x:1") == "default.example/x:1 ");
}

TEST_CASE("a server that is another takes the registry's place, and its own host may have another certificate") {
  MadeSystem system;
  system.folder.write("certs.d/_default/hosts.toml", "server = 'https://only.example'\n");
  system.folder.write("certs.d/own.example/hosts.toml", "skip_verify = true\n");
  system.folder.write("certs.d/plain.example/hosts.toml", "server = 'http://plain.example'\n");
  system.folder.write("certs.d/same.example/hosts.toml", "server = 'same.example'\n");
  CHECK(system.asked("d.example/x:1") == "| only.example/x:1");
  CHECK(system.sources("own.example/x:1").origin.value().trust ==
        HostTrust{.scheme = HostTrust::Scheme::https, .any_certificate = true});
  CHECK(system.sources("plain.example/x:1").origin.value().trust == HostTrust{.scheme = HostTrust::Scheme::http});
  CHECK_FALSE(system.sources("same.example/x:1").origin.has_value());
}

TEST_CASE("what hosts.toml says and we do not do is a warning with file and line, as is what it says wrongly") {
  struct Row {
    const char* text;
    const char* warning;  // behind "FILE:"
    const char* asked;
  };
  const std::vector<Row> rows = {
      {"[host.'https://m.example']\nclient = 'a.pem'\n", "2: client of m.example is not used", "m.example/x:1 "},
      {"[host.'https://m.example']\ndial_timeout = '1s'\n", "2: dial_timeout of m.example is not used",
       "m.example/x:1 "},
      {"[host.'https://m.example'.header]\nx = 'y'\n", "1: header of m.example is not used", "m.example/x:1 "},
      {"[host.'https://m.example/api']\n", "1: m.example is not used: its API is not below /v2/", ""},
      {"[host.'https://m.example/api']\noverride_path = true\n", "1: m.example is not used: its API is not below /v2/",
       ""},
      {"[host.'https://m.example']\ncapabilities = ['fly']\n", "2: a capability is none of pull, resolve and push", ""},
      {"[host.'https://m.example']\nskip_verify = 1\n", "2: skip_verify is neither true nor false", ""},
      {"[host.'https://m.example']\nca = [1]\n", "2: ca is neither a string nor an array of strings", ""},
      {"[host.'https://:x']\n", "1: ", ""},
      {"host = 'https://m.example'\n", "1: host is not a table", ""},
      {"[host.\n", "1: ", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    MadeSystem system;
    const auto file = system.folder.write("certs.d/a.example/hosts.toml", row.text);
    CHECK(system.asked("a.example/x:1") == row.asked);
    REQUIRE(system.warnings.size() == 1);
    CHECK(system.warnings.front().starts_with(file.string() + ":" + row.warning));
  }
}
