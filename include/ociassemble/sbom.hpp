// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "ociassemble/export.hpp"
#include "ociassemble/image.hpp"
#include "ociassemble/io.hpp"

namespace ociassemble {

// What an image holds, read from the bytes of its layers: the system, the packages of apk's and dpkg's databases, every
// Go program with the modules that were linked into it, and the files that no package owns.
struct Inventory;

// Reads every layer once, and checks it. The inventory may be shared between threads. Throws DigestMismatch, what
// reading blobs throws, and Error{unsupported} for more than a gigabyte of file metadata.
OCIASSEMBLE_EXPORT std::shared_ptr<const Inventory> read_inventory(const Image& image,
                                                                   const std::stop_token& stop = {});

// How many records of the package databases could not be read, so that the packages are not all.
OCIASSEMBLE_EXPORT std::size_t count_broken_records(const Inventory& inventory);

// SPDX 2.3 and CycloneDX 1.6, as JSON.
enum class SbomFormat { spdx, cyclonedx };

// "spdx", "cyclonedx". Throws Error{invalid_argument}.
OCIASSEMBLE_EXPORT SbomFormat parse_sbom_format(std::string_view text);
// "application/spdx+json", "application/vnd.cyclonedx+json".
OCIASSEMBLE_EXPORT std::string_view sbom_media_type(SbomFormat format);

struct SbomOptions {
  // What the image is called; when empty the title that its annotations or labels give it, else its entrypoint's file.
  std::string name;
  std::string author;    // who made the document: "Organization: NAME", "Person: NAME (EMAIL)" or a NAME
  std::string supplier;  // who hands the image out, in the same forms
};

// Writes the document as it is streamed. Its bytes depend on the image, the options and this library's version alone.
OCIASSEMBLE_EXPORT void write_sbom(const Inventory& inventory, SbomFormat format, const SbomOptions& options, Sink& to);

}  // namespace ociassemble
