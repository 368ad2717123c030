// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace ociassemble {

inline constexpr const char* kInTotoType = "application/vnd.in-toto+json";
// The annotation that says what a Statement is of.
inline constexpr const char* kPredicateTypeKey = "in-toto.io/predicate-type";

}  // namespace ociassemble
