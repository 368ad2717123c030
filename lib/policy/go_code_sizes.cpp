// SPDX-License-Identifier: Apache-2.0
#include "policy/go_code_sizes.hpp"

#include <algorithm>
#include <set>

#include "inspect/go_functions.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMostPackages = 100'000;
constexpr const char* kStandard = "std";

// The module with the longest path that the package is in.
std::string module_of_package(const std::string& package, const std::set<std::string>& modules) {
  for (auto path = package; !path.empty();) {
    if (modules.contains(path)) return path;
    const auto slash = path.rfind('/');
    path.resize(slash == std::string::npos ? 0 : slash);
  }
  return kStandard;
}

}  // namespace

std::string package_of_function(std::string_view name) {
  if (name.starts_with("type:") || name.starts_with("go:") || name.starts_with("type..")) return {};
  // Types in brackets have slashes of their own.
  name = name.substr(0, name.find('['));
  const auto slash = name.rfind('/');
  const auto dot = name.find('.', slash == std::string_view::npos ? 0 : slash);
  if (dot == std::string_view::npos) return {};
  std::string package(name.substr(0, dot));
  for (auto at = package.find("%2e"); at != std::string::npos; at = package.find("%2e", at + 1))
    package.replace(at, 3, ".");
  return package;
}

std::optional<GoCodeSizes> read_go_code_sizes(const ElfFile& elf, const BoundedFile& file, const GoBuild& build) {
  std::set<std::string> modules;
  const auto* main_path = build.main ? &build.main->required.path : nullptr;
  if (main_path != nullptr) modules.insert(*main_path);
  for (const auto& dependency : build.dependencies) modules.insert(dependency.required.path);
  GoCodeSizes sizes;
  const auto table = for_each_go_code(elf, file, [&](std::string_view name, std::uint64_t size) {
    auto package = package_of_function(name);
    // The main package is called so whatever its path.
    if (package == "main" && !build.path.empty()) package = build.path;
    if (package.empty()) package = kStandard;
    if (sizes.packages.size() < kMostPackages) sizes.packages[package] += size;
  });
  if (table == GoTable::none || sizes.packages.size() >= kMostPackages) return {};
  for (const auto& [package, size] : sizes.packages) sizes.modules[module_of_package(package, modules)] += size;
  return sizes;
}

}  // namespace ociassemble
