// SPDX-License-Identifier: Apache-2.0
#include "bases/file_summaries.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>

#include "gates/library_facts.hpp"
#include "gates/root_files.hpp"
#include "inspect/apk_database.hpp"
#include "inspect/certificates.hpp"
#include "inspect/dpkg_database.hpp"

namespace ociassemble {
namespace {

constexpr std::string_view kCertificatesMagic = "certificates 1 ";
constexpr std::string_view kPackagesMagic = "packages 1 ";
constexpr std::size_t kPackageFields = 7;

template <class Names>
bool is_among(const Names& names, std::string_view path) noexcept {
  return std::find(names.begin(), names.end(), path) != names.end();
}

std::string encode_certificates(std::string_view bytes) {
  return fmt::format("{}{}\n", kCertificatesMagic, count_certificates(bytes));
}

// A line each; the texts of packages hold no control characters.
std::string encode_packages(const PackageList& list) {
  auto text = fmt::format("{}{}\n", kPackagesMagic, list.broken_records);
  for (const auto& package : list.packages)
    text += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\n", package.name, package.version, package.architecture,
                        package.source_name, package.source_version, package.license,
                        package.is_installed ? "installed" : "removed");
  return text;
}

// Takes the number and the end of the line behind it off a text.
std::optional<std::uint64_t> take_count(std::string_view& text) {
  std::uint64_t count = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), count);
  const auto used = static_cast<std::size_t>(parsed.ptr - text.data());
  if (parsed.ec != std::errc() || used == text.size() || text[used] != '\n') return {};
  text.remove_prefix(used + 1);
  return count;
}

std::optional<Package> decode_package(std::string_view line) {
  std::array<std::string_view, kPackageFields> fields;
  for (std::size_t i = 0; i < kPackageFields; ++i) {
    const auto tab = line.find('\t');
    if ((tab == std::string_view::npos) != (i + 1 == kPackageFields)) return {};
    fields[i] = line.substr(0, tab);
    line.remove_prefix(tab == std::string_view::npos ? line.size() : tab + 1);
  }
  return Package{std::string(fields[0]), std::string(fields[1]), std::string(fields[2]),  std::string(fields[3]),
                 std::string(fields[4]), std::string(fields[5]), fields[6] == "installed"};
}

}  // namespace

bool is_apk_database(std::string_view path) noexcept { return is_among(kApkDatabases, path); }

bool is_dpkg_database(std::string_view path) noexcept {
  if (path == kDpkgStatus) return true;
  if (!path.starts_with(kDpkgStatusFolder) || path.size() < kDpkgStatusFolder.size() + 2) return false;
  const auto name = path.substr(kDpkgStatusFolder.size() + 1);
  return path[kDpkgStatusFolder.size()] == '/' && name.find('/') == std::string_view::npos && is_dpkg_record(name);
}

bool is_summarised_file(std::string_view path) noexcept {
  return is_library_path(path) || is_among(kCertificateFiles, path) || is_apk_database(path) || is_dpkg_database(path);
}

std::string summarise_file(std::string_view path, std::string_view bytes) {
  if (is_among(kCertificateFiles, path)) return encode_certificates(bytes);
  if (is_apk_database(path)) return encode_packages(parse_apk_database(bytes));
  if (is_dpkg_database(path)) return encode_packages(parse_dpkg_status(bytes));
  return encode_library(facts_of_library(bytes));
}

std::optional<std::uint64_t> decode_certificates(std::string_view summary) {
  if (!summary.starts_with(kCertificatesMagic)) return {};
  summary.remove_prefix(kCertificatesMagic.size());
  const auto count = take_count(summary);
  return summary.empty() ? count : std::nullopt;
}

std::optional<PackageList> decode_packages(std::string_view summary) {
  if (!summary.starts_with(kPackagesMagic)) return {};
  summary.remove_prefix(kPackagesMagic.size());
  const auto broken = take_count(summary);
  if (!broken) return {};
  PackageList list;
  list.broken_records = static_cast<std::size_t>(*broken);
  while (!summary.empty()) {
    const auto end = summary.find('\n');
    auto package = end == std::string_view::npos ? std::nullopt : decode_package(summary.substr(0, end));
    if (!package) return {};
    list.packages.push_back(std::move(*package));
    summary.remove_prefix(end + 1);
  }
  return list;
}

}  // namespace ociassemble
