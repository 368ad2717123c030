// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/reference.hpp"

#include <doctest/doctest.h>

#include "failure.hpp"

using namespace ociassemble;
using test::failure_of;

namespace {

const std::string kDigest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

}  // namespace

TEST_CASE("a reference is taken apart by the rules of distribution/reference") {
  struct Case {
    std::string text;
    std::string registry;
    std::string repository;
    std::string tag;
  };
  for (const auto& entry : std::initializer_list<Case>{
           {"alpine", "docker.io", "library/alpine", ""},
           {"alpine:3.20", "docker.io", "library/alpine", "3.20"},
           {"team/app", "docker.io", "team/app", ""},
           {"docker.io/alpine", "docker.io", "library/alpine", ""},
           {"index.docker.io/alpine", "docker.io", "library/alpine", ""},
           {"index.docker.io/library/alpine:3", "docker.io", "library/alpine", "3"},
           {"Docker.IO/team/app", "docker.io", "team/app", ""},
           {"docker.io", "docker.io", "library/docker.io", ""},
           {"localhost/app", "localhost", "app", ""},
           {"localhost", "docker.io", "library/localhost", ""},
           {"localhost:5000", "docker.io", "library/localhost", "5000"},
           {"localhost:5000/app", "localhost:5000", "app", ""},
           {"localhoster/app", "docker.io", "localhoster/app", ""},
           {"127.0.0.1:5000/team/app:v1", "127.0.0.1:5000", "team/app", "v1"},
           {"[::1]:5000/app:v1", "[::1]:5000", "app", "v1"},
           {"[fd00:1:2::3]/app", "[fd00:1:2::3]", "app", ""},
           {"registry:5000/app", "registry:5000", "app", ""},
           {"registry.example.com/a/b/c/d:latest", "registry.example.com", "a/b/c/d", "latest"},
           {"quay.io/a.b_c__d-e---f/0", "quay.io", "a.b_c__d-e---f/0", ""},
           {"app:_tag.with-all_1", "docker.io", "library/app", "_tag.with-all_1"},
           {"app:" + std::string(128, 'x'), "docker.io", "library/app", std::string(128, 'x')},
       }) {
    const auto& text = entry.text;
    const auto& registry = entry.registry;
    const auto& repository = entry.repository;
    const auto& tag = entry.tag;
    CAPTURE(text);
    const auto reference = Reference::parse(text);
    CHECK(reference.registry() == registry);
    CHECK(reference.repository() == repository);
    CHECK(reference.tag().value_or("") == tag);
    CHECK_FALSE(reference.digest());
  }
}

TEST_CASE("the digest wins over the tag, which is kept") {
  const auto reference = Reference::parse("gcr.io/app:v1@" + kDigest);
  CHECK(reference.tag() == "v1");
  CHECK(reference.digest()->to_string() == kDigest);
  CHECK(reference.identifier() == kDigest);
  CHECK(reference.to_string() == "gcr.io/app:v1@" + kDigest);
}

TEST_CASE("a reference without tag and digest asks for latest but does not say so") {
  const auto reference = Reference::parse("alpine");
  CHECK(reference.identifier() == "latest");
  CHECK(reference.to_string() == "docker.io/library/alpine");
  CHECK(Reference::parse("alpine:3.20").to_string() == "docker.io/library/alpine:3.20");
  CHECK(Reference::parse("alpine@" + kDigest).to_string() == "docker.io/library/alpine@" + kDigest);
}

TEST_CASE("tag and digest can be replaced") {
  const auto reference = Reference::parse("gcr.io/app:v1");
  CHECK(reference.with_digest(Digest::parse(kDigest)).to_string() == "gcr.io/app:v1@" + kDigest);
  CHECK(reference.with_digest(Digest::parse(kDigest)).with_tag("v2").to_string() == "gcr.io/app:v2");
  CHECK(failure_of([&] { return reference.with_tag("a b"); })->code == ErrorCode::invalid_argument);
  CHECK(failure_of([&] { return reference.with_tag(""); })->code == ErrorCode::invalid_argument);
}

TEST_CASE("what is no reference is refused with the reason") {
  const std::string hex(64, 'a');
  struct Case {
    std::string text;
    std::string cause;
  };
  for (const auto& entry : std::initializer_list<Case>{
           {"", "it is empty"},
           {"http://registry.example.com/app", "it begins with a scheme"},
           {"https://registry.example.com/app", "it begins with a scheme"},
           {"docker://alpine", "it begins with a scheme"},
           {"./app", "it is a path"},
           {"../app", "it is a path"},
           {"/app", "it is a path"},
           {"my app", "it holds white space"},
           {"app ", "it holds white space"},
           {"app\n", "it holds white space"},
           {hex, "it is an image ID or a digest without a name"},
           {"App", "the repository holds upper-case letters"},
           {"Team/app", "the repository holds upper-case letters"},
           {"gcr.io/Team/app", "the repository holds upper-case letters"},
           {"app:", "the tag after ':' is empty"},
           {"gcr.io/app:", "the tag after ':' is empty"},
           {"app:" + std::string(129, 'x'), "the tag is longer than 128 characters"},
           {"app:a+b", "the tag \"a+b\" is not well-formed"},
           {"app:.a", "the tag begins with '.'"},
           {"app:-a", "the tag begins with '-'"},
           {"app@", "the digest after '@' is empty"},
           {"app@sha256:abc", "what follows '@' is not a digest"},
           {"app@md5:d41d8cd98f00b204e9800998ecf8427e", "what follows '@' is not a digest"},
           {":v1", "the repository is missing"},
           {"@" + kDigest, "the repository is missing"},
           {"gcr.io/", "the repository is missing"},
           {"gcr.io/:v1", "the repository is missing"},
           {"[::1]:5000", "the repository is missing"},
           {"gcr.io//app", "the repository has an empty component"},
           {"gcr.io/app/", "the repository has an empty component"},
           {"gcr.io/a..b", "\"a..b\" in the repository is not well-formed"},
           {"gcr.io/a___b", "\"a___b\" in the repository is not well-formed"},
           {"gcr.io/a._b", "\"a._b\" in the repository is not well-formed"},
           {"gcr.io/-a", "\"-a\" in the repository is not well-formed"},
           {"gcr.io/a-", "\"a-\" in the repository is not well-formed"},
           {"gcr.io/../x", "\"..\" in the repository is not well-formed"},
           {"a:b:c", "\"a:b\" in the repository is not well-formed"},
           {"b\xC3\xBC"
            "cher",
            "\"b\xC3\xBC"
            "cher\" in the repository is not well-formed"},
           {"-x.io/app", "the registry is not a host name or an address"},
           {"x-.io/app", "the registry is not a host name or an address"},
           {"a..io/app", "the registry is not a host name or an address"},
           {"a_b.io/app", "the registry is not a host name or an address"},
           {":5000/app", "the registry is not a host name or an address"},
           {"[::1/app", "the registry is not a host name or an address"},
           {"[::g]/app", "the registry is not a host name or an address"},
           {"[::1]x/app", "the registry is not a host name or an address"},
           {"gcr.io:/app", "the registry's port is not a number from 1 to 65535"},
           {"gcr.io:0/app", "the registry's port is not a number from 1 to 65535"},
           {"gcr.io:65536/app", "the registry's port is not a number from 1 to 65535"},
           {"gcr.io:99999999999999999999/app", "the registry's port is not a number from 1 to 65535"},
           {"gcr.io:1:2/app", "the registry's port is not a number from 1 to 65535"},
           {"gcr.io/" + std::string(249, 'a'), "registry and repository are longer than 255 characters"},
       }) {
    const auto& text = entry.text;
    const auto& cause = entry.cause;
    CAPTURE(text);
    const auto failure = failure_of([&] { return Reference::parse(text); });
    REQUIRE(failure);
    CHECK(failure->code == ErrorCode::invalid_argument);
    CHECK(failure->message.ends_with("\": " + cause));
  }
  CHECK(Reference::parse("gcr.io/" + std::string(248, 'a')).name().size() == 255);
}

TEST_CASE("the hint says what to write instead") {
  const auto hint = [](std::string_view text) { return failure_of([text] { return Reference::parse(text); })->hint; };
  CHECK(hint("gcr.io/Team/App:V1") == "did you mean \"team/app\"?");
  CHECK(hint("./image") == "for files and folders, write oci:PATH, oci-archive:PATH or docker-archive:PATH");
  CHECK(hint("app:") == "write a tag, or leave out the ':'");
  CHECK(hint("gcr.io/") == "write REGISTRY/REPOSITORY[:TAG]");
  CHECK(hint("https://gcr.io/app") ==
        "leave out what ends in \"://\": a reference is [REGISTRY/]REPOSITORY[:TAG][@DIGEST]");
}

TEST_CASE("a password in what should be a reference is not shown") {
  for (const std::string_view text :
       {"https://user:hunter2@gcr.io/app", "user:hunter2@gcr.io/app", "user:hunter2@gcr.io/app@sha256:00",
        "https://user:hunter2@gcr.io/app@sha256:00", "user:hunter2@x://y@z"}) {
    const auto failure = failure_of([text] { return Reference::parse(text); });
    REQUIRE(failure);
    CHECK(failure->message.find("hunter2") == std::string::npos);
    CHECK(failure->hint.find("hunter2") == std::string::npos);
  }
  CHECK(failure_of([] { return Reference::parse("https://user:hunter2@gcr.io/app"); })->message ==
        "cannot parse reference \"https://***@gcr.io/app\": it begins with a scheme");
}
