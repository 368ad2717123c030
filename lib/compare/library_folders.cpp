// SPDX-License-Identifier: Apache-2.0
#include "compare/library_folders.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "gates/library_search.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMostFolders = 4096;
constexpr std::size_t kDeepestCapabilities = 3;

// Folders of better processors before glibc 2.37 (elf/dl-hwcaps.c, sysdeps/*/dl-procinfo.h).
constexpr std::array<std::string_view, 24> kOldCapabilities = {
    "tls",   "x86_64", "haswell", "xeon_phi", "avx512_1", "i386",  "i486",     "i586",
    "i686",  "sse2",   "cmov",    "nosegneg", "atomics",  "neon",  "vfp",      "half",
    "thumb", "power7", "power8",  "power9",   "power10",  "zarch", "highgprs", "z13"};
constexpr std::array<std::string_view, 12> kPlatforms = {"x86_64",  "haswell", "xeon_phi", "aarch64",
                                                         "i686",    "i386",    "armv7l",   "v7l",
                                                         "ppc64le", "s390x",   "riscv64",  "power9"};

std::string origin_folder(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == 0 || slash == std::string_view::npos ? "/" : std::string(path.substr(0, slash));
}

// Each text with each replacement for a variable; "${NAME}" is another way to write "$NAME".
void replace_variable(std::vector<std::string>& texts, std::string_view name, const std::vector<std::string>& values) {
  std::vector<std::string> replaced;
  for (const auto& text : texts) {
    const auto braced = fmt::format("${{{}}}", name);
    const auto plain = fmt::format("${}", name);
    if (text.find(braced) == std::string::npos && text.find(plain) == std::string::npos) {
      replaced.push_back(text);
      continue;
    }
    for (const auto& value : values) {
      if (replaced.size() == kMostFolders) break;
      auto next = text;
      for (const auto& variable : {braced, plain}) {
        for (auto at = next.find(variable); at != std::string::npos; at = next.find(variable, at + value.size()))
          next.replace(at, variable.size(), value);
      }
      replaced.push_back(std::move(next));
    }
  }
  texts = std::move(replaced);
}

// One that is taken on some machines alone, and is what is taken otherwise, changes nothing.
void drop_repeated(std::vector<LibraryHit>& hits) {
  for (std::size_t i = hits.size(); i-- > 0;) {
    if (i + 1 < hits.size() && !hits[i].condition.empty() && same_file(hits[i].file.node, hits[i + 1].file.node))
      hits.erase(hits.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

bool is_of_other_machine(const Found& file, const ElfLinks* by) {
  const auto* links = file.elf();
  if (links == nullptr || by == nullptr || !links->fault.empty()) return false;
  return links->machine != by->machine || links->is_64_bit != by->is_64_bit ||
         links->is_little_endian != by->is_little_endian;
}

// musl's own list of folders, for each machine that the image has one for.
void append_musl_kinds(std::vector<LoaderKindFolders>& kinds, const StartView& view) {
  for (const auto* file : kMuslPaths) {
    const auto found = view.follow(fmt::format("/{}", file));
    if (found.node != nullptr && found.node->contents()) {
      kinds.push_back({true, split_folders(*found.node->contents(), ":\n")});
    } else {
      kinds.push_back({true, {"/lib", "/usr/local/lib", "/usr/lib"}});
    }
  }
}

}  // namespace

std::set<std::string> triplets_of(const StartView& view) {
  std::set<std::string> triplets;
  for (const auto* folder : {"/lib", "/usr/lib"}) {
    const auto found = view.follow(folder);
    if (!found.is_folder()) continue;
    for (const auto& [name, node] : found.node->children) {
      if (name.find("-linux-") != std::string::npos && triplets.size() < 64) triplets.emplace(name);
    }
  }
  return triplets;
}

LibraryFolders::LibraryFolders(const StartView& view, const std::set<std::string>& triplets)
    : view_(view), triplets_(triplets) {
  for (const auto& value : view.values_of("LD_LIBRARY_PATH")) add_folders(value);
  kinds_.push_back({false, {"/lib", "/usr/lib"}});
  kinds_.push_back({false, {"/lib64", "/usr/lib64"}});
  for (const auto& triplet : triplets)
    kinds_.push_back({false, {"/lib/" + triplet, "/usr/lib/" + triplet, "/lib", "/usr/lib"}});
  append_musl_kinds(kinds_, view);
  const auto cache = view.follow(fmt::format("/{}", kLoaderCachePath));
  if (cache.node == nullptr) return;
  auto libraries = cache.node->contents() ? parse_cached_libraries(*cache.node->contents()) : std::nullopt;
  has_unreadable_cache_ = !libraries;
  if (libraries) cache_ = std::move(*libraries);
}

void LibraryFolders::add_folders(std::string_view list) {
  if (list.empty()) return;
  for (auto& folder : split_folders(list, ":;")) environment_.push_back(std::move(folder));
}

std::vector<std::string> LibraryFolders::expand(std::string_view folder, const Found& by) const {
  std::vector<std::string> folders = {std::string(folder)};
  if (folder.find('$') == std::string_view::npos) return folders;
  std::vector<std::string> origins = {origin_folder(by.spelled)};
  if (origin_folder(by.path) != origins.front()) origins.push_back(origin_folder(by.path));
  std::vector<std::string> libraries = {"lib", "lib64"};
  for (const auto& triplet : triplets_) libraries.push_back("lib/" + triplet);
  replace_variable(folders, "ORIGIN", origins);
  replace_variable(folders, "LIB", libraries);
  replace_variable(folders, "PLATFORM", {kPlatforms.begin(), kPlatforms.end()});
  return folders;
}

void LibraryFolders::append_expanded(std::vector<std::string>& folders, const std::vector<std::string>& list,
                                     const Found& by) const {
  for (const auto& entry : list) {
    for (auto& folder : expand(entry, by)) folders.push_back(std::move(folder));
  }
}

std::vector<std::string> LibraryFolders::first_folders(const Requester& by, bool is_musl) const {
  std::vector<std::string> folders;
  if (is_musl) append_expanded(folders, environment_, by.file);
  const bool is_chain = is_musl || by.file.elf() == nullptr || by.file.elf()->runpath.empty();
  for (const auto* file = &by; is_chain && file != nullptr; file = file->by.get()) {
    if (file->file.elf() == nullptr) continue;
    append_expanded(folders, file->file.elf()->rpath, file->file);
    if (is_musl) append_expanded(folders, file->file.elf()->runpath, file->file);
  }
  if (is_musl) return folders;
  append_expanded(folders, environment_, by.file);
  if (by.file.elf() != nullptr) append_expanded(folders, by.file.elf()->runpath, by.file);
  return folders;
}

std::vector<LibraryHit> LibraryFolders::find(std::string_view name, const Requester& by,
                                             const LoaderKindFolders& kind) const {
  std::vector<LibraryHit> hits;
  const auto* links = by.file.elf();
  const auto is_found_in = [&](const std::vector<std::string>& folders) {
    return std::any_of(folders.begin(), folders.end(),
                       [&](const std::string& folder) { return take_from(folder, name, links, hits); });
  };
  bool is_found = is_found_in(first_folders(by, kind.is_musl));
  if (!is_found && !kind.is_musl) {
    if (const auto cached = cache_.find(std::string(name)); cached != cache_.end()) {
      for (const auto& path : cached->second) take(path, "cache", links, hits);
    }
  }
  if (!is_found) is_found_in(kind.folders);
  drop_repeated(hits);
  return hits;
}

std::vector<LibraryHit> LibraryFolders::find_path(std::string_view name, const Requester& by) const {
  std::vector<LibraryHit> hits;
  for (const auto& path : expand(name, by.file)) take(path, "path", by.file.elf(), hits);
  return hits;
}

// Whether the search ends here. An empty folder is the working folder.
bool LibraryFolders::take_from(const std::string& folder, std::string_view name, const ElfLinks* by,
                               std::vector<LibraryHit>& hits) const {
  const auto prefix = folder.empty() ? std::string() : folder + "/";
  take_capabilities(prefix, name, by, hits);
  return take(fmt::format("{}{}", prefix, name), {}, by, hits);
}

void LibraryFolders::take_capabilities(const std::string& prefix, std::string_view name, const ElfLinks* by,
                                       std::vector<LibraryHit>& hits) const {
  const auto folder = view_.follow(prefix.empty() ? "." : prefix);
  if (!folder.is_folder()) return;
  const auto capabilities = view_.follow(prefix + "glibc-hwcaps");
  if (capabilities.is_folder()) {
    for (const auto& [capability, node] : capabilities.node->children) {
      take(fmt::format("{}glibc-hwcaps/{}/{}", prefix, capability, name), std::string(capability), by, hits);
    }
  }
  take_old_capabilities(folder, {}, name, by, hits);
}

void LibraryFolders::take_old_capabilities(const Found& folder, const std::string& below, std::string_view name,
                                           const ElfLinks* by, std::vector<LibraryHit>& hits) const {
  if (std::count(below.begin(), below.end(), '/') == static_cast<std::ptrdiff_t>(kDeepestCapabilities)) return;
  for (const auto capability : kOldCapabilities) {
    if (folder.node->children.find(capability) == nullptr) continue;
    const auto inner = view_.follow(fmt::format("{}/{}", folder.path, capability));
    if (!inner.is_folder()) continue;
    const auto condition = fmt::format("{}{}/", below, capability);
    take_old_capabilities(inner, condition, name, by, hits);
    take(fmt::format("{}/{}", inner.path, name), condition, by, hits);
  }
}

bool LibraryFolders::take(const std::string& path, std::string condition, const ElfLinks* by,
                          std::vector<LibraryHit>& hits) const {
  auto file = view_.follow(path);
  if (file.node == nullptr || is_of_other_machine(file, by)) return false;
  hits.push_back({std::move(condition), std::move(file)});
  return hits.back().condition.empty();
}

}  // namespace ociassemble
