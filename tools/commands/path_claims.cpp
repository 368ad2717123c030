// SPDX-License-Identifier: Apache-2.0
#include "commands/path_claims.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <system_error>

#include "base/file_status.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble::tool {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const std::string& what, std::string_view why) {
  throw Error(ErrorCode::invalid_argument, fmt::format("cannot write {}: {}", what, why), "name another file");
}

fs::path resolved(const fs::path& path) {
  std::error_code failure;
  auto real = fs::weakly_canonical(absolute_path(path), failure);
  if (failure) real = absolute_path(path).lexically_normal();
  return real.has_filename() ? real : real.parent_path();
}

bool lies_below(const fs::path& path, const fs::path& folder) {
  const auto [end, ignored] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end == folder.end();
}

}  // namespace

// A folder of inputs is resolved once, however many files it has.
fs::path PathClaims::where_it_leads(const fs::path& path) {
  struct stat status {};
  const auto slash = path.native().rfind('/');
  // A regular file's name is no "." or "..", and no link.
  if (slash == std::string::npos || ::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode))
    return resolved(path);
  const auto folder = path.native().substr(0, slash + 1);
  auto known = folders_.find(folder);
  if (known == folders_.end()) known = folders_.emplace(folder, resolved(folder)).first;
  return known->second / path.native().substr(slash + 1);
}

std::optional<PathClaims::Claim> PathClaims::claim(const fs::path& path, std::string what) {
  Claim made{where_it_leads(path), {}, std::move(what)};
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return made;
  if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) return {};
  made.inode = std::pair(status.st_dev, status.st_ino);
  return made;
}

void PathClaims::read(const fs::path& file, std::string what) {
  if (auto made = claim(file, std::move(what))) read_.push_back(std::move(*made));
}

void PathClaims::read_layout(const fs::path& layout, std::string what) {
  if (auto made = claim(layout, std::move(what))) layouts_.push_back(std::move(*made));
}

void PathClaims::read_folder(const fs::path& folder, std::string what) {
  if (auto made = claim(folder, std::move(what))) folders_read_.push_back(std::move(*made));
}

void PathClaims::refuse_taken(const Claim& file) const {
  const auto is_same = [&](const Claim& other) {
    return other.path == file.path || (file.inode && other.inode == file.inode);
  };
  if (const auto found = std::ranges::find_if(read_, is_same); found != read_.end())
    refuse(file.what, fmt::format("{} would be overwritten", found->what));
  refuse_read(file);
  if (const auto found = std::ranges::find_if(written_, is_same); found != written_.end())
    refuse(file.what, fmt::format("it is the same file as {}", found->what));
  const auto holds = [&](const Claim& layout) { return lies_below(file.path, layout.path); };
  if (const auto found = std::ranges::find_if(folders_read_, holds); found != folders_read_.end() && file.inode)
    refuse(file.what, fmt::format("a file of {} would be overwritten", found->what));
  if (const auto found = std::ranges::find_if(layouts_, holds); found != layouts_.end())
    refuse(file.what, fmt::format("it lies in the layout {}", found->what));
}

// What is not there is none of those that have been read.
void PathClaims::refuse_read(const Claim& file) const {
  if (!file.inode) return;
  for (const auto* files : files_read_) {
    for (const auto& input : *files) {
      struct stat status {};
      if (::stat(input.c_str(), &status) == 0 && std::pair(status.st_dev, status.st_ino) == *file.inode)
        refuse(file.what, fmt::format("the input {} would be overwritten", input));
    }
  }
}

void PathClaims::write(const fs::path& file, const std::string& what) {
  auto made = claim(file, what);
  if (!made) return;
  refuse_taken(*made);
  written_.push_back(std::move(*made));
}

void PathClaims::write(const Location& target) {
  switch (target.kind) {
    case Location::Kind::oci_layout:
      return write_layout(target);
    case Location::Kind::oci_archive:
      return write(target.path, target.to_string());
    case Location::Kind::docker_archive: {
      auto made = claim(target.path, target.to_string());
      if (!made) return;
      // All names of one archive are written at once, where its path is written alike.
      const auto prefix = "docker-archive:" + target.path.string();
      const auto same = [&](const Claim& other) {
        return other.path == made->path && other.what.starts_with(prefix) && other.what != made->what;
      };
      if (std::ranges::any_of(written_, same)) return;
      refuse_taken(*made);
      written_.push_back(std::move(*made));
      return;
    }
    case Location::Kind::docker_daemon:
    case Location::Kind::podman:
    case Location::Kind::containerd:
    case Location::Kind::kind:
    case Location::Kind::k3s:
    case Location::Kind::registry: {
      names_.emplace_back(target.to_string(), target.to_string());
      const auto& name = names_.back().first;
      const auto count = std::ranges::count_if(names_, [&](const auto& other) { return other.first == name; });
      if (count > 1) refuse(target.to_string(), "it is named twice");
      return;
    }
    case Location::Kind::rootfs:
    case Location::Kind::scratch:
    case Location::Kind::static_base:
      return;
  }
}

void PathClaims::write_layout(const Location& target) {
  auto made = claim(target.path, target.to_string());
  if (!made) return;
  const auto is_in_it = [&](const Claim& file) { return lies_below(file.path, made->path); };
  if (const auto found = std::ranges::find_if(written_, is_in_it); found != written_.end())
    refuse(found->what, fmt::format("it lies in the layout {}", target.to_string()));
  auto name = made->path.string() + '\0' + target.name.value_or("");
  const auto is_named = [&](const auto& other) { return other.first == name; };
  if (const auto found = std::ranges::find_if(names_, is_named); found != names_.end())
    refuse(target.to_string(), fmt::format("it is the same place as {}", found->second));
  names_.emplace_back(std::move(name), target.to_string());
  layouts_.push_back(std::move(*made));
}

}  // namespace ociassemble::tool
