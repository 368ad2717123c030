// SPDX-License-Identifier: Apache-2.0
#include "gates/needs.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "memory_root.hpp"
#include "ociassemble/error.hpp"
#include "raw_elf.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using test::MemoryRoot;
using namespace std::string_literals;

namespace {

// A Go 1.20 program with these functions and constants; see runtime/symtab.go, "pcHeader".
std::string go_program_with(const std::vector<std::string>& functions, const std::string& constants = "") {
  test::RawElf raw;
  std::string names;
  for (const auto& name : functions) names += name + '\0';
  constexpr std::uint64_t kHead = 8 + 8 * 8;
  std::string table = raw.number(0xFFFFFFF1, 4) + "\0\0\1\x08"s;
  for (const std::uint64_t word : {std::uint64_t{1000}, std::uint64_t{2}, std::uint64_t{0x400000}, kHead,
                                   kHead + names.size(), std::uint64_t{0}, std::uint64_t{0}, std::uint64_t{0}})
    table += raw.word(word);
  raw.segments = {{1, 5, 0x400000, "code"}};
  raw.sections = {{".rodata", constants}, {".gopclntab", table + names}};
  return raw.bytes();
}

ProgramNeeds needs_with(const std::vector<std::string>& functions, const std::string& constants = "") {
  const test::TestFolder folder;
  return needs_of_program(folder.write("program", go_program_with(functions, constants)));
}

// "NEED FAILURE PATH" of what is judged.
std::vector<std::string> judged(const ProgramNeeds& program, const MemoryRoot& root,
                                const std::vector<std::string>& environment = {},
                                const std::set<std::string>& volumes = {}) {
  std::vector<std::string> lines;
  for (const auto& verdict : judge_needs(program, {environment, volumes, 65532, 65532}, root))
    lines.push_back(std::to_string(static_cast<int>(verdict.need)) + " " +
                    std::to_string(static_cast<int>(verdict.failure)) + " " + verdict.path);
  return lines;
}

std::string line(Need need, NeedFailure failure, const std::string& path = "") {
  return std::to_string(static_cast<int>(need)) + " " + std::to_string(static_cast<int>(failure)) + " " + path;
}
std::string line(Need need, const std::string& path) { return line(need, NeedFailure::none, path); }

using Lines = std::vector<std::string>;

ProgramNeeds tls_client() { return needs_with({"crypto/x509.loadSystemRoots", "crypto/tls.Client"}); }

}  // namespace

TEST_CASE("a program that is not Go's has no known needs") {
  const test::TestFolder folder;
  CHECK_FALSE(needs_of_program(folder.write("script", "#!/bin/sh\n")).is_known);
  CHECK_FALSE(needs_of_program(folder.write("cut", "\x7f\x45\x4c\x46")).is_known);
  test::RawElf raw;
  raw.segments = {{1, 5, 0x400000, "code"}};
  CHECK_FALSE(needs_of_program(folder.write("c", raw.bytes())).is_known);
  CHECK_THROWS_AS(needs_of_program((folder.path() / "none").string()), Error);
}

TEST_CASE("functions say what a program may need") {
  CHECK(needs_with({"main.main"}) == ProgramNeeds{.is_known = true});
  const auto has = [](const std::string& function, bool ProgramNeeds::*flag) {
    return needs_with({"main.main", function}).*flag;
  };
  CHECK(has("crypto/x509.loadSystemRoots", &ProgramNeeds::loads_roots));
  CHECK(has("crypto/x509.SystemCertPool", &ProgramNeeds::asks_for_roots));
  CHECK(has("net/http.(*Transport).RoundTrip", &ProgramNeeds::is_tls_client));
  CHECK(has("github.com/refraction-networking/utls.Client", &ProgramNeeds::is_tls_client));
  CHECK(has("google.golang.org/grpc/credentials.(*tlsCreds).ClientHandshake", &ProgramNeeds::is_tls_client));
  CHECK_FALSE(has("crypto/tls.(*Conn).clientHandshake", &ProgramNeeds::is_tls_client));  // linked into servers, too
  CHECK(has("golang.org/x/crypto/x509roots/fallback.init.0", &ProgramNeeds::has_own_roots));
  CHECK(has("time.LoadLocation", &ProgramNeeds::loads_zones));
  CHECK_FALSE(has("time.LoadLocationFromTZData", &ProgramNeeds::loads_zones));
  CHECK(has("time/tzdata.loadFromEmbeddedTZData", &ProgramNeeds::has_own_zones));
  CHECK(has("os/user.LookupId", &ProgramNeeds::looks_up_users));
  CHECK_FALSE(has("example.com/os/user.LookupId", &ProgramNeeds::looks_up_users));
  CHECK(has("os/user._C2func_getpwnam_r", &ProgramNeeds::asks_libc_for_users));
  CHECK(has("io/ioutil.TempFile", &ProgramNeeds::makes_temporary_files));
}

TEST_CASE("a shell is looked for in the constants of programs that start others") {
  CHECK(needs_with({"os.StartProcess"}, "readable/bin/shwritable").names_shell);
  CHECK_FALSE(needs_with({"main.main"}, "/bin/sh").names_shell);
  CHECK_FALSE(needs_with({"os.StartProcess"}, "#!/bin/sh\n").names_shell);
  CHECK(needs_with({"os.StartProcess"}, "#!/bin/sh\n/bin/sh").names_shell);
  // Across the pieces that are read.
  constexpr std::size_t kPiece = std::size_t{256} * 1024;
  for (std::size_t at = kPiece - 10; at < kPiece + 3; ++at) {
    CHECK(needs_with({"os.StartProcess"}, std::string(at, 'x') + "/bin/sh").names_shell);
    CHECK_FALSE(needs_with({"os.StartProcess"}, std::string(at, 'x') + "#!/bin/sh").names_shell);
  }
}

TEST_CASE("needs survive their record, and nothing else is one") {
  for (const auto& needs : {ProgramNeeds{}, tls_client(), needs_with({"os.CreateTemp", "syscall.Exec"}, "/bin/sh")})
    CHECK(decode_needs(encode_needs(needs)) == needs);
  for (const auto* text : {"", "needs 1 ", "needs 1 A\n", "needs 1 z\n", "needs 2 a\n"})
    CHECK_FALSE(decode_needs(text));
}

TEST_CASE("who verifies no certificates needs none") {
  const MemoryRoot root;
  CHECK(judged(needs_with({"crypto/x509.loadSystemRoots", "net/http.(*Server).Serve"}), root).empty());
  CHECK(judged(needs_with({"crypto/tls.Client"}), root).empty());
  CHECK(judged(needs_with({"crypto/x509.SystemCertPool", "golang.org/x/crypto/x509roots/fallback.init.0"}), root)
            .empty());
}

TEST_CASE("certificates are looked for where Go looks") {
  MemoryRoot root;
  CHECK(judged(tls_client(), root) == Lines{line(Need::certificates, NeedFailure::no_certificates)});
  root.folders["etc/ssl/certs"] = {0755, 0, 0, false};
  CHECK(judged(tls_client(), root) == Lines{line(Need::certificates, NeedFailure::no_certificates)});
  root.folders["etc/ssl/certs"].has_entries = true;
  CHECK(judged(tls_client(), root) == Lines{line(Need::certificates, "/etc/ssl/certs")});
  root.put("etc/ssl/cert.pem");
  CHECK(judged(tls_client(), root) == Lines{line(Need::certificates, "/etc/ssl/cert.pem")});

  root.folders.clear();
  root.files["etc/ssl/cert.pem"].certificates = 0;
  CHECK(judged(tls_client(), root) == Lines{line(Need::certificates, NeedFailure::no_certificates)});
  root.files["etc/ssl/cert.pem"].certificates = 1;
  root.files["etc/ssl/cert.pem"].mode = 0600;
  CHECK(judged(tls_client(), root) == Lines{line(Need::certificates, NeedFailure::no_certificates)});
  root.files["etc/ssl/cert.pem"].mode = 0;  // a lock does not have it
  CHECK(judged(tls_client(), root) == Lines{line(Need::certificates, "/etc/ssl/cert.pem")});

  CHECK(judged(tls_client(), root, {"SSL_CERT_FILE=/ca.pem"}) ==
        Lines{line(Need::certificates, NeedFailure::no_such_certificates, "/ca.pem")});
  CHECK(judged(tls_client(), root, {"SSL_CERT_FILE=/ca.pem"}, {"/ca.pem"}) ==
        Lines{line(Need::certificates, "/ca.pem")});
  root.folders["own"] = {0755, 0, 0, true};
  CHECK(judged(tls_client(), MemoryRoot(), {"SSL_CERT_DIR=/none:/own"}, {"/own"}) ==
        Lines{line(Need::certificates, "/own")});
}

TEST_CASE("time zones are needed by name, or where TZ is set") {
  MemoryRoot root;
  const auto by_name = needs_with({"time.LoadLocation", "time.initLocal"});
  const auto clock = needs_with({"time.initLocal"});
  CHECK(judged(by_name, root) == Lines{line(Need::time_zones, NeedFailure::no_zones)});
  CHECK(judged(clock, root).empty());
  CHECK(judged(clock, root, {"TZ=UTC"}).empty());
  CHECK(judged(clock, root, {"TZ="}).empty());
  CHECK(judged(clock, root, {"TZ=Europe/Berlin"}) ==
        Lines{line(Need::time_zones, NeedFailure::no_such_zone, "Europe/Berlin")});
  CHECK(
      judged(needs_with({"time.initLocal", "time/tzdata.loadFromEmbeddedTZData"}), root, {"TZ=Europe/Berlin"}).empty());
  root.folders["usr/share/zoneinfo"] = {0755, 0, 0, true};
  CHECK(judged(by_name, root) == Lines{line(Need::time_zones, "/usr/share/zoneinfo")});
  CHECK(judged(clock, root, {"TZ=:Europe/Berlin"}) ==
        Lines{line(Need::time_zones, NeedFailure::no_such_zone, "Europe/Berlin")});
  root.put("usr/share/zoneinfo/Europe/Berlin");
  CHECK(judged(clock, root, {"TZ=:Europe/Berlin"}) == Lines{line(Need::time_zones, "Europe/Berlin")});
}

TEST_CASE("users are looked up in passwd and group, one's own in the environment, too") {
  MemoryRoot root;
  const auto lookup = needs_with({"os/user.Lookup"});
  const auto group = needs_with({"os/user.LookupGroup"});
  const auto itself = needs_with({"os/user.Current"});
  CHECK(judged(lookup, root) == Lines{line(Need::users, NeedFailure::no_passwd)});
  CHECK(judged(group, root) == Lines{line(Need::users, NeedFailure::no_group)});
  CHECK(judged(itself, root) == Lines{line(Need::users, NeedFailure::no_own_user)});
  root.texts["etc/passwd"] = "root:x:0:0::/root:/bin/sh\n";
  root.texts["etc/group"] = "root:x:0:\n";
  CHECK(judged(lookup, root) == Lines{line(Need::users, "/etc/passwd")});
  CHECK(judged(group, root) == Lines{line(Need::users, "/etc/group")});
  CHECK(judged(itself, root) == Lines{line(Need::users, NeedFailure::no_own_user)});
  const Lines environment{"USER=app", "HOME=/"};
  CHECK(judged(itself, root, environment) == Lines{line(Need::users, "/etc/passwd")});
  CHECK(judged(needs_with({"os/user.Current", "os/user._C2func_getpwuid_r"}), root, environment) ==
        Lines{line(Need::users, NeedFailure::no_own_user)});
  root.texts["etc/passwd"] += "app:x:65532:65532::/:/sbin/nologin\n";
  CHECK(judged(itself, root) == Lines{line(Need::users, "/etc/passwd")});
}

TEST_CASE("a shell has to be there for the image's user") {
  MemoryRoot root;
  const auto shell = needs_with({"os/exec.Command"}, "/bin/sh");
  CHECK(judged(needs_with({"os/exec.Command"}, "/bin/true"), root).empty());
  CHECK(judged(shell, root) == Lines{line(Need::shell, NeedFailure::no_shell)});
  root.put("bin/sh", 0644);
  CHECK(judged(shell, root) == Lines{line(Need::shell, NeedFailure::no_shell)});
  root.files["bin/sh"].mode = 0755;
  CHECK(judged(shell, root) == Lines{line(Need::shell, "/bin/sh")});
}

TEST_CASE("temporary files need a folder that the image's user can write to") {
  MemoryRoot root;
  const auto program = needs_with({"os.CreateTemp"});
  CHECK(judged(program, root) == Lines{line(Need::temporary_files, NeedFailure::no_temporary_folder, "/tmp")});
  root.folders["tmp"] = {0755, 0, 0, false};
  CHECK(judged(program, root) == Lines{line(Need::temporary_files, NeedFailure::no_temporary_folder, "/tmp")});
  root.folders["tmp"].mode = 01777;
  CHECK(judged(program, root) == Lines{line(Need::temporary_files, "/tmp")});
  root.folders["tmp"] = {0700, 65532, 0, false};
  CHECK(judged(program, root) == Lines{line(Need::temporary_files, "/tmp")});
  CHECK(judged(program, root, {"TMPDIR=/scratch"}) ==
        Lines{line(Need::temporary_files, NeedFailure::no_temporary_folder, "/scratch")});
  CHECK(judged(program, root, {"TMPDIR=/scratch/a"}, {"/scratch"}) == Lines{line(Need::temporary_files, "/scratch/a")});
}
