// SPDX-License-Identifier: Apache-2.0
#include "gates/library_search.hpp"

#include <algorithm>
#include <array>

#include "inspect/loader_cache.hpp"

namespace ociassemble {
namespace {

constexpr std::uint16_t kMachineAmd64 = 62;
constexpr std::uint16_t kMachineArm64 = 183;
constexpr std::size_t kMostFolders = 4096;

// Folders for better processors; they hold the same libraries, compiled otherwise.
constexpr std::array kHwcapFolders{"glibc-hwcaps/x86-64-v2/", "glibc-hwcaps/x86-64-v3/", "glibc-hwcaps/x86-64-v4/"};

std::string folder_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? "/" : "/" + std::string(path.substr(0, slash));
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

// musl ignores all of a list that has any other word behind '$'.
bool has_unknown_to_musl(std::string_view list) {
  for (auto at = list.find('$'); at != std::string_view::npos; at = list.find('$', at + 1)) {
    const auto rest = list.substr(at);
    if (!rest.starts_with("$ORIGIN") && !rest.starts_with("${ORIGIN}")) return true;
  }
  return false;
}

std::string platform_of_machine(std::uint16_t machine) {
  return machine == kMachineAmd64 ? "x86_64" : machine == kMachineArm64 ? "aarch64" : "";
}

std::vector<std::string> musl_folders(const RootFiles& root, std::uint16_t machine) {
  const auto list = root.text("etc/ld-musl-" + platform_of_machine(machine) + ".path");
  if (!list) return {"/lib", "/usr/local/lib", "/usr/lib"};
  auto folders = split_folders(*list, ":\n");
  folders.erase(std::remove(folders.begin(), folders.end(), ""), folders.end());
  return folders;
}

}  // namespace

std::vector<std::string> split_folders(std::string_view list, std::string_view separators) {
  std::vector<std::string> parts;
  while (parts.size() < kMostFolders) {
    const auto end = list.find_first_of(separators);
    parts.emplace_back(list.substr(0, end));
    if (end == std::string_view::npos) break;
    list.remove_prefix(end + 1);
  }
  return parts;
}

LibrarySearch::LibrarySearch(const ProgramStart& program, const RootFiles& root, LoaderKind loader,
                             const LibraryFacts& loader_facts)
    : program_(program), root_(root), loader_(loader) {
  const auto machine = program.facts.machine;
  if (!program.library_path.empty())
    environment_folders_ = split_folders(program.library_path, loader == LoaderKind::musl ? ":\n" : ":;");
  if (loader == LoaderKind::musl) {
    default_folders_ = musl_folders(root, machine);
    return;
  }
  default_folders_ = loader_facts.default_folders;
  const auto wanted = machine == kMachineAmd64 ? kCacheAmd64 : machine == kMachineArm64 ? kCacheArm64 : 0;
  auto entries = parse_loader_cache(root.text(kLoaderCache).value_or("")).value_or(std::vector<LoaderCacheEntry>());
  std::stable_partition(entries.begin(), entries.end(), [](const auto& entry) { return entry.hwcaps.empty(); });
  for (auto& entry : entries) {
    if (entry.flags == wanted) cache_.emplace(std::move(entry.name), std::move(entry.path));
  }
}

bool LibrarySearch::fits_machine(const LibraryFacts& facts) const {
  // musl maps whatever has a proper header.
  if (loader_ == LoaderKind::musl) return true;
  return facts.is_64_bit == program_.facts.is_64_bit && facts.machine == program_.facts.machine &&
         facts.is_little_endian == program_.facts.is_little_endian;
}

bool LibrarySearch::may_read(const RootFile& file) const {
  if (program_.uid == 0 || file.library == nullptr) return true;
  const std::uint32_t readable = file.uid == program_.uid ? 0400U : file.gid == program_.gid ? 0040U : 0004U;
  return (file.mode & readable) != 0 && root_.may_reach(file.path, program_.uid, program_.gid);
}

std::optional<SearchResult> LibrarySearch::try_path(const std::string& path) const {
  auto file = root_.find(path);
  if (!file) return {};
  if (!may_read(*file)) {
    if (unreadable_.empty()) unreadable_ = path;  // the search goes on
    return {};
  }
  if (file->library != nullptr && !file->library->is_elf) return SearchResult{{}, path, kNoElfFile};
  if (file->library != nullptr && !fits_machine(*file->library)) return {};
  return SearchResult{std::move(file), {}, {}};
}

std::optional<SearchResult> LibrarySearch::try_folders(const std::vector<std::string>& folders,
                                                       std::string_view name) const {
  for (const auto& folder : folders) {
    const std::string prefix = folder.ends_with('/') ? folder : folder + "/";
    if (auto found = try_path(prefix + std::string(name))) return found;
    if (loader_ == LoaderKind::musl || program_.facts.machine != kMachineAmd64) continue;
    for (const auto* hwcap : kHwcapFolders) {
      if (auto found = try_path(prefix + hwcap + std::string(name))) return found;
    }
  }
  return {};
}

std::vector<std::string> LibrarySearch::expand(std::string_view list, const LoadedFile& by) const {
  if (loader_ == LoaderKind::musl && has_unknown_to_musl(list)) return {};
  auto folders = split_folders(list, ":");
  folders.erase(std::remove(folders.begin(), folders.end(), ""), folders.end());
  for (auto& folder : folders) {
    for (const auto* name : {"${ORIGIN}", "$ORIGIN"}) replace_all(folder, name, folder_of(by.path));
    if (loader_ == LoaderKind::musl) continue;
    const auto platform = platform_of_machine(program_.facts.machine);
    for (const auto* name : {"${LIB}", "$LIB"}) replace_all(folder, name, "lib/" + platform + "-linux-gnu");
    for (const auto* name : {"${PLATFORM}", "$PLATFORM"}) replace_all(folder, name, platform);
  }
  return folders;
}

SearchResult LibrarySearch::find(std::string_view name, const LoadedFile& by) const {
  unreadable_.clear();
  auto result = find_anywhere(name, by);
  if (!result.file && result.unusable.empty() && !unreadable_.empty())
    result = {{}, unreadable_, "the image's user cannot read it"};
  return result;
}

SearchResult LibrarySearch::find_anywhere(std::string_view name, const LoadedFile& by) const {
  if (name.find('/') == std::string_view::npos)
    return loader_ == LoaderKind::musl ? find_by_musl(name, by) : find_by_glibc(name, by);
  if (loader_ == LoaderKind::musl) return try_path(std::string(name)).value_or(SearchResult());
  const auto paths = expand(name, by);
  return paths.size() == 1 ? try_path(paths[0]).value_or(SearchResult()) : SearchResult();
}

SearchResult LibrarySearch::find_by_glibc(std::string_view name, const LoadedFile& by) const {
  std::vector<std::string> folders;
  const auto append = [&](const std::vector<std::string>& more) {
    folders.insert(folders.end(), more.begin(), more.end());
  };
  const auto& own = by.facts->dynamic;
  if (!own.runpath) {
    // RPATH of the requester and of those that asked for it, the program last.
    for (const auto* file = &by; file != nullptr; file = file->loaded_by) {
      const auto& dynamic = file->facts->dynamic;
      if (!dynamic.runpath && dynamic.rpath) append(expand(*dynamic.rpath, *file));
    }
  }
  append(environment_folders_);
  if (own.runpath) append(expand(*own.runpath, by));
  if (auto found = try_folders(folders, name)) return *found;
  if (auto found = find_in_cache(name, by)) return *found;
  if (own.skips_default_folders) return {};
  return try_folders(default_folders_, name).value_or(SearchResult());
}

std::optional<SearchResult> LibrarySearch::find_in_cache(std::string_view name, const LoadedFile& by) const {
  const auto [first, last] = cache_.equal_range(name);
  for (auto entry = first; entry != last; ++entry) {
    const auto& path = entry->second;
    // DF_1_NODEFLIB discards what the cache has in the default folders, too.
    const auto is_in = [&path](const std::string& folder) { return path.starts_with(folder); };
    if (by.facts->dynamic.skips_default_folders && std::any_of(default_folders_.begin(), default_folders_.end(), is_in))
      continue;
    if (auto found = try_path(path)) return found;
  }
  return {};
}

SearchResult LibrarySearch::find_by_musl(std::string_view name, const LoadedFile& by) const {
  auto folders = environment_folders_;
  for (const auto* file = &by; file != nullptr; file = file->loaded_by) {
    const auto& dynamic = file->facts->dynamic;
    const auto list = expand(dynamic.runpath ? *dynamic.runpath : dynamic.rpath.value_or(""), *file);
    folders.insert(folders.end(), list.begin(), list.end());
  }
  folders.insert(folders.end(), default_folders_.begin(), default_folders_.end());
  return try_folders(folders, name).value_or(SearchResult());
}

}  // namespace ociassemble
