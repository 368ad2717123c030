// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "ociassemble/referrers.hpp"
#include "ociassemble/registry.hpp"

namespace ociassemble {

// find_referrers() by the caller's client, which has its tokens already. The client is asked where `where` is a
// registry's alone.
std::vector<Referrer> find_referrers_by(RegistryClient& client, const Document& root, const Location& where,
                                        const Workplace& workplace, ReferrerDetail detail);

}  // namespace ociassemble
