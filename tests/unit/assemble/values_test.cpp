// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <set>
#include <string>

#include "assemble/config.hpp"
#include "image/capability.hpp"
#include "ociassemble/command_words.hpp"
#include "ociassemble/error.hpp"

using namespace ociassemble;

TEST_CASE("a command is plain words or a JSON array") {
  using Words = std::vector<std::string>;
  CHECK(parse_command_words("/app  serve -v ") == Words{"/app", "serve", "-v"});
  CHECK(parse_command_words(R"(["/app", "a b", ""])") == Words{"/app", "a b", ""});
  CHECK(parse_command_words("").empty());
  CHECK(parse_command_words("[]").empty());
  for (const char* text : {R"(/app "a b")", R"(["/app")", "[1]", "/app 'x'", "/app a\\ b", R"(["a", null])"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_command_words(text), Error);
  }
}

TEST_CASE("net_bind_service is the attribute that setcap writes") {
  // setcap cap_net_bind_service=ep FILE; getfattr -n security.capability -e hex FILE
  const std::string expected("\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 20);
  CHECK(capability_xattr({"net_bind_service"}) == expected);
  CHECK(capability_xattr({"CAP_NET_BIND_SERVICE"}) == expected);
  CHECK_THROWS_AS(capability_xattr({"net_bind"}), Error);
  CHECK(capabilities_of_xattr(expected) == std::set<std::string>{"net_bind_service"});
  // Revision 3 has the namespace's root behind it; bits that have no name yet keep their numbers.
  CHECK(capabilities_of_xattr(expected + std::string(4, '\0')) == std::set<std::string>{"net_bind_service"});
  CHECK(capabilities_of_xattr(capability_xattr({"bpf", "chown"})) == std::set<std::string>{"bpf", "chown"});
  auto unknown = expected;
  unknown[15] = '\x80';
  CHECK(capabilities_of_xattr(unknown) == std::set<std::string>{"cap_63", "net_bind_service"});
  CHECK(capabilities_of_xattr("short").empty());
  CHECK(capabilities_of_xattr({}).empty());
}

namespace {

bool takes(const std::function<void(AssembleOptions&)>& set) {
  AssembleOptions options;
  set(options);
  try {
    validate_options(options);
    return true;
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::invalid_argument);
    return false;
  }
}

}  // namespace

TEST_CASE("a stop signal is one that Linux has") {
  const auto takes_signal = [](const char* text) {
    return takes([&](AssembleOptions& options) { options.stop_signal = text; });
  };
  // signal(7); `kill -l` of bash, and Docker, count to SIGRTMIN+15 and from SIGRTMAX-14 on.
  for (const char* text : {"SIGTERM", "SIGKILL", "SIGUSR1", "SIGWINCH", "SIGRTMIN", "SIGRTMIN+3", "SIGRTMIN+15",
                           "SIGRTMAX", "SIGRTMAX-14", "1", "15", "64"}) {
    CAPTURE(text);
    CHECK(takes_signal(text));
  }
  for (const char* text : {"", "0", "65", "-1", "007x", "9 ", "SIG", "SIGFOO", "SIGTERM ", "SIGRTMIN+0", "SIGRTMIN+16",
                           "SIGRTMIN+", "SIGRTMIN-1", "SIGRTMAX+1", "SIGRTMAX-15", "SIGRTMIN+-1", "SIG9", "SIGNAL"}) {
    CAPTURE(text);
    CHECK_FALSE(takes_signal(text));
  }
}

TEST_CASE("a health check is one that Docker takes") {
  const auto takes_test = [](const std::vector<std::string>& test) {
    return takes([&](AssembleOptions& options) { options.healthcheck = Healthcheck{test, {}, {}, {}, {}}; });
  };
  CHECK(takes_test({"CMD", "/app", "health"}));
  CHECK(takes_test({"CMD-SHELL", "curl -f localhost || exit 1"}));
  CHECK(takes_test({"NONE"}));
  for (const std::vector<std::string>& test : std::vector<std::vector<std::string>>{{},
                                                                                    {""},
                                                                                    {"CMD"},
                                                                                    {"CMD", ""},
                                                                                    {"CMD-SHELL"},
                                                                                    {"CMD-SHELL", ""},
                                                                                    {"CMD-SHELL", "a", "b"},
                                                                                    {"NONE", "a"},
                                                                                    {"cmd", "/app"},
                                                                                    {"/app", "health"},
                                                                                    {"CMD", std::string("/a\0b", 4)}}) {
    CHECK_FALSE(takes_test(test));
  }
  const auto takes_interval = [](std::chrono::nanoseconds interval) {
    return takes([&](AssembleOptions& options) {
      options.healthcheck = Healthcheck{{"CMD", "/app"}, {}, interval, {}, {}};
    });
  };
  CHECK(takes_interval(std::chrono::nanoseconds(0)));
  CHECK(takes_interval(std::chrono::milliseconds(1)));
  CHECK_FALSE(takes_interval(std::chrono::nanoseconds(999999)));
  CHECK_FALSE(takes_interval(std::chrono::seconds(-1)));
}

TEST_CASE("the root of the image is neither writable nor a volume") {
  for (const char* path : {"/", "//", "/."}) {
    CAPTURE(path);
    CHECK_FALSE(takes([&](AssembleOptions& options) { options.contents.writable = {path}; }));
    CHECK_FALSE(takes([&](AssembleOptions& options) { options.volumes = {path}; }));
  }
  CHECK(takes([](AssembleOptions& options) { options.contents.writable = {"/srv/"}; }));
}
