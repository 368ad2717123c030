// SPDX-License-Identifier: Apache-2.0
#include "provenance/inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/file_status.hpp"
#include "inputs/folder.hpp"
#include "inputs/input_file.hpp"
#include "inspect/elf_file.hpp"
#include "inspect/go_program.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

enum class Detail { contents, everything };

std::string_view kind_word(const TarEntry& entry, Detail detail) {
  switch (entry.type) {
    case EntryType::regular:
      return detail == Detail::contents && (entry.mode & 0100U) != 0 ? "program" : "file";
    case EntryType::directory:
      return "folder";
    case EntryType::symlink:
      return "link";
    default:
      return "other";
  }
}

std::string content_of(LayerEntry& entry) {
  if (entry.entry.type == EntryType::symlink) return entry.entry.link_target;
  if (entry.entry.type != EntryType::regular) return {};
  HashSink hash;
  copy(*entry.bytes->open(), hash);
  return std::string(hash.finish().hex());
}

std::string hash_entries(std::vector<LayerEntry> entries, Detail detail) {
  std::sort(entries.begin(), entries.end(),
            [](const LayerEntry& a, const LayerEntry& b) { return a.entry.path < b.entry.path; });
  HashSink hash;
  for (auto& one : entries) {
    const auto& entry = one.entry;
    auto line = fmt::format("{} {}:{}", kind_word(entry, detail), entry.path.size(), entry.path);
    if (detail == Detail::everything) {
      line += fmt::format(" {:o} {} {}", entry.mode, entry.uid, entry.gid);
      for (const auto& [name, value] : entry.xattrs)
        line += fmt::format(" {}:{}={}:{}", name.size(), name, value.size(), value);
    }
    line += " " + content_of(one) + "\n";
    hash.write(as_bytes(line));
  }
  return std::string(hash.finish().hex());
}

std::string key_of(const fs::path& path, std::string_view rules) {
  return absolute_path(path).lexically_normal().string() + '\n' + std::string(rules);
}

}  // namespace

// Compilers' own words: what a verifier of provenance looks for.
std::map<std::string, std::string> program_facts(const fs::path& file) {
  std::map<std::string, std::string> facts;
  const auto program = read_program_file(BoundedFile(file.string()));
  if (!program || !program->go) return facts;
  facts["go.version"] = program->go->build.go_version;
  for (const char* key : {"vcs", "vcs.revision", "vcs.time", "vcs.modified"}) {
    if (const auto* value = program->go->build.setting(key)) facts[key] = *value;
  }
  std::erase_if(facts, [](const auto& fact) { return fact.second.empty(); });
  return facts;
}

std::string hash_file(const fs::path& file) {
  HashSink hash;
  InputFile source(file);
  copy(source, hash);
  return std::string(hash.finish().hex());
}

std::string hash_folder(const fs::path& folder, const std::optional<std::string>& ignore) {
  return hash_entries(read_folder(folder, 0, FolderIgnore::read(folder, ignore)), Detail::contents);
}

std::string hash_rootfs(const fs::path& folder) {
  return hash_entries(read_rootfs_folder(folder, 0), Detail::everything);
}

InputNames::InputNames(const fs::path& folder) : folder_(absolute_path(folder).lexically_normal()) {}

std::string InputNames::free_name(const fs::path& path, const std::string& key) {
  const auto whole = absolute_path(path).lexically_normal();
  auto relative = whole.lexically_relative(folder_).generic_string();
  while (relative.ends_with('/')) relative.pop_back();
  const bool is_inside = !relative.empty() && relative != ".." && !relative.starts_with("../");
  auto name = is_inside ? relative : (whole.has_filename() ? whole : whole.parent_path()).filename().string();
  const auto first = name;
  for (int number = 2; inputs_.count(name) != 0; ++number) name = fmt::format("{}#{}", first, number);
  names_[key] = name;
  return name;
}

std::string InputNames::name(const fs::path& path, As as, const std::optional<std::string>& ignore) {
  const bool in_folder = as != As::file && is_folder(path);
  const auto key = key_of(path, in_folder ? fmt::format("{} {}", as == As::rootfs, ignore.value_or("")) : "");
  if (const auto known = names_.find(key); known != names_.end()) return known->second;
  BuildInput input;
  input.kind = in_folder ? BuildInput::Kind::folder : BuildInput::Kind::file;
  input.sha256 = !in_folder ? hash_file(path) : as == As::rootfs ? hash_rootfs(path) : hash_folder(path, ignore);
  if (!in_folder) input.facts = program_facts(path);
  input.name = free_name(path, key);
  inputs_[input.name] = input;
  return input.name;
}

void InputNames::add_image(const std::string& name, const std::string& sha256) {
  inputs_[name] = {name, BuildInput::Kind::image, sha256, {}};
}

std::string InputNames::name_layout(const fs::path& path, const std::string& sha256) {
  const auto key = key_of(path, sha256);
  if (const auto known = names_.find(key); known != names_.end()) return known->second;
  auto name = free_name(path, key);
  inputs_[name] = {name, BuildInput::Kind::image, sha256, {}};
  return name;
}

void InputNames::add_host(const std::string& what, const std::string& sha256) {
  inputs_["host:" + what] = {"host:" + what, BuildInput::Kind::host, sha256, {}};
}

std::vector<BuildInput> InputNames::take() const {
  std::vector<BuildInput> inputs;
  for (const auto& [name, input] : inputs_) inputs.push_back(input);
  return inputs;
}

}  // namespace ociassemble
