// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "ociassemble/io.hpp"
#include "vulnerabilities/advisory.hpp"

namespace ociassemble {

// Readers of what others publish about vulnerabilities. All of it is hostile: documents of any size are read in pieces,
// and what is larger, deeper or more than any real one is Error{corrupt}, as is what ends early. Nothing is skipped
// silently but what the format says to skip.

inline constexpr std::size_t kLargestOsvDocument = std::size_t{8} << 20U;

// One document of OSV (schema 1.7.5), as osv.dev, the Go vulnerability database and GitHub write them.
void read_osv(std::string_view text, std::string_view subject, AdvisorySink& to);

// Whether a text can be an identifier: "GO-2024-2687", "CVE-2024-1", "GHSA-…". Never a path.
bool is_advisory_id(std::string_view text);

// Whether a text can be the name of a package or ecosystem, or another identifier: it holds no control character.
bool is_plain_name(std::string_view text) noexcept;

// Whether it is a time of RFC 3339.
bool is_written_time(std::string_view text);

// A document whose kind its members tell.
enum class DatabaseDocument {
  osv,
  alpine_secdb,    // secdb.alpinelinux.org: VERSION/REPOSITORY.json
  debian_tracker,  // security-tracker.debian.org/tracker/data/json
};
// Reads a document of any kind; `open` is called twice, once to tell the kind. Throws Error{corrupt} for what is none.
DatabaseDocument read_database_document(const std::function<std::unique_ptr<Source>()>& open,
                                        const std::string& subject, AdvisorySink& to);

}  // namespace ociassemble
