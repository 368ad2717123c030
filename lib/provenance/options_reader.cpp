// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <system_error>

#include "ociassemble/error.hpp"
#include "provenance/options_json.hpp"

namespace ociassemble {
namespace {

constexpr std::int64_t kMostTime = std::int64_t{1} << 52U;

// A value that the options' own parsers take, and refuse where it stands.
template <class Parse>
auto parsed(const JsonView& json, const Parse& parse) {
  try {
    return parse(json.string());
  } catch (const Error& error) {
    if (error.code() != ErrorCode::invalid_argument) throw;
    json.refuse(std::string("is not one of ours: ") + error.what());
  }
}

std::optional<std::uint32_t> mode(const JsonView& json) {
  const auto text = json.find_string("mode");
  if (text.empty()) return {};
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
  if (error != std::errc() || end != text.data() + text.size() || value > 07777) json.at("mode").refuse("is no mode");
  return value;
}

std::uint32_t small_number(const JsonView& json) {
  if (json.size() > UINT32_MAX) json.refuse("is too large");
  return static_cast<std::uint32_t>(json.size());
}

std::int64_t time_of(const JsonView& json) {
  if (json.size() > static_cast<std::uint64_t>(kMostTime)) json.refuse("is too large");
  return static_cast<std::int64_t>(json.size());
}

bool flag(const JsonView& json, std::string_view name) {
  const auto member = json.find(name);
  return member && member->boolean();
}

std::optional<std::string> text(const JsonView& json, std::string_view name) {
  const auto member = json.find(name);
  return member ? std::optional(member->string()) : std::nullopt;
}

std::optional<std::vector<std::string>> texts(const JsonView& json, std::string_view name) {
  const auto member = json.find(name);
  return member ? std::optional(member->strings()) : std::nullopt;
}

template <class Take>
void for_each(const JsonView& json, std::string_view name, const Take& take) {
  const auto member = json.find(name);
  if (!member) return;
  for (const auto& element : member->elements()) take(element);
}

BinaryInput read_binary(const JsonView& json, const InputFinder& finder) {
  BinaryInput binary;
  binary.source = finder.path(json.at("input").string(), true);
  binary.destination = json.at("destination").string();
  binary.any_binary = flag(json, "anyBinary");
  binary.capabilities = json.find_strings("capabilities");
  binary.mode = mode(json);
  binary.owner = json.find_string("owner");
  return binary;
}

AddInput read_add(const JsonView& json, const InputFinder& finder) {
  AddInput add;
  if (const auto image = json.find("image")) {
    add.image = parsed(*image, [](const std::string& name) { return Location::parse(name); });
    if (!add.image->reference || !add.image->reference->digest()) image->refuse("has no digest");
    add.source = json.at("path").string();
  } else {
    add.source = finder.path(json.at("input").string(), true);
  }
  add.destination = json.at("destination").string();
  add.mode = mode(json);
  add.owner = json.find_string("owner");
  add.ignore = text(json, "ignore");
  if (add.ignore && *add.ignore != "none") json.at("ignore").refuse("is not none");
  if (const auto rules = text(json, "ignoreInput")) add.ignore = finder.path(*rules, false).string();
  return add;
}

CreatedUser read_user(const JsonView& json) {
  CreatedUser user;
  user.name = json.at("name").string();
  user.uid = small_number(json.at("uid"));
  user.group = json.find_string("group");
  user.gid = small_number(json.at("gid"));
  user.home = text(json, "home");
  user.shell = text(json, "shell");
  return user;
}

std::optional<std::string> read_host(const JsonView& json, const std::string& member, const InputFinder& finder) {
  if (const auto input = text(json, member + "Input")) return finder.path(*input, false).string();
  const auto value = text(json, member);
  if (!value) return {};
  if (*value != "host") json.at(member).refuse("is not host");
  return finder.host(member).value_or("host");
}

Contents read_contents(const JsonView& json, const InputFinder& finder) {
  Contents contents;
  for_each(json, "binaries", [&](const auto& one) { contents.binaries.push_back(read_binary(one, finder)); });
  for_each(json, "files", [&](const auto& one) { contents.adds.push_back(read_add(one, finder)); });
  contents.writable = json.find_strings("writable");
  contents.read_only = json.at("readOnly").boolean();
  contents.user = text(json, "user");
  if (const auto user = json.find("createUser")) contents.create_user = read_user(*user);
  contents.working_dir = text(json, "workdir");
  contents.ca_certificates = read_host(json, "caCertificates", finder);
  contents.tzdata = read_host(json, "tzdata", finder);
  return contents;
}

EnvTemplate read_template(const JsonView& json) {
  EnvTemplate parts;
  for (const auto& one : json.elements()) {
    EnvPart part{one.find_string("text"), {}};
    if (const auto name = text(one, "variable"))
      part.variable = BaseVariable{*name, one.find_string("operation"), read_template(one.at("word"))};
    parts.push_back(std::move(part));
  }
  return parts;
}

Healthcheck read_healthcheck(const JsonView& json) {
  Healthcheck check;
  check.test = json.find_strings("test");
  const auto duration = [&](const char* name, std::optional<std::chrono::nanoseconds>& to) {
    if (const auto value = json.find(name)) to = std::chrono::nanoseconds(static_cast<std::int64_t>(value->size()));
  };
  duration("intervalNanoseconds", check.interval);
  duration("timeoutNanoseconds", check.timeout);
  duration("startPeriodNanoseconds", check.start_period);
  if (const auto retries = json.find("retries")) check.retries = small_number(*retries);
  return check;
}

Location::Kind read_kind(const JsonView& json) {
  for (const auto kind : {Location::Kind::oci_layout, Location::Kind::oci_archive, Location::Kind::docker_archive,
                          Location::Kind::rootfs}) {
    if (json.string() == location_kind_name(kind)) return kind;
  }
  json.refuse("is no kind of base");
}

Location read_base(const JsonView& json, const InputFinder& finder) {
  Location base;
  if (const auto built_in = text(json, "builtIn")) {
    if (*built_in != "static" && *built_in != "scratch") json.at("builtIn").refuse("is neither static nor scratch");
    base.kind = *built_in == "scratch" ? Location::Kind::scratch : Location::Kind::static_base;
    return base;
  }
  if (const auto image = json.find("image")) {
    base = parsed(*image, [](const std::string& name) { return Location::parse("docker://" + name); });
    if (!base.reference || !base.reference->digest()) image->refuse("has no digest");
    return base;
  }
  base.kind = read_kind(json.at("kind"));
  base.path = finder.path(json.at("input").string(), false);
  base.name = text(json, "name");
  return base;
}

void read_execution(const JsonView& json, AssembleOptions& options) {
  options.entrypoint = texts(json, "entrypoint");
  options.cmd = texts(json, "cmd");
  for_each(json, "env", [&](const JsonView& one) {
    const auto pair = one.strings();
    if (pair.size() != 2) one.refuse("is not a name and a value");
    options.env.emplace_back(pair[0], pair[1]);
  });
  for_each(json, "envOfBase", [&](const JsonView& one) {
    options.env_of_base.emplace_back(one.at("name").string(), read_template(one.at("parts")));
  });
  options.labels = json.find_string_map("labels");
  options.inherit_labels = flag(json, "inheritLabels");
  options.annotations = json.find_string_map("annotations");
  for_each(json, "annotate", [&](const JsonView& one) {
    options.annotate.push_back(parsed(one, [](const std::string& name) { return parse_annotation_source(name); }));
  });
  options.variables = json.find_string_map("variables");
  options.exposed_ports = json.find_strings("ports");
  options.volumes = json.find_strings("volumes");
  options.stop_signal = text(json, "stopSignal");
  if (const auto check = json.find("healthcheck")) options.healthcheck = read_healthcheck(*check);
}

}  // namespace

AssembleOptions read_options(const JsonView& json, const InputFinder& finder) {
  AssembleOptions options;
  options.platform = parsed(json.at("platform"), [](const std::string& name) { return Platform::parse(name); });
  options.base = read_base(json.at("base"), finder);
  options.base_name = json.at("baseName").string();
  options.fix_media_types = flag(json, "fixMediaTypes");
  options.contents = read_contents(json.at("contents"), finder);
  for_each(json, "foundations",
           [&](const JsonView& one) { options.foundations.push_back(read_contents(one, finder)); });
  read_execution(json, options);
  const auto& format = json.at("format").string();
  if (format != "oci" && format != "docker") json.at("format").refuse("is neither oci nor docker");
  options.format = format == "docker" ? ImageFormat::docker : ImageFormat::oci;
  options.compression =
      parsed(json.at("compression"), [](const std::string& name) { return CompressionOptions::parse(name); });
  if (const auto created = json.find("created")) options.created = time_of(*created);
  options.created_from_vcs = flag(json, "createdFromVcs");
  if (const auto times = json.find("fileTimes")) options.file_times = time_of(*times);
  options.needs = Severity::off;  // what was found when it was built was told then
  return options;
}

}  // namespace ociassemble
