// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/text.hpp"
#include "report/json_text.hpp"
#include "report/transfers.hpp"

namespace ociassemble {
namespace {

std::string_view action_name(PlannedStep::Action action) {
  switch (action) {
    case PlannedStep::Action::send:
      return "send";
    case PlannedStep::Action::mount:
      return "mount";
    case PlannedStep::Action::skip:
      return "skip";
  }
  return "";
}

void print(JsonPrinter& json, const PlannedStep& step) {
  json.begin_object();
  json.member("action", action_name(step.action));
  json.member("mediaType", step.descriptor.media_type);
  json.member("digest", step.descriptor.digest.to_string());
  json.member("size", step.descriptor.size);
  if (!step.from.empty()) json.member("from", step.from);
  json.member("requests", step.requests);
  json.end_object();
}

void print(JsonPrinter& json, const PushPlan& plan) {
  json.begin_object();
  json.member("target", plan.target.to_string());
  json.member("upToDate", plan.steps.empty());
  json.member("requests", plan.requests);
  json.member("bytes", plan.bytes);
  json.key("steps").begin_array();
  for (const auto& step : plan.steps) print(json, step);
  json.end_array();
  json.end_object();
}

}  // namespace

std::string copy_json(const Copied& copied) {
  return json_object([&](JsonPrinter& json) {
    json.member("name", copied.name);
    json.member("digest", copied.descriptor.digest.to_string());
    json.member("mediaType", copied.descriptor.media_type);
    json.member("size", copied.descriptor.size);
    json.member("referrers", std::uint64_t{copied.referrers});
  });
}

void print_tags_json(const std::vector<std::string>& tags, Sink& to) {
  JsonPrinter json(to);
  json.value(tags);
  json.finish();
}

void print_prune_json(const std::vector<PrunedBlob>& pruned, bool is_dry_run, Sink& to) {
  JsonPrinter json(to);
  std::uint64_t bytes = 0;
  json.begin_object();
  json.member("dryRun", is_dry_run);
  json.key("blobs").begin_array();
  for (const auto& blob : pruned) {
    bytes += blob.size;
    json.begin_object();
    json.member("digest", blob.digest.to_string());
    json.member("size", blob.size);
    json.end_object();
  }
  json.end_array();
  json.member("bytes", bytes);
  json.end_object();
  json.finish();
}

std::string plan_json(const std::vector<PushPlan>& plans) {
  return json_object([&](JsonPrinter& json) {
    json.key("plans").begin_array();
    for (const auto& plan : plans) print(json, plan);
    json.end_array();
  });
}

std::string digest_json(const Descriptor& found) {
  return json_object([&](JsonPrinter& json) {
    json.member("digest", found.digest.to_string());
    json.member("mediaType", found.media_type);
    json.member("size", found.size);
  });
}

std::string deleted_json(const DeletedName& deleted) {
  return json_object([&](JsonPrinter& json) {
    json.member("reference", deleted.reference.to_string());
    json.member("kind", deleted.reference.digest() ? "manifest" : "tag");
    if (deleted.digest) json.member("digest", deleted.digest->to_string());
    json.member("dryRun", deleted.is_dry_run);
  });
}

std::string describe_deleted(const DeletedName& deleted) {
  const auto* verb = deleted.is_dry_run ? "would delete" : "deleted";
  const auto name = deleted.reference.to_string();
  if (deleted.reference.digest()) return fmt::format("{} manifest {} with all its tags\n", verb, name);
  const auto digest = deleted.digest ? fmt::format("; its manifest {} stays", deleted.digest->to_string()) : "";
  return fmt::format("{} tag {}{}\n", verb, name, digest);
}

std::string describe_plan(const PushPlan& plan) {
  std::string text;
  for (const auto& step : plan.steps) {
    text += fmt::format("{:<5} {:>9}  {}{}{}\n", action_name(step.action), format_size(step.descriptor.size),
                        step.subject, step.from.empty() ? "" : " from ", step.from);
  }
  const auto target = plan.target.to_string();
  if (plan.steps.empty()) return text + fmt::format("{}: up to date, 1 request\n", target);
  return text + fmt::format("{}: {} requests, {} to send\n", target, plan.requests, format_size(plan.bytes));
}

}  // namespace ociassemble
