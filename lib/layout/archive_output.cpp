// SPDX-License-Identifier: Apache-2.0
#include "layout/archive_output.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>
#include <vector>

#include "base/atomic_file.hpp"
#include "base/output_file.hpp"
#include "base/stop.hpp"
#include "base/system_error.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

class AtomicFileSink : public Sink {
 public:
  explicit AtomicFileSink(AtomicFile& file) : file_(file) {}
  void write(std::span<const std::byte> bytes) override { file_.write(bytes); }

 private:
  AtomicFile& file_;
};

class StreamSink : public Sink {
 public:
  explicit StreamSink(const fs::path& path) : path_(path), fd_(open_output_stream(path)) {}
  void write(std::span<const std::byte> bytes) override { write_output_stream(fd_.get(), bytes, path_); }

 private:
  const fs::path& path_;
  UniqueFd fd_;
};

void add_folders(TarWriter& tar, std::string_view path, std::set<std::string, std::less<>>& written) {
  for (auto slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
    const auto folder = path.substr(0, slash);
    if (!written.emplace(folder).second) continue;
    TarEntry entry;
    entry.path = folder;
    entry.type = EntryType::directory;
    entry.mode = 0755;
    tar.add(entry);
  }
}

void write_contents(Sink& to, const ArchiveContents& contents, const std::stop_token& stop) {
  TarWriter tar(to);
  std::set<std::string, std::less<>> folders;
  for (const auto& [path, make_payload] : contents) {
    throw_if_stopped(stop);
    add_folders(tar, path, folders);
    const auto payload = make_payload();
    TarEntry entry;
    entry.path = path;
    entry.mode = 0644;
    entry.size = payload.size;
    StoppableSource source(*payload.source, stop);
    tar.add(entry, &source);
  }
  tar.finish();
}

bool same_bytes(const fs::path& left, const fs::path& right) {
  std::error_code error;
  const auto size = fs::file_size(left, error);
  if (error || size != fs::file_size(right, error) || error) return false;
  const UniqueFd probe(::open(left.c_str(), O_RDONLY | O_CLOEXEC));
  if (!probe) return false;  // What we may not read we may still replace.
  FileSource left_source(left);
  FileSource right_source(right);
  std::vector<std::byte> left_buffer(kCopyBufferSize);
  std::vector<std::byte> right_buffer(kCopyBufferSize);
  for (;;) {
    const auto count = read_full(left_source, left_buffer);
    if (count != read_full(right_source, right_buffer)) return false;
    if (!std::equal(left_buffer.begin(), left_buffer.begin() + static_cast<std::ptrdiff_t>(count),
                    right_buffer.begin())) {
      return false;
    }
    if (count == 0) return true;
  }
}

}  // namespace

std::function<ArchivePayload()> text_payload(std::string text) {
  return [text = std::move(text)] {
    return ArchivePayload{.size = text.size(), .source = std::make_unique<StringSource>(text)};
  };
}

void write_archive(const fs::path& file, const ArchiveContents& contents, const std::stop_token& stop) {
  const auto place = find_output(file);
  if (place.kind == OutputPlace::Kind::stream) {
    StreamSink stream(file);
    write_contents(stream, contents, stop);
    return;
  }
  auto output = AtomicFile::in_folder(place.path.parent_path());
  AtomicFileSink sink(output);
  write_contents(sink, contents, stop);
  if (same_bytes(place.path, output.temporary_path())) return;
  output.commit_as(place.path);
  sync_folder(place.path.parent_path());
}

}  // namespace ociassemble
