// SPDX-License-Identifier: Apache-2.0
#include "assemble/needs_check.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "memory_root.hpp"
#include "ociassemble/error.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using test::MemoryRoot;

namespace {

CheckedNeeds needing(ProgramNeeds needs, std::vector<std::string> environment = {}) {
  needs.is_known = true;
  return {"build/server", "usr/local/bin/server", needs, {std::move(environment), {}, 65532, 65532}};
}

const ProgramNeeds kTlsClient{.loads_roots = true, .is_tls_client = true};
const ProgramNeeds kZones{.loads_zones = true};

std::string warnings_of(const CheckedNeeds& checked, Severity severity = Severity::warn) {
  std::string lines;
  check_needs(checked, MemoryRoot(), severity, [&](const std::string& warning) { lines += warning + "\n"; });
  return lines;
}

}  // namespace

TEST_CASE("each need that is not met has the words and the remedy of the golden file") {
  std::string text;
  const auto add = [&](const std::string& name, const CheckedNeeds& checked) {
    text += "\n=== " + name + "\n" + warnings_of(checked);
  };
  add("certificates", needing(kTlsClient));
  add("certificates that the environment names", needing(kTlsClient, {"SSL_CERT_FILE=/etc/ca.pem"}));
  add("time zones", needing(kZones));
  add("the time zone of TZ", needing({.reads_local_zone = true}, {"TZ=Europe/Berlin"}));
  add("users", needing({.looks_up_users = true}));
  add("groups", needing({.looks_up_groups = true}));
  add("its own user", needing({.looks_up_itself = true}));
  add("a shell", needing({.starts_programs = true, .names_shell = true}));
  add("temporary files", needing({.makes_temporary_files = true}));
  const auto golden = test::read_bytes(GOLDEN_FOLDER "/gates_needs.txt");
  CHECK(text == golden.substr(golden.find("\n=== ")));
}

TEST_CASE("the severity decides between nothing, a warning and an error") {
  const auto checked = needing({.loads_roots = true, .is_tls_client = true, .loads_zones = true});
  CHECK(warnings_of(checked, Severity::off).empty());
  CHECK(check_needs(checked, MemoryRoot(), Severity::off, {}).empty());
  const auto results = check_needs(checked, MemoryRoot(), Severity::warn, {});
  REQUIRE(results.size() == 2);
  CHECK(results[1] == GateResult{"needs", "timeZones", "/usr/local/bin/server", GateVerdict::fail,
                                 "it loads time zones by name, but the image has no zone data",
                                 "add zone data with --tzdata host, or import time/tzdata into the program"});
  std::string warnings;
  try {
    check_needs(checked, MemoryRoot(), Severity::error, [&](const std::string& warning) { warnings += warning; });
    FAIL("the needs were met");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::check_failed);
    CHECK(std::string(error.what()) ==
          "cannot use build/server: it connects to servers over TLS, but the image has no CA certificates");
    CHECK(error.hint() == "add them with --ca-certificates host, or choose a base that has them");
  }
  CHECK(warnings ==
        "build/server loads time zones by name, but the image has no zone data; add zone data with --tzdata host, or "
        "import "
        "time/tzdata into the program");
}

TEST_CASE("a program of another language is not judged, which is no warning") {
  CheckedNeeds checked{"build/server", "usr/local/bin/server", {}, {}};
  CHECK(warnings_of(checked, Severity::error).empty());
  CHECK(check_needs(checked, MemoryRoot(), Severity::error, {}) ==
        std::vector<GateResult>{
            {"needs", "", "/usr/local/bin/server", GateVerdict::not_judged, "its functions are not known", ""}});
}

TEST_CASE("what a program needs is kept for the very same file") {
  const test::TestFolder folder;
  const auto program = folder.write("program", "no program").string();
  RecordCache cache(folder / "cache");
  auto identity = FileIdentity::of(program);
  REQUIRE(identity);
  // As if it had lain there for an hour.
  constexpr std::int64_t kHour = std::int64_t{3600} * 1'000'000'000;
  identity->keeps_ctime = true;
  identity->seen += kHour;
  if (!identity->tells_changes()) return;  // the file system keeps whole seconds
  const auto key = Digest::of("needs 1\n" + identity->to_string());
  CHECK_FALSE(find_needs(program, identity, &cache).is_known);
  cache.put("program-needs", key, encode_needs({.is_known = true, .loads_zones = true}));
  CHECK(find_needs(program, identity, &cache).loads_zones);
  CHECK_FALSE(find_needs(program, identity, nullptr).is_known);
  CHECK_FALSE(find_needs(program, {}, &cache).is_known);
  cache.put("program-needs", key, "rubbish");
  CHECK_FALSE(find_needs(program, identity, &cache).is_known);
}
