// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "assemble/compare_json.hpp"
#include "assemble/compare_text.hpp"
#include "ociassemble/report.hpp"

namespace ociassemble {
namespace {

std::string difference_line(const SameAppDifference& difference) {
  return fmt::format("  {:<11} {:<12} {}\n", difference.is_allowed ? "allowed" : "NOT ALLOWED", difference.subject,
                     short_text(difference.text));
}

void describe_app(std::string& text, const SameApp& app, std::size_t files) {
  text += fmt::format("{}: {}\n", terminal_text(app.platform), app.is_proven() ? "the same application" : "NOT PROVEN");
  for (const auto& layer : app.layers) {
    const auto places = layer.before == layer.after ? fmt::format("{}", layer.after)
                                                    : fmt::format("{} and {}", layer.before, layer.after);
    text += fmt::format("  proven      layer {:<6} {} {}  {}\n", places, layer.diff_id.to_string(),
                        format_size(layer.size), short_text(layer.created_by));
  }
  for (const auto& layer : app.unlike) {
    text += "  NOT ALLOWED application layers differ\n" + layer_comparison_text(layer, files);
  }
  for (const auto& difference : app.differences) text += difference_line(difference);
}

Json differences_array(const std::vector<SameAppDifference>& differences) {
  Json array = Json::array();
  for (const auto& difference : differences) {
    array.push_back({{"subject", difference.subject}, {"allowed", difference.is_allowed}, {"text", difference.text}});
  }
  return array;
}

Json app_object(const SameApp& app) {
  Json object = {{"platform", app.platform},
                 {"proven", app.is_proven()},
                 {"layers", Json::array()},
                 {"unlike", Json::array()},
                 {"differences", differences_array(app.differences)}};
  for (const auto& layer : app.layers) {
    object["layers"].push_back({{"diffId", layer.diff_id.to_string()},
                                {"size", layer.size},
                                {"before", layer.before},
                                {"after", layer.after},
                                {"createdBy", layer.created_by}});
  }
  for (const auto& layer : app.unlike) object["unlike"].push_back(layer_comparison_object(layer));
  return object;
}

}  // namespace

std::string describe_same_app(const SameAppReport& report, std::size_t files) {
  std::string text;
  for (const auto& app : report.platforms) describe_app(text, app, files);
  for (const auto& difference : report.differences) text += difference_line(difference);
  return text;
}

std::string same_app_json(const SameAppReport& report) {
  Json object = {{"proven", report.is_proven()},
                 {"platforms", Json::array()},
                 {"differences", differences_array(report.differences)}};
  for (const auto& app : report.platforms) object["platforms"].push_back(app_object(app));
  return dump(object);
}

}  // namespace ociassemble
