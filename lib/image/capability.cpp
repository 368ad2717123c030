// SPDX-License-Identifier: Apache-2.0
#include "image/capability.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

// In the order of their numbers in linux/capability.h.
constexpr std::array<std::string_view, 41> kNames{"chown",
                                                  "dac_override",
                                                  "dac_read_search",
                                                  "fowner",
                                                  "fsetid",
                                                  "kill",
                                                  "setgid",
                                                  "setuid",
                                                  "setpcap",
                                                  "linux_immutable",
                                                  "net_bind_service",
                                                  "net_broadcast",
                                                  "net_admin",
                                                  "net_raw",
                                                  "ipc_lock",
                                                  "ipc_owner",
                                                  "sys_module",
                                                  "sys_rawio",
                                                  "sys_chroot",
                                                  "sys_ptrace",
                                                  "sys_pacct",
                                                  "sys_admin",
                                                  "sys_boot",
                                                  "sys_nice",
                                                  "sys_resource",
                                                  "sys_time",
                                                  "sys_tty_config",
                                                  "mknod",
                                                  "lease",
                                                  "audit_write",
                                                  "audit_control",
                                                  "setfcap",
                                                  "mac_override",
                                                  "mac_admin",
                                                  "syslog",
                                                  "wake_alarm",
                                                  "block_suspend",
                                                  "audit_read",
                                                  "perfmon",
                                                  "bpf",
                                                  "checkpoint_restore"};

constexpr std::uint32_t kRevision2 = 0x02000000;
constexpr std::uint32_t kEffective = 1;

std::size_t number_of(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (name.rfind("cap_", 0) == 0) name.erase(0, 4);
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("cannot use capability \"{}\": there is none of that name", name),
                "capabilities(7) lists them, for example net_bind_service");
  }
  return static_cast<std::size_t>(found - kNames.begin());
}

void append_little_endian(std::string& bytes, std::uint32_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) bytes += static_cast<char>((value >> shift) & 0xffU);
}

}  // namespace

std::string canonical_capability(const std::string& name) { return std::string(kNames.at(number_of(name))); }

std::string capability_xattr(const std::vector<std::string>& names) {
  std::uint64_t permitted = 0;
  for (const auto& name : names) permitted |= std::uint64_t{1} << number_of(name);
  std::string value;
  append_little_endian(value, kRevision2 | kEffective);
  append_little_endian(value, static_cast<std::uint32_t>(permitted));
  append_little_endian(value, 0);  // inheritable, low half
  append_little_endian(value, static_cast<std::uint32_t>(permitted >> 32U));
  append_little_endian(value, 0);  // inheritable, high half
  return value;
}

std::set<std::string> capabilities_of_xattr(std::string_view value) {
  const auto word = [&](std::size_t index) {
    std::uint32_t number = 0;
    for (unsigned i = 0; i < 4; ++i)
      number |= std::uint32_t{static_cast<unsigned char>(value[index * 4 + i])} << (8 * i);
    return number;
  };
  const bool is_long = value.size() == 20 || value.size() == 24;  // revisions 2 and 3; 1 has the low halves alone
  if (!is_long && value.size() != 12) return {};
  const auto permitted = word(1) | (is_long ? std::uint64_t{word(3)} << 32U : 0);
  std::set<std::string> names;
  for (std::size_t number = 0; number < 64; ++number) {
    if ((permitted >> number & 1U) == 0) continue;
    names.insert(number < kNames.size() ? std::string(kNames.at(number)) : fmt::format("cap_{}", number));
  }
  return names;
}

}  // namespace ociassemble
