// SPDX-License-Identifier: Apache-2.0
#include "vulnerabilities/advisory.hpp"

#include <utility>

#include "vulnerabilities/packed.hpp"

namespace ociassemble {
namespace {

void put(PackedWriter& to, const std::vector<VersionRange>& ranges) {
  to.number(ranges.size());
  for (const auto& range : ranges) {
    to.number(range.events.size());
    for (const auto& event : range.events) {
      to.number(static_cast<std::uint64_t>(event.kind));
      to.text(event.version);
    }
  }
}

std::vector<VersionRange> take_ranges(PackedReader& from) {
  std::vector<VersionRange> ranges;
  for (auto left = from.count(); left > 0; --left) {
    VersionRange range;
    for (auto events = from.count(); events > 0; --events) {
      const auto kind = from.number();
      range.events.push_back({kind > static_cast<std::uint64_t>(RangeEvent::Kind::limit) ? RangeEvent::Kind::introduced
                                                                                         : RangeEvent::Kind(kind),
                              from.text()});
    }
    ranges.push_back(std::move(range));
  }
  return ranges;
}

}  // namespace

std::string pack(const Advisory& advisory) {
  PackedWriter to;
  to.text(advisory.id);
  to.texts(advisory.aliases);
  to.texts(advisory.upstream);
  to.text(advisory.summary);
  to.text(advisory.url);
  to.text(advisory.modified);
  to.text(advisory.withdrawn);
  to.texts(advisory.vectors);
  to.text(advisory.severity);
  return to.take();
}

std::optional<Advisory> unpack_advisory(std::string_view bytes) {
  PackedReader from(bytes);
  Advisory advisory;
  advisory.id = from.text();
  advisory.aliases = from.texts();
  advisory.upstream = from.texts();
  advisory.summary = from.text();
  advisory.url = from.text();
  advisory.modified = from.text();
  advisory.withdrawn = from.text();
  advisory.vectors = from.texts();
  advisory.severity = from.text();
  return from.is_whole() ? std::optional(std::move(advisory)) : std::nullopt;
}

std::string pack(const AffectedPackage& affected) {
  PackedWriter to;
  to.text(affected.advisory);
  put(to, affected.ranges);
  to.texts(affected.versions);
  to.number(affected.imports.size());
  for (const auto& import : affected.imports) {
    to.text(import.path);
    to.texts(import.goos);
    to.texts(import.goarch);
    to.texts(import.symbols);
  }
  put(to, affected.custom_ranges);
  to.texts(affected.vectors);
  to.text(affected.severity);
  to.text(affected.note);
  to.number(affected.has_commits_only ? 1 : 0);
  return to.take();
}

std::optional<AffectedPackage> unpack_affected(std::string_view bytes) {
  PackedReader from(bytes);
  AffectedPackage affected;
  affected.advisory = from.text();
  affected.ranges = take_ranges(from);
  affected.versions = from.texts();
  for (auto left = from.count(); left > 0; --left) {
    VulnerableImport import;
    import.path = from.text();
    import.goos = from.texts();
    import.goarch = from.texts();
    import.symbols = from.texts();
    affected.imports.push_back(std::move(import));
  }
  affected.custom_ranges = take_ranges(from);
  affected.vectors = from.texts();
  affected.severity = from.text();
  affected.note = from.text();
  affected.has_commits_only = from.number() != 0;
  return from.is_whole() ? std::optional(std::move(affected)) : std::nullopt;
}

}  // namespace ociassemble
