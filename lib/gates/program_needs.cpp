// SPDX-License-Identifier: Apache-2.0
#include "gates/program_needs.hpp"

#include <algorithm>
#include <array>

#include "inspect/elf_file.hpp"
#include "inspect/go_functions.hpp"
#include "inspect/read_only_data.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::string_view kNeedsMagic = "needs 1 ";

using Flag = bool ProgramNeeds::*;

struct NamedFlag {
  std::string_view function;
  Flag flag;
};

constexpr std::array kFunctions{
    NamedFlag{"crypto/x509.loadSystemRoots", &ProgramNeeds::loads_roots},
    NamedFlag{"crypto/x509.SystemCertPool", &ProgramNeeds::asks_for_roots},
    NamedFlag{"crypto/tls.dial", &ProgramNeeds::is_tls_client},
    NamedFlag{"crypto/tls.DialWithDialer", &ProgramNeeds::is_tls_client},
    NamedFlag{"crypto/tls.QUICClient", &ProgramNeeds::is_tls_client},
    NamedFlag{"net/http.(*Transport).RoundTrip", &ProgramNeeds::is_tls_client},
    NamedFlag{"time.LoadLocation", &ProgramNeeds::loads_zones},
    NamedFlag{"time.initLocal", &ProgramNeeds::reads_local_zone},
    NamedFlag{"time/tzdata.loadFromEmbeddedTZData", &ProgramNeeds::has_own_zones},
    NamedFlag{"os/user.Lookup", &ProgramNeeds::looks_up_users},
    NamedFlag{"os/user.LookupId", &ProgramNeeds::looks_up_users},
    NamedFlag{"os/user.LookupGroup", &ProgramNeeds::looks_up_groups},
    NamedFlag{"os/user.LookupGroupId", &ProgramNeeds::looks_up_groups},
    NamedFlag{"os/user.(*User).GroupIds", &ProgramNeeds::looks_up_groups},
    NamedFlag{"os/user.Current", &ProgramNeeds::looks_up_itself},
    NamedFlag{"os/exec.Command", &ProgramNeeds::starts_programs},
    NamedFlag{"os/exec.CommandContext", &ProgramNeeds::starts_programs},
    NamedFlag{"os.StartProcess", &ProgramNeeds::starts_programs},
    NamedFlag{"syscall.Exec", &ProgramNeeds::starts_programs},
    NamedFlag{"syscall.ForkExec", &ProgramNeeds::starts_programs},
    NamedFlag{"os.CreateTemp", &ProgramNeeds::makes_temporary_files},
    NamedFlag{"os.MkdirTemp", &ProgramNeeds::makes_temporary_files},
    NamedFlag{"io/ioutil.TempFile", &ProgramNeeds::makes_temporary_files},
    NamedFlag{"io/ioutil.TempDir", &ProgramNeeds::makes_temporary_files},
    NamedFlag{"mime/multipart.(*Reader).readForm", &ProgramNeeds::makes_temporary_files},
};

// Of crypto/tls, which its forks keep; a server links all that a client's handshake is made of. Before Go 1.18 it may
// be inlined without a trace.
constexpr std::string_view kTlsClient = "tls.Client";
constexpr std::string_view kGrpcClient = "google.golang.org/grpc/credentials.(*tlsCreds).ClientHandshake";
constexpr std::string_view kFallbackRoots = "golang.org/x/crypto/x509roots/fallback.";
constexpr std::array<std::string_view, 2> kLibcLookups{"os/user._C", "os/user._cgo_"};

// There are hundreds of thousands of names, and all but a few are passed over by their first character.
void take_function(ProgramNeeds& needs, std::string_view name) {
  if (name.ends_with(kTlsClient)) needs.is_tls_client = true;
  switch (name.front()) {
    case 'g':
      if (name.starts_with(kFallbackRoots)) needs.has_own_roots = true;
      if (name == kGrpcClient) needs.is_tls_client = true;
      return;
    case 'c':
    case 'i':
    case 'm':
    case 'n':
    case 'o':
    case 's':
    case 't':
      break;
    default:
      return;
  }
  for (const auto& known : kFunctions) {
    if (known.function == name) needs.*known.flag = true;
  }
  for (const auto& prefix : kLibcLookups) {
    if (name.starts_with(prefix)) needs.asks_libc_for_users = true;
  }
}

// In the order of the letters that stand for them in a record.
constexpr std::array<Flag, 15> kFlags{
    &ProgramNeeds::is_known,         &ProgramNeeds::loads_roots,     &ProgramNeeds::is_tls_client,
    &ProgramNeeds::asks_for_roots,   &ProgramNeeds::has_own_roots,   &ProgramNeeds::loads_zones,
    &ProgramNeeds::reads_local_zone, &ProgramNeeds::has_own_zones,   &ProgramNeeds::looks_up_users,
    &ProgramNeeds::looks_up_groups,  &ProgramNeeds::looks_up_itself, &ProgramNeeds::asks_libc_for_users,
    &ProgramNeeds::starts_programs,  &ProgramNeeds::names_shell,     &ProgramNeeds::makes_temporary_files};

}  // namespace

ProgramNeeds needs_of_program(const std::string& name) { return needs_of_program(BoundedFile(name)); }

ProgramNeeds needs_of_program(const BoundedFile& file) {
  ProgramNeeds needs;
  if (file.read(0, 4) != "\x7f\x45\x4c\x46") return needs;
  try {
    const ElfFile elf(file);
    const auto table =
        for_each_go_function(elf, file, [&needs](std::string_view function) { take_function(needs, function); });
    needs.is_known = table != GoTable::none;
    if (needs.starts_programs) needs.names_shell = read_only_data_holds(elf, file, "/bin/sh");
  } catch (const Error& error) {
    if (error.code() != ErrorCode::check_failed) throw;
    return {};
  }
  return needs;
}

std::string encode_needs(const ProgramNeeds& needs) {
  std::string text(kNeedsMagic);
  for (std::size_t i = 0; i < kFlags.size(); ++i) {
    if (needs.*kFlags[i]) text += static_cast<char>('a' + i);
  }
  return text + '\n';
}

std::optional<ProgramNeeds> decode_needs(std::string_view text) {
  if (!text.starts_with(kNeedsMagic) || !text.ends_with('\n')) return {};
  ProgramNeeds needs;
  for (const char letter : text.substr(kNeedsMagic.size(), text.size() - kNeedsMagic.size() - 1)) {
    if (letter < 'a' || letter >= static_cast<char>('a' + kFlags.size())) return {};
    needs.*kFlags[static_cast<std::size_t>(letter - 'a')] = true;
  }
  return needs;
}

}  // namespace ociassemble
