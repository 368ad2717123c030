// SPDX-License-Identifier: Apache-2.0
#include "recipe/members.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "assemble/config.hpp"
#include "assemble/placement.hpp"
#include "assemble/platform_words.hpp"
#include "base/text.hpp"
#include "image/capability.hpp"
#include "ociassemble/command_words.hpp"
#include "ociassemble/error.hpp"
#include "recipe/base_variables.hpp"
#include "recipe/duration.hpp"
#include "recipe/member_reader.hpp"
#include "spec/timestamp.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> container_paths(const MemberReader& reader, const RecipeNode& node, std::string_view what) {
  for (const auto& element : *node.array())
    reader.parsed(element, [&](const auto& path) { return canonical_folder(path, what); });
  return reader.texts(node);
}

std::uint32_t file_mode(const MemberReader& reader, const RecipeNode& node) {
  const auto digits = reader.text(node);
  std::uint32_t mode = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), mode, 8);
  if (failure != std::errc() || end != digits.data() + digits.size() || mode > 07777) {
    reader.refuse(node, fmt::format("\"{}\" is no octal number up to 7777", printable(digits)), "write \"0440\"");
  }
  return mode;
}

std::string read_owner(const MemberReader& reader, const RecipeNode& node) {
  auto owner = reader.text(node);
  reader.note(ValueKind::owner, owner, node.at);
  return owner;
}

BinaryInput read_binary(const MemberReader& reader, const RecipeMember& member) {
  BinaryInput binary;
  binary.destination = member.name;
  reader.note(ValueKind::destination, member.name, member.at);
  binary.source = reader.path(source_of(reader, member.value));
  with_member(member.value, "capabilities", [&](const auto& node) {
    for (const auto& element : *node.array())
      reader.parsed(element, [](const auto& name) { return capability_xattr({name}); });
    binary.capabilities = reader.texts(node);
  });
  with_member(member.value, "mode", [&](const auto& node) { binary.mode = file_mode(reader, node); });
  with_member(member.value, "owner", [&](const auto& node) { binary.owner = read_owner(reader, node); });
  with_member(member.value, "anyBinary", [&](const auto& node) { binary.any_binary = std::get<bool>(node.data); });
  return binary;
}

// A base, or an image that files are taken from.
Location read_location(const MemberReader& reader, const RecipeNode& node, const fs::path& folder) {
  const auto filled = reader.with_platform(node);
  auto location = reader.parsed(node, [&](const auto& /*text*/) { return Location::parse(filled); });
  if (!location.path.empty()) location.path = folder / location.path;
  return location;
}

TakenPath read_taken_path(const MemberReader& reader, const RecipeNode& input, const fs::path& folder) {
  const auto& from = *input.find("from");
  const auto& source = source_of(reader, input);
  TakenPath taken{read_location(reader, from, folder), {}};
  if (taken.image.kind == Location::Kind::scratch) reader.refuse(from, "scratch has no files", "name an image");
  const auto path = reader.with_platform(source);
  taken.path = "/" + reader.parsed(source, [&](const auto& /*text*/) { return canonical_path(path, "source"); });
  taken.place = reader.place(from);
  taken.path_place = reader.place(source);
  return taken;
}

AddInput read_file(const MemberReader& reader, const RecipeMember& member, const RecipeNode& input,
                   const fs::path& folder) {
  AddInput add;
  add.destination = member.name;
  reader.note(ValueKind::destination, member.name, member.at);
  if (input.find("from") != nullptr) {
    auto taken = read_taken_path(reader, input, folder);
    const auto at = input.find("from")->at;
    reader.note(ValueKind::image, taken.image.to_string(), at);
    reader.note(ValueKind::image_path, taken.image.to_string() + ":" + taken.path, source_of(reader, input).at);
    if (!taken.image.path.empty()) reader.note(ValueKind::path, taken.image.path.string(), at);
    add.source = std::move(taken.path);
    add.image = std::move(taken.image);
    with_member(input, "ignore", [&](const auto& node) {
      reader.refuse(node, "ignore rules are for folders of this machine", "leave it out, or name the files to take");
    });
  } else {
    add.source = reader.path(source_of(reader, input));
  }
  with_member(input, "mode", [&](const auto& node) { add.mode = file_mode(reader, node); });
  with_member(input, "owner", [&](const auto& node) { add.owner = read_owner(reader, node); });
  with_member(input, "ignore", [&](const auto& node) {
    add.ignore = reader.text(node) == "none" ? "none" : reader.path(node).string();
  });
  return add;
}

constexpr std::uint32_t kLargestId = 0xFFFFFFFE;

CreatedUser read_created_user(const MemberReader& reader, const RecipeNode& node) {
  const auto* name = node.find("name");
  const auto* uid = node.find("uid");
  if (name == nullptr || uid == nullptr) {
    reader.refuse(node, "a user that is created needs a name and a uid",
                  R"(write {"name": "app", "uid": 1001, "create": true})");
  }
  CreatedUser user;
  user.name = reader.text(*name);
  reader.note(ValueKind::user, user.name, name->at);
  user.uid = user.gid = reader.number(*uid, kLargestId);
  with_member(node, "gid", [&](const auto& value) { user.gid = reader.number(value, kLargestId); });
  with_member(node, "group", [&](const auto& value) { user.group = reader.text(value); });
  with_member(node, "home", [&](const auto& value) { user.home = reader.text(value); });
  with_member(node, "shell", [&](const auto& value) { user.shell = reader.text(value); });
  return user;
}

// "NAME" or "UID", with ":GROUP" or ":GID", of an object that creates nobody.
std::string read_known_user(const MemberReader& reader, const RecipeNode& node) {
  for (const auto* other : {"home", "shell"}) {
    with_member(node, other, [&](const auto& value) {
      reader.refuse(value, "it says something about a user that is not created", R"(add "create": true)");
    });
  }
  const auto one_of = [&](const char* name, const char* number) -> std::string {
    const auto* by_name = node.find(name);
    const auto* by_number = node.find(number);
    if (by_name != nullptr && by_number != nullptr) {
      reader.refuse(*by_number, fmt::format("both \"{}\" and \"{}\", of a user that is not created", name, number),
                    R"(leave one of them out, or add "create": true)");
    }
    if (by_number != nullptr) return std::to_string(reader.number(*by_number, kLargestId));
    return by_name == nullptr ? "" : reader.text(*by_name);
  };
  const auto user = one_of("name", "uid");
  const auto group = one_of("group", "gid");
  if (user.empty()) reader.refuse(node, "neither a name nor a uid", R"(write {"uid": 1001, "gid": 1001})");
  return group.empty() ? user : user + ":" + group;
}

void read_user(const MemberReader& reader, const RecipeNode& node, Contents& into) {
  const auto* create = node.string() != nullptr ? nullptr : node.find("create");
  if (create == nullptr || !std::get<bool>(create->data)) {
    into.user = node.string() != nullptr ? reader.text(node) : read_known_user(reader, node);
    reader.note(ValueKind::user, *into.user, node.at);
    return;
  }
  into.create_user = read_created_user(reader, node);
  into.user = fmt::format("{}:{}", into.create_user->uid, into.create_user->gid);
}

// Each input of "files" with its destination.
template <class Use>
void for_each_file(const RecipeNode& recipe, Use use) {
  with_member(recipe, "files", [&](const auto& node) {
    for (const auto& member : *node.object()) {
      const auto* several = member.value.array();
      if (several == nullptr) {
        use(member, member.value);
        continue;
      }
      for (const auto& one : *several) use(member, one);
    }
  });
}

void read_contents(const MemberReader& reader, const RecipeNode& recipe, const fs::path& folder, Contents& into) {
  with_member(recipe, "binaries", [&](const auto& node) {
    for (const auto& member : *node.object()) into.binaries.push_back(read_binary(reader, member));
  });
  for_each_file(recipe, [&](const auto& member, const auto& input) {
    into.adds.push_back(read_file(reader, member, input, folder));
  });
  with_member(recipe, "writable", [&](const auto& node) {
    into.writable = container_paths(reader, node, "writable path");
    for (const auto& element : *node.array()) reader.note(ValueKind::writable, *element.string(), element.at);
  });
  with_member(recipe, "readOnly", [&](const auto& node) { into.read_only = std::get<bool>(node.data); });
  with_member(recipe, "user", [&](const auto& node) { read_user(reader, node, into); });
  with_member(recipe, "workdir", [&](const auto& node) {
    reader.parsed(node, [](const auto& path) { return canonical_path(path, "working directory"); });
    into.working_dir = reader.text(node);
    reader.note(ValueKind::working_dir, *into.working_dir, node.at);
  });
  with_member(recipe, "caCertificates",
              [&](const auto& node) { into.ca_certificates = reader.host_or_path(node, ValueKind::certificates); });
  with_member(recipe, "tzdata", [&](const auto& node) { into.tzdata = reader.host_or_path(node, ValueKind::zones); });
}

std::vector<std::string> health_test(const MemberReader& reader, const RecipeNode& node) {
  if (node.string() != nullptr) return {"CMD-SHELL", reader.text(node)};
  auto test = reader.words(node);
  const bool known =
      !test.empty() && ((test[0] == "CMD" && test.size() > 1) || (test[0] == "CMD-SHELL" && test.size() == 2) ||
                        (test[0] == "NONE" && test.size() == 1));
  if (!known) {
    reader.refuse(node, "the test begins neither with CMD nor with CMD-SHELL, or is not complete",
                  R"(write ["CMD", "/app", "health"], or ["CMD-SHELL", "LINE"])");
  }
  return test;
}

Healthcheck read_healthcheck(const MemberReader& reader, const RecipeNode& node) {
  Healthcheck check;
  if (node.string() != nullptr) return check.test = {"NONE"}, check;
  const auto duration = [&](const char* name, auto& into) {
    with_member(node, name, [&](const auto& value) { into = reader.parsed(value, parse_duration); });
  };
  if (node.find("test") == nullptr) reader.refuse(node, "no test", R"(add "test": ["CMD", "/app", "health"])");
  check.test = health_test(reader, *node.find("test"));
  duration("interval", check.interval);
  duration("timeout", check.timeout);
  duration("startPeriod", check.start_period);
  with_member(node, "retries", [&](const auto& value) { check.retries = reader.number(value, 1000000); });
  return check;
}

ImageFormat read_format(const MemberReader& reader, const RecipeNode& node) {
  if (*node.string() == "oci") return ImageFormat::oci;
  if (*node.string() == "docker") return ImageFormat::docker;
  reader.refuse(node, fmt::format("\"{}\" is neither oci nor docker", printable(*node.string())),
                "write \"oci\" or \"docker\"");
}

// What assembling would say of one value, said with its place.
template <class Set>
void validate(const MemberReader& reader, const RecipeNode& node, Set set) {
  AssembleOptions probe;
  set(probe);
  reader.parsed(node, [&](const auto& /*text*/) { return validate_options(probe); });
}

void read_execution(const MemberReader& reader, const RecipeNode& recipe, AssembleOptions& options) {
  const auto words = [&](const RecipeNode& node) {
    auto read = reader.words(node);
    if (!read.empty()) reader.note(ValueKind::program, read.front(), node.at);
    return read;
  };
  with_member(recipe, "entrypoint", [&](const auto& node) { options.entrypoint = words(node); });
  with_member(recipe, "cmd", [&](const auto& node) { options.cmd = words(node); });
  with_member(recipe, "env", [&](const auto& node) {
    for (const auto& member : *node.object()) {
      const auto& value = *member.value.string();
      if (holds_base_variable(value)) {
        options.env_of_base.emplace_back(member.name, env_template(value));
        validate(reader, member.value, [&](auto& probe) { probe.env_of_base = {options.env_of_base.back()}; });
        continue;
      }
      options.env.emplace_back(member.name, value);
      validate(reader, member.value, [&](auto& probe) { probe.env = {options.env.back()}; });
    }
  });
  with_member(recipe, "labels", [&](const auto& node) { options.labels = text_map(node); });
  with_member(recipe, "writableVolumes",
              [&](const auto& node) { options.writable_volumes = std::get<bool>(node.data); });
  with_member(recipe, "inheritLabels", [&](const auto& node) { options.inherit_labels = std::get<bool>(node.data); });
  with_member(recipe, "annotations", [&](const auto& node) { options.annotations = text_map(node); });
  with_member(recipe, "annotate", [&](const auto& node) {
    for (const auto& element : *node.array()) {
      options.annotate.push_back(
          reader.parsed(element, [](const auto& text) { return parse_annotation_source(text); }));
      reader.note(ValueKind::annotation_source, *element.string(), element.at);
    }
  });
  with_member(recipe, "ports", [&](const auto& node) {
    options.exposed_ports = reader.texts(node);
    for (const auto& element : *node.array()) {
      validate(reader, element, [&](auto& probe) { probe.exposed_ports = {*element.string()}; });
    }
  });
  with_member(recipe, "volumes", [&](const auto& node) { options.volumes = container_paths(reader, node, "volume"); });
  with_member(recipe, "stopSignal", [&](const auto& node) {
    options.stop_signal = reader.text(node);
    validate(reader, node, [&](auto& probe) { probe.stop_signal = options.stop_signal; });
  });
  with_member(recipe, "healthcheck", [&](const auto& node) { options.healthcheck = read_healthcheck(reader, node); });
}

void read_times(const MemberReader& reader, const RecipeNode& recipe, AssembleOptions& options) {
  with_member(recipe, "created", [&](const auto& node) {
    options.created_from_vcs = reader.text(node) == "vcs";
    if (!options.created_from_vcs) options.created = reader.parsed(node, parse_time);
    reader.note(ValueKind::created, *node.string(), node.at);
  });
  with_member(recipe, "fileTimes", [&](const auto& node) { options.file_times = reader.parsed(node, parse_time); });
}

bool is_tag(std::string_view text) {
  const auto is_word = [](char c) { return is_letter_or_digit(c) || c == '_'; };
  return !text.empty() && text.size() <= 128 && is_word(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return is_word(c) || c == '.' || c == '-'; });
}

}  // namespace

std::vector<Platform> Members::platforms() const {
  const std::optional<Platform> none;
  const MemberReader reader(text_, folder_, none);
  std::vector<Platform> platforms;
  with_member(recipe_, "platforms", [&](const auto& node) {
    for (const auto& element : *node.array()) {
      const auto platform = reader.parsed(element, [](const auto& text) { return Platform::parse(text).normalised(); });
      if (std::find(platforms.begin(), platforms.end(), platform) != platforms.end()) {
        reader.refuse(element, fmt::format("{} is there twice", platform.to_string()), "remove one of them");
      }
      platforms.push_back(platform);
    }
    if (platforms.empty()) reader.refuse(node, "no platform", R"(write ["linux/amd64"], or leave the member out)");
  });
  return platforms;
}

std::vector<std::string> Members::tags() const {
  std::vector<std::string> tags;
  with_member(recipe_, "tags", [&](const auto& node) {
    for (const auto& element : *node.array()) {
      const auto& tag = *element.string();
      if (!is_tag(tag)) {
        text_.refuse(element.at, fmt::format("\"{}\" is not a tag", printable(tag)),
                     "a tag is up to 128 letters, digits, _, - and .; the repository is said by --push or -o");
      }
      if (std::find(tags.begin(), tags.end(), tag) == tags.end()) tags.push_back(tag);
    }
  });
  return tags;
}

Location Members::base(const std::optional<Platform>& platform) const {
  Location location;
  with_member(recipe_, "base", [&](const auto& node) {
    const MemberReader reader(text_, folder_, platform);
    location = read_location(reader, node, folder_);
  });
  return location;
}

std::string Members::base_place() const {
  const MemberReader reader(text_, folder_, std::nullopt);
  const auto* node = recipe_.find("base");
  return node == nullptr ? std::string() : reader.place(*node);
}

std::optional<std::string> Members::base_name() const {
  const MemberReader reader(text_, folder_, std::nullopt);
  std::optional<std::string> name;
  with_member(recipe_, "baseName", [&](const auto& node) { name = reader.text(node); });
  return name;
}

std::vector<TakenPath> Members::taken_paths(const std::optional<Platform>& platform) const {
  const MemberReader reader(text_, folder_, platform);
  std::vector<TakenPath> taken;
  for_each_file(recipe_, [&](const auto& /*member*/, const auto& input) {
    if (input.string() == nullptr && input.find("from") != nullptr)
      taken.push_back(read_taken_path(reader, input, folder_));
  });
  return taken;
}

CompressionOptions Members::compression() const {
  const MemberReader reader(text_, folder_, std::nullopt);
  CompressionOptions options;
  with_member(recipe_, "compression", [&](const auto& node) {
    options = reader.parsed(node, [](const auto& text) { return CompressionOptions::parse(text); });
  });
  return options;
}

bool Members::takes_from_host(std::string_view name) const {
  const auto* node = recipe_.find(name);
  return node != nullptr && node->string() != nullptr && *node->string() == "host";
}

Contents Members::contents(const std::optional<Platform>& platform) const {
  Contents contents;
  read_contents(MemberReader(text_, folder_, platform), recipe_, folder_, contents);
  return contents;
}

AssembleOptions Members::options(const std::optional<Platform>& platform, Places& places) const {
  const MemberReader reader(text_, folder_, platform, &places);
  AssembleOptions options;
  options.base = base(platform);
  with_member(recipe_, "base", [&](const auto& node) {
    reader.note(ValueKind::base, options.base.to_string(), node.at);
    if (!options.base.path.empty()) reader.note(ValueKind::path, options.base.path.string(), node.at);
  });
  options.platform = platform;
  read_contents(reader, recipe_, folder_, options.contents);
  read_execution(reader, recipe_, options);
  read_times(reader, recipe_, options);
  apply_development(platform, options);
  options.base_name = base_name();
  options.compression = compression();
  with_member(recipe_, "format", [&](const auto& node) { options.format = read_format(reader, node); });
  return options;
}

}  // namespace ociassemble
