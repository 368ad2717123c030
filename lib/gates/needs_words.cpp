// SPDX-License-Identifier: Apache-2.0
#include "gates/needs_words.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace ociassemble {

std::string_view name_of_need(Need need) noexcept {
  switch (need) {
    case Need::certificates:
      return "certificates";
    case Need::time_zones:
      return "timeZones";
    case Need::users:
      return "users";
    case Need::shell:
      return "shell";
    case Need::temporary_files:
      return "temporaryFiles";
  }
  return "";
}

std::string cause_of_need(const NeedVerdict& verdict, const ProgramSurroundings& surroundings) {
  const auto path = printable(verdict.path);
  switch (verdict.failure) {
    case NeedFailure::none:
      return {};
    case NeedFailure::no_certificates:
      return "connects to servers over TLS, but the image has no CA certificates";
    case NeedFailure::no_such_certificates:
      return fmt::format(
          "connects to servers over TLS, but the image has no CA certificates at {}, which SSL_CERT_FILE names", path);
    case NeedFailure::no_zones:
      return "loads time zones by name, but the image has no zone data";
    case NeedFailure::no_such_zone:
      return fmt::format("runs with TZ={}, but the image has no such time zone: its local time will be UTC", path);
    case NeedFailure::no_passwd:
      return "looks up users, but the image has no /etc/passwd";
    case NeedFailure::no_group:
      return "looks up groups, but the image has no /etc/group";
    case NeedFailure::no_own_user:
      return fmt::format("asks for the name of its own user, but the image's /etc/passwd has no user {}",
                         surroundings.uid);
    case NeedFailure::no_shell:
      return "starts programs by /bin/sh, but the image has no shell";
    case NeedFailure::no_temporary_folder:
      return fmt::format("makes temporary files, but the image has no {} that its user can write to", path);
  }
  return {};
}

std::string remedy_for_need(const NeedVerdict& verdict, const ProgramSurroundings& surroundings) {
  switch (verdict.failure) {
    case NeedFailure::none:
      return {};
    case NeedFailure::no_certificates:
      return "add them with --ca-certificates host, or choose a base that has them";
    case NeedFailure::no_such_certificates:
      return "add the file with --add, or leave SSL_CERT_FILE out and add --ca-certificates host";
    case NeedFailure::no_zones:
    case NeedFailure::no_such_zone:
      return "add zone data with --tzdata host, or import time/tzdata into the program";
    case NeedFailure::no_passwd:
    case NeedFailure::no_group:
      return fmt::format("choose a base that has one, such as static, or add one with --add {0}:/etc/{0}",
                         verdict.failure == NeedFailure::no_group ? "group" : "passwd");
    case NeedFailure::no_own_user:
      return fmt::format("create user {} in the recipe (\"user\"), or set --env USER=NAME and --env HOME=/",
                         surroundings.uid);
    case NeedFailure::no_shell:
      return "choose a base with a shell, such as alpine, or add a static one with --add busybox:/bin/sh,mode=0555";
    case NeedFailure::no_temporary_folder:
      return fmt::format("add it with --writable {}", printable(verdict.path));
  }
  return {};
}

}  // namespace ociassemble
