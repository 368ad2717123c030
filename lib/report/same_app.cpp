// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <map>
#include <utility>

#include "base/text.hpp"
#include "io/streams.hpp"
#include "report/comparison_objects.hpp"
#include "report/comparisons.hpp"
#include "report/layer_text.hpp"

namespace ociassemble {
namespace {

std::string difference_line(const SameAppDifference& difference) {
  return fmt::format("  {:<11} {:<12} {}\n", difference.is_allowed ? "allowed" : "NOT ALLOWED", difference.subject,
                     short_text(difference.text));
}

constexpr std::size_t kMostLines = 1000;

// The lines of a subject, the first ones where there are many.
void describe_differences(std::string& text, const std::vector<SameAppDifference>& differences, std::size_t files) {
  std::map<std::pair<bool, std::string>, std::size_t> counts;
  for (const auto& difference : differences) {
    const auto limit = difference.path.empty() ? kMostLines : files;
    if (++counts[{difference.is_allowed, difference.subject}] <= limit) text += difference_line(difference);
  }
  for (const auto& [kind, count] : counts) {
    if (kind.second == "files" || kind.second == "application") {
      if (count > files)
        text += fmt::format("  {:<11} {:<12} … {} more\n", kind.first ? "allowed" : "NOT ALLOWED", kind.second,
                            count - files);
    }
  }
}

void describe_app(Sink& to, const SameApp& app, std::size_t files) {
  std::string text;
  text += fmt::format("{}: {}\n", terminal_text(app.platform), app.is_proven() ? "the same application" : "NOT PROVEN");
  for (const auto& layer : app.layers) {
    const auto places = layer.before == layer.after ? fmt::format("{}", layer.after)
                                                    : fmt::format("{} and {}", layer.before, layer.after);
    text += fmt::format("  proven      layer {:<6} {} {}  {}\n", places, layer.diff_id.to_string(),
                        format_size(layer.size), short_text(layer.created_by));
  }
  to.write(as_bytes(text));
  text.clear();
  for (const auto& layer : app.unlike) {
    to.write(as_bytes("  NOT ALLOWED application layers differ\n"));
    describe_layer_comparison(layer, files, to);
  }
  describe_differences(text, app.differences, files);
  text += fmt::format("  the same    {} {} of the application, {} others\n", app.application_files,
                      app.application_files == 1 ? "file" : "files", app.same_files);
  to.write(as_bytes(text));
}

void print(JsonPrinter& json, const std::vector<SameAppDifference>& differences) {
  json.begin_array();
  for (const auto& difference : differences) {
    json.begin_object();
    json.member("subject", difference.subject);
    json.member("allowed", difference.is_allowed);
    json.member("text", difference.text);
    if (!difference.path.empty()) json.member("path", "/" + difference.path);
    json.end_object();
  }
  json.end_array();
}

void print(JsonPrinter& json, const ProvenLayer& layer) {
  json.begin_object();
  json.member("diffId", layer.diff_id.to_string());
  json.member("size", layer.size);
  json.member("before", std::uint64_t{layer.before});
  json.member("after", std::uint64_t{layer.after});
  json.member("createdBy", layer.created_by);
  json.end_object();
}

std::string_view role_name(LayerRole role) {
  switch (role) {
    case LayerRole::application:
      return "application";
    case LayerRole::base:
      return "base";
    case LayerRole::extra:
      return "extra";
  }
  return {};
}

void print(JsonPrinter& json, const std::vector<AccountedLayer>& layers) {
  json.begin_array();
  for (const auto& layer : layers) {
    json.begin_object();
    json.member("number", std::uint64_t{layer.side.number});
    json.member("role", role_name(layer.role));
    json.member("inBoth", layer.is_in_both);
    json.member("digest", layer.side.descriptor.digest.to_string());
    json.member("diffId", layer.side.diff_id.to_string());
    json.member("createdBy", layer.side.created_by);
    json.end_object();
  }
  json.end_array();
}

void print(JsonPrinter& json, const SameApp& app) {
  json.begin_object();
  json.member("platform", app.platform);
  json.member("proven", app.is_proven());
  json.key("layers").begin_array();
  for (const auto& layer : app.layers) print(json, layer);
  json.end_array();
  json.key("unlike").begin_array();
  for (const auto& layer : app.unlike) print_layer_comparison(json, layer);
  json.end_array();
  print(json.key("differences"), app.differences);
  print(json.key("before"), app.before);
  print(json.key("after"), app.after);
  json.member("applicationFiles", app.application_files);
  json.member("sameFiles", app.same_files);
  json.end_object();
}

}  // namespace

void describe_same_app(const SameAppReport& report, std::size_t files, Sink& to) {
  for (const auto& app : report.platforms) describe_app(to, app, files);
  for (const auto& difference : report.differences) to.write(as_bytes(difference_line(difference)));
}

void print_same_app_json(const SameAppReport& report, Sink& to) {
  JsonPrinter json(to);
  json.begin_object();
  json.member("proven", report.is_proven());
  json.key("platforms").begin_array();
  for (const auto& app : report.platforms) print(json, app);
  json.end_array();
  print(json.key("differences"), report.differences);
  json.end_object();
  json.finish();
}

}  // namespace ociassemble
