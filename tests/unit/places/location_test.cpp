// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/location.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <vector>

#include "ociassemble/error.hpp"
#include "test_folder.hpp"

using namespace ociassemble;

TEST_CASE("each form of a location parses into its parts") {
  struct Row {
    const char* text;
    Location::Kind kind;
    const char* path;
    const char* name;
  };
  const Row rows[] = {
      {"oci:dir", Location::Kind::oci_layout, "dir", nullptr},
      {"oci:dir:v1", Location::Kind::oci_layout, "dir", "v1"},
      {"oci:/a/b:c/d", Location::Kind::oci_layout, "/a/b:c/d", nullptr},
      {"oci:/a/b:c/d:v1", Location::Kind::oci_layout, "/a/b:c/d", "v1"},
      {"oci-archive:x.tar:v1", Location::Kind::oci_archive, "x.tar", "v1"},
      {"docker-archive:x.tar", Location::Kind::docker_archive, "x.tar", nullptr},
      {"docker-archive:x.tar:team/app:v1", Location::Kind::docker_archive, "x.tar", "docker.io/team/app:v1"},
      {"rootfs:debian.tar", Location::Kind::rootfs, "debian.tar", nullptr},
      {"rootfs:a:b", Location::Kind::rootfs, "a:b", nullptr},
      {"scratch", Location::Kind::scratch, "", nullptr},
      {"static", Location::Kind::static_base, "", nullptr},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto location = Location::parse(row.text);
    CHECK(location.kind == row.kind);
    CHECK(location.path.string() == row.path);
    CHECK(location.name == (row.name != nullptr ? std::optional<std::string>(row.name) : std::nullopt));
    CHECK_FALSE(location.reference.has_value());
  }
}

TEST_CASE("a name in a layout or archive may be a full reference") {
  const test::TestFolder folder;
  std::filesystem::create_directories(folder / "lay:out");
  folder.write("x.tar", "");
  const auto here = folder.path().string();
  struct Row {
    std::string text;
    std::string path;
    std::optional<std::string> name;
  };
  const std::string digest = "sha256:" + std::string(64, 'a');
  const std::vector<Row> rows = {
      // What is there ends the path.
      {"oci:" + here + "/lay:out:a/b:c/d:v1", here + "/lay:out", "a/b:c/d:v1"},
      {"oci:" + here + "/lay:out", here + "/lay:out", {}},
      {"oci-archive:" + here + "/x.tar:registry.example.com/a/app:v1", here + "/x.tar",
       "registry.example.com/a/app:v1"},
      {"oci-archive:" + here + "/x.tar:team/app", here + "/x.tar", "team/app"},
      // What is to be made.
      {"oci-archive:y.tar:registry.example.com/team/app:v1", "y.tar", "registry.example.com/team/app:v1"},
      {"oci:not/there:localhost:5000/app:v1", "not/there", "localhost:5000/app:v1"},
      {"oci:not/there:team/app:v1", "not/there:team/app", "v1"},
      // Choices.
      {"oci:lay@" + digest, "lay", digest},
      {"oci:lay:v1@" + digest, "lay", digest},
      {"oci:lay@0", "lay", "@0"},
      {"oci-archive:y.tar:@12", "y.tar", "@12"},
      {"docker-archive:y.tar:@1", "y.tar", "@1"},
      {"oci:lay@v1", "lay@v1", {}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto location = Location::parse(row.text);
    CHECK(location.path.string() == row.path);
    CHECK(location.name == row.name);
    CHECK(location.chooses() == (row.text.find('@') != std::string::npos && row.text != "oci:lay@v1"));
    CHECK(Location::parse(location.to_string()) == location);
  }
}

TEST_CASE("anything without a known prefix is a registry's reference") {
  CHECK(Location::parse("alpine:3.20").reference->to_string() == "docker.io/library/alpine:3.20");
  CHECK(Location::parse("docker://127.0.0.1:5000/app").reference->registry() == "127.0.0.1:5000");
}

TEST_CASE("an unknown kind of place is no image of Docker Hub") {
  for (const char* text : {"oci-layout:x", "oci-layout:dir/x:v1", "oci-layout:./dir", "dockerd:app:v1", "dir:image",
                           "containers-storage:app", "oci-archiv:x.tar", "docker-achive:x.tar:app", "rootf:dir",
                           "ostree:app:v1", "static:latest", "scratch:1", "whatever:dir/x", "tarball:/x",
                           "podmann:app:v1", "oci-archiv:/x.tar", "docker-deamon:app", "containrd:app:v1"}) {
    CAPTURE(text);
    try {
      Location::parse(text);
      FAIL("was accepted");
    } catch (const Error& error) {
      CHECK(std::string(error.what()).find("there is no kind of place \"") != std::string::npos);
      CHECK(error.hint().find("oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:REF]") != std::string::npos);
    }
  }
  // Images of such a form that there are.
  for (const char* text : {"docker:27", "registry:2", "rust:1", "ros:noetic", "composer:2", "localhost:5000/app",
                           "myhost:5000/app:v1", "user/dir:v1"}) {
    CAPTURE(text);
    CHECK(Location::parse(text).reference);
  }
}

TEST_CASE("a registry without a repository is no image of Docker Hub") {
  for (const char* text : {"127.0.0.1:5000", "127.0.0.1", "localhost", "localhost:5000", "registry.example.com:443",
                           "[::1]:5000", "docker://127.0.0.1:5000"}) {
    CAPTURE(text);
    try {
      Location::parse(text);
      FAIL("was accepted");
    } catch (const Error& error) {
      CHECK(std::string(error.what()).ends_with(": it names a registry and no repository"));
      CHECK(error.hint().ends_with("/REPOSITORY[:TAG]"));
    }
  }
}

TEST_CASE("a location that cannot be meant is refused with a hint") {
  for (const char* text :
       {"oci:", "oci::v1", "oci:dir:", "./dir", "/abs/dir", "../up", "docker-archive:", "Upper/Case"}) {
    CAPTURE(text);
    try {
      Location::parse(text);
      FAIL("was accepted");
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::invalid_argument);
      CHECK_FALSE(error.hint().empty());
    }
  }
}

TEST_CASE("a location prints as it was written") {
  for (const char* text : {"oci:dir:v1", "oci-archive:x.tar", "docker-archive:x.tar:docker.io/team/app:v1", "rootfs:d",
                           "scratch", "static", "127.0.0.1:5000/app:v1"}) {
    CHECK(Location::parse(text).to_string() == text);
  }
}

TEST_CASE("an engine's images are named by references with a tag") {
  using Kind = Location::Kind;
  const auto check = [](const char* text, Kind kind, const char* scope, const char* name) {
    CAPTURE(text);
    const auto location = Location::parse(text);
    CHECK(location.kind == kind);
    CHECK(location.scope == scope);
    CHECK(location.name == name);
    CHECK(location.is_engine());
    CHECK(Location::parse(location.to_string()) == location);
  };
  check("docker-daemon:app", Kind::docker_daemon, "", "docker.io/library/app:latest");
  check("podman:localhost/app:v1", Kind::podman, "", "localhost/app:v1");
  check("containerd:registry.example.com/team/app:v1", Kind::containerd, "", "registry.example.com/team/app:v1");
  check("containerd:k8s.io/registry.example.com/team/app:v1", Kind::containerd, "k8s.io",
        "registry.example.com/team/app:v1");
  check("containerd:k8s.io/app:v1", Kind::containerd, "k8s.io", "docker.io/library/app:v1");
  check("containerd:team/app:v1", Kind::containerd, "", "docker.io/team/app:v1");
  check("kind:dev/localhost/app:v1", Kind::kind, "dev", "localhost/app:v1");
  check("k3s:app:v1", Kind::k3s, "", "docker.io/library/app:v1");
  for (const auto* text :
       {"docker-daemon:", "podman:App:v1", "kind:-x/localhost/app:v1", "containerd:a b/localhost/app"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(Location::parse(text), Error);
  }
  const auto digest = "docker-daemon:app@sha256:" + std::string(64, 'a');
  CHECK_THROWS_AS(Location::parse(digest), Error);
  CHECK(Location::parse("podman:5000/app:v1").reference->registry() == "podman:5000");
}
