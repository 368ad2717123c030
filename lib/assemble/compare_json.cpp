// SPDX-License-Identifier: Apache-2.0
#include "assemble/compare_json.hpp"

#include <fmt/format.h>

#include "assemble/compare_text.hpp"
#include "ociassemble/report.hpp"

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

Json file_state_object(const FileState& state) {
  Json object = {{"type", file_type_name(state.type)},
                 {"mode", fmt::format("{:04o}", state.mode)},
                 {"uid", state.uid},
                 {"gid", state.gid},
                 {"mtime", state.mtime}};
  if (state.type == EntryType::regular) object["size"] = state.size;
  if (state.content) object["digest"] = state.content->to_string();
  if (!state.link_target.empty()) object["linkTarget"] = state.link_target;
  if (state.type == EntryType::character_device || state.type == EntryType::block_device) {
    object["device"] = {state.device_major, state.device_minor};
  }
  for (const auto& [name, value] : state.xattrs) object["xattrs"][name] = hexadecimal(value);
  return object;
}

Json file_object(const FileChange& file) {
  Json object = {{"path", "/" + file.path}, {"change", !file.before ? "added" : !file.after ? "removed" : "changed"}};
  if (const auto removed = whiteout_target(file.path)) object["whiteout"] = *removed;
  if (file.before && file.after) object["differs"] = Json::array();
  for (const auto aspect : file.aspects) object["differs"].push_back(aspect_name(aspect));
  if (file.before) object["before"] = file_state_object(*file.before);
  if (file.after) object["after"] = file_state_object(*file.after);
  return object;
}

Json side_object(const LayerSide& side) {
  return {{"number", side.number},
          {"mediaType", side.descriptor.media_type},
          {"digest", side.descriptor.digest.to_string()},
          {"size", side.descriptor.size},
          {"diffId", side.diff_id.to_string()},
          {"createdBy", side.created_by}};
}

Json changes_array(const std::vector<ValueChange>& changes) {
  Json array = Json::array();
  for (const auto& change : changes) array.push_back(value_change_object(change));
  return array;
}

Json image_comparison_object(const ImageComparison& image) {
  Json object = {{"platform", image.platform.to_string()},
                 {"verdict", verdict_name(image.verdict())},
                 {"before", image.before.to_string()},
                 {"after", image.after.to_string()}};
  object["base"] = {{"moved", image.base.moved()},
                    {"before", {{"name", image.base.name_before}, {"digest", image.base.digest_before}}},
                    {"after", {{"name", image.base.name_after}, {"digest", image.base.digest_after}}},
                    {"layersDiffer", image.base.layers_differ}};
  object["layers"] = Json::array();
  for (const auto& layer : image.layers) object["layers"].push_back(layer_comparison_object(layer));
  object["config"] = changes_array(image.config);
  object["manifest"] = changes_array(image.manifest);
  return object;
}

}  // namespace

Json value_change_object(const ValueChange& change) {
  Json object = {{"member", change.member}};
  if (!change.key.empty()) object["key"] = change.key;
  if (change.before) object["before"] = Json::parse(*change.before);
  if (change.after) object["after"] = Json::parse(*change.after);
  return object;
}

Json layer_comparison_object(const LayerComparison& layer) {
  Json object = {{"change", change_name(layer.change)}};
  if (layer.before) object["before"] = side_object(*layer.before);
  if (layer.after) object["after"] = side_object(*layer.after);
  object["descriptor"] = changes_array(layer.descriptor);
  if (!layer.was_read) return object;
  object["files"] = Json::array();
  for (const auto& file : layer.files) object["files"].push_back(file_object(file));
  return object;
}

std::string comparison_json(const Comparison& comparison) {
  Json object = {{"verdict", verdict_name(comparison.verdict())}, {"before", comparison.before.to_string()},
                 {"after", comparison.after.to_string()},         {"images", Json::array()},
                 {"onlyBefore", comparison.only_before},          {"onlyAfter", comparison.only_after},
                 {"index", changes_array(comparison.index)}};
  for (const auto& image : comparison.images) object["images"].push_back(image_comparison_object(image));
  return dump(object);
}

}  // namespace ociassemble
