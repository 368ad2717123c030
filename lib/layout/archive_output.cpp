// SPDX-License-Identifier: Apache-2.0
#include "layout/archive_output.hpp"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "base/stop.hpp"
#include "io/output.hpp"
#include "io/streams.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

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

}  // namespace

std::function<ArchivePayload()> text_payload(std::string text) {
  return [text = std::move(text)] {
    return ArchivePayload{.size = text.size(), .source = std::make_unique<StringSource>(text)};
  };
}

void write_archive(Sink& to, const ArchiveContents& contents, const std::stop_token& stop) {
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

void write_archive(const fs::path& file, const ArchiveContents& contents, const std::stop_token& stop) {
  write_output(file, [&](Sink& to) { write_archive(to, contents, stop); });
}

}  // namespace ociassemble
