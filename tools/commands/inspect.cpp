// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include <functional>
#include <ostream>

#include "commands/command.hpp"
#include "commands/policy_gate.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/ignore.hpp"
#include "ociassemble/places.hpp"
#include "ociassemble/programs.hpp"
#include "ociassemble/system.hpp"
#include "report/counted.hpp"
#include "report/facts.hpp"
#include "report/ignored.hpp"
#include "report/images.hpp"
#include "report/systems.hpp"
#include "stream_sink.hpp"

namespace ociassemble::tool {
namespace {

class InspectCommand : public Command {
 public:
  explicit InspectCommand(CLI::App& app) {
    app.add_option(
           "LOCATION", location_,
           "oci:DIR[:TAG], oci-archive:FILE, docker-archive:FILE or REGISTRY/REPOSITORY[:TAG]; with --why a folder")
        ->required();
    const char* group = "What to show";
    auto* json = app.add_flag("--json", json_, "Print the summary as JSON")->group("Output");
    auto* files =
        app.add_flag("--files", files_, "Every entry of every layer: layer, mode, owner, size, path")->group(group);
    auto* config = app.add_flag("--config", config_, "The image config, byte for byte")->group(group);
    auto* manifest = app.add_flag("--manifest", manifest_, "The manifest or index, byte for byte")->group(group);
    for (auto* one : {files, config, manifest}) {
      for (auto* other : {json, files, config, manifest}) {
        if (one != other) one->excludes(other);
      }
    }
    app.add_flag(
           "--packages", packages_,
           "Packages that apk or dpkg installed: name, version, architecture, source; with --json also the system")
        ->excludes(files)
        ->excludes(config)
        ->excludes(manifest)
        ->group(group);
    app.add_option("--programs", programs_,
                   "Layers to search for Go programs: the application's (app, the default), all, or none")
        ->type_name("app|all|none")
        ->check(CLI::IsMember({"app", "all", "none"}).description("").name(""))
        ->excludes(files)
        ->excludes(config)
        ->excludes(manifest)
        ->group(group);
    app.add_flag(
           "--facts", facts_,
           "With --json: also what the rules of `check` are decided by: files, accounts, system, packages, programs")
        ->needs(json)
        ->excludes(files)
        ->excludes(config)
        ->excludes(manifest)
        ->group(group);
    add_why(app, "Ignore rules");
    app.add_option("--platform", platform_, "Image of this platform of an index, for example linux/arm64")
        ->type_name("OS/ARCH")
        ->group(group);
    app.add_option("--cache-dir", cache_dir_, "With --packages and --facts: cache for facts about layers")
        ->type_name("DIR")
        ->group(group);
    output_.add_quiet_to(app);
    registry_.add_to(app);
    app.footer(
        "Examples:\n"
        "  ociassemble inspect oci:image:v1\n"
        "  ociassemble inspect --json --facts oci:image:v1 | conftest test -\n"
        "  ociassemble inspect --files docker-archive:image.tar\n"
        "  ociassemble inspect --packages debian:12\n"
        "  ociassemble inspect assets --why js/app.js.map\n"
        "  ociassemble inspect --config alpine:3.20 --platform linux/arm64 | jq .config");
  }

  int run(const Streams& streams) override {
    if (!why_.empty()) return explain(streams);
    const auto location = Location::parse(location_);
    const auto workplace = registry_.workplace(streams, Verbosity::result, registry_of(location));
    const auto root = reading(location_, [&] { return open_document(location, workplace); });
    std::optional<Platform> platform;
    if (!platform_.empty()) platform = Platform::parse(platform_);
    const bool is_index = document_kind(root.json, root.descriptor.media_type) == DocumentKind::index;
    if (packages_) {
      show_packages(open_image(root, platform), workplace, streams);
    } else if (is_index && !platform && facts_) {
      throw Error(ErrorCode::invalid_argument, "cannot show the facts of " + location_ + ": it is an index of images",
                  "name one with --platform OS/ARCH");
    } else if (is_index && !platform && !config_ && !files_) {
      show_index(root, streams);
    } else {
      show_image(open_image(root, platform), streams);
    }
    return 0;
  }

 private:
  void add_why(CLI::App& app, const char* group) {
    app.add_option("--why", why_,
                   "Whether `build --add` would take this path of a folder, and by which rule; repeatable")
        ->type_name("PATH")
        ->take_all()
        ->expected(1)
        ->group(group);
    app.add_option("--ignore", ignore_, "With --why: the file of rules (default: the folder's .dockerignore)")
        ->type_name("FILE|none")
        ->needs("--why")
        ->group(group);
  }

  int explain(const Streams& streams) const {
    if (files_ || config_ || manifest_) {
      throw Error(ErrorCode::invalid_argument, "cannot explain and show at once: --why is about a folder, not an image",
                  "with --why only --ignore and --json may be given");
    }
    if (std::error_code ignored; !std::filesystem::is_directory(location_, ignored)) {
      throw Error(ErrorCode::not_found, "cannot read folder " + location_ + ": there is none",
                  "--why is about a folder that `build --add` would add");
    }
    const auto ignore = FolderIgnore::read(location_, ignore_);
    streams.out << (json_ ? explain_ignored_json(ignore, why_) : explain_ignored(ignore, why_));
    return 0;
  }

  void show_packages(const Image& image, Workplace workplace, const Streams& streams) const {
    workplace.cache_folder = cache_folder(cache_dir_, streams);
    const auto system = reading(location_, [&] { return read_system(image, workplace); });
    streams.out << (json_ ? system_json(image, system) : list_packages(system));
    if (system.package_managers.empty())
      streams.err << "ociassemble: warning: the image has no package database: which packages are in it is not known\n";
    if (system.broken_records > 0)
      streams.err << "ociassemble: warning: " << counted(system.broken_records, "record")
                  << " of the package database without a name or version: left out of the list\n";
  }

  void show_index(const Document& root, const Streams& streams) const {
    if (manifest_) {
      streams.out << root.json;
    } else {
      streams.out << (json_ ? index_json(root) : describe_index(root));
    }
  }

  void show_image(const Image& image, const Streams& streams) const {
    if (files_) {
      StreamSink sink(streams.out);
      list_files(image, sink, streams.stop);
    } else if (config_) {
      streams.out << image.config_json();
    } else if (manifest_) {
      streams.out << image.manifest_json();
    } else {
      summarise(image, streams);
    }
  }

  void summarise(const Image& image, const Streams& streams) const {
    std::optional<ImagePrograms> programs;
    if (programs_ != "none") {
      const auto layers = programs_ == "all" || facts_ ? ProgramLayers::all : ProgramLayers::application;
      programs = reading(location_, [&] { return read_programs(image, {.layers = layers, .stop = streams.stop}); });
    }
    const auto* found = programs ? &*programs : nullptr;
    if (json_) {
      StreamSink sink(streams.out);
      print_image_json(image, found, sink, facts_printer(image, streams));
    } else {
      streams.out << describe_image(image, found);
    }
  }

  // Empty where the facts are not asked for.
  std::function<void(JsonPrinter&)> facts_printer(const Image& image, const Streams& streams) const {
    if (!facts_) return {};
    CheckInputs inputs;
    inputs.name = location_;
    inputs.tag = tag_found_at(Location::parse(location_));
    inputs.cache_folder = cache_folder(cache_dir_, streams);
    inputs.stop = streams.stop;
    inputs.warn = [&streams](const std::string& text) { streams.err << "ociassemble: warning: " << text << '\n'; };
    return [image, inputs](JsonPrinter& json) { print_facts(json, image, inputs); };
  }

  std::string location_;
  std::string platform_;
  std::string programs_ = "app";
  std::optional<std::string> cache_dir_;
  bool packages_ = false;
  bool facts_ = false;
  std::vector<std::string> why_;
  std::optional<std::string> ignore_;
  bool json_ = false;
  bool files_ = false;
  bool config_ = false;
  bool manifest_ = false;
  OutputFlags output_;
  RegistryFlags registry_;
};

}  // namespace

std::unique_ptr<Command> make_inspect_command(CLI::App& app) { return std::make_unique<InspectCommand>(app); }

}  // namespace ociassemble::tool
