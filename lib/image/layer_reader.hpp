// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <stop_token>

#include "ociassemble/image.hpp"
#include "tar/entry.hpp"

namespace ociassemble {

// Reads a layer from its blob and hands over every entry in order. Throws DigestMismatch when blob or diff ID differ,
// and what reading throws; the entries seen before that are not to be trusted.
void for_each_entry(const Layer& layer, const std::stop_token& stop, const std::function<void(const TarEntry&)>& use);

}  // namespace ociassemble
