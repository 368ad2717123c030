// SPDX-License-Identifier: Apache-2.0
// Pulls by the mirrors that the system's files name.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "registry_support.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

// A registry with app:v1, a mirror of it with another image there, and a home with files that say so.
struct MirroredHome {
  MirroredHome() {
    seed(registry, "app", "v1", image_of({"origin"}));
    seed(mirror, "app", "v1", image_of({"mirrored"}));
    options.system_mirrors = true;
    options.warn = [this](const std::string& line) { warnings.push_back(line); };
    options.trace = [this](const std::string& line) { trace += line + "\n"; };
  }
  std::string pull() {
    ::setenv("HOME", home.path().c_str(), 1);
    ::unsetenv("XDG_CONFIG_HOME");
    RegistryClient client(options);
    const auto layer = pull_layer(client, at(registry, "app:v1"));
    forget_environment();
    return layer;
  }
  void name_mirror(const std::string& more = {}) {
    home.write(".config/containers/registries.conf",
               fmt::format("[[registry]]\nlocation = '{}'\n[[registry.mirror]]\nlocation = '{}'\n{}", registry.host(),
                           mirror.host(), more));
  }
  FakeRegistry registry;
  FakeRegistry mirror;
  TestFolder home;
  RegistryOptions options = fast_options();
  std::vector<std::string> warnings;
  std::string trace;
};

}  // namespace

TEST_CASE("a mirror of the user's registries.conf is pulled from, unless the options leave it aside") {
  MirroredHome made;
  made.name_mirror();
  CHECK(made.pull() == "mirrored");
  CHECK(made.registry.log().empty());
  CHECK(made.trace.find(".config/containers/registries.conf names " + made.mirror.host() + " for pulls\n") !=
        std::string::npos);
  made.options.system_mirrors = false;
  CHECK(made.pull() == "origin");
}

TEST_CASE("CONTAINERS_REGISTRIES_CONF names another file") {
  MirroredHome made;
  const auto file = made.home.write("other.conf", fmt::format("[[registry]]\nprefix = '{}'\nlocation = '{}'\n",
                                                              made.registry.host(), made.mirror.host()));
  ::setenv("CONTAINERS_REGISTRIES_CONF", file.c_str(), 1);
  CHECK(made.pull() == "mirrored");
  ::unsetenv("CONTAINERS_REGISTRIES_CONF");
  CHECK(made.registry.log().empty());
}

TEST_CASE("our own mirrors come before the system's, and a system's mirror that does not help is passed over") {
  MirroredHome made;
  made.name_mirror();
  FakeRegistry own;
  seed(own, "app", "v1", image_of({"own"}));
  made.options.mirrors = {{"", "http://" + own.host()}};
  CHECK(made.pull() == "own");
  made.options.mirrors.clear();
  made.mirror.add_fault({.path = "/manifests/", .times = -1, .status = 500});
  CHECK(made.pull() == "origin");
  CHECK(made.warnings.size() == 1);
}

TEST_CASE("what is blocked is not pulled, and pushes are not concerned") {
  MirroredHome made;
  const auto file =
      made.home.write(".config/containers/registries.conf.d/block.conf",
                      fmt::format("[[registry]]\nlocation = '{}'\nblocked = true\n", made.registry.host()));
  const auto failure = failure_of([&] { made.pull(); });
  CHECK(failure.code == ErrorCode::unsupported);
  CHECK(failure.message ==
        fmt::format("cannot pull {}/app:v1: {} blocks the registry", made.registry.host(), file.string()));
  CHECK(made.registry.log().empty());
  // A build that has its base's layers needs none of them.
  ::setenv("HOME", made.home.path().c_str(), 1);
  RegistryClient client(made.options);
  const auto blobs = client.blobs(at(made.registry, "app"));
  CHECK(failure_of([&] { blobs->open(image_of({"origin"}).layers()[0].descriptor); }).code == ErrorCode::unsupported);
  CHECK(made.registry.log().empty());
  RegistryClient(made.options).push(image_of({"pushed"}), at(made.registry, "app:v2"));
  CHECK(made.registry.manifest("app", "v2").has_value());
  forget_environment();
}

TEST_CASE("a tag is looked up where it would be pulled from") {
  MirroredHome made;
  made.name_mirror();
  ::setenv("HOME", made.home.path().c_str(), 1);
  const auto found = RegistryClient(made.options).find(at(made.registry, "app:v1"));
  CHECK((found && found->digest == image_of({"mirrored"}).digest()));
  made.mirror.add_fault({.method = "HEAD", .times = -1, .status = 500});
  const auto other = RegistryClient(made.options).find(at(made.registry, "app:v1"));
  CHECK((other && other->digest == image_of({"origin"}).digest()));
  forget_environment();
}

TEST_CASE("a mirror of the system gets no credentials but those stored for its host, and content is verified") {
  MirroredHome made;
  made.options.credentials_registry = "*";
  made.options.username = "alice";
  made.options.password = "correct horse";
  made.name_mirror();
  made.mirror.add_fault({.path = "/v2/", .status = 401, .headers = {{"WWW-Authenticate", "Basic realm=\"m\""}}});
  CHECK(made.pull() == "origin");
  for (const auto& entry : made.mirror.log()) CHECK(entry.authorization.empty());
  made.mirror.add_fault({.path = "/blobs/", .times = -1, .wrong_bytes = true});
  CHECK(failure_of([&] { made.pull(); }).code == ErrorCode::corrupt);
}

TEST_CASE("a host of hosts.toml is told which registry is meant") {
  MirroredHome made;
  auto folder = made.registry.host();
  folder.replace(folder.find(':'), 1, "_");
  made.home.write(".config/containerd/certs.d/" + folder + "_/hosts.toml",
                  fmt::format("[host.'http://{}']\n", made.mirror.host()));
  CHECK(made.pull() == "mirrored");
  const auto ns = "?ns=127.0.0.1%3a" + std::to_string(made.registry.port());
  CHECK(made.mirror.count("GET", "/v2/app/manifests/v1" + ns) == 1);
  CHECK(made.mirror.count("GET", "/blobs/") == made.mirror.count("GET", ns) - 1);
}

TEST_CASE("a certificate file of the system that cannot be read is a warning, and the host is not asked") {
  MirroredHome made;
  made.home.write(".config/containerd/certs.d/_default/hosts.toml",
                  fmt::format("[host.'http://{}']\nca = 'missing.crt'\n", made.mirror.host()));
  CHECK(made.pull() == "origin");
  REQUIRE(made.warnings.size() == 1);
  CHECK(made.warnings.front().find("hosts.toml: " + made.mirror.host() + " is not asked: cannot ") !=
        std::string::npos);
}
