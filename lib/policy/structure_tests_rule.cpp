// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "policy/image_user.hpp"
#include "policy/regular_expression.hpp"
#include "policy/rule_judges.hpp"
#include "policy/unpacked_image.hpp"
#include "spec/json.hpp"
#include "yaml/yaml.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kLargestTests = std::size_t{1} << 20U;
constexpr std::size_t kLargestTested = std::size_t{4} << 20U;

YamlValue yaml_of_json(const JsonValue& json) {
  if (const auto* text = std::get_if<std::string>(&json.data)) return {YamlValue::Scalar{*text, false}, 0};
  if (const auto* number = std::get_if<JsonValue::Number>(&json.data))
    return {YamlValue::Scalar{number->text, true}, 0};
  if (const auto* flag = std::get_if<bool>(&json.data)) return {YamlValue::Scalar{*flag ? "true" : "false", true}, 0};
  if (const auto* elements = std::get_if<JsonValue::Array>(&json.data)) {
    YamlValue::Sequence sequence;
    for (const auto& one : *elements) sequence.push_back(yaml_of_json(one));
    return {std::move(sequence), 0};
  }
  if (const auto* members = std::get_if<JsonValue::Object>(&json.data)) {
    YamlValue::Mapping mapping;
    for (const auto& one : *members) mapping.push_back({one.name, yaml_of_json(one.value)});
    return {std::move(mapping), 0};
  }
  return {YamlValue::Scalar{"null", true}, 0};
}

// JSON needs no library.
YamlValue read_tests(const RuleContext& context, const std::string& file) {
  const auto text = context.with_file_of("files", [&] { return read_file(file, kLargestTests); });
  try {
    if (file.ends_with(".json")) return yaml_of_json(parse_json(text, file, {.size = kLargestTests}));
    return parse_yaml(text, file);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt) throw;
    throw Error(ErrorCode::invalid_argument, error.what(), error.hint().empty() ? "correct the file" : error.hint());
  }
}

// As Go's os.FileMode writes it: "dtrwxrwxrwx", "-rw-r--r--".
std::string go_mode_text(const Tree::Node& node) {
  std::string text;
  switch (node.type) {
    case EntryType::directory:
      text = "d";
      break;
    case EntryType::symlink:
      text = "L";
      break;
    case EntryType::block_device:
    case EntryType::character_device:
      text = "D";
      break;
    case EntryType::fifo:
      text = "p";
      break;
    case EntryType::regular:
    case EntryType::hard_link:
      break;
  }
  if ((node.mode & 04000U) != 0) text += 'u';
  if ((node.mode & 02000U) != 0) text += 'g';
  if (node.type == EntryType::character_device) text += 'c';
  if ((node.mode & 01000U) != 0) text += 't';
  if (text.empty()) text = "-";
  constexpr std::string_view kBits = "rwxrwxrwx";
  for (std::size_t i = 0; i < kBits.size(); ++i)
    text += (node.mode >> (kBits.size() - 1 - i) & 1U) != 0 ? kBits[i] : '-';
  return text;
}

// The tests of one file.
class StructureTests {
 public:
  StructureTests(const RuleContext& context, std::string file)
      : context_(context),
        files_(context.facts().files()),
        file_(std::move(file)),
        root_(read_tests(context_, file_)) {}

  void judge() {
    const auto* version = root_.find("schemaVersion");
    if (version == nullptr || version->scalar() == nullptr || version->scalar()->text != "2.0.0")
      refuse(root_, "its schemaVersion is not 2.0.0", "write schemaVersion: '2.0.0'");
    require_known_members();
    each("fileExistenceTests", {"name", "path", "shouldExist", "permissions", "uid", "gid", "isExecutableBy"},
         [&](const YamlValue& test) { judge_existence(test); });
    each("fileContentTests", {"name", "path", "expectedContents", "excludedContents"},
         [&](const YamlValue& test) { judge_content(test); });
    each("licenseTests", {"name", "debian", "files"}, [&](const YamlValue& test) { judge_licenses(test); });
    if (const auto* metadata = root_.find("metadataTest")) judge_metadata(*metadata);
    each("commandTests", {},
         [&](const YamlValue& test) { skip(test, "command tests are not run: nothing of the image is executed"); });
  }

 private:
  [[noreturn]] void refuse(const YamlValue& at, const std::string& cause, std::string hint) const {
    const auto place = at.line == 0 ? file_ : fmt::format("{}:{}", file_, at.line);
    throw Error(ErrorCode::invalid_argument, fmt::format("cannot use {}: {}", place, cause), std::move(hint));
  }

  // A misspelled list of tests must not pass for one that is empty.
  void require_known_members() const {
    constexpr std::array<std::string_view, 8> kKnown{"schemaVersion",      "globalEnvVars",      "commandTests",
                                                     "metadataTest",       "licenseTests",       "fileContentTests",
                                                     "fileExistenceTests", "containerRunOptions"};
    if (root_.mapping() == nullptr) refuse(root_, "it is no mapping", "write schemaVersion: '2.0.0' and tests");
    for (const auto& [name, value] : *root_.mapping()) {
      if (std::find(kKnown.begin(), kKnown.end(), name) != kKnown.end()) continue;
      const auto near = nearest(name, kKnown);
      refuse(value, fmt::format("no such member {}", printable(name)),
             near ? fmt::format("did you mean {}?", *near) : "docs/policy.md says which are read");
    }
  }

  using Words = std::vector<std::string_view>;

  // A misspelled member would make a test pass.
  void require_members(const YamlValue& test, std::string_view list, const Words& known) const {
    if (test.mapping() == nullptr)
      refuse(test, fmt::format("a test of {} is no mapping", list), "write name: and path:");
    for (const auto& [name, value] : *test.mapping()) {
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      const auto near = nearest(name, known);
      refuse(value, fmt::format("a test of {} has a member {}, which there is not", list, printable(name)),
             near ? fmt::format("did you mean {}?", *near) : fmt::format("the members are {}", fmt::join(known, ", ")));
    }
  }

  // Of tests that are judged, the members are known.
  template <class Use>
  void each(std::string_view name, const Words& known, const Use& use) {
    const auto* list = root_.find(name);
    if (list == nullptr || is_null(*list)) return;
    if (list->sequence() == nullptr) refuse(*list, fmt::format("{} is no list", name), "write a list of tests");
    for (const auto& test : *list->sequence()) {
      if (test.mapping() == nullptr)
        refuse(test, fmt::format("a test of {} is no mapping", name), "write name: and path:");
      if (!known.empty()) require_members(test, name, known);
      use(test);
    }
  }

  static bool is_null(const YamlValue& value) {
    const auto* scalar = value.scalar();
    return scalar != nullptr && scalar->is_plain &&
           (scalar->text.empty() || scalar->text == "null" || scalar->text == "~");
  }

  std::string text_in(const YamlValue& test, std::string_view name) const {
    const auto* value = test.find(name);
    if (value == nullptr || is_null(*value)) return {};
    if (value->scalar() == nullptr) refuse(*value, fmt::format("{} is no text", name), "write a text");
    return value->scalar()->text;
  }

  bool flag_in(const YamlValue& test, std::string_view name, bool otherwise) const {
    const auto* value = test.find(name);
    if (value == nullptr || is_null(*value)) return otherwise;
    const auto* scalar = value->scalar();
    if (scalar != nullptr && (scalar->text == "true" || scalar->text == "false")) return scalar->text == "true";
    refuse(*value, fmt::format("{} is not true or false", name), "write true or false");
  }

  std::optional<std::uint64_t> number_in(const YamlValue& test, std::string_view name) const {
    const auto text = text_in(test, name);
    if (text.empty() || text == "-1") return {};
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc() || end != text.data() + text.size())
      refuse(*test.find(name), fmt::format("{} is no number", name), "write a number");
    return number;
  }

  std::vector<std::string> texts_in(const YamlValue& test, std::string_view name) const {
    const auto* value = test.find(name);
    std::vector<std::string> texts;
    if (value == nullptr || is_null(*value)) return texts;
    if (value->sequence() == nullptr) refuse(*value, fmt::format("{} is no list", name), "write a list of texts");
    for (const auto& one : *value->sequence()) {
      if (one.scalar() == nullptr) refuse(one, fmt::format("an element of {} is no text", name), "write a text");
      texts.push_back(one.scalar()->text);
    }
    return texts;
  }

  std::string path_in(const YamlValue& test) const {
    auto path = text_in(test, "path");
    if (path.empty()) refuse(test, "a test has no path", "write path: /etc/passwd");
    return path;
  }

  Finding finding_of(const YamlValue& test, std::string reason, const std::string& path = {}) const {
    const auto name = test.find("name") != nullptr ? text_in(test, "name") : std::string();
    Finding finding;
    finding.subject = name.empty() ? path : name;
    finding.reason = name.empty() ? std::move(reason) : fmt::format("{}: {}", printable(name), reason);
    finding.remedy = fmt::format("change the image, or the test in {}", file_);
    finding.path = path.starts_with('/') ? path : std::string();
    finding.place = FindingPlace{file_, test.line};
    return finding;
  }

  void fail(const YamlValue& test, std::string reason, const std::string& path = {}) const {
    context_.add(finding_of(test, std::move(reason), path));
  }

  // Said, but no reason to refuse an image.
  void skip(const YamlValue& test, std::string reason) const {
    auto finding = finding_of(test, std::move(reason));
    finding.level = Severity::warn;
    finding.verdict = GateVerdict::not_judged;
    finding.remedy = "run these tests with container-structure-test";
    context_.add(std::move(finding));
  }

  void not_judged(const YamlValue& test, std::string reason, std::string remedy) const {
    auto finding = finding_of(test, std::move(reason));
    finding.verdict = GateVerdict::not_judged;
    finding.remedy = std::move(remedy);
    context_.add(std::move(finding));
  }

  // A link itself, not where it leads.
  const Tree::Node* node_at(const std::string& path) const {
    try {
      return files_.tree().find(files_.tree().resolve_parent(path));
    } catch (const Error& error) {
      if (error.code() != ErrorCode::corrupt) throw;
      return nullptr;  // symlinks in a circle
    }
  }

  void judge_existence(const YamlValue& test) {
    const auto path = path_in(test);
    const auto* node = node_at(path);
    const bool should_exist = flag_in(test, "shouldExist", true);
    if ((node != nullptr) != should_exist)
      return fail(test, fmt::format("{} {}", printable(path), should_exist ? "does not exist" : "exists"), path);
    if (node == nullptr) return;
    const auto wanted = text_in(test, "permissions");
    const auto found = go_mode_text(*node);
    if (!wanted.empty() && wanted != found)
      fail(test, fmt::format("{} is {}, not {}", printable(path), found, printable(wanted)), path);
    const auto uid = number_in(test, "uid");
    const auto gid = number_in(test, "gid");
    if ((uid && *uid != node->uid) || (gid && *gid != node->gid))
      fail(test, fmt::format("{} belongs to {}:{}", printable(path), node->uid, node->gid), path);
    judge_executable(test, path, *node);
  }

  void judge_executable(const YamlValue& test, const std::string& path, const Tree::Node& node) {
    const auto who = text_in(test, "isExecutableBy");
    if (who.empty()) return;
    constexpr std::array<std::pair<std::string_view, std::uint32_t>, 4> kWho{
        std::pair("owner", 0100U), std::pair("group", 0010U), std::pair("other", 0001U), std::pair("any", 0111U)};
    const auto known = std::find_if(kWho.begin(), kWho.end(), [&](const auto& one) { return one.first == who; });
    if (known == kWho.end())
      refuse(*test.find("isExecutableBy"), "isExecutableBy is not owner, group, other or any", "write one of them");
    if ((node.mode & known->second) == 0)
      fail(test, fmt::format("{} is not executable by {}", printable(path), who), path);
  }

  void judge_content(const YamlValue& test) {
    const auto path = path_in(test);
    const auto found = files_.look_up(path);
    if (!found || found->node->type != EntryType::regular)
      return fail(test, fmt::format("{} is no file of the image", printable(path)), path);
    if (found->node->size > kLargestTested) {
      return not_judged(test, fmt::format("{} is larger than 4 MiB, which are read", printable(path)),
                        "test a smaller file");
    }
    const auto bytes = files_.read_bytes(*found->node, kLargestTested);
    for (const auto& [name, shall_match] :
         {std::pair("expectedContents", true), std::pair("excludedContents", false)}) {
      for (const auto& text : texts_in(test, name)) {
        const auto expression = RegularExpression::parse(text);
        if (!expression) {
          not_judged(test, fmt::format("the expression {} is not one that is read here", printable(text)),
                     "write it without named groups, flags and classes of Unicode");
        } else if (expression->matches(bytes) != shall_match) {
          fail(test, fmt::format("{} {} {}", printable(path), shall_match ? "does not hold" : "holds", printable(text)),
               path);
        }
      }
    }
  }

  // As the original does: these licences are not wanted.
  void judge_licenses(const YamlValue& test) {
    auto paths = texts_in(test, "files");
    if (flag_in(test, "debian", false)) {
      if (const auto folder = files_.look_up("/usr/share/doc"); folder && folder->node->type == EntryType::directory) {
        for (const auto& [name, child] : folder->node->children)
          paths.push_back("/" + folder->path + "/" + std::string(name) + "/copyright");
      }
    }
    for (const auto& path : paths) {
      const auto found = files_.look_up(path);
      if (!found || found->node->type != EntryType::regular || found->node->size > kLargestTested) continue;
      const auto bytes = files_.read_bytes(*found->node, kLargestTested);
      for (const auto* name : {"AGPL", "WTFPL"}) {
        if (bytes.find(name) != std::string::npos) fail(test, fmt::format("{} names {}", printable(path), name), path);
      }
    }
  }

  void judge_metadata(const YamlValue& test) {
    if (test.mapping() == nullptr) refuse(test, "metadataTest is no mapping", "write user:, entrypoint: and so on");
    constexpr std::array<std::string_view, 12> kKnown{"env",        "envVars", "unboundEnvVars",   "labels",
                                                      "entrypoint", "cmd",     "exposedPorts",     "unexposedPorts",
                                                      "volumes",    "workdir", "unmountedVolumes", "user"};
    for (const auto& [name, value] : *test.mapping()) {
      if (std::find(kKnown.begin(), kKnown.end(), name) == kKnown.end())
        refuse(value, fmt::format("no such member metadataTest.{}", printable(name)),
               "docs/policy.md says which are read");
    }
    const auto& config = context_.config();
    std::map<std::string, std::string> env;
    for (const auto& variable : config.env) {
      const auto equals = std::min(variable.find('='), variable.size());
      env[variable.substr(0, equals)] = variable.substr(std::min(equals + 1, variable.size()));
    }
    judge_values(test, "env", env);
    judge_values(test, "envVars", env);
    judge_values(test, "labels", config.labels);
    judge_unbound(test, env);
    judge_words(test, "entrypoint", config.entrypoint);
    judge_words(test, "cmd", config.cmd);
    judge_names(test, "exposedPorts", config.exposed_ports, true);
    judge_names(test, "unexposedPorts", config.exposed_ports, false);
    judge_names(test, "volumes", config.volumes, true);
    judge_names(test, "unmountedVolumes", config.volumes, false);
    judge_text(test, "workdir", config.working_dir);
    judge_text(test, "user", config.user);
  }

  void judge_values(const YamlValue& test, std::string_view name, const std::map<std::string, std::string>& values) {
    const auto* list = test.find(name);
    if (list == nullptr || is_null(*list)) return;
    if (list->sequence() == nullptr) refuse(*list, fmt::format("{} is no list", name), "write key: and value:");
    for (const auto& one : *list->sequence()) {
      require_members(one, name, {"key", "value", "isRegex"});
      const auto key = text_in(one, "key");
      if (key.empty()) refuse(one, fmt::format("an element of {} has no key", name), "write key: and value:");
      const auto wanted = text_in(one, "value");
      const auto found = values.find(key);
      if (found == values.end()) {
        fail(one, fmt::format("{} {} is not set", name, printable(key)));
        continue;
      }
      if (!flag_in(one, "isRegex", false)) {
        if (found->second != wanted)
          fail(one,
               fmt::format("{} {} is {}, not {}", name, printable(key), printable(found->second), printable(wanted)));
        continue;
      }
      const auto expression = RegularExpression::parse(wanted);
      if (!expression) {
        not_judged(one, fmt::format("the expression {} is not one that is read here", printable(wanted)),
                   "write it without named groups, flags and classes of Unicode");
      } else if (!expression->matches(found->second)) {
        fail(one, fmt::format("{} {} is {}, which {} does not match", name, printable(key), printable(found->second),
                              printable(wanted)));
      }
    }
  }

  void judge_unbound(const YamlValue& test, const std::map<std::string, std::string>& env) {
    const auto* list = test.find("unboundEnvVars");
    if (list == nullptr || is_null(*list)) return;
    if (list->sequence() == nullptr) refuse(*list, "unboundEnvVars is no list", "write key:");
    for (const auto& one : *list->sequence()) {
      require_members(one, "unboundEnvVars", {"key", "value"});
      const auto key = text_in(one, "key");
      if (key.empty()) refuse(one, "an element of unboundEnvVars has no key", "write key:");
      if (env.contains(key)) fail(one, fmt::format("the variable {} is set", printable(key)));
    }
  }

  void judge_words(const YamlValue& test, std::string_view name, const std::optional<std::vector<std::string>>& words) {
    if (test.find(name) == nullptr || is_null(*test.find(name))) return;
    const auto found = words.value_or(std::vector<std::string>());
    if (texts_in(test, name) != found)
      fail(*test.find(name), fmt::format("{} is [{}]", name, printable(fmt::format("{}", fmt::join(found, ", ")))));
  }

  // A port without protocol is a TCP port.
  void judge_names(const YamlValue& test, std::string_view name, const std::set<std::string>& names,
                   bool shall_be_there) {
    if (test.find(name) == nullptr) return;
    for (const auto& wanted : texts_in(test, name)) {
      const bool is_there = names.contains(wanted) || names.contains(wanted + "/tcp");
      if (is_there != shall_be_there)
        fail(*test.find(name),
             fmt::format("{} {} {}", name, printable(wanted), is_there ? "is declared" : "is missing"));
    }
  }

  void judge_text(const YamlValue& test, std::string_view name, const std::string& found) {
    const auto wanted = text_in(test, name);
    if (!wanted.empty() && wanted != found)
      fail(*test.find(name),
           fmt::format("{} is {}, not {}", name, found.empty() ? "not set" : printable(found), printable(wanted)));
  }

  const RuleContext& context_;
  const UnpackedImage& files_;
  std::string file_;
  YamlValue root_;
};

}  // namespace

void judge_structure_tests(const RuleContext& context) {
  for (const auto& file : context.texts("files")) StructureTests(context, file).judge();
}

}  // namespace ociassemble
