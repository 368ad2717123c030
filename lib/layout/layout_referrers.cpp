// SPDX-License-Identifier: Apache-2.0
#include "layout/layout_referrers.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "layout/index_entries.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::string_view kTagStem = "sha256-";
constexpr std::size_t kSha256Digits = 64;

struct ReferringEntry {
  Digest subject;
  std::string artifact_type;
};

// Nothing for what refers to nothing, or is damaged or missing. That it could not be looked at is an error: who asks
// for signatures must not take it for there being none.
std::optional<ReferringEntry> referring_entry(const Descriptor& entry, BlobReader& blobs) {
  try {
    const auto json = BlobStore::read(blobs, entry, kMaxManifestSize);
    if (document_kind(json, entry.media_type) == DocumentKind::index) {
      const auto index = Index::parse(json, entry.media_type);
      if (!index.subject) return {};
      return ReferringEntry{index.subject->digest, index.artifact_type};
    }
    const auto manifest = Manifest::parse(json, entry.media_type);
    if (!manifest.subject) return {};
    return ReferringEntry{manifest.subject->digest,
                          manifest.artifact_type.empty() ? manifest.config.media_type : manifest.artifact_type};
  } catch (const Error& error) {
    const auto code = error.code();
    const bool is_its_own = code == ErrorCode::corrupt || code == ErrorCode::unsupported ||
                            code == ErrorCode::not_found || code == ErrorCode::invalid_argument;
    if (!is_its_own) throw;
    return {};
  }
}

}  // namespace

bool is_referring_tag(std::string_view name) {
  if (!name.starts_with(kTagStem)) return false;
  name.remove_prefix(kTagStem.size());
  if (name.size() < kSha256Digits) return false;
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  const auto digits = name.substr(0, kSha256Digits);
  const auto rest = name.substr(kSha256Digits);
  return std::all_of(digits.begin(), digits.end(), is_digit) &&
         (rest.empty() || rest == ".sig" || rest == ".att" || rest == ".sbom");
}

std::multimap<Digest, Descriptor> referrers_in(const Index& index, BlobReader& blobs) {
  std::multimap<Digest, Descriptor> found;
  for (const auto& entry : index.manifests) {
    auto referring = referring_entry(entry, blobs);
    if (!referring) continue;
    auto descriptor = entry;
    descriptor.artifact_type = std::move(referring->artifact_type);
    found.emplace(std::move(referring->subject), std::move(descriptor));
  }
  return found;
}

Index without_referrers(const Index& index, BlobReader& blobs) {
  auto rest = index;
  std::erase_if(rest.manifests, [&](const Descriptor& entry) {
    const auto name = entry.annotations.find(std::string(kRefNameAnnotation));
    if (name != entry.annotations.end() && is_referring_tag(name->second)) return true;
    return referring_entry(entry, blobs).has_value();
  });
  return rest.manifests.empty() && rest.unreadable.empty() ? index : rest;
}

}  // namespace ociassemble
