// SPDX-License-Identifier: Apache-2.0
#include "report/comparison_objects.hpp"

#include <fmt/format.h>

#include "io/streams.hpp"
#include "report/causes.hpp"
#include "report/comparisons.hpp"
#include "report/layer_text.hpp"

namespace ociassemble {
namespace {

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::same:
      return "same";
    case Verdict::recompressed:
      return "recompressed";
    case Verdict::different:
      return "different";
  }
  return {};
}

std::string_view change_name(LayerChange change) {
  switch (change) {
    case LayerChange::same:
      return "same";
    case LayerChange::recompressed:
      return "recompressed";
    case LayerChange::changed:
      return "changed";
    case LayerChange::added:
      return "added";
    case LayerChange::removed:
      return "removed";
    case LayerChange::moved:
      return "moved";
  }
  return {};
}

std::string_view aspect_name(FileAspect aspect) {
  switch (aspect) {
    case FileAspect::type:
      return "type";
    case FileAspect::content:
      return "content";
    case FileAspect::mode:
      return "mode";
    case FileAspect::owner:
      return "owner";
    case FileAspect::mtime:
      return "mtime";
    case FileAspect::link_target:
      return "linkTarget";
    case FileAspect::device:
      return "device";
    case FileAspect::xattrs:
      return "xattrs";
  }
  return {};
}

std::string hexadecimal(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

void print(JsonPrinter& json, const FileState& state) {
  json.begin_object();
  json.member("type", file_type_name(state.type));
  json.member("mode", fmt::format("{:04o}", state.mode));
  json.member("uid", state.uid);
  json.member("gid", state.gid);
  json.member("mtime", state.mtime);
  if (state.type == EntryType::regular) json.member("size", state.size);
  if (state.content) json.member("digest", state.content->to_string());
  if (!state.link_target.empty()) json.member("linkTarget", state.link_target);
  if (state.type == EntryType::character_device || state.type == EntryType::block_device) {
    json.key("device").begin_array();
    json.value(state.device_major);
    json.value(state.device_minor);
    json.end_array();
  }
  if (!state.xattrs.empty()) {
    json.key("xattrs").begin_object();
    for (const auto& [name, value] : state.xattrs) json.member(name, hexadecimal(value));
    json.end_object();
  }
  json.end_object();
}

void print(JsonPrinter& json, const FileChange& file) {
  json.begin_object();
  json.member("path", "/" + file.path);
  json.member("change", !file.before ? "added" : !file.after ? "removed" : "changed");
  if (const auto removed = whiteout_target(file.path)) json.member("whiteout", *removed);
  if (file.before && file.after) {
    json.key("differs").begin_array();
    for (const auto aspect : file.aspects) json.value(aspect_name(aspect));
    json.end_array();
  }
  if (file.before) print(json.key("before"), *file.before);
  if (file.after) print(json.key("after"), *file.after);
  json.end_object();
}

void print(JsonPrinter& json, const LayerSide& side) {
  json.begin_object();
  json.member("number", std::uint64_t{side.number});
  json.member("mediaType", side.descriptor.media_type);
  json.member("digest", side.descriptor.digest.to_string());
  json.member("size", side.descriptor.size);
  json.member("diffId", side.diff_id.to_string());
  json.member("createdBy", side.created_by);
  json.end_object();
}

void print(JsonPrinter& json, const std::vector<ValueChange>& changes) {
  json.begin_array();
  for (const auto& change : changes) print_value_change(json, change);
  json.end_array();
}

void print_base_side(JsonPrinter& json, const std::string& name, const std::string& digest) {
  json.begin_object();
  json.member("name", name);
  json.member("digest", digest);
  json.end_object();
}

void print(JsonPrinter& json, const ImageComparison& image) {
  json.begin_object();
  json.member("platform", image.platform.to_string());
  json.member("verdict", verdict_name(image.verdict()));
  json.member("before", image.before.to_string());
  json.member("after", image.after.to_string());
  print_causes(json.key("causes"), image.causes);
  json.key("base").begin_object();
  json.member("moved", image.base.moved());
  json.member("namedOtherwise", image.base.named_otherwise());
  print_base_side(json.key("before"), image.base.name_before, image.base.digest_before);
  print_base_side(json.key("after"), image.base.name_after, image.base.digest_after);
  json.member("layersDiffer", image.base.layers_differ);
  json.end_object();
  json.key("layers").begin_array();
  for (const auto& layer : image.layers) print_layer_comparison(json, layer);
  json.end_array();
  print(json.key("config"), image.config);
  print(json.key("manifest"), image.manifest);
  json.end_object();
}

}  // namespace

void print_value_change(JsonPrinter& json, const ValueChange& change) {
  json.begin_object();
  json.member("member", change.member);
  if (!change.key.empty()) json.member("key", change.key);
  if (change.before) json.key("before").json(*change.before);
  if (change.after) json.key("after").json(*change.after);
  json.end_object();
}

void print_layer_comparison(JsonPrinter& json, const LayerComparison& layer) {
  json.begin_object();
  json.member("change", change_name(layer.change));
  if (layer.before) print(json.key("before"), *layer.before);
  if (layer.after) print(json.key("after"), *layer.after);
  print(json.key("descriptor"), layer.descriptor);
  if (layer.was_read) {
    json.key("files").begin_array();
    for (const auto& file : layer.files) print(json, file);
    json.end_array();
  }
  json.end_object();
}

void print_comparison_json(const Comparison& comparison, Sink& to) {
  JsonPrinter json(to);
  json.begin_object();
  json.member("verdict", verdict_name(comparison.verdict()));
  json.member("before", comparison.before.to_string());
  json.member("after", comparison.after.to_string());
  json.key("images").begin_array();
  for (const auto& image : comparison.images) print(json, image);
  json.end_array();
  json.member("onlyBefore", comparison.only_before);
  json.member("onlyAfter", comparison.only_after);
  print(json.key("index"), comparison.index);
  json.end_object();
  json.finish();
}

}  // namespace ociassemble
