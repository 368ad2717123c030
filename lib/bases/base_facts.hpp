// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "ociassemble/digest.hpp"
#include "tree/tree.hpp"

namespace ociassemble {

// "Alpine Linux v3.20" out of os-release; empty where there is none.
std::string pretty_name(const Tree& tree);
bool has_musl(const Tree& tree);
// For people: "Alpine Linux v3.20, musl"; empty where nothing is known.
std::string describe_system(const Tree& tree);

// A base's tree as a lock keeps it: all that decides where files go and what a build says no to. Of files only their
// names, but for the few whose contents count.
struct BaseFacts {
  Digest digest;        // of the record
  std::string encoded;  // the record, compressed by gzip, in base64
};
BaseFacts encode_facts(const Tree& tree);
// Throws Error{corrupt} with "it CAUSE" for what encode_facts() of this version did not make, or not of that digest.
Tree decode_facts(std::string_view encoded, const Digest& digest);

}  // namespace ociassemble
