// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/provenance.hpp"
#include "base/file_status.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "assemble/stages.hpp"
#include "ociassemble/compression.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/layer_format.hpp"
#include "ociassemble/places.hpp"
#include "ociassemble/version.hpp"
#include "provenance/inputs.hpp"
#include "provenance/options_json.hpp"
#include "sign/envelope.hpp"
#include "spec/json.hpp"
#include "spec/json_writer.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

std::string write_input(const BuildInput& input) {
  JsonObjectWriter digest;
  digest.string(
      input.kind == BuildInput::Kind::folder || input.kind == BuildInput::Kind::host ? "ociassembleV1" : "sha256",
      input.sha256);
  JsonObjectWriter json;
  json.string("name", input.name);
  json.json("digest", digest.finish());
  json.string_map("annotations", input.facts);
  return json.finish();
}

std::string name_in(const fs::path& path, const fs::path& folder) {
  if (path.empty()) return ".";  // the working directory, where the folder's name is empty, too
  const auto relative =
      absolute_path(path).lexically_normal().lexically_relative(absolute_path(folder).lexically_normal());
  auto text = relative.generic_string();
  while (text.ends_with('/')) text.pop_back();
  return text.empty() || text == ".." || text.starts_with("../") ? path.filename().string() : text;
}

std::string write_build(const RecipeBuild& build, const fs::path& folder) {
  const auto named = name_build(build, folder);
  JsonObjectWriter json;
  json.string("output", named.output.string());
  json.json("command", json_array_of_strings(named.command));
  json.string("directory", named.directory.string());
  std::vector<std::string> variables;
  variables.reserve(named.env.size());
  for (const auto& [name, value] : named.env) variables.push_back(fmt::format("{}={}", name, value));
  json.strings("env", variables);
  if (named.platform) json.string("platform", named.platform->to_string());
  return json.finish();
}

bool makes_program_of(const RecipeBuild& build, const std::vector<AssembleOptions>& options) {
  const auto is_made = [&](const Contents& contents) {
    return std::any_of(contents.binaries.begin(), contents.binaries.end(),
                       [&](const BinaryInput& binary) { return binary.source == build.output; });
  };
  return std::any_of(options.begin(), options.end(), [&](const AssembleOptions& one) {
    const auto foundations = kept_foundations(one);
    return is_made(one.contents) || std::any_of(foundations.begin(), foundations.end(), is_made);
  });
}

std::string external_parameters(const std::vector<AssembleOptions>& options, const std::vector<const Assembled*>& made,
                                const std::vector<RecipeBuild>& builds, const fs::path& folder, InputNames& names) {
  std::vector<std::string> images;
  for (std::size_t i = 0; i < options.size(); ++i) images.push_back(write_options(options[i], *made[i], names));
  JsonObjectWriter json;
  json.json("images", json_array(images));
  std::vector<std::string> commands;
  for (const auto& build : builds) {
    if (!makes_program_of(build, options)) continue;
    auto command = write_build(build, folder);
    if (std::find(commands.begin(), commands.end(), command) == commands.end()) commands.push_back(std::move(command));
  }
  if (!commands.empty()) json.json("builds", json_array(commands));
  return json.finish();
}

// What bytes depend on besides the inputs.
std::string internal_parameters(const std::vector<AssembleOptions>& options) {
  JsonObjectWriter json;
  json.json("layerFormat", std::to_string(kLayerFormat));
  std::map<std::string, std::string> codecs;
  for (const auto& one : options) {
    if (const auto codec = codec_of(one.compression))
      codecs[one.compression.to_string()] = codec->name + " " + codec->version;
  }
  json.string_map("codecs", codecs);
  return json.finish();
}

std::string run_details() {
  JsonObjectWriter version_of;
  version_of.string("ociassemble", version());
  JsonObjectWriter builder;
  builder.string("id", kLocalBuilder);
  builder.json("version", version_of.finish());
  JsonObjectWriter json;
  json.json("builder", builder.finish());
  return json.finish();
}

void add_taken_images(const AssembleOptions& options, InputNames& names) {
  const auto add = [&](const Contents& contents) {
    for (const auto& one : contents.adds) {
      if (!one.image || !one.image->reference || !one.image->reference->digest()) continue;
      names.add_image(one.image->reference->to_string(), std::string(one.image->reference->digest()->hex()));
    }
  };
  add(options.contents);
  for (const auto& contents : kept_foundations(options)) add(contents);
}

void pin(Contents& contents, const AssembleOptions& options, const Workplace& workplace) {
  for (auto& add : contents.adds) {
    if (!add.image || !add.image->reference || add.image->reference->digest()) continue;
    const auto* locked = options.lock ? options.lock->find_image(*add.image->reference) : nullptr;
    if (locked != nullptr) {
      throw Error(ErrorCode::unsupported,
                  fmt::format("cannot write a provenance: the lock pins {}, and the build takes files from it",
                              add.image->to_string()),
                  "name the image by its digest");
    }
    const auto found = resolve(*add.image, {}, workplace);
    add.image = Location::parse("docker://" + add.image->reference->with_digest(found.digest).to_string());
  }
}

std::multimap<BuildInput::Kind, std::string> local_hashes(const std::vector<BuildInput>& inputs) {
  std::multimap<BuildInput::Kind, std::string> hashes;
  std::vector<std::pair<BuildInput::Kind, std::string>> sorted;
  for (const auto& input : inputs) {
    if (input.kind != BuildInput::Kind::image) sorted.emplace_back(input.kind, input.sha256);
  }
  std::sort(sorted.begin(), sorted.end());
  hashes.insert(sorted.begin(), sorted.end());
  return hashes;
}

}  // namespace

RecipeBuild name_build(const RecipeBuild& build, const fs::path& folder) {
  auto named = build;
  named.output = name_in(build.output, folder);
  named.directory = name_in(build.directory, folder);
  return named;
}

std::multimap<BuildInput::Kind, std::string> hash_inputs(const std::vector<AssembleOptions>& options,
                                                         const fs::path& folder) {
  InputNames names(folder);
  for (const auto& one : options) hash_contents(one, names);
  return local_hashes(names.take());
}

std::optional<std::string> find_predicate(std::string_view json, const Digest& subject) {
  constexpr std::string_view kFile = "the provenance";
  const auto value = parse_json(json, kFile, {.size = kLargestAttestation});
  const JsonView document(value, kFile);
  if (document.find("dsseEnvelope")) return find_predicate(parse_bundle(json, kFile).payload, subject);
  if (document.find("_type")) {
    const auto head = parse_statement(json, kFile);
    if (head.predicate_type != kProvenanceType) return {};
    if (std::find(head.subjects.begin(), head.subjects.end(), subject.hex()) == head.subjects.end()) {
      throw Error(ErrorCode::check_failed,
                  fmt::format("the provenance is about another image: not about {}", subject.to_string()));
    }
    for (const auto& member : std::get<JsonValue::Object>(value.data)) {
      if (member.name == "predicate") return find_predicate(to_json(member.value), subject);
    }
    return {};
  }
  const auto definition = document.find("buildDefinition");
  if (!definition || definition->find_string("buildType") != kBuildType) return {};
  return std::string(json);
}

void pin_taken_images(AssembleOptions& options, const Workplace& workplace) {
  pin(options.contents, options, workplace);
  for (auto& contents : options.foundations) pin(contents, options, workplace);
}

Provenance make_provenance(const std::vector<AssembleOptions>& options, const std::vector<const Assembled*>& made,
                           const std::vector<RecipeBuild>& builds, const fs::path& folder,
                           const std::multimap<BuildInput::Kind, std::string>& before) {
  InputNames names(folder);
  const auto parameters = external_parameters(options, made, builds, folder, names);
  for (const auto& one : options) add_taken_images(one, names);
  auto inputs = names.take();
  if (local_hashes(inputs) != before) {
    throw Error(ErrorCode::io, "cannot write a provenance: an input changed while the image was made",
                "build again when nothing writes to the inputs");
  }
  std::vector<std::string> dependencies;
  dependencies.reserve(inputs.size());
  for (const auto& input : inputs) dependencies.push_back(write_input(input));
  JsonObjectWriter definition;
  definition.string("buildType", kBuildType);
  definition.json("externalParameters", parameters);
  definition.json("internalParameters", internal_parameters(options));
  if (!dependencies.empty()) definition.json("resolvedDependencies", json_array(dependencies));
  JsonObjectWriter predicate;
  predicate.json("buildDefinition", definition.finish());
  predicate.json("runDetails", run_details());
  return {predicate.finish(), std::move(inputs)};
}

}  // namespace ociassemble
