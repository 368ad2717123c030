// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "image/layer_builder.hpp"

namespace ociassemble {

// The CA bundle that "host" (the usual places) or a PEM file names, at etc/ssl/certs/ca-certificates.crt, where Go
// looks first. Throws Error{not_found}, and Error{check_failed} for a file that holds no certificate.
LayerEntry ca_certificates_entry(const std::string& from, std::int64_t mtime,
                                 std::vector<std::filesystem::path>& inputs);

// The zone data that "host" (/usr/share/zoneinfo) or a folder names, below usr/share/zoneinfo, without its second
// copies (posix/, right/) and links that leave it. Throws Error{not_found}, and Error{check_failed} for a folder
// without zones.
std::vector<LayerEntry> tzdata_entries(const std::string& from, std::int64_t mtime,
                                       std::vector<std::filesystem::path>& inputs);

// A digest of what the entries are: paths, kinds, link targets and contents; the same on every machine that has the
// same data. Reads the files.
Digest host_data_digest(const std::vector<LayerEntry>& entries);

}  // namespace ociassemble
