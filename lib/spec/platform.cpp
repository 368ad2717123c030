// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/platform.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "base/text.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

// Go's GOOS and GOARCH values (internal/syslist).
constexpr std::array<std::string_view, 18> kSystems = {
    "linux", "windows", "darwin", "freebsd", "netbsd", "openbsd", "dragonfly", "solaris", "illumos",
    "aix",   "android", "ios",    "js",      "nacl",   "plan9",   "wasip1",    "hurd",    "zos",
};
constexpr std::array<std::string_view, 24> kArchitectures = {
    "amd64",    "arm64",   "arm",    "386",       "ppc64le",     "s390x", "riscv64", "loong64",
    "mips64le", "mips64",  "mipsle", "mips",      "ppc64",       "wasm",  "riscv",   "amd64p32",
    "armbe",    "arm64be", "ppc",    "mips64p32", "mips64p32le", "s390",  "sparc",   "sparc64",
};

struct OtherName {
  std::string_view name;
  std::string_view architecture;
  std::string_view variant;
};
constexpr std::array<OtherName, 6> kOtherNames = {{
    {"x86_64", "amd64", ""},
    {"x86-64", "amd64", ""},
    {"aarch64", "arm64", ""},
    {"armhf", "arm", "v7"},
    {"armel", "arm", "v6"},
    {"i386", "386", ""},
}};

bool is_one_of(std::string_view text, std::span<const std::string_view> values) {
  return std::find(values.begin(), values.end(), text) != values.end();
}

[[noreturn]] void reject_platform(std::string_view text, std::string_view cause, std::string hint = {}) {
  if (hint.empty()) hint = "a platform is OS/ARCHITECTURE[/VARIANT], for example linux/amd64 or linux/arm/v7";
  throw Error(ErrorCode::invalid_argument, fmt::format("cannot parse platform \"{}\": {}", printable(text), cause),
              std::move(hint));
}

// "did you mean linux/amd64?"; empty when nothing is near.
std::string suggestion(std::string_view part, std::span<const std::string_view> known, std::string_view format) {
  const auto near = nearest(part, known);
  return near ? fmt::format("did you mean {}?", fmt::format(fmt::runtime(format), *near)) : std::string();
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto slash = text.find('/');
    parts.push_back(text.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    text.remove_prefix(slash + 1);
  }
}

bool is_variant(std::string_view text) {
  const auto is_good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_'; };
  return !text.empty() && std::all_of(text.begin(), text.end(), is_good);
}

void normalise_architecture(Platform& platform) {
  const auto other = std::find_if(kOtherNames.begin(), kOtherNames.end(),
                                  [&](const OtherName& entry) { return entry.name == platform.architecture; });
  if (other == kOtherNames.end()) return;
  platform.architecture = other->architecture;
  if (platform.variant.empty()) platform.variant = other->variant;
}

void normalise_variant(Platform& platform) {
  auto& variant = platform.variant;
  const bool is_arm = platform.architecture == "arm" || platform.architecture == "arm64";
  if (is_arm && variant.size() == 1 && variant[0] >= '0' && variant[0] <= '9') variant.insert(0, 1, 'v');
  if (platform.architecture == "arm64" && variant == "v8") variant.clear();
  if (platform.architecture == "amd64" && variant == "v1") variant.clear();
  if (platform.architecture == "arm" && variant.empty()) variant = "v7";
}

}  // namespace

Platform Platform::parse(std::string_view text) {
  const auto parts = split(text);
  if (text.empty()) reject_platform(text, "it is empty");
  if (parts.size() == 1) {
    const auto guess = Platform{"linux", std::string(text), {}, {}, {}}.normalised();
    const bool is_architecture = is_one_of(guess.architecture, kArchitectures);
    reject_platform(text, "no '/' between operating system and architecture",
                    is_architecture ? fmt::format("did you mean {}?", guess.to_string()) : std::string());
  }
  if (parts.size() > 3) reject_platform(text, "more than three parts");
  Platform platform{std::string(parts[0]), std::string(parts[1]), {}, {}, {}};
  if (parts.size() == 3) platform.variant = parts[2];
  platform = platform.normalised();
  if (!is_one_of(platform.os, kSystems)) {
    reject_platform(text, fmt::format("unknown operating system \"{}\"", printable(parts[0])),
                    suggestion(platform.os, kSystems, "{}/" + std::string(is_variant(parts[1]) ? parts[1] : "amd64")));
  }
  if (!is_one_of(platform.architecture, kArchitectures)) {
    reject_platform(text, fmt::format("unknown architecture \"{}\"", printable(parts[1])),
                    suggestion(platform.architecture, kArchitectures, platform.os + "/{}"));
  }
  if (parts.size() == 3 && !is_variant(to_lower(parts[2]))) reject_platform(text, "the variant is no word");
  return platform;
}

std::string Platform::to_string() const {
  return variant.empty() ? fmt::format("{}/{}", os, architecture) : fmt::format("{}/{}/{}", os, architecture, variant);
}

Platform Platform::normalised() const {
  Platform result = *this;
  result.os = to_lower(os);
  result.architecture = to_lower(architecture);
  result.variant = to_lower(variant);
  normalise_architecture(result);
  normalise_variant(result);
  return result;
}

bool Platform::matches(const Platform& offered) const {
  const auto ours = normalised();
  const auto theirs = offered.normalised();
  const auto is_offered = [&theirs](std::string_view feature) {
    return std::find(theirs.os_features.begin(), theirs.os_features.end(), feature) != theirs.os_features.end();
  };
  return ours.os == theirs.os && ours.architecture == theirs.architecture && ours.variant == theirs.variant &&
         (ours.os_version.empty() || ours.os_version == theirs.os_version) &&
         std::all_of(ours.os_features.begin(), ours.os_features.end(), is_offered);
}

}  // namespace ociassemble
