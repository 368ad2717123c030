// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
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
std::string digest_json(const Descriptor& found);

// A tag or manifest that was deleted, or would be.
struct DeletedName {
  Reference reference;
  std::optional<Digest> digest;  // of the manifest; nothing where the registry did not say it
  bool is_dry_run = false;
};
std::string deleted_json(const DeletedName& deleted);
std::string describe_deleted(const DeletedName& deleted);

// For people: a line for each step, and a summary.
std::string describe_plan(const PushPlan& plan);

}  // namespace ociassemble
