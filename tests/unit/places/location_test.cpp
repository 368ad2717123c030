// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/location.hpp"

#include <doctest/doctest.h>

#include "ociassemble/error.hpp"

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

TEST_CASE("anything without a known prefix is a registry's reference") {
  CHECK(Location::parse("alpine:3.20").reference->to_string() == "docker.io/library/alpine:3.20");
  CHECK(Location::parse("docker://127.0.0.1:5000/app").reference->registry() == "127.0.0.1:5000");
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
