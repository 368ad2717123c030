// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "ociassemble/compare.hpp"
#include "ociassemble/same_app.hpp"

namespace ociassemble {

// What differs, for people: a summary, layers with at most `files` files each, config, annotations; and as JSON.
std::string describe_comparison(const Comparison& comparison, std::size_t files);
void print_comparison_json(const Comparison& comparison, Sink& to);
// What was proven of two images, and all that differs.
std::string describe_same_app(const SameAppReport& report, std::size_t files);
void print_same_app_json(const SameAppReport& report, Sink& to);

}  // namespace ociassemble
