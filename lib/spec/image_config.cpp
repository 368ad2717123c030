// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/image_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/manifest.hpp"
#include "spec/descriptor_json.hpp"
#include "spec/history_json.hpp"
#include "spec/json.hpp"
#include "spec/json_writer.hpp"

namespace ociassemble {
namespace {

constexpr std::array<std::string_view, 10> kKnown = {
    "created", "author", "architecture", "os", "os.version", "os.features", "variant", "config", "rootfs", "history",
};
constexpr std::array<std::string_view, 9> kKnownConfig = {
    "User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal",
};
constexpr std::array<std::string_view, 5> kKnownHistory = {
    "created", "created_by", "author", "comment", "empty_layer",
};

// An empty list says as little as none to every runtime.
std::optional<std::vector<std::string>> read_command(const JsonView& json, std::string_view name) {
  auto words = json.find_strings(name);
  if (words.empty()) return std::nullopt;
  return words;
}

void read_execution(const JsonView& json, ImageConfig& config) {
  config.user = json.find_string("User");
  config.exposed_ports = json.find_names("ExposedPorts");
  config.env = json.find_strings("Env");
  config.entrypoint = read_command(json, "Entrypoint");
  config.cmd = read_command(json, "Cmd");
  config.volumes = json.find_names("Volumes");
  config.working_dir = json.find_string("WorkingDir");
  config.labels = json.find_string_map("Labels");
  config.stop_signal = json.find_string("StopSignal");
  config.config_unknown = json.others(kKnownConfig);
}

std::vector<Digest> read_diff_ids(const JsonView& rootfs) {
  if (rootfs.at("type").string() != "layers") rootfs.at("type").refuse("is not \"layers\"");
  std::vector<Digest> result;
  const auto json = rootfs.find("diff_ids");
  if (!json) return result;
  for (const auto& element : json->elements()) result.push_back(read_digest(element));
  return result;
}

HistoryEntry read_history_entry(const JsonView& json) {
  const auto empty_layer = json.find("empty_layer");
  return HistoryEntry{
      .created = json.find_string("created"),
      .author = json.find_string("author"),
      .created_by = json.find_string("created_by"),
      .comment = json.find_string("comment"),
      .empty_layer = empty_layer && empty_layer->boolean(),
      .unknown = json.others(kKnownHistory),
  };
}

std::vector<HistoryEntry> read_history(const JsonView& root) {
  std::vector<HistoryEntry> result;
  const auto json = root.find("history");
  if (!json) return result;
  for (const auto& element : json->elements()) result.push_back(read_history_entry(element));
  return result;
}

JsonObjectWriter write_execution(const ImageConfig& config) {
  JsonObjectWriter writer;
  writer.string("User", config.user);
  writer.names("ExposedPorts", config.exposed_ports);
  writer.strings("Env", config.env);
  if (config.entrypoint) writer.strings("Entrypoint", *config.entrypoint);
  if (config.cmd) writer.strings("Cmd", *config.cmd);
  writer.names("Volumes", config.volumes);
  writer.string("WorkingDir", config.working_dir);
  writer.string_map("Labels", config.labels);
  writer.string("StopSignal", config.stop_signal);
  writer.unknown(config.config_unknown, kKnownConfig);
  return writer;
}

std::string write_rootfs(const std::vector<Digest>& diff_ids) {
  std::vector<std::string> texts;
  texts.reserve(diff_ids.size());
  for (const auto& diff_id : diff_ids) texts.push_back(diff_id.to_string());
  JsonObjectWriter writer;
  writer.string("type", "layers");
  writer.json("diff_ids", json_array_of_strings(texts));
  return writer.finish();
}

std::string write_history(const std::vector<HistoryEntry>& history) {
  std::vector<std::string> entries;
  entries.reserve(history.size());
  for (const auto& entry : history) entries.push_back(write_history_entry(entry));
  return json_array(entries);
}

bool sets(std::string_view entry, std::string_view name) {
  return entry.starts_with(name) && (entry.size() == name.size() || entry[name.size()] == '=');
}

}  // namespace

std::string write_history_entry(const HistoryEntry& entry) {
  JsonObjectWriter writer;
  writer.string("created", entry.created);
  writer.string("created_by", entry.created_by);
  writer.string("author", entry.author);
  writer.string("comment", entry.comment);
  writer.flag("empty_layer", entry.empty_layer);
  writer.unknown(entry.unknown, kKnownHistory);
  return writer.finish();
}

ImageConfig ImageConfig::parse(std::string_view json) {
  constexpr std::string_view kSubject = "image config";
  const auto document = parse_json(json, kSubject, {.size = kMaxConfigSize});
  const JsonView root(document, kSubject);
  ImageConfig config;
  config.created = root.find_string("created");
  config.author = root.find_string("author");
  config.platform = read_platform(root);
  if (const auto execution = root.find("config")) read_execution(*execution, config);
  config.diff_ids = read_diff_ids(root.at("rootfs"));
  config.history = read_history(root);
  config.unknown = root.others(kKnown);
  return config;
}

std::string ImageConfig::to_json() const {
  JsonObjectWriter writer;
  writer.string("created", created);
  writer.string("author", author);
  write_platform(platform, writer);
  if (const auto execution = write_execution(*this); !execution.empty()) writer.json("config", execution.finish());
  writer.json("rootfs", write_rootfs(diff_ids));
  if (!history.empty()) writer.json("history", write_history(history));
  writer.unknown(unknown, kKnown);
  return writer.finish();
}

void ImageConfig::set_env(std::string_view name, std::string_view value) {
  if (name.empty() || name.find_first_of(std::string_view("=\0", 2)) != std::string_view::npos) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("cannot set environment variable \"{}\": not a name", printable(name)));
  }
  auto entry = fmt::format("{}={}", name, value);
  const auto sets_it = [name](const std::string& other) { return sets(other, name); };
  const auto found = std::find_if(env.begin(), env.end(), sets_it);
  if (found == env.end()) {
    env.push_back(std::move(entry));
    return;
  }
  *found = std::move(entry);
  env.erase(std::remove_if(found + 1, env.end(), sets_it), env.end());
}

std::optional<std::string> ImageConfig::env_value(std::string_view name) const {
  // Runtimes let the last of several win.
  const auto found = std::find_if(env.rbegin(), env.rend(), [name](const std::string& entry) {
    return entry.size() > name.size() && sets(entry, name);
  });
  if (found == env.rend()) return std::nullopt;
  return found->substr(name.size() + 1);
}

}  // namespace ociassemble
