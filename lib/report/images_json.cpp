// SPDX-License-Identifier: Apache-2.0
#include "io/streams.hpp"
#include "report/images.hpp"
#include "report/json_text.hpp"
#include "report/programs.hpp"
#include "report/verdict_word.hpp"

namespace ociassemble {
namespace {

void print_layers(JsonPrinter& json, const Image& image) {
  json.key("layers").begin_array();
  for (const auto& layer : image.layers()) {
    json.begin_object();
    json.member("mediaType", layer.descriptor.media_type);
    json.member("digest", layer.descriptor.digest.to_string());
    json.member("size", layer.descriptor.size);
    json.member("diffId", layer.diff_id.to_string());
    json.end_object();
  }
  json.end_array();
}

void print_gates(JsonPrinter& json, const std::vector<GateResult>& gates) {
  json.key("gates").begin_array();
  for (const auto& result : gates) {
    json.begin_object();
    json.member("gate", result.gate);
    if (!result.need.empty()) json.member("need", result.need);
    json.member("program", result.program);
    json.member("verdict", verdict_word(result.verdict));
    json.member("reason", result.reason);
    json.member("remedy", result.remedy);
    json.end_object();
  }
  json.end_array();
}

void print_names(JsonPrinter& json, const Image& image) {
  json.member("digest", image.digest().to_string());
  json.member("mediaType", image.descriptor().media_type);
  json.member("size", image.descriptor().size);
  json.member("platform", image.config().platform.to_string());
}

void print_config(JsonPrinter& json, const ImageConfig& config) {
  json.key("config").begin_object();
  json.member("created", config.created);
  json.member("user", config.user);
  json.member("entrypoint", config.entrypoint.value_or(std::vector<std::string>{}));
  json.member("cmd", config.cmd.value_or(std::vector<std::string>{}));
  json.member("workingDir", config.working_dir);
  json.member("env", config.env);
  json.member("exposedPorts", config.exposed_ports);
  json.member("volumes", config.volumes);
  json.member("stopSignal", config.stop_signal);
  json.member("labels", config.labels);
  const auto healthcheck = config.config_unknown.find("Healthcheck");
  if (healthcheck != config.config_unknown.end()) json.key("healthcheck").json(healthcheck->second);
  json.end_object();
}

void print_history(JsonPrinter& json, const ImageConfig& config) {
  json.key("history").begin_array();
  for (const auto& entry : config.history) {
    json.begin_object();
    json.member("created", entry.created);
    json.member("createdBy", entry.created_by);
    if (!entry.comment.empty()) json.member("comment", entry.comment);
    json.member("emptyLayer", entry.empty_layer);
    json.end_object();
  }
  json.end_array();
}

// Manifests that refer to images; left out where there are none.
void print_referrers(JsonPrinter& json, std::string_view name, const std::vector<Document>& referrers) {
  if (referrers.empty()) return;
  json.key(name).begin_array();
  for (const auto& referrer : referrers) {
    const auto manifest = Manifest::parse(referrer.json, referrer.descriptor.media_type);
    json.begin_object();
    json.member("digest", referrer.descriptor.digest.to_string());
    json.member("artifactType", manifest.artifact_type);
    json.member("size", referrer.descriptor.size);
    if (manifest.subject) json.member("subject", manifest.subject->digest.to_string());
    json.end_object();
  }
  json.end_array();
}

void print_repair(JsonPrinter& json, const RepairReport& report) {
  json.key("repaired").begin_array();
  for (const auto& blob : report.repaired) {
    json.begin_object();
    json.member("digest", blob.digest.to_string());
    json.member("size", blob.size);
    json.member("from", blob.source);
    json.end_object();
  }
  json.end_array();
  json.key("notRepaired").begin_array();
  for (const auto& blob : report.left) {
    json.begin_object();
    json.member("digest", blob.digest);
    json.member("cause", blob.cause);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

void print_image_json(const Image& image, const ImagePrograms* programs, Sink& to,
                      const std::function<void(JsonPrinter&)>& print_more) {
  JsonPrinter json(to);
  json.begin_object();
  print_names(json, image);
  json.member("configDigest", image.manifest().config.digest.to_string());
  print_config(json, image.config());
  json.member("annotations", image.manifest().annotations);
  print_layers(json, image);
  print_history(json, image.config());
  if (programs != nullptr) print_programs(json, *programs);
  if (print_more) print_more(json);
  json.end_object();
  json.finish();
}

std::string index_json(const Document& document) {
  const auto index = Index::parse(document.json, document.descriptor.media_type);
  return json_object([&](JsonPrinter& json) {
    json.member("digest", document.descriptor.digest.to_string());
    json.member("mediaType", document.descriptor.media_type);
    json.member("size", document.descriptor.size);
    json.member("annotations", index.annotations);
    json.key("manifests").begin_array();
    for (const auto& child : index.manifests) {
      json.begin_object();
      json.member("digest", child.digest.to_string());
      json.member("mediaType", child.media_type);
      json.member("size", child.size);
      json.member("platform", child.platform ? child.platform->to_string() : std::string());
      json.end_object();
    }
    json.end_array();
  });
}

std::string build_json(const Assembled& made, const std::vector<std::string>& published,
                       const std::vector<Document>& referrers) {
  return json_object([&](JsonPrinter& json) {
    print_names(json, made.image);
    json.member("published", published);
    print_layers(json, made.image);
    print_gates(json, made.gates);
    print_referrers(json, "referrers", referrers);
  });
}

std::string build_json(const ImageIndex& index, const std::vector<Assembled>& images,
                       const std::vector<std::string>& published, const std::vector<Document>& referrers) {
  return json_object([&](JsonPrinter& json) {
    json.member("digest", index.descriptor.digest.to_string());
    json.member("mediaType", index.descriptor.media_type);
    json.member("size", index.descriptor.size);
    json.member("published", published);
    json.key("images").begin_array();
    for (const auto& made : images) {
      json.begin_object();
      print_names(json, made.image);
      print_layers(json, made.image);
      print_gates(json, made.gates);
      json.end_object();
    }
    json.end_array();
    print_referrers(json, "referrers", referrers);
    print_referrers(json, "attestations", index.others);
  });
}

std::string verify_json(const VerifyReport& report, const std::optional<RepairReport>& repaired) {
  return json_object([&](JsonPrinter& json) {
    json.member("ok", report.problems.empty());
    json.member("manifests", std::uint64_t{report.manifests});
    json.member("layers", std::uint64_t{report.layers});
    json.member("bytes", report.bytes);
    json.member("problems", report.problems);
    if (repaired) print_repair(json, *repaired);
  });
}

}  // namespace ociassemble
