// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "assemble/json_text.hpp"
#include "compress/codec.hpp"
#include "ociassemble/report.hpp"
#include "ociassemble/version.hpp"

namespace ociassemble {
namespace {

Json layers_json(const Image& image) {
  Json layers = Json::array();
  for (const auto& layer : image.layers()) {
    layers.push_back({{"mediaType", layer.descriptor.media_type},
                      {"digest", layer.descriptor.digest.to_string()},
                      {"size", layer.descriptor.size},
                      {"diffId", layer.diff_id.to_string()}});
  }
  return layers;
}

Json image_object(const Image& image) {
  return {{"digest", image.digest().to_string()},
          {"mediaType", image.descriptor().media_type},
          {"size", image.descriptor().size},
          {"platform", image.config().platform.to_string()}};
}

Json config_object(const ImageConfig& config) {
  Json object = Json::object();
  object["created"] = config.created;
  object["user"] = config.user;
  object["entrypoint"] = config.entrypoint.value_or(std::vector<std::string>{});
  object["cmd"] = config.cmd.value_or(std::vector<std::string>{});
  object["workingDir"] = config.working_dir;
  object["env"] = config.env;
  object["exposedPorts"] = config.exposed_ports;
  object["volumes"] = config.volumes;
  object["stopSignal"] = config.stop_signal;
  object["labels"] = config.labels;
  return object;
}

Json history_array(const ImageConfig& config) {
  Json history = Json::array();
  for (const auto& entry : config.history) {
    history.push_back({{"created", entry.created}, {"createdBy", entry.created_by}, {"emptyLayer", entry.empty_layer}});
  }
  return history;
}

}  // namespace

std::string image_json(const Image& image) {
  Json object = image_object(image);
  object["configDigest"] = image.manifest().config.digest.to_string();
  object["config"] = config_object(image.config());
  object["annotations"] = image.manifest().annotations;
  object["layers"] = layers_json(image);
  object["history"] = history_array(image.config());
  return dump(object);
}

std::string index_json(const Document& document) {
  const auto index = Index::parse(document.json, document.descriptor.media_type);
  Json object = {{"digest", document.descriptor.digest.to_string()},
                 {"mediaType", document.descriptor.media_type},
                 {"size", document.descriptor.size},
                 {"annotations", index.annotations},
                 {"manifests", Json::array()}};
  for (const auto& child : index.manifests) {
    object["manifests"].push_back({{"digest", child.digest.to_string()},
                                   {"mediaType", child.media_type},
                                   {"size", child.size},
                                   {"platform", child.platform ? child.platform->to_string() : ""}});
  }
  return dump(object);
}

std::string build_json(const Image& image, const std::vector<std::string>& published) {
  Json object = image_object(image);
  object["published"] = published;
  object["layers"] = layers_json(image);
  return dump(object);
}

std::string build_json(const ImageIndex& index, const std::vector<std::string>& published) {
  Json object = {{"digest", index.descriptor.digest.to_string()},
                 {"mediaType", index.descriptor.media_type},
                 {"size", index.descriptor.size},
                 {"published", published},
                 {"images", Json::array()}};
  for (const auto& image : index.images) {
    auto member = image_object(image);
    member["layers"] = layers_json(image);
    object["images"].push_back(std::move(member));
  }
  return dump(object);
}

std::string verify_json(const VerifyReport& report) {
  return dump({{"ok", report.problems.empty()},
               {"manifests", report.manifests},
               {"layers", report.layers},
               {"bytes", report.bytes},
               {"problems", report.problems}});
}

std::string version_json() {
  Json codecs = Json::object();
  for (const auto& codec : codec_versions()) codecs[codec.name] = codec.version;
  return dump({{"version", version()}, {"layerFormat", kLayerFormat}, {"codecs", codecs}});
}

std::string version_text() {
  std::string text = fmt::format("ociassemble {}\nlayer format {}\n", version(), kLayerFormat);
  for (const auto& codec : codec_versions()) text += fmt::format("{} {}\n", codec.name, codec.version);
  return text;
}

}  // namespace ociassemble
