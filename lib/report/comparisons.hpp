// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "ociassemble/compare.hpp"
#include "ociassemble/same_app.hpp"

namespace ociassemble {

// What differs, for people: a summary, layers with at most `files` files each, config, annotations; and as JSON.
void describe_comparison(const Comparison& comparison, std::size_t files, Sink& to);
void print_comparison_json(const Comparison& comparison, Sink& to);
// What was proven of two images, and all that differs.
void describe_same_app(const SameAppReport& report, std::size_t files, Sink& to);
void print_same_app_json(const SameAppReport& report, Sink& to);

}  // namespace ociassemble
