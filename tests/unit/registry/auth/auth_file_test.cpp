// SPDX-License-Identifier: Apache-2.0
#include "registry/auth/auth_file.hpp"

#include <doctest/doctest.h>

#include "ociassemble/error.hpp"

using namespace ociassemble;

namespace {

// YTpi is "a:b", YzpkOmU= is "c:d:e".
std::string user_for(const char* json, const char* registry, const char* repository) {
  const auto entry = find_auth(json, "config.json", registry, repository);
  if (!entry) return "nobody";
  if (!entry->helper.empty()) return entry->helper + " for " + entry->server;
  return entry->credentials->username + "/" + entry->credentials->password;
}

}  // namespace

TEST_CASE("an entry is found under every spelling of its key") {
  struct Row {
    const char* json;
    const char* registry;
    const char* repository;
    const char* expected;
  };
  const Row rows[] = {
      {R"({"auths":{"ghcr.io":{"auth":"YTpi"}}})", "ghcr.io", "x/y", "a/b"},
      {R"({"auths":{"https://ghcr.io":{"auth":"YTpi"}}})", "ghcr.io", "x/y", "a/b"},
      {R"({"auths":{"https://ghcr.io/v2/":{"auth":"YTpi"}}})", "ghcr.io", "x/y", "a/b"},
      {R"({"auths":{"http://ghcr.io/v1":{"auth":"YTpi"}}})", "ghcr.io", "x/y", "a/b"},
      {R"({"auths":{"127.0.0.1:5000":{"auth":"YzpkOmU="}}})", "127.0.0.1:5000", "x", "c/d:e"},
      {R"({"auths":{"https://index.docker.io/v1/":{"auth":"YTpi"}}})", "docker.io", "library/alpine", "a/b"},
      {R"({"auths":{"docker.io":{"auth":"YTpi"}}})", "docker.io", "library/alpine", "a/b"},
      {R"({"auths":{"registry-1.docker.io":{"auth":"YTpi"}}})", "docker.io", "library/alpine", "a/b"},
      {R"({"auths":{"ghcr.io":{"username":"u","password":"p"}}})", "ghcr.io", "x", "u/p"},
      // The longest match counts, whatever the order; a prefix of a component is no match.
      {R"({"auths":{"q.io":{"auth":"YTpi"},"q.io/team/app":{"username":"deep","password":"p"}}})", "q.io", "team/app",
       "deep/p"},
      {R"({"auths":{"q.io/team":{"username":"team","password":"p"},"q.io":{"auth":"YTpi"}}})", "q.io", "team/app",
       "team/p"},
      {R"({"auths":{"q.io/team":{"username":"team","password":"p"},"q.io":{"auth":"YTpi"}}})", "q.io", "teams/app",
       "a/b"},
      {R"({"auths":{"q.io/team":{"username":"team","password":"p"}}})", "q.io", "other", "nobody"},
      {R"({"auths":{"example.com":{"auth":"YTpi"}}})", "sub.example.com", "x", "nobody"},
      {R"({"auths":{"example.com":{"auth":"YTpi"}}})", "example.com:5000", "x", "nobody"},
      // What holds nothing, or nonsense, is as good as absent.
      {R"({"auths":{"ghcr.io":{}}})", "ghcr.io", "x", "nobody"},
      {R"({"auths":{"ghcr.io":{"auth":""}}})", "ghcr.io", "x", "nobody"},
      {R"({"auths":{"other.io":{"auth":"%%%"}}})", "ghcr.io", "x", "nobody"},
      {R"({"auths":{"GHCR.io":{"auth":"YTpi"}}})", "ghcr.io", "x", "a/b"},
      {R"({"auths":{"ghcr.io":{"auth":"YTpi"}}})", "GHCR.io", "x", "a/b"},
      {R"({"auths":{"ghcr.io":7}})", "ghcr.io", "x", "nobody"},
      {R"({"auths":[]})", "ghcr.io", "x", "nobody"},
      {R"({})", "ghcr.io", "x", "nobody"},
      // Helpers: the registry's own, then the entries, then the store for all.
      {R"({"credHelpers":{"ghcr.io":"gh"},"auths":{"ghcr.io":{"auth":"YTpi"}}})", "ghcr.io", "x", "gh for ghcr.io"},
      {R"({"credsStore":"desktop","auths":{"ghcr.io":{}}})", "ghcr.io", "x", "desktop for ghcr.io"},
      {R"({"credsStore":"desktop","auths":{"ghcr.io":{"auth":"YTpi"}}})", "ghcr.io", "x", "a/b"},
      {R"({"credsStore":"desktop"})", "docker.io", "library/x", "desktop for https://index.docker.io/v1/"},
      {R"({"credHelpers":{"index.docker.io":"hub"}})", "docker.io", "library/x", "hub for https://index.docker.io/v1/"},
      {R"({"credHelpers":{"ghcr.io":""}})", "ghcr.io", "x", "nobody"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.json);
    CAPTURE(row.repository);
    CHECK(user_for(row.json, row.registry, row.repository) == row.expected);
  }
}

TEST_CASE("tokens are kept apart from passwords") {
  const auto identity =
      find_auth(R"({"auths":{"q.io":{"auth":"YTo=","identitytoken":"idt"}}})", "f", "q.io", "x")->credentials;
  CHECK(identity->identity_token == "idt");
  CHECK(identity->username == "a");
  const auto registry = find_auth(R"({"auths":{"q.io":{"registrytoken":"rt"}}})", "f", "q.io", "x")->credentials;
  CHECK(registry->registry_token == "rt");
  const auto named = find_auth(R"({"auths":{"q.io":{"username":"<token>","password":"idt"}}})", "f", "q.io", "x");
  CHECK(named->credentials == Credentials{.identity_token = "idt"});
}

TEST_CASE("a file that is no JSON object is an error that names it and shows nothing of it") {
  for (const char* json : {"", "{", "[]", "null", "hunter2"}) {
    CAPTURE(json);
    try {
      find_auth(json, "/home/x/config.json", "q.io", "x");
      FAIL("accepted");
    } catch (const Error& error) {
      CHECK(std::string(error.what()) == "cannot read credentials from /home/x/config.json: not a JSON object");
    }
  }
}

TEST_CASE("a helper's answer is credentials or an identity token") {
  CHECK(parse_helper_answer(R"({"ServerURL":"q.io","Username":"u","Secret":"s"})") ==
        Credentials{.username = "u", .password = "s"});
  CHECK(parse_helper_answer(R"({"Username":"<token>","Secret":"s"})") == Credentials{.identity_token = "s"});
  CHECK_FALSE(parse_helper_answer(R"({"Username":"","Secret":""})").has_value());
  CHECK_FALSE(parse_helper_answer("credentials not found in native keychain").has_value());
}

TEST_CASE("an auth that is not base64 of USER:PASSWORD is an error naming the file and the key") {
  // bm9jb2xvbg== is "nocolon".
  for (const char* json :
       {R"({"auths":{"https://ghcr.io":{"auth":"%%%"}}})", R"({"auths":{"https://ghcr.io":{"auth":7}}})",
        R"({"auths":{"https://ghcr.io":{"auth":"bm9jb2xvbg=="}}})"}) {
    CAPTURE(json);
    CHECK_THROWS_WITH_AS(find_auth(json, "/home/me/config.json", "ghcr.io", "x"),
                         "cannot read credentials from /home/me/config.json: the auth of \"https://ghcr.io\" is not "
                         "base64 of USER:PASSWORD",
                         Error);
  }
}
