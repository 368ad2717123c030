// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ociassemble/io.hpp"
#include "ociassemble/referrers.hpp"

namespace ociassemble {

// A tree of what refers to an image: type, size, digest, and of attestations what kind they are.
std::string describe_referrers(const Digest& root, const std::vector<Referrer>& referrers);
void print_referrers_json(const std::vector<Referrer>& referrers, Sink& to);

}  // namespace ociassemble
