// SPDX-License-Identifier: Apache-2.0
// Says of each program in a folder that holds a root file system whether it starts there, for compare_runs:
//   can-run ROOT LD_LIBRARY_PATH UID PROGRAM…   (programs as paths in the root)
#include <fmt/format.h>

#include <sys/stat.h>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>

#include "gates/runs.hpp"
#include "inspect/elf.hpp"

using namespace ociassemble;

namespace {

namespace fs = std::filesystem;

// A root file system in a folder, whose symlinks are followed inside.
class FolderFiles : public RootFiles {
 public:
  explicit FolderFiles(fs::path root) : root_(std::move(root)) {}

  std::string resolve(std::string_view path) const {
    fs::path rest(path);
    fs::path done;
    for (int links = 0; !rest.empty();) {
      const fs::path name = *rest.begin();
      fs::path after;
      for (auto part = std::next(rest.begin()); part != rest.end(); ++part) after /= *part;
      rest = after;
      if (name == "/" || name == "." || name.empty()) continue;
      if (name == "..") {
        done = done.parent_path();
        continue;
      }
      std::error_code error;
      const auto host = root_ / done / name;
      if (fs::is_symlink(fs::symlink_status(host, error))) {
        if (++links > 40) return "";
        const auto target = fs::read_symlink(host, error);
        if (target.is_absolute()) done.clear();
        rest = target / rest;
      } else {
        done /= name;
      }
    }
    return done.string();
  }

  std::optional<RootFile> find(std::string_view path) const override {
    const auto real = resolve(path);
    struct stat status {};
    if (::stat((root_ / real).c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
    auto& facts = known_[real];
    if (!facts) facts = std::make_shared<const LibraryFacts>(facts_again(facts_of_library(contents(real))));
    return RootFile{real, status.st_mode & 07777U, status.st_uid, status.st_gid, facts};
  }
  std::optional<std::string> text(std::string_view path) const override {
    const auto real = resolve(path);
    if (!fs::is_regular_file(root_ / real)) return {};
    return contents(real);
  }
  std::optional<RootFolder> folder(std::string_view path) const override {
    const auto real = root_ / resolve(path);
    struct stat status {};
    if (::stat(real.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return {};
    return RootFolder{status.st_mode & 07777U, status.st_uid, status.st_gid, !fs::is_empty(real)};
  }
  std::vector<std::string> paths_named(std::string_view) const override { return {}; }
  bool may_reach(std::string_view path, std::uint64_t uid, std::uint64_t gid) const override {
    for (auto folder = fs::path(path).parent_path(); !folder.empty(); folder = folder.parent_path()) {
      struct stat status {};
      if (::stat((root_ / folder).c_str(), &status) != 0) return false;
      const unsigned bit = status.st_uid == uid ? 0100 : status.st_gid == gid ? 0010 : 0001;
      if ((status.st_mode & bit) == 0) return false;
    }
    return true;
  }

 private:
  // Through a record, as bases keep them.
  static LibraryFacts facts_again(const LibraryFacts& facts) { return decode_library(encode_library(facts)).value(); }
  std::string contents(const std::string& real) const {
    std::ifstream file(root_ / real, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  fs::path root_;
  mutable std::map<std::string, std::shared_ptr<const LibraryFacts>> known_;
};

std::string_view word_of(StartFailure failure) {
  switch (failure) {
    case StartFailure::no_interpreter:
      return "no-interpreter";
    case StartFailure::bad_interpreter:
      return "bad-interpreter";
    case StartFailure::no_library:
      return "no-library";
    case StartFailure::bad_library:
      return "bad-library";
    case StartFailure::no_version:
      return "no-version";
    case StartFailure::no_symbol:
      return "no-symbol";
  }
  return "";
}

void judge(const FolderFiles& root, const fs::path& folder, const std::string& path, const char* library_path,
           std::uint64_t uid) {
  const auto host = (folder / path).string();
  ProgramStart program;
  program.path = path;
  program.interpreter = read_elf(host).interpreter;
  program.facts = facts_of_program(host);
  program.library_path = library_path;
  program.uid = program.gid = uid;
  const auto verdict = judge_start(program, root);
  std::string line = verdict.obstacles.empty() ? verdict.not_judged.empty() ? "yes" : "unknown" : "no";
  for (const auto& obstacle : verdict.obstacles)
    line += fmt::format("\t{} {} {} {}", word_of(obstacle.kind), obstacle.name, obstacle.library, obstacle.found);
  for (const auto& name : verdict.not_judged) line += fmt::format("\tnot judged: {}", name);
  fmt::print("{}\t{}\n", path, line);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 5) return 2;
  const FolderFiles root(arguments[1]);
  for (int i = 4; i < count; ++i) {
    try {
      judge(root, arguments[1], arguments[i], arguments[2], std::strtoull(arguments[3], nullptr, 10));
    } catch (const std::exception& error) {
      fmt::print("{}\terror\t{}\n", arguments[i], error.what());
    }
  }
  return 0;
}
