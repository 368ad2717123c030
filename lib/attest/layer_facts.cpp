// SPDX-License-Identifier: Apache-2.0
#include "attest/layer_facts.hpp"

#include <utility>
#include <vector>

#include "base/leb128.hpp"
#include "ociassemble/digest.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::string_view kMagic = "layer facts 1\n";
constexpr std::size_t kSha256Digits = 64;
constexpr std::size_t kLargest = std::size_t{64} << 20U;

// Bits of an entry.
constexpr std::uint64_t kHasDigest = 1;
constexpr std::uint64_t kHasBuild = 2;
constexpr std::uint64_t kHasContents = 4;
constexpr std::uint64_t kHasFunctions = 8;
constexpr std::uint64_t kIsOpaque = 16;

// Numbers as LEB128, texts with their length before them.
void put_text(std::string& to, std::string_view text) {
  append_leb128(to, text.size());
  to += text;
}

void put_version(std::string& to, const GoModuleVersion& version) {
  put_text(to, version.path);
  put_text(to, version.version);
  put_text(to, version.sum);
}

void put_module(std::string& to, const GoModule& module) {
  put_version(to, module.required);
  append_leb128(to, module.replacement ? 1 : 0);
  if (module.replacement) put_version(to, *module.replacement);
}

void put_build(std::string& to, const GoBuild& build) {
  put_text(to, build.go_version);
  put_text(to, build.path);
  append_leb128(to, build.main ? 1 : 0);
  if (build.main) put_module(to, *build.main);
  append_leb128(to, build.dependencies.size());
  for (const auto& module : build.dependencies) put_module(to, module);
  append_leb128(to, build.settings.size());
  for (const auto& [key, value] : build.settings) {
    put_text(to, key);
    put_text(to, value);
  }
}

// Eight bytes each, the least first.
void put_functions(std::string& to, const LinkedFunctions& functions) {
  append_leb128(to, functions.hashes().size() * sizeof(std::uint64_t));
  for (const auto hash : functions.hashes()) {
    for (unsigned i = 0; i < sizeof hash; ++i) to += static_cast<char>((hash >> (8 * i)) & 0xFFU);
  }
}

LinkedFunctions functions_of(std::string_view bytes) {
  std::vector<std::uint64_t> hashes;
  hashes.reserve(bytes.size() / sizeof(std::uint64_t));
  for (std::size_t at = 0; at + sizeof(std::uint64_t) <= bytes.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t hash = 0;
    for (unsigned i = 0; i < sizeof hash; ++i) {
      hash |= std::uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
    }
    hashes.push_back(hash);
  }
  return LinkedFunctions(std::move(hashes));
}

}  // namespace

void LayerFactsWriter::add(const TarEntry& entry, const FileDetails& details) {
  if (is_too_large_) return;
  if (bytes_.empty()) bytes_ = kMagic;
  append_leb128(bytes_, static_cast<std::uint64_t>(entry.type));
  put_text(bytes_, entry.path);
  put_text(bytes_, entry.link_target);
  append_leb128(bytes_, entry.size);
  const auto build = details.build();
  const auto* contents = details.contents();
  const auto functions = details.findings ? details.findings->functions : nullptr;
  const bool is_opaque = details.findings && details.findings->is_opaque;
  append_leb128(bytes_, (details.digest ? kHasDigest : 0) | (build ? kHasBuild : 0) |
                            (contents != nullptr ? kHasContents : 0) | (functions ? kHasFunctions : 0) |
                            (is_opaque ? kIsOpaque : 0));
  if (details.digest) put_text(bytes_, details.digest->hex());
  if (build) put_build(bytes_, *build);
  if (contents != nullptr) put_text(bytes_, *contents);
  if (functions) put_functions(bytes_, *functions);
  if (bytes_.size() <= kLargest) return;
  is_too_large_ = true;
  bytes_ = {};
}

std::optional<std::string> LayerFactsWriter::take() {
  if (is_too_large_) return {};
  return bytes_.empty() ? std::string(kMagic) : std::move(bytes_);
}

LayerFactsReader::LayerFactsReader(std::string_view bytes) : rest_(bytes), is_good_(bytes.starts_with(kMagic)) {
  if (is_good_) rest_.remove_prefix(kMagic.size());
}

std::optional<LayerFactsReader::Fact> LayerFactsReader::next() {
  if (!is_good_ || rest_.empty()) return {};
  try {
    auto found = fact();
    is_good_ = found.has_value();
    return found;
  } catch (const Error&) {
    is_good_ = false;  // a digest that is none
    return {};
  }
}

std::optional<std::uint64_t> LayerFactsReader::number() { return take_leb128(rest_); }

std::optional<std::string> LayerFactsReader::text() {
  const auto size = number();
  if (!size || *size > rest_.size()) return {};
  std::string text(rest_.substr(0, *size));
  rest_.remove_prefix(*size);
  return text;
}

std::optional<GoModuleVersion> LayerFactsReader::module_version() {
  auto path = text();
  auto version = text();
  auto sum = text();
  if (!path || !version || !sum) return {};
  return GoModuleVersion{std::move(*path), std::move(*version), std::move(*sum)};
}

std::optional<GoModule> LayerFactsReader::module() {
  auto required = module_version();
  const auto is_replaced = number();
  if (!required || !is_replaced) return {};
  GoModule found{std::move(*required), {}};
  if (*is_replaced == 0) return found;
  found.replacement = module_version();
  return found.replacement ? std::optional(std::move(found)) : std::nullopt;
}

std::optional<GoBuild> LayerFactsReader::build() {
  GoBuild build;
  auto version = text();
  auto path = text();
  const auto has_main = number();
  if (!version || !path || !has_main) return {};
  build.go_version = std::move(*version);
  build.path = std::move(*path);
  if (*has_main != 0 && !(build.main = module())) return {};
  const auto dependencies = number();
  for (std::uint64_t i = 0; dependencies && i < *dependencies; ++i) {
    auto one = module();
    if (!one) return {};
    build.dependencies.push_back(std::move(*one));
  }
  const auto settings = number();
  for (std::uint64_t i = 0; settings && i < *settings; ++i) {
    auto key = text();
    auto value = text();
    if (!key || !value) return {};
    build.settings.emplace_back(std::move(*key), std::move(*value));
  }
  return dependencies && settings ? std::optional(std::move(build)) : std::nullopt;
}

std::optional<LayerFactsReader::Fact> LayerFactsReader::fact() {
  Fact found;
  const auto type = number();
  auto path = text();
  auto link_target = text();
  const auto size = number();
  const auto has = number();
  if (!type || *type > static_cast<std::uint64_t>(EntryType::fifo) || !path || !link_target || !size || !has) return {};
  found.entry.type = static_cast<EntryType>(*type);
  found.entry.path = std::move(*path);
  found.entry.link_target = std::move(*link_target);
  found.entry.size = *size;
  if ((*has & kHasDigest) != 0) {
    const auto hex = text();
    if (!hex || hex->size() != kSha256Digits) return {};
    found.details.digest.emplace(Digest::parse("sha256:" + *hex));
  }
  FileFindings findings;
  if ((*has & kHasBuild) != 0) {
    auto made = build();
    if (!made) return {};
    findings.build = std::make_shared<const GoBuild>(std::move(*made));
  }
  if ((*has & kHasContents) != 0 && !(findings.contents = text())) return {};
  if ((*has & kHasFunctions) != 0) {
    const auto hashes = text();
    if (!hashes) return {};
    findings.functions = std::make_shared<const LinkedFunctions>(functions_of(*hashes));
  }
  findings.is_opaque = (*has & kIsOpaque) != 0;
  if (!findings.is_empty()) found.details.findings = std::make_shared<const FileFindings>(std::move(findings));
  return found;
}

}  // namespace ociassemble
