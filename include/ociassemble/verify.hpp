// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "ociassemble/document.hpp"
#include "ociassemble/export.hpp"

namespace ociassemble {

// What recomputing everything from the bytes found.
struct VerifyReport {
  std::size_t manifests = 0;          // image manifests looked at
  std::size_t layers = 0;             // distinct layers read
  std::uint64_t bytes = 0;            // of blobs read
  std::vector<std::string> problems;  // one line each; empty when all is well
};

// Reads every byte that the document names, once, artifacts' too, and recomputes: digests, sizes, media types against
// the real compression, diff IDs, platforms, that layers are tar archives which engines can unpack and in which no path
// stands twice, history against layers. Goes on after a problem where it can. Throws only Error{interrupted}, Error{io}
// or Error{network} for what could not be read at all, and what says that this machine cannot check:
// Error{unsupported} for a library that is not there, std::bad_alloc.
OCIASSEMBLE_EXPORT VerifyReport verify(const Document& root, const std::stop_token& stop = {});

}  // namespace ociassemble
