// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "attest/inventory.hpp"
#include "ociassemble/sbom.hpp"

namespace ociassemble {

// One thing that an image is made of, in the words that SPDX and CycloneDX share. Members are empty where nothing is
// known.
struct BomComponent {
  enum class Kind { operating_system, os_package, go_program, go_module };

  Kind kind = Kind::os_package;
  std::string id;  // unique in the document; letters, digits, '.' and '-'
  std::string name;
  std::string version;
  std::string purl;
  std::string cpe;
  std::string supplier;
  std::string license;         // as the package manager has it
  std::string path;            // of a program: absolute
  std::string sha256;          // of a program
  std::string go_sum;          // "h1:…"
  std::string source_name;     // of an OS package
  std::string source_version;  // of an OS package
  std::string os_manager;      // "apk" or "deb"
};

// Who did something: "Organization: NAME" or "Person: NAME (EMAIL)", taken apart.
struct BomActor {
  bool is_person = false;
  std::string name;
  std::string email;

  static BomActor parse(std::string_view text);
  // As SPDX writes it.
  std::string to_string() const;
};

// A bill of materials: all of an image but the files that no package owns, which are many and are taken from the
// inventory as they are written.
struct Bom {
  std::string name;
  std::string digest;
  std::string purl;
  std::string created;  // RFC 3339 in UTC, whole seconds
  std::string base_name;
  std::string base_digest;
  std::string base_purl;
  std::vector<BomComponent> components;                         // sorted by kind and id
  std::vector<std::pair<std::string, std::string>> contains;    // ids: whole, part; sorted
  std::vector<std::pair<std::string, std::string>> depends_on;  // ids: who, on what; sorted
};

inline constexpr std::string_view kBomImageId = "Image";
inline constexpr std::string_view kBomBaseId = "Base";

Bom make_bom(const Inventory& inventory, const SbomOptions& options);
// The id of a Go program at an absolute path.
std::string bom_program_id(std::string_view path);
// The id of a file that no package owns.
std::string bom_file_id(std::string_view path);
// The hexadecimal SHA-256 in Go's "h1:BASE64"; empty for another kind of sum.
std::string go_sum_as_hex(std::string_view sum);

void write_spdx(const Bom& bom, const Inventory& inventory, const SbomOptions& options, Sink& to);
void write_cyclonedx(const Bom& bom, const Inventory& inventory, const SbomOptions& options, Sink& to);

// A UUID of version 8 (RFC 9562) out of a digest: "xxxxxxxx-xxxx-8xxx-…".
std::string uuid_of(const Digest& digest);

}  // namespace ociassemble
