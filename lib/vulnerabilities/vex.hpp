// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ociassemble/vulnerabilities.hpp"
#include "vulnerabilities/package_url.hpp"

namespace ociassemble {

// A product that a statement names, with the components of it that are meant; none: all of it.
struct VexProduct {
  std::vector<std::string> names;                    // package URLs, or other names: of the product
  std::vector<std::vector<std::string>> components;  // names of each
};

struct VexRecord {
  std::vector<std::string> vulnerabilities;  // its names
  std::vector<VexProduct> products;
  VexStatement statement;
};

// OpenVEX 0.2 or CSAF 2.0, which its members tell. Throws Error{corrupt} naming the file for what is neither.
std::vector<VexRecord> read_vex(const std::filesystem::path& file);
std::vector<VexRecord> read_vex(std::string_view text, std::string_view subject);
std::vector<VexRecord> read_csaf(std::string_view text, std::string_view subject);

// What a statement's names are held against.
struct VexSubject {
  std::vector<PackageUrl> image;         // what the image may be called
  std::vector<std::string> image_names;  // its digest and its reference
  std::vector<PackageUrl> packages;      // what the vulnerable package may be called: the module, the source
  // A statement may also name what was made from it: then it has to name each, since it says nothing of the others.
  std::vector<PackageUrl> parts;     // installed packages of that source
  std::vector<PackageUrl> programs;  // main modules of the programs that hold it; of one without an empty one
};

// Statements by the vulnerabilities that they are about. Immutable; safe for concurrent use.
class VexStatements {
 public:
  VexStatements() = default;
  explicit VexStatements(std::vector<VexRecord> records);

  // The last statement about one of the names that is about the subject: the newest by its time, of equal ones the
  // later in the order given. Null where there is none.
  const VexStatement* find(const std::vector<std::string>& names, const VexSubject& subject) const;

 private:
  std::vector<VexRecord> records_;
  std::map<std::string, std::vector<std::size_t>> by_name_;
};

}  // namespace ociassemble
