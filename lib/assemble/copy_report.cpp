// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "assemble/json_text.hpp"
#include "ociassemble/copy.hpp"
#include "ociassemble/report.hpp"

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

Json step_object(const PlannedStep& step) {
  Json object = {{"action", action_name(step.action)},
                 {"mediaType", step.descriptor.media_type},
                 {"digest", step.descriptor.digest.to_string()},
                 {"size", step.descriptor.size}};
  if (!step.from.empty()) object["from"] = step.from;
  object["requests"] = step.requests;
  return object;
}

Json plan_object(const PushPlan& plan) {
  Json object = {{"target", plan.target.to_string()},
                 {"upToDate", plan.steps.empty()},
                 {"requests", plan.requests},
                 {"bytes", plan.bytes},
                 {"steps", Json::array()}};
  for (const auto& step : plan.steps) object["steps"].push_back(step_object(step));
  return object;
}

// What others wrote may hold broken UTF-8: replaced, not thrown over.
}  // namespace

std::string copy_json(const Copied& copied) {
  return dump({{"name", copied.name},
               {"digest", copied.descriptor.digest.to_string()},
               {"mediaType", copied.descriptor.media_type},
               {"size", copied.descriptor.size},
               {"referrers", copied.referrers}});
}

std::string tags_json(const std::vector<std::string>& tags) { return dump(Json(tags)); }

std::string plan_json(const std::vector<PushPlan>& plans) {
  Json all = Json::array();
  for (const auto& plan : plans) all.push_back(plan_object(plan));
  return dump({{"plans", all}});
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
