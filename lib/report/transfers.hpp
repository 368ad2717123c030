// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ociassemble/copy.hpp"
#include "ociassemble/layout.hpp"

namespace ociassemble {

// As JSON, with a newline at the end; docs/cli.md has the members.
std::string copy_json(const Copied& copied);
void print_tags_json(const std::vector<std::string>& tags, Sink& to);
void print_prune_json(const std::vector<PrunedBlob>& pruned, bool is_dry_run, Sink& to);
std::string plan_json(const std::vector<PushPlan>& plans);
// For people: a line for each step, and a summary.
std::string describe_plan(const PushPlan& plan);

}  // namespace ociassemble
