// SPDX-License-Identifier: Apache-2.0
#include "compare/value_changes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "spec/history_json.hpp"
#include "spec/json_writer.hpp"

namespace ociassemble {
namespace {

using Json = std::optional<std::string>;
using JsonMap = std::map<std::string, std::string>;

Json text(const std::string& value) { return value.empty() ? Json() : json_string(value); }
Json list(const std::vector<std::string>& values) { return values.empty() ? Json() : json_array_of_strings(values); }
Json list(const std::optional<std::vector<std::string>>& values) { return values ? list(*values) : Json(); }

JsonMap texts(const std::map<std::string, std::string>& values) {
  JsonMap result;
  for (const auto& [name, value] : values) result.emplace(name, json_string(value));
  return result;
}

JsonMap names(const std::set<std::string>& values) {
  JsonMap result;
  for (const auto& name : values) result.emplace(name, "{}");
  return result;
}

// Of several entries for one name the last counts, as it does to runtimes.
JsonMap variables(const std::vector<std::string>& env) {
  JsonMap result;
  for (const auto& entry : env) {
    const auto equals = entry.find('=');
    result.insert_or_assign(entry.substr(0, equals),
                            json_string(equals == std::string::npos ? "" : entry.substr(equals + 1)));
  }
  return result;
}

class Changes {
 public:
  void value(std::string_view member, Json before, Json after, std::string_view key = {}) {
    if (before == after) return;
    changes_.push_back({std::string(member), std::string(key), std::move(before), std::move(after)});
  }

  void map(std::string_view member, const JsonMap& before, const JsonMap& after) {
    each_key(before, after, [&](const std::string& key, Json left, Json right) {
      value(member, std::move(left), std::move(right), key);
    });
  }

  // Members of their own, each by its name.
  void members(std::string_view prefix, const JsonMap& before, const JsonMap& after) {
    each_key(before, after, [&](const std::string& key, Json left, Json right) {
      value(fmt::format("{}{}", prefix, key), std::move(left), std::move(right));
    });
  }

  void env(const std::vector<std::string>& before, const std::vector<std::string>& after) {
    const auto count = changes_.size();
    map("config.Env", variables(before), variables(after));
    if (count == changes_.size()) value("config.Env", list(before), list(after));  // only their order
  }

  void history(const std::vector<HistoryEntry>& before, const std::vector<HistoryEntry>& after) {
    const auto shorter = std::min(before.size(), after.size());
    std::size_t head = 0;
    while (head < shorter && before[head] == after[head]) ++head;
    std::size_t tail = 0;
    while (tail < shorter - head && before[before.size() - 1 - tail] == after[after.size() - 1 - tail]) ++tail;
    const auto at = [tail](const std::vector<HistoryEntry>& entries, std::size_t i) {
      return i + tail < entries.size() ? Json(write_history_entry(entries[i])) : Json();
    };
    for (auto i = head; i + tail < std::max(before.size(), after.size()); ++i) {
      value(fmt::format("history[{}]", i), at(before, i), at(after, i));
    }
  }

  std::vector<ValueChange> take() { return std::move(changes_); }

 private:
  template <class Use>
  static void each_key(const JsonMap& before, const JsonMap& after, const Use& use) {
    const auto find = [](const JsonMap& map, const std::string& key) {
      const auto found = map.find(key);
      return found == map.end() ? Json() : Json(found->second);
    };
    auto all = before;
    all.insert(after.begin(), after.end());
    for (const auto& [key, unused] : all) use(key, find(before, key), find(after, key));
  }

  std::vector<ValueChange> changes_;
};

void compare_platforms(Changes& changes, const Platform& before, const Platform& after) {
  changes.value("architecture", text(before.architecture), text(after.architecture));
  changes.value("variant", text(before.variant), text(after.variant));
  changes.value("os", text(before.os), text(after.os));
  changes.value("os.version", text(before.os_version), text(after.os_version));
  changes.value("os.features", list(before.os_features), list(after.os_features));
}

Json subject_json(const std::optional<Descriptor>& subject) {
  return subject ? Json(json_string(subject->digest.to_string())) : Json();
}

}  // namespace

std::vector<ValueChange> compare_configs(const ImageConfig& before, const ImageConfig& after) {
  Changes changes;
  changes.value("created", text(before.created), text(after.created));
  changes.value("author", text(before.author), text(after.author));
  compare_platforms(changes, before.platform, after.platform);
  changes.value("config.User", text(before.user), text(after.user));
  changes.map("config.ExposedPorts", names(before.exposed_ports), names(after.exposed_ports));
  changes.env(before.env, after.env);
  changes.value("config.Entrypoint", list(before.entrypoint), list(after.entrypoint));
  changes.value("config.Cmd", list(before.cmd), list(after.cmd));
  changes.map("config.Volumes", names(before.volumes), names(after.volumes));
  changes.value("config.WorkingDir", text(before.working_dir), text(after.working_dir));
  changes.map("config.Labels", texts(before.labels), texts(after.labels));
  changes.value("config.StopSignal", text(before.stop_signal), text(after.stop_signal));
  changes.members("config.", before.config_unknown, after.config_unknown);
  changes.members("", before.unknown, after.unknown);
  changes.history(before.history, after.history);
  return changes.take();
}

std::vector<ValueChange> compare_manifests(const Manifest& before, const Manifest& after) {
  Changes changes;
  changes.value("mediaType", json_string(before.media_type()), json_string(after.media_type()));
  changes.value("artifactType", text(before.artifact_type), text(after.artifact_type));
  changes.value("config.mediaType", text(before.config.media_type), text(after.config.media_type));
  changes.map("config.annotations", texts(before.config.annotations), texts(after.config.annotations));
  changes.value("subject", subject_json(before.subject), subject_json(after.subject));
  changes.map("annotations", texts(before.annotations), texts(after.annotations));
  return changes.take();
}

std::vector<ValueChange> compare_indexes(const Index& before, const Index& after) {
  Changes changes;
  changes.value("mediaType", json_string(before.media_type()), json_string(after.media_type()));
  changes.value("artifactType", text(before.artifact_type), text(after.artifact_type));
  changes.value("subject", subject_json(before.subject), subject_json(after.subject));
  changes.map("annotations", texts(before.annotations), texts(after.annotations));
  return changes.take();
}

std::vector<ValueChange> compare_descriptors(const Descriptor& before, const Descriptor& after) {
  Changes changes;
  changes.value("mediaType", text(before.media_type), text(after.media_type));
  changes.value("urls", list(before.urls), list(after.urls));
  changes.map("annotations", texts(before.annotations), texts(after.annotations));
  return changes.take();
}

}  // namespace ociassemble
