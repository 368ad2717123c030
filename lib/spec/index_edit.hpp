// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "ociassemble/descriptor.hpp"

namespace ociassemble {

// An entry of an index as far as it is looked at to change another: its digest may be of any algorithm.
struct IndexEntryNames {
  std::string digest;
  Annotations annotations;
};

// The index with `entry` in the place of the first entry that is replaced, without the other replaced ones; at the end
// where there are none. All other members, of the index and of its entries, stay, known or not. Compact, members in the
// order of the specification and then by bytes. Throws as Index::parse.
std::string put_index_entry(std::string_view json, const std::function<bool(const IndexEntryNames&)>& is_replaced,
                            const Descriptor& entry);

}  // namespace ociassemble
