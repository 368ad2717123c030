// SPDX-License-Identifier: Apache-2.0
#include "registry/auth/credential_helper.hpp"

#include <doctest/doctest.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <sstream>
#include <string>

#include "test_folder.hpp"

using namespace ociassemble;

namespace {

// Programs of the name docker-credential-NAME, found before all others.
struct Helpers {
  Helpers() {
    const auto path = folder.path().string() + ":" + before;
    ::setenv("PATH", path.c_str(), 1);
  }
  ~Helpers() { ::setenv("PATH", before.c_str(), 1); }

  void add(const std::string& name, const std::string& script) const {
    const auto file = folder.write("docker-credential-" + name, "#!/bin/sh\n" + script);
    ::chmod(file.c_str(), 0755);
  }

  test::TestFolder folder;
  std::string before = ::getenv("PATH");
};

const std::string kAnswer = R"(cat >/dev/null; echo '{"Username":"u","Secret":"s"}'; )";
const Credentials kExpected{.username = "u", .password = "s"};

}  // namespace

TEST_CASE("a helper's answer counts when it has given it, whatever lives on") {
  const Helpers helpers;
  helpers.add("plain", kAnswer);
  helpers.add("lives-on", kAnswer + "exec >&- 2>&-; sleep 1000");
  helpers.add("leaves-a-daemon", kAnswer + "sleep 1000 &");
  for (const char* name : {"plain", "lives-on", "leaves-a-daemon"}) {
    CAPTURE(name);
    CHECK(ask_credential_helper(name, "q.io", {}, std::chrono::seconds(900)) == kExpected);
  }
}

TEST_CASE("a helper that fails has no answer, also when it has said something") {
  const Helpers helpers;
  helpers.add("fails", kAnswer + "exit 1");
  CHECK_FALSE(ask_credential_helper("fails", "q.io", {}).has_value());
}

TEST_CASE("a helper starts with no signal blocked, and ignores none of those that we do") {
  const Helpers helpers;
  helpers.add("signals", R"(cat >/dev/null
for field in SigBlk SigIgn; do sed -n "s/^$field:[[:space:]]*//p" /proc/self/status; done >"$0.signals"
echo '{"Username":"u","Secret":"s"}')");
  sigset_t blocked;
  sigset_t before;
  sigfillset(&blocked);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  auto* const on_pipe = std::signal(SIGPIPE, SIG_IGN);
  auto* const on_limit = std::signal(SIGXFSZ, SIG_IGN);
  const auto found = ask_credential_helper("signals", "q.io", {});
  std::signal(SIGPIPE, on_pipe);
  std::signal(SIGXFSZ, on_limit);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  CHECK(found == kExpected);
  std::istringstream masks(test::read_bytes(helpers.folder / "docker-credential-signals.signals"));
  std::uint64_t still_blocked = 1;
  std::uint64_t ignored = 1;
  masks >> std::hex >> still_blocked >> ignored;
  const auto bit = [](int signal) { return std::uint64_t{1} << static_cast<unsigned>(signal - 1); };
  CHECK(still_blocked == 0);
  CHECK((ignored & (bit(SIGPIPE) | bit(SIGXFSZ))) == 0);
}
