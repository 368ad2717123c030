// SPDX-License-Identifier: Apache-2.0
#include "inspect/linked_functions.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "inspect/go_functions.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMostHashes = 4'000'000;

// What a hash is of.
enum class LinkedKind : unsigned char { function = 1, package = 2, folder = 3 };

// FNV-1a.
std::uint64_t linked_hash(LinkedKind kind, std::string_view package, std::string_view symbol = {}) {
  std::uint64_t hash = 0xCBF29CE484222325;
  const auto take = [&](unsigned char byte) { hash = (hash ^ byte) * 0x100000001B3; };
  take(static_cast<unsigned char>(kind));
  for (const char c : package) take(static_cast<unsigned char>(c));
  take(0);
  for (const char c : symbol) take(static_cast<unsigned char>(c));
  return hash;
}

// Type arguments, "F[go.shape.int]" and "(*T[…]).M", taken out: up to the bracket that closes them.
std::string without_type_arguments(std::string_view text) {
  std::string plain;
  int depth = 0;
  for (const char c : text) {
    if (c == '[') ++depth;
    if (depth == 0) plain += c;
    if (c == ']' && depth > 0) --depth;
  }
  return plain;
}

// "%2e" in the last element of a path is the dot that would end it.
std::string unescaped(std::string_view path) {
  std::string plain;
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  for (std::size_t at = 0; at < path.size(); ++at) {
    if (path[at] == '%' && at + 2 < path.size() && digit(path[at + 1]) >= 0 && digit(path[at + 2]) >= 0) {
      plain += static_cast<char>(digit(path[at + 1]) * 16 + digit(path[at + 2]));
      at += 2;
    } else {
      plain += path[at];
    }
  }
  return plain;
}

// Closures and wrappers belong to the function that they are in: "F.func1", "T.M-fm", "F.gowrap2".
std::string_view without_closure(std::string_view symbol) {
  for (const std::string_view mark : {".func", ".gowrap", ".deferwrap"}) {
    for (auto at = symbol.find(mark); at != std::string_view::npos; at = symbol.find(mark, at + 1)) {
      const auto after = at + mark.size();
      if (after < symbol.size() && symbol[after] >= '0' && symbol[after] <= '9') {
        symbol = symbol.substr(0, at);
        break;
      }
    }
  }
  if (symbol.ends_with("-fm")) symbol.remove_suffix(3);
  return symbol;
}

}  // namespace

std::optional<FunctionName> split_function_name(std::string_view linked) {
  for (const std::string_view prefix : {"go:", "type:", "go.", "type."}) {
    if (linked.starts_with(prefix)) return {};
  }
  // Type arguments hold paths themselves.
  const auto bracket = linked.find('[');
  const auto slash = linked.substr(0, bracket).rfind('/');
  const auto dot = linked.find('.', slash == std::string_view::npos ? 0 : slash + 1);
  if (dot == std::string_view::npos || dot == 0) return {};
  FunctionName name;
  name.package = unescaped(linked.substr(0, dot));
  auto symbol = without_type_arguments(linked.substr(dot + 1));
  if (symbol.starts_with('(')) {
    const auto close = symbol.find(')');
    if (close == std::string::npos) return {};
    symbol.erase(close, 1);
    symbol.erase(0, symbol.starts_with("(*") ? 2 : 1);
  }
  name.symbol = without_closure(symbol);
  return name.symbol.empty() ? std::nullopt : std::optional(std::move(name));
}

LinkedFunctions::LinkedFunctions(std::vector<std::uint64_t> hashes) : hashes_(std::move(hashes)) {
  std::sort(hashes_.begin(), hashes_.end());
  hashes_.erase(std::unique(hashes_.begin(), hashes_.end()), hashes_.end());
  hashes_.shrink_to_fit();
}

bool LinkedFunctions::has_function(std::string_view package, std::string_view symbol) const {
  return std::binary_search(hashes_.begin(), hashes_.end(), linked_hash(LinkedKind::function, package, symbol));
}

bool LinkedFunctions::has_package(std::string_view path) const {
  return std::binary_search(hashes_.begin(), hashes_.end(), linked_hash(LinkedKind::package, path));
}

bool LinkedFunctions::has_any_package_in(std::string_view path) const {
  return std::binary_search(hashes_.begin(), hashes_.end(), linked_hash(LinkedKind::folder, path));
}

std::optional<LinkedFunctions> read_linked_functions(const ElfFile& elf, const BoundedFile& file) {
  std::vector<std::uint64_t> hashes;
  std::string last_package;
  bool is_too_many = false;
  const auto form = for_each_go_function(elf, file, [&](std::string_view linked) {
    if (is_too_many) return;
    const auto name = split_function_name(linked);
    if (!name) return;
    hashes.push_back(linked_hash(LinkedKind::function, name->package, name->symbol));
    // Names come sorted by package, mostly.
    if (name->package != last_package) {
      last_package = name->package;
      hashes.push_back(linked_hash(LinkedKind::package, last_package));
      for (std::string_view folder = last_package;;) {
        hashes.push_back(linked_hash(LinkedKind::folder, folder));
        const auto slash = folder.rfind('/');
        if (slash == std::string_view::npos) break;
        folder = folder.substr(0, slash);
      }
    }
    if (hashes.size() < kMostHashes) return;
    // Many names come more than once.
    hashes = LinkedFunctions(std::move(hashes)).hashes();
    is_too_many = hashes.size() > kMostHashes / 2;
  });
  if (form == GoTable::none || is_too_many) return {};
  return LinkedFunctions(std::move(hashes));
}

}  // namespace ociassemble
