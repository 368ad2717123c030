// SPDX-License-Identifier: Apache-2.0
#include "provenance/options_json.hpp"

#include <fmt/format.h>

#include <array>
#include <vector>

#include "assemble/stages.hpp"
#include "base/file_status.hpp"
#include "image/layer_makers.hpp"
#include "ociassemble/error.hpp"
#include "spec/json_writer.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

std::string number(std::int64_t value) { return std::to_string(value); }

std::string octal(const std::optional<std::uint32_t>& mode) { return mode ? fmt::format("{:04o}", *mode) : ""; }

// What the option leaves to the source's name is written out.
std::string full_destination(std::string destination, const fs::path& source, const char* otherwise) {
  if (destination.empty()) destination = otherwise;
  if (destination.ends_with('/')) destination += source.filename().string();
  return destination;
}

void optional_texts(JsonObjectWriter& to, std::string_view name, const std::optional<std::vector<std::string>>& texts) {
  if (texts) to.json(name, json_array_of_strings(*texts));
}

std::string write_binary(const BinaryInput& binary, InputNames& names) {
  JsonObjectWriter json;
  json.string("input", names.name(binary.source, InputNames::As::file));
  json.string("destination", full_destination(binary.destination, binary.source, "/usr/local/bin/"));
  json.flag("anyBinary", binary.any_binary);
  json.strings("capabilities", binary.capabilities);
  json.string("mode", octal(binary.mode));
  json.string("owner", binary.owner);
  return json.finish();
}

std::string write_add(const AddInput& add, InputNames& names) {
  JsonObjectWriter json;
  if (!add.image) {
    json.string("input", names.name(add.source, InputNames::As::folder, add.ignore));
  } else if (add.image->reference) {
    json.string("image", add.image->reference->to_string());
    json.string("path", add.source.string());
  } else {
    throw Error(
        ErrorCode::unsupported,
        fmt::format("cannot write a provenance: files are taken from {}, which has no digest", add.image->to_string()),
        "take them from an image in a registry");
  }
  // A folder's name does not show.
  const bool shows_name = !add.image && !is_folder(add.source);
  json.string("destination", shows_name ? full_destination(add.destination, add.source, "/") : add.destination);
  json.string("mode", octal(add.mode));
  json.string("owner", add.owner);
  if (add.ignore && *add.ignore == "none") json.string("ignore", "none");
  if (add.ignore && *add.ignore != "none") json.string("ignoreInput", names.name(*add.ignore, InputNames::As::file));
  return json.finish();
}

std::string write_user(const CreatedUser& user) {
  JsonObjectWriter json;
  json.string("name", user.name);
  json.json("uid", std::to_string(user.uid));
  json.string("group", user.group);
  json.json("gid", std::to_string(user.gid));
  if (user.home) json.string("home", *user.home);
  if (user.shell) json.string("shell", *user.shell);
  return json.finish();
}

void write_host(JsonObjectWriter& json, const char* member, const std::optional<std::string>& value,
                InputNames& names) {
  if (!value) return;
  if (*value != "host") {
    json.string(std::string(member) + "Input", names.name(*value, InputNames::As::folder, "none"));
    return;
  }
  const bool is_zones = std::string_view(member) == "tzdata";
  names.add_host(member, std::string(lock_host_data(!is_zones, is_zones).at(member).hex()));
  json.string(member, "host");
}

std::string write_contents(const Contents& contents, InputNames& names) {
  JsonObjectWriter json;
  std::vector<std::string> parts;
  for (const auto& binary : contents.binaries) parts.push_back(write_binary(binary, names));
  if (!parts.empty()) json.json("binaries", json_array(parts));
  parts.clear();
  for (const auto& add : contents.adds) parts.push_back(write_add(add, names));
  if (!parts.empty()) json.json("files", json_array(parts));
  json.strings("writable", contents.writable);
  json.json("readOnly", contents.read_only ? "true" : "false");
  if (contents.user) json.string("user", *contents.user);
  if (contents.create_user) json.json("createUser", write_user(*contents.create_user));
  if (contents.working_dir) json.string("workdir", *contents.working_dir);
  write_host(json, "caCertificates", contents.ca_certificates, names);
  write_host(json, "tzdata", contents.tzdata, names);
  return json.finish();
}

std::string write_template(const EnvTemplate& parts) {
  std::vector<std::string> texts;
  for (const auto& part : parts) {
    JsonObjectWriter json;
    json.string("text", part.text);
    if (part.variable) {
      json.string("variable", part.variable->name);
      json.string("operation", part.variable->operation);
      json.json("word", write_template(part.variable->word));
    }
    texts.push_back(json.finish());
  }
  return json_array(texts);
}

std::string write_healthcheck(const Healthcheck& check) {
  JsonObjectWriter json;
  json.strings("test", check.test);
  const auto duration = [&](const char* name, const std::optional<std::chrono::nanoseconds>& value) {
    if (value) json.json(name, number(value->count()));
  };
  duration("intervalNanoseconds", check.interval);
  duration("timeoutNanoseconds", check.timeout);
  duration("startPeriodNanoseconds", check.start_period);
  if (check.retries) json.json("retries", std::to_string(*check.retries));
  return json.finish();
}

std::string digest_of_base(const AssembleOptions& options, const Assembled& made) {
  if (made.base_root) return made.base_root->to_string();
  throw Error(ErrorCode::unsupported,
              fmt::format("cannot write a provenance: the base {} has no digest", options.base.to_string()));
}

std::string write_base(const AssembleOptions& options, const Assembled& made, InputNames& names) {
  const auto& base = options.base;
  JsonObjectWriter json;
  if (base.kind == Location::Kind::static_base || base.kind == Location::Kind::scratch) {
    json.string("builtIn", base.kind == Location::Kind::scratch ? "scratch" : "static");
    return json.finish();
  }
  if (base.kind == Location::Kind::rootfs) {
    json.string("kind", "rootfs");
    json.string("input", names.name(base.path, InputNames::As::rootfs));
    return json.finish();
  }
  const auto digest = digest_of_base(options, made);
  const std::string hex = digest.substr(digest.find(':') + 1);
  if (base.reference) {
    const auto pinned = base.reference->with_digest(Digest::parse(digest)).to_string();
    json.string("image", pinned);
    names.add_image(pinned, hex);
    return json.finish();
  }
  json.string("kind", location_kind_name(base.kind));
  json.string("input", names.name_layout(base.path, hex));
  if (base.name) json.string("name", *base.name);
  json.string("digest", digest);
  return json.finish();
}

const char* source_name(AnnotationSource source) {
  switch (source) {
    case AnnotationSource::vcs:
      return "vcs";
    case AnnotationSource::github:
      return "github";
    case AnnotationSource::gitlab:
      return "gitlab";
  }
  return "";
}

std::string pairs(const std::vector<std::pair<std::string, std::string>>& values) {
  std::vector<std::string> texts;
  texts.reserve(values.size());
  for (const auto& [name, value] : values) texts.push_back(json_array_of_strings(std::array{name, value}));
  return json_array(texts);
}

void write_execution(JsonObjectWriter& json, const AssembleOptions& options) {
  optional_texts(json, "entrypoint", options.entrypoint);
  optional_texts(json, "cmd", options.cmd);
  if (!options.env.empty()) json.json("env", pairs(options.env));
  std::vector<std::string> templates;
  for (const auto& [name, parts] : options.env_of_base) {
    JsonObjectWriter one;
    one.string("name", name);
    one.json("parts", write_template(parts));
    templates.push_back(one.finish());
  }
  if (!templates.empty()) json.json("envOfBase", json_array(templates));
  json.string_map("labels", options.labels);
  json.flag("inheritLabels", options.inherit_labels);
  json.string_map("annotations", options.annotations);
  std::vector<std::string> sources;
  for (const auto source : options.annotate) sources.emplace_back(source_name(source));
  json.strings("annotate", sources);
  json.string_map("variables", options.variables);
  json.strings("ports", options.exposed_ports);
  json.strings("volumes", options.volumes);
  if (options.stop_signal) json.string("stopSignal", *options.stop_signal);
  if (options.healthcheck) json.json("healthcheck", write_healthcheck(*options.healthcheck));
}

}  // namespace

const char* location_kind_name(Location::Kind kind) {
  switch (kind) {
    case Location::Kind::oci_layout:
      return "oci";
    case Location::Kind::oci_archive:
      return "oci-archive";
    case Location::Kind::docker_archive:
      return "docker-archive";
    case Location::Kind::rootfs:
      return "rootfs";
    case Location::Kind::registry:
    case Location::Kind::scratch:
    case Location::Kind::static_base:
    case Location::Kind::docker_daemon:
    case Location::Kind::podman:
    case Location::Kind::containerd:
    case Location::Kind::kind:
    case Location::Kind::k3s:
      break;
  }
  return "";
}

void hash_contents(const AssembleOptions& options, InputNames& names) {
  if (options.base.kind == Location::Kind::rootfs) names.name(options.base.path, InputNames::As::rootfs);
  write_contents(options.contents, names);
  for (const auto& contents : kept_foundations(options)) write_contents(contents, names);
}

std::string write_options(const AssembleOptions& options, const Assembled& made, InputNames& names) {
  const auto& image = made.image;
  JsonObjectWriter json;
  json.string("platform", image.config().platform.to_string());
  json.json("base", write_base(options, made, names));
  const auto base_name = image.manifest().annotations.find(kBaseName);
  json.string("baseName", base_name == image.manifest().annotations.end() ? "none" : base_name->second);
  json.flag("fixMediaTypes", options.fix_media_types);
  json.json("contents", write_contents(options.contents, names));
  std::vector<std::string> foundations;
  for (const auto& contents : kept_foundations(options)) foundations.push_back(write_contents(contents, names));
  if (!foundations.empty()) json.json("foundations", json_array(foundations));
  write_execution(json, options);
  json.string("format", options.format == ImageFormat::docker ? "docker" : "oci");
  json.string("compression", options.compression.to_string());
  if (options.created) json.json("created", number(*options.created));
  json.flag("createdFromVcs", options.created_from_vcs);
  if (options.file_times != 0) json.json("fileTimes", number(options.file_times));
  return json.finish();
}

}  // namespace ociassemble
