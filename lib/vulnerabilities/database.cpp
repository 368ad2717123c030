// SPDX-License-Identifier: Apache-2.0
#include "vulnerabilities/database.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "base/atomic_file.hpp"
#include "base/nameless_file.hpp"
#include "base/stop.hpp"
#include "base/system_error.hpp"
#include "base/text.hpp"
#include "base/unique_fd.hpp"
#include "io/streams.hpp"
#include "ociassemble/digest.hpp"
#include "ociassemble/error.hpp"
#include "spec/json.hpp"
#include "vulnerabilities/readers.hpp"
#include "vulnerabilities/zip_file.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFiles = 2'000'000;
constexpr int kDeepestFolder = 16;
constexpr std::uint64_t kLargestDocument = std::uint64_t{1} << 30U;
constexpr std::uint64_t kLargestUnpacked = std::uint64_t{4} << 30U;  // of all entries of an archive
constexpr std::size_t kLargestModuleIndex = std::size_t{64} << 20U;
constexpr std::string_view kIndexName = ".ociassemble-index";
constexpr std::string_view kSourceSuffix = ".source";

// A file of the database.
struct DatabaseFile {
  fs::path path;
  std::string name;  // below the folder: "ID/GO-2024-1.json"
  std::uint64_t size = 0;
  std::int64_t modified = 0;  // nanoseconds
  bool has_source = false;    // whether a record of `db fetch` lies beside it
};

DatabaseFile look_at_file(const fs::path& path, std::string name) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) throw_errno("cannot read " + path.string());
  if (!S_ISREG(status.st_mode)) throw Error(ErrorCode::io, "cannot read " + path.string() + ": it is no regular file");
  return {path, std::move(name), static_cast<std::uint64_t>(status.st_size),
          std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
}

bool is_database_file(std::string_view name) {
  const auto base = name.substr(name.rfind('/') + 1);
  return !base.starts_with('.') && (base.ends_with(".json") || base.ends_with(".zip"));
}

// A link may lead to another file of the folder only.
void refuse_link_out(const fs::path& folder, const fs::path& link) {
  std::error_code error;
  const auto target = fs::canonical(link, error);
  if (error == std::errc::no_such_file_or_directory)
    throw Error(ErrorCode::corrupt, "cannot read " + link.string() + ": it is a link to nothing");
  if (error) throw_errno("cannot read " + link.string(), error.value());
  const auto inside = target.lexically_relative(folder);
  if (inside.empty() || *inside.begin() == "..") {
    throw Error(ErrorCode::corrupt, fmt::format("cannot read {}: it is a link out of the folder", link.string()),
                "copy the file into the folder, or give its own folder with another --db");
  }
}

std::vector<DatabaseFile> files_in(const fs::path& folder) {
  std::vector<DatabaseFile> files;
  std::set<std::string> records;
  std::error_code error;
  const auto root = fs::canonical(folder, error);
  fs::recursive_directory_iterator at(folder, error);
  if (error) throw Error(ErrorCode::io, fmt::format("cannot read {}: {}", folder.string(), error.message()));
  for (; at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (error) throw Error(ErrorCode::io, fmt::format("cannot read {}: {}", folder.string(), error.message()));
    const auto& path = at->path();
    const auto name = path.lexically_relative(folder).string();
    const bool is_hidden = path.filename().string().starts_with('.');
    const bool is_link = at->is_symlink(error);
    if (!is_link && at->is_directory(error)) {
      if (is_hidden) at.disable_recursion_pending();
      if (at.depth() >= kDeepestFolder) {
        throw Error(ErrorCode::corrupt, fmt::format("cannot read {}: its folders are nested more than {} deep",
                                                    folder.string(), kDeepestFolder));
      }
      continue;
    }
    if (is_hidden) continue;
    if (is_link && fs::is_directory(path, error)) {
      throw Error(ErrorCode::corrupt, fmt::format("cannot read {}: it is a link to a folder", path.string()),
                  "give the folder itself with another --db");
    }
    if (name.ends_with(kSourceSuffix)) records.insert(name);
    if (!is_database_file(name)) continue;
    if (is_link) refuse_link_out(root, path);
    files.push_back(look_at_file(path, name));
    if (files.size() > kMostFiles) {
      throw Error(ErrorCode::corrupt, fmt::format("cannot read {}: more than {} files", folder.string(), kMostFiles));
    }
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  for (auto& file : files) file.has_source = records.contains(file.name + std::string(kSourceSuffix));
  return files;
}

std::vector<DatabaseFile> database_files(const fs::path& path) {
  std::error_code error;
  const auto status = fs::status(path, error);
  if (status.type() == fs::file_type::none) throw_errno("cannot open database " + path.string(), error.value());
  if (!fs::exists(status))
    throw Error(ErrorCode::not_found, "cannot open database " + path.string() + ": no such file",
                "ociassemble db fetch URL -o DIR brings one; docs/vulnerabilities.md has the addresses");
  if (fs::is_directory(status)) return files_in(path);
  auto file = look_at_file(path, path.filename().string());
  file.has_source = fs::exists(source_record_of(path), error);
  return {std::move(file)};
}

// "index/modules.json": what the Go database says that it has.
std::optional<std::string> go_index_file(std::string_view name) {
  for (const std::string_view file : {"index/db.json", "index/modules.json", "index/vulns.json"}) {
    if (!name.ends_with(file)) continue;
    const auto before = name.substr(0, name.size() - file.size());
    if (before.empty() || before.ends_with('/')) return std::string(before);
  }
  return {};
}

// The entries that modules.json names have to be there: a copy that broke off must not look clean.
void require_entries(std::string_view text, const std::string& subject, const std::string& prefix,
                     const std::set<std::string, std::less<>>& names) {
  const auto value = parse_json(text, subject, {.size = kLargestModuleIndex});
  for (const auto& module : JsonView(value, subject).elements()) {
    const auto vulns = module.find("vulns");
    if (!vulns) continue;
    for (const auto& one : vulns->elements()) {
      const auto& id = one.at("id").string();
      if (!is_advisory_id(id)) one.refuse("has an id that is none");
      if (names.contains(fmt::format("{}ID/{}.json", prefix, id)) ||
          names.contains(fmt::format("{}{}.json", prefix, id)))
        continue;
      throw Error(ErrorCode::corrupt,
                  fmt::format("cannot use {}: it names {}, and ID/{}.json is not there", subject, id, id),
                  "the copy is not whole: fetch it again");
    }
  }
}

// What go_index_file() found; `open` gives its bytes.
void read_go_index(std::string_view name, const std::string& prefix, const std::string& text,
                   const std::string& subject, const std::set<std::string, std::less<>>& names) {
  if (name.ends_with("modules.json")) require_entries(text, subject, prefix, names);
}

void read_archive(const DatabaseFile& file, AdvisorySink& to, const std::stop_token& stop) {
  const ZipFile archive(file.path);
  std::set<std::string, std::less<>> names;
  std::uint64_t unpacked = 0;
  for (const auto& entry : archive.entries()) {
    names.insert(entry.name);
    unpacked += std::min(entry.size, kLargestUnpacked);
    if (entry.size > kLargestOsvDocument && !go_index_file(entry.name)) {
      throw Error(ErrorCode::corrupt, fmt::format("cannot read {}: {} unpacks to {}, which is more than any entry",
                                                  file.path.string(), printable(entry.name), format_size(entry.size)));
    }
    if (unpacked > kLargestUnpacked) {
      throw Error(ErrorCode::corrupt, fmt::format("cannot read {}: it unpacks to more than {}", file.path.string(),
                                                  format_size(kLargestUnpacked)));
    }
  }
  for (const auto& entry : archive.entries()) {
    throw_if_stopped(stop);
    if (!entry.name.ends_with(".json")) continue;
    const auto subject = file.path.string() + ": " + printable(entry.name);
    const auto source = archive.open(entry);
    if (const auto prefix = go_index_file(entry.name)) {
      const auto text = read_all(*source, kLargestModuleIndex, subject);
      read_go_index(entry.name, *prefix, text, subject, names);
      continue;
    }
    read_osv(read_all(*source, kLargestOsvDocument, subject), subject, to);
  }
}

void read_file_of(const DatabaseFile& file, const std::set<std::string, std::less<>>& names, AdvisorySink& to,
                  const std::stop_token& stop) {
  if (file.name.ends_with(".zip")) {
    read_archive(file, to, stop);
    return;
  }
  if (file.size > kLargestDocument) {
    throw Error(ErrorCode::corrupt, fmt::format("cannot read {}: {} are more than any vulnerability database",
                                                file.path.string(), format_size(file.size)));
  }
  if (const auto prefix = go_index_file(file.name)) {
    read_go_index(file.name, *prefix, read_file(file.path, kLargestModuleIndex), file.path.string(), names);
    return;
  }
  read_database_document([&] { return std::make_unique<FileSource>(file.path); }, file.path.string(), to);
}

void read_files(const std::vector<DatabaseFile>& files, AdvisorySink& to, const std::stop_token& stop) {
  std::set<std::string, std::less<>> names;
  for (const auto& file : files) names.insert(file.name);
  for (const auto& file : files) {
    throw_if_stopped(stop);
    read_file_of(file, names, to, stop);
  }
}

std::string fingerprint_of(const std::vector<DatabaseFile>& files) {
  std::string text;
  for (const auto& file : files) text += fmt::format("{} {} {}\n", file.name, file.size, file.modified);
  return std::string(Digest::of(text).hex());
}

fs::path index_file_of(const fs::path& path) {
  std::error_code error;
  const bool is_folder = fs::is_directory(path, error);
  if (error) throw_errno("cannot open database " + path.string(), error.value());
  if (is_folder) return path / kIndexName;
  return path.parent_path() / ("." + path.filename().string() + std::string(kIndexName));
}

std::optional<DatabaseIndex> open_index(const fs::path& file, std::string_view fingerprint) {
  UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd) return {};
  return DatabaseIndex::open(std::move(fd), fingerprint, file.string());
}

void refuse_empty(const DatabaseFacts& facts, const fs::path& path) {
  if (facts.advisories > 0 || !facts.coverage.empty()) return;
  throw Error(ErrorCode::corrupt, fmt::format("cannot use {}: it holds no vulnerability database", path.string()),
              "--db takes a folder or file of OSV, the Go vulnerability database, Alpine's secdb or Debian's tracker");
}

DatabaseIndex make_index(const fs::path& path, const fs::path& index_file, const std::vector<DatabaseFile>& files,
                         std::string_view fingerprint, const std::function<void(const std::string&)>& warn,
                         const std::stop_token& stop) {
  IndexBuilder builder;
  read_files(files, builder, stop);
  refuse_empty(builder.facts(), path);
  std::optional<AtomicFile> kept;
  try {
    auto folder = index_file.parent_path();
    if (folder.empty()) folder = ".";
    kept.emplace(AtomicFile::in_folder(folder, Durability::unsynced));
  } catch (const Error& error) {
    if (warn)
      warn(
          fmt::format("the index of {} is not kept, so that each run makes it again: {}", path.string(), error.what()));
  }
  if (kept) {
    builder.write(kept->fd(), fingerprint);
    kept->commit_as(index_file);
    UniqueFd fd(::open(index_file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!fd) throw_errno("cannot read " + index_file.string());
    if (auto index = DatabaseIndex::open(std::move(fd), fingerprint, index_file.string())) return std::move(*index);
  } else {
    auto fd = open_nameless_file();
    builder.write(fd.get(), fingerprint);
    if (auto index = DatabaseIndex::open(std::move(fd), fingerprint, "the index of " + path.string()))
      return std::move(*index);
  }
  throw Error(ErrorCode::io, fmt::format("cannot read the index of {} that was just written", path.string()));
}

// The oldest: a folder is as new as its oldest file.
std::optional<DatabaseSource> source_of(const std::vector<DatabaseFile>& files) {
  std::optional<DatabaseSource> oldest;
  for (const auto& file : files) {
    auto source = file.has_source ? read_source_record(file.path) : std::nullopt;
    if (source && (!oldest || source->date < oldest->date)) oldest = std::move(source);
  }
  return oldest;
}

}  // namespace

void read_database(const fs::path& path, AdvisorySink& to, const std::stop_token& stop) {
  read_files(database_files(path), to, stop);
}

Database open_database(const fs::path& path, const std::function<void(const std::string&)>& warn,
                       const std::stop_token& stop) {
  const auto files = database_files(path);
  const auto fingerprint = fingerprint_of(files);
  const auto index_file = index_file_of(path);
  auto index = open_index(index_file, fingerprint);
  if (!index) index = make_index(path, index_file, files, fingerprint, warn, stop);
  return {path, std::move(*index), source_of(files)};
}

void check_database_file(const fs::path& path, const std::string& name, const std::stop_token& stop) {
  // Counts only.
  class Counter : public AdvisorySink {
   public:
    void add(const Advisory& /*advisory*/) override { ++facts.advisories; }
    void add(std::string_view /*ecosystem*/, std::string_view /*package*/,
             const AffectedPackage& /*affected*/) override {}
    void add_coverage(std::string_view ecosystem, std::string_view part) override {
      facts.coverage.emplace(ecosystem, part);
    }
    DatabaseFacts facts;
  };
  Counter counter;
  read_files({look_at_file(path, name)}, counter, stop);
  refuse_empty(counter.facts, name);
}

fs::path source_record_of(const fs::path& file) { return file.string() + std::string(kSourceSuffix); }

std::optional<DatabaseSource> read_source_record(const fs::path& file) {
  constexpr std::size_t kLargestRecord = std::size_t{64} << 10U;
  const auto record = source_record_of(file);
  const auto text = read_file_if_exists(record, kLargestRecord);
  if (!text) return {};
  const auto subject = record.string();
  const auto value = parse_json(*text, subject, {.size = kLargestRecord});
  const JsonView document(value, subject);
  return DatabaseSource{document.at("url").string(), document.at("date").string(), document.at("sha256").string()};
}

}  // namespace ociassemble
