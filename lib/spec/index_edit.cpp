// SPDX-License-Identifier: Apache-2.0
#include "spec/index_edit.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "ociassemble/manifest.hpp"
#include "spec/descriptor_json.hpp"
#include "spec/json.hpp"
#include "spec/json_writer.hpp"

namespace ociassemble {
namespace {

using Names = std::span<const std::string_view>;

constexpr std::string_view kIndexSubject = "index";
constexpr std::array<std::string_view, 6> kIndexOrder = {"schemaVersion", "mediaType", "artifactType",
                                                         "manifests",     "subject",   "annotations"};
constexpr std::array<std::string_view, 7> kDescriptorOrder = {"mediaType",   "digest",   "size",        "urls",
                                                              "annotations", "platform", "artifactType"};
constexpr std::array<std::string_view, 5> kPlatformOrder = {"architecture", "os", "os.version", "os.features",
                                                            "variant"};

// Members in an order, then the others as they are; `write` makes the text of those that are no plain copy.
std::string write_object(const JsonValue& value, Names order,
                         const std::function<std::string(const std::string&, const JsonValue&)>& write) {
  const auto* object = std::get_if<JsonValue::Object>(&value.data);
  if (object == nullptr) return to_json(value);
  JsonObjectWriter writer;
  const auto put = [&](const JsonMember& member) { writer.json(member.name, write(member.name, member.value)); };
  const auto is_known = [&](const std::string& name) {
    return std::find(order.begin(), order.end(), name) != order.end();
  };
  for (const auto name : order) {
    const auto found =
        std::find_if(object->begin(), object->end(), [name](const JsonMember& member) { return member.name == name; });
    if (found != object->end()) put(*found);
  }
  for (const auto& member : *object) {
    if (!is_known(member.name)) put(member);
  }
  return writer.finish();
}

std::string write_copy(const std::string&, const JsonValue& value) { return to_json(value); }

std::string write_entry(const JsonValue& entry) {
  return write_object(entry, kDescriptorOrder, [](const std::string& name, const JsonValue& value) {
    return name == "platform" ? write_object(value, kPlatformOrder, write_copy) : to_json(value);
  });
}

std::string write_entries(const JsonView& root, const std::function<bool(const IndexEntryNames&)>& is_replaced,
                          const JsonValue& json, const Descriptor& entry) {
  std::vector<std::string> texts;
  bool is_put = false;
  const auto* values = std::get_if<JsonValue::Array>(&json.data);
  const auto views = values == nullptr ? std::vector<JsonView>() : root.at("manifests").elements();
  for (std::size_t i = 0; i < views.size(); ++i) {
    if (!is_replaced({views[i].at("digest").string(), views[i].find_string_map("annotations")})) {
      texts.push_back(write_entry((*values)[i]));
    } else if (!is_put) {
      texts.push_back(write_descriptor(entry));
      is_put = true;
    }
  }
  if (!is_put) texts.push_back(write_descriptor(entry));
  return json_array(texts);
}

}  // namespace

std::string put_index_entry(std::string_view json, const std::function<bool(const IndexEntryNames&)>& is_replaced,
                            const Descriptor& entry) {
  const auto index = Index::parse(json);  // whatever it throws
  auto document = parse_json(json, kIndexSubject, {.size = kMaxManifestSize});
  const JsonView root(document, kIndexSubject);
  auto text = write_object(document, kIndexOrder, [&](const std::string& name, const JsonValue& value) {
    return same_member_name(name, "manifests") ? write_entries(root, is_replaced, value, entry) : to_json(value);
  });
  if (root.contains("mediaType")) return text;
  return "{\"schemaVersion\":2,\"mediaType\":" + json_string(index.media_type()) + text.substr(text.find(','));
}

}  // namespace ociassemble
