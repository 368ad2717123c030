// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "ociassemble/io.hpp"
#include "tar/tar_writer.hpp"

namespace ociassemble {

// What a file in an archive is to hold; `source` gives exactly `size` bytes.
struct ArchivePayload {
  std::uint64_t size = 0;
  std::unique_ptr<Source> source;
};

struct TarPathLess {
  bool operator()(std::string_view left, std::string_view right) const noexcept { return tar_path_less(left, right); }
};

// The files of an archive to be, by path. A payload is made when its turn comes, and gone before the next is made.
using ArchiveContents = std::map<std::string, std::function<ArchivePayload()>, TarPathLess>;

std::function<ArchivePayload()> text_payload(std::string text);

// Writes a tar file whose bytes depend on the contents only: files 0644 and their folders 0755, owned by 0:0, of
// 1970-01-01. What `file` held before is replaced once all is written; a file with the same bytes is not touched.
// Throws Error{invalid_argument} when `file` is a device or the like.
void write_archive(const std::filesystem::path& file, const ArchiveContents& contents, const std::stop_token& stop);
// The same into a sink.
void write_archive(Sink& to, const ArchiveContents& contents, const std::stop_token& stop);

}  // namespace ociassemble
