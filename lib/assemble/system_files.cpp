// SPDX-License-Identifier: Apache-2.0
#include "assemble/system_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/file_status.hpp"
#include "bases/static_base.hpp"
#include "digest/hasher.hpp"
#include "gates/root_files.hpp"
#include "inputs/folder.hpp"
#include "inputs/input_file.hpp"
#include "io/streams.hpp"
#include "ociassemble/assemble.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxBundle = std::size_t{16} << 20U;

fs::path host_bundle() {
  for (const auto name : kCertificateFiles) {
    auto path = fs::path("/") / name;
    const auto status = file_status(path);
    if (status && S_ISREG(status->st_mode)) return path;
  }
  throw Error(ErrorCode::not_found, "cannot find the host's CA certificates in any of the usual places",
              "install the package ca-certificates, or name a PEM file");
}

bool is_second_copy(const std::string& path) { return path.rfind("posix/", 0) == 0 || path.rfind("right/", 0) == 0; }

bool belongs(const TarEntry& entry) {
  if (entry.path == "posix" || entry.path == "right" || is_second_copy(entry.path)) return false;
  return entry.type != EntryType::symlink || entry.link_target.front() != '/';
}

}  // namespace

LayerEntry ca_certificates_entry(const std::string& from, std::int64_t mtime, std::vector<fs::path>& inputs) {
  const auto file = from == "host" ? host_bundle() : fs::path(from);
  auto bytes = read_input_file(file, kMaxBundle);
  if (bytes.find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
    throw Error(ErrorCode::check_failed, fmt::format("cannot use {} as CA certificates: it holds none", file.string()),
                "name a file of PEM certificates");
  }
  inputs.push_back(file);
  return text_entry("etc/ssl/certs/ca-certificates.crt", 0644, std::move(bytes), mtime);
}

std::vector<LayerEntry> tzdata_entries(const std::string& from, std::int64_t mtime, std::vector<fs::path>& inputs) {
  const fs::path folder = from == "host" ? "/usr/share/zoneinfo" : from;
  std::vector<LayerEntry> entries;
  for (auto& found : read_folder(folder, mtime)) {
    auto& entry = found.entry;
    if (!belongs(entry)) continue;
    if (entry.type == EntryType::regular || entry.type == EntryType::directory) inputs.push_back(folder / entry.path);
    entry.mode = entry.type == EntryType::directory ? 0755 : entry.type == EntryType::regular ? 0644 : 0777;
    entry.uid = entry.gid = 0;
    entry.path = "usr/share/zoneinfo/" + entry.path;
    entries.push_back(std::move(found));
  }
  const bool has_zone = std::any_of(entries.begin(), entries.end(),
                                    [](const LayerEntry& made) { return made.entry.type == EntryType::regular; });
  if (!has_zone) {
    throw Error(ErrorCode::check_failed, fmt::format("cannot use {} as zone data: no file in it", folder.string()),
                "install the package tzdata, or name a zoneinfo folder");
  }
  return entries;
}

Digest host_data_digest(const std::vector<LayerEntry>& entries) {
  std::map<std::string, std::string> lines;
  for (const auto& made : entries) {
    auto& line = lines[made.entry.path];
    if (made.entry.type == EntryType::symlink) line = "link " + made.entry.link_target;
    if (made.entry.type != EntryType::regular) continue;
    HashSource contents(made.bytes->open());
    NullSink nowhere;
    copy(contents, nowhere);
    line = contents.finish().to_string();
  }
  std::string text;
  for (const auto& [path, line] : lines) text.append(path).append(1, '\0').append(line).append(1, '\n');
  return Digest::of(text);
}

std::map<std::string, Digest> lock_host_data(bool certificates, bool zones) {
  std::map<std::string, Digest> host;
  std::vector<fs::path> ignored;
  if (certificates) {
    std::vector<LayerEntry> bundle;
    bundle.push_back(ca_certificates_entry("host", 0, ignored));
    host.emplace("caCertificates", host_data_digest(bundle));
  }
  if (zones) host.emplace("tzdata", host_data_digest(tzdata_entries("host", 0, ignored)));
  return host;
}

}  // namespace ociassemble
