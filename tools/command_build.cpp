// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include <algorithm>
#include <ostream>

#include "build_arguments.hpp"
#include "command.hpp"
#include "ociassemble/check.hpp"
#include "ociassemble/command_words.hpp"
#include "ociassemble/copy.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/layout.hpp"
#include "ociassemble/report.hpp"
#include "recipe_build.hpp"
#include "side_files.hpp"

namespace ociassemble::tool {
namespace {

constexpr const char* kFooter =
    "LOCATION: oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:REF] or REGISTRY/REPOSITORY[:TAG];\n"
    "a base may also be rootfs:DIR-OR-TARBALL, scratch, or static (the built-in default, which needs no network).\n"
    "\n"
    "Examples:\n"
    "  A static Go binary as an image in a folder:\n"
    "    CGO_ENABLED=0 go build -trimpath -o server ./cmd/server\n"
    "    ociassemble build --binary server -o oci:image:v1\n"
    "  On Alpine, with a file and a writable folder, straight to a registry:\n"
    "    ociassemble build --base alpine:3.20 --binary server --add config.yml:/etc/server/config.yml \\\n"
    "      --writable /var/lib/server --expose 8080 --push registry.example.com/team/server:v1\n"
    "  For `docker load`:\n"
    "    ociassemble build --binary server -o docker-archive:server.tar:team/server:v1\n"
    "  All profiles of the recipe ociassemble.json (docs/recipe.md), each under its own tags:\n"
    "    ociassemble build --all-profiles --set VERSION=1.4.0 --push registry.example.com/team/server\n"
    "  In a Makefile:\n"
    "    ociassemble build -q --binary server -o oci-archive:$@ --depfile $@.d\n"
    "  In CI, prove first that a second assembly gives the same bytes:\n"
    "    ociassemble build --check --binary server --push registry.example.com/team/server:v1\n"
    "\n"
    "The same inputs give the same digest on every machine. Times are SOURCE_DATE_EPOCH, or 1970-01-01.\n"
    "Credentials come from docker's and podman's configuration; OCIASSEMBLE_USERNAME and OCIASSEMBLE_PASSWORD are for "
    "the\n"
    "registry that is pushed to (else the base's), or the one that OCIASSEMBLE_REGISTRY names.";

// The folder that was named, else the one of the XDG base directory specification; empty where there is no home either.
std::filesystem::path cache_folder(const std::optional<std::string>& named, const Streams& streams) {
  if (named) return *named;
  const auto cache = streams.environment("XDG_CACHE_HOME");
  if (cache && !cache->empty() && cache->front() == '/') return std::filesystem::path(*cache) / "ociassemble";
  const auto home = streams.environment("HOME");
  if (home && !home->empty()) return std::filesystem::path(*home) / ".cache" / "ociassemble";
  return {};
}

class BuildCommand : public Command {
 public:
  explicit BuildCommand(CLI::App& app) {
    recipe_.add_to(app);
    add_input_options(app);
    add_config_options(app);
    add_output_options(app);
    registry_.add_to(app);
    app.footer(kFooter);
  }

  int run(const Streams& streams) override {
    const auto builds = plan(streams);
    std::vector<Location> targets;
    for (const auto& build : builds) targets.insert(targets.end(), build.targets.begin(), build.targets.end());
    if (dry_run_) check_dry_run(targets);
    auto workplace =
        registry_.workplace(streams, quiet_ || json_, chief_registry(builds.front().options.base, targets));
    workplace.store = choose_store(targets);
    workplace.copy_base = std::any_of(builds.begin(), builds.end(), [](const Build& build) {
      return needs_base_layers(build.options.base, build.targets);
    });
    workplace.layers_on_demand = std::all_of(
        targets.begin(), targets.end(), [](const Location& target) { return target.kind == Location::Kind::registry; });
    if (!no_cache_) workplace.cache_folder = cache_folder(cache_dir_, streams);
    // All are made before one is published.
    std::vector<Assembled> made;
    for (const auto& build : builds) {
      made.push_back(assemble(build.options, workplace));
      if (check_) check_reproducible(build.options, workplace, made.back().image);
    }
    if (dry_run_) return print_plans(builds, made, workplace, streams);
    std::vector<std::string> reports;
    for (std::size_t i = 0; i < builds.size(); ++i) reports.push_back(finish(builds[i], std::move(made[i]), workplace));
    print(reports, streams);
    return 0;
  }

 private:
  using Texts = std::vector<std::string>;

  // What to make: what the options say, or what the recipe says and the options change.
  std::vector<Build> plan(const Streams& streams) {
    std::vector<Build> builds;
    const auto recipe = recipe_.find(base_ || !binaries_.empty() || !adds_.empty());
    if (!recipe) {
      builds.push_back({{}, parse_options(streams, {}), parse_targets({}, {})});
    } else {
      std::vector<Platform> platforms;
      if (!platform_.empty()) platforms.push_back(Platform::parse(platform_));
      recipe_file_ = recipe->file();
      for (const auto& resolved : recipe_.resolve(*recipe, platforms)) builds.push_back(plan(resolved, streams));
    }
    for (const auto& build : builds) {
      if (build.options.format == ImageFormat::docker) reject_docker_format(build.targets);
    }
    reject_shared_places(builds);
    reject_shared_side_file(digest_file_, builds);
    reject_shared_side_file(depfile_, builds);
    return builds;
  }

  Build plan(const ResolvedRecipe& resolved, const Streams& streams) const {
    if (resolved.images.size() > 1) {
      throw Error(ErrorCode::unsupported, "cannot make one image for several platforms",
                  "choose one of the recipe's by --platform");
    }
    return {resolved.profile, parse_options(streams, resolved.images.front()),
            parse_targets(resolved.profile, resolved.tags)};
  }

  // Publishes, and returns what is to be printed.
  std::string finish(const Build& build, Assembled made, const Workplace& workplace) const {
    Texts published;
    for (const auto& target : build.targets) published.push_back(publish(made.image, target, workplace));
    if (!recipe_file_.empty()) made.inputs.push_back(recipe_file_);
    write_side_files(made, build);
    if (json_) return build_json(made.image, published);
    std::string lines;
    for (const auto& name : published) lines += name + "\n";
    return lines;
  }

  static void add_list(CLI::App& app, const char* name, Texts& values, const char* description, const char* type,
                       const char* group) {
    app.add_option(name, values, description)->type_name(type)->take_all()->expected(1)->group(group);
  }

  void add_input_options(CLI::App& app) {
    const char* group = "What goes in";
    add_list(app, "-b,--binary", binaries_, "A program and where it goes (default: /usr/local/bin/NAME); repeatable",
             "PATH[:DEST]", group);
    app.add_option("--base", base_, "What the image is laid upon (default: static)")
        ->type_name("LOCATION")
        ->group(group);
    add_list(
        app, "--add", adds_,
        "A file, or a folder but for what its .dockerignore (or ignore=) leaves out, and where it goes; repeatable",
        "SRC:DEST[,mode=OCTAL][,owner=USER[:GROUP]][,ignore=FILE|none]", group);
    app.add_option("--ca-certificates", ca_certificates_,
                   "Add the host's CA bundle, or a PEM file, as a layer of its own")
        ->type_name("host|FILE")
        ->group(group);
    app.add_option("--tzdata", tzdata_, "Add the host's zone data, or a zoneinfo folder, as a layer of its own")
        ->type_name("host|DIR")
        ->group(group);
    add_list(app, "--writable", writable_, "A folder that the service may write to (a volume); repeatable", "PATH",
             group);
    app.add_flag("--no-readonly", no_read_only_, "Not a read-only image: modes 0755 and 0644, no read-only labels")
        ->group(group);
    app.add_flag("--any-binary", any_binary_, "Take programs as they are: no check of format, platform or linkage")
        ->group(group);
    add_list(app, "--cap", capabilities_, "A file capability of the programs, such as net_bind_service; repeatable",
             "NAME", group);
    app.add_option("--platform", platform_, "The image's platform (default: the program's)")
        ->type_name("OS/ARCH")
        ->group(group);
  }

  void add_config_options(CLI::App& app) {
    const char* group = "How it runs";
    app.add_option("--user", user_, "User, as number or as name in the base (default: 65532:65532)")
        ->type_name("USER[:GROUP]")
        ->group(group);
    app.add_option("--entrypoint", entrypoint_, "Words, or a JSON array (default: the first program)")
        ->type_name("COMMAND")
        ->group(group);
    app.add_option("--cmd", cmd_, "Default arguments: words, or a JSON array")->type_name("COMMAND")->group(group);
    add_list(app, "-e,--env", env_, "A variable of the environment; repeatable", "NAME=VALUE", group);
    add_list(app, "--label", labels_, "A label in the config; repeatable", "NAME=VALUE", group);
    add_list(app, "--annotation", annotations_, "An annotation on the manifest; repeatable", "NAME=VALUE", group);
    app.add_option("--workdir", working_dir_, "Working directory, made where it is missing")
        ->type_name("PATH")
        ->group(group);
    add_list(app, "--expose", ports_, "A port that the service listens on; repeatable", "PORT[/PROTOCOL]", group);
    add_list(app, "--volume", volumes_, "A mount point; repeatable", "PATH", group);
    app.add_option("--stop-signal", stop_signal_, "What stops the service, for example SIGINT")
        ->type_name("SIGNAL")
        ->group(group);
  }

  void add_output_options(CLI::App& app) {
    const char* group = "Where it goes";
    add_list(app, "-o,--output", outputs_, "Write the image there; repeatable", "LOCATION", group);
    add_list(app, "--push", pushes_, "Push the image to a registry; repeatable", "REF", group);
    app.add_flag("--dry-run", dry_run_, "Make the image, and say what a push would send; only GET and HEAD are asked")
        ->group(group);
    app.add_option("--format", format_, "Media types: oci or docker (default: oci)")->type_name("FORMAT")->group(group);
    app.add_option("--compression", compression_, "gzip[:1-12], zstd[:1-19] or none (default: gzip)")
        ->type_name("KIND[:LEVEL]")
        ->group(group);
    app.add_option("-j,--jobs", jobs_, "Threads that compress (default: the usable cores); changes no byte")
        ->type_name("N")
        ->check(CLI::Range(1, 1024))
        ->group(group);
    app.add_option("--cache-dir", cache_dir_, "Where facts about layers and bases are kept between builds")
        ->type_name("DIR")
        ->group(group);
    app.add_flag("--no-cache", no_cache_, "Keep and use no such facts")->group(group);
    app.add_flag("--check", check_,
                 "Assemble a second time under other circumstances; nothing is written if a byte differs")
        ->group(group);
    app.add_option("--digest-file", digest_file_, "Write the image's digest to this file")
        ->type_name("FILE")
        ->group(group);
    app.add_option("--depfile", depfile_, "Write a make rule with all local inputs of the first output")
        ->type_name("FILE")
        ->group(group);
    app.add_flag("--json", json_, "Print what was made as JSON")->group(group);
    app.add_flag("-q,--quiet", quiet_, "No progress; warnings and errors only")->group(group);
  }

  // `options` with what the command line says.
  AssembleOptions parse_options(const Streams& streams, AssembleOptions options) const {
    if (base_) options.base = Location::parse(*base_);
    if (!platform_.empty()) options.platform = Platform::parse(platform_);
    std::vector<BinaryInput> binaries;
    for (const auto& text : binaries_) {
      binaries.push_back(parse_binary(text));
      binaries.back().capabilities = capabilities_;
    }
    put_inputs(options.binaries, binaries);
    for (auto& binary : options.binaries) binary.any_binary = binary.any_binary || any_binary_;
    std::vector<AddInput> adds;
    for (const auto& text : adds_) adds.push_back(parse_add(text));
    put_inputs(options.adds, adds);
    append(options.writable, writable_);
    if (no_read_only_) options.read_only = false;
    override(options.ca_certificates, ca_certificates_);
    override(options.tzdata, tzdata_);
    parse_config(options);
    if (format_) options.format = parse_format(*format_);
    if (compression_) options.compression = CompressionOptions::parse(*compression_);
    options.compression.workers = jobs_;
    if (const auto epoch = streams.environment("SOURCE_DATE_EPOCH"); epoch && !epoch->empty()) {
      options.source_date_epoch = parse_epoch(*epoch);
    }
    return options;
  }

  static void append(Texts& values, const Texts& more) { values.insert(values.end(), more.begin(), more.end()); }

  static void override(std::optional<std::string>& value, const std::optional<std::string>& by) {
    if (by) value = by;
  }

  // Adds the command line's inputs to a recipe's; for the same destination one takes the other's place.
  template <class Input>
  static void put_inputs(std::vector<Input>& inputs, const std::vector<Input>& more) {
    const auto recipes = inputs.size();  // two of the command line for one place are for assemble() to refuse
    for (const auto& input : more) {
      const auto end = inputs.begin() + static_cast<std::ptrdiff_t>(recipes);
      const auto same = std::find_if(inputs.begin(), end, [&](const Input& other) {
        return !input.destination.empty() && other.destination == input.destination;
      });
      if (same != end) {
        *same = input;
      } else {
        inputs.push_back(input);
      }
    }
  }

  void parse_config(AssembleOptions& options) const {
    override(options.user, user_);
    if (entrypoint_) options.entrypoint = parse_command_words(*entrypoint_);
    if (cmd_) options.cmd = parse_command_words(*cmd_);
    for (const auto& text : env_) options.env.push_back(parse_assignment(text, "--env"));
    parse_map(options.labels, labels_, "--label");
    parse_map(options.annotations, annotations_, "--annotation");
    override(options.working_dir, working_dir_);
    append(options.exposed_ports, ports_);
    append(options.volumes, volumes_);
    override(options.stop_signal, stop_signal_);
  }

  static void parse_map(std::map<std::string, std::string>& values, const Texts& texts, std::string_view what) {
    for (const auto& text : texts) {
      auto [name, value] = parse_assignment(text, what);
      values.insert_or_assign(std::move(name), std::move(value));
    }
  }

  std::vector<Location> parse_targets(const std::string& profile, const Texts& tags) const {
    std::vector<Location> targets;
    const auto add = [&](const Location& target) {
      for (auto& one : with_tags(target, tags)) targets.push_back(std::move(one));
    };
    for (const auto& text : outputs_) add(Location::parse(with_profile(text, profile)));
    for (const auto& text : pushes_) {
      const auto target = Location::parse(with_profile(text, profile));
      if (target.kind != Location::Kind::registry) {
        throw Error(ErrorCode::invalid_argument, "cannot push to " + text + ": it is no registry",
                    "use --output " + text);
      }
      add(target);
    }
    if (targets.empty()) {
      throw Error(ErrorCode::invalid_argument, "cannot build: nothing says where the image goes",
                  "add -o oci:DIR:TAG, or --push REGISTRY/REPOSITORY:TAG");
    }
    for (const auto& target : targets) reject_base_only(target);
    return targets;
  }

  // Tools that read OCI layouts and archives look for OCI media types, and see nothing else.
  static void reject_docker_format(const std::vector<Location>& targets) {
    for (const auto& target : targets) {
      if (target.kind != Location::Kind::oci_layout && target.kind != Location::Kind::oci_archive) continue;
      throw Error(ErrorCode::invalid_argument,
                  "cannot write Docker's format to " + target.to_string() + ": it holds OCI images",
                  "leave --format docker out, or write to docker-archive:FILE or a registry");
    }
  }

  static void reject_base_only(const Location& target) {
    using Kind = Location::Kind;
    if (target.kind != Kind::rootfs && target.kind != Kind::scratch && target.kind != Kind::static_base) return;
    throw Error(ErrorCode::invalid_argument,
                "cannot write to " + target.to_string() + ": it is a base, not a place for images",
                "an output is oci:, oci-archive:, docker-archive: or a registry's reference");
  }

  // What credentials of the environment are for: the first registry that is pushed to, else the base's.
  static std::string chief_registry(const Location& base, const std::vector<Location>& targets) {
    for (const auto& target : targets) {
      if (target.reference) return registry_of(target);
    }
    return registry_of(base);
  }

  // New layers are written straight into the first layout among the outputs.
  static std::shared_ptr<BlobStore> choose_store(const std::vector<Location>& targets) {
    const auto layout = std::find_if(targets.begin(), targets.end(),
                                     [](const Location& target) { return target.kind == Location::Kind::oci_layout; });
    if (layout == targets.end()) return make_temporary_store();
    return OciLayout::open_or_create(layout->path).blobs();
  }

  // Whether the base's layers are needed here: for a file, or for a registry that does not have them.
  static bool needs_base_layers(const Location& base, const std::vector<Location>& targets) {
    return std::any_of(targets.begin(), targets.end(), [&](const Location& target) {
      return !target.reference || !base.reference || target.reference->registry() != base.reference->registry();
    });
  }

  static void check_dry_run(const std::vector<Location>& targets) {
    for (const auto& target : targets) {
      if (target.reference) continue;
      throw Error(ErrorCode::invalid_argument,
                  "cannot plan to write " + target.to_string() + ": --dry-run is for pushes",
                  "name registries only, with --push");
    }
  }

  int print_plans(const std::vector<Build>& builds, const std::vector<Assembled>& made, const Workplace& workplace,
                  const Streams& streams) const {
    std::vector<PushPlan> plans;
    for (std::size_t i = 0; i < builds.size(); ++i) {
      for (const auto& target : builds[i].targets) {
        plans.push_back(plan_publish(made[i].image, *target.reference, workplace));
      }
    }
    if (json_) streams.out << plan_json(plans);
    if (json_) return 0;
    for (const auto& plan : plans) streams.out << describe_plan(plan);
    return 0;
  }

  void write_side_files(const Assembled& made, const Build& build) const {
    if (digest_file_) {
      write_if_changed(with_profile(*digest_file_, build.profile), made.image.digest().to_string() + "\n");
    }
    if (depfile_) {
      write_if_changed(with_profile(*depfile_, build.profile), make_rule(build.targets.front(), made.inputs));
    }
  }

  // Several images as JSON are an array.
  void print(const Texts& reports, const Streams& streams) const {
    const bool is_array = json_ && reports.size() > 1;
    if (is_array) streams.out << "[\n";
    for (std::size_t i = 0; i < reports.size(); ++i) streams.out << (is_array && i > 0 ? ",\n" : "") << reports[i];
    if (is_array) streams.out << "]\n";
  }

  Texts binaries_, adds_, writable_, capabilities_, env_, labels_, annotations_, ports_, volumes_, outputs_, pushes_;
  std::string platform_;
  std::optional<std::string> base_, format_, compression_, ca_certificates_, tzdata_, user_, entrypoint_, cmd_,
      working_dir_, stop_signal_, digest_file_, depfile_;
  std::size_t jobs_ = 0;
  std::optional<std::string> cache_dir_;
  bool check_ = false;
  bool no_cache_ = false;
  bool no_read_only_ = false;
  bool any_binary_ = false;
  bool dry_run_ = false;
  bool json_ = false;
  bool quiet_ = false;
  RegistryFlags registry_;
  RecipeFlags recipe_;
  std::filesystem::path recipe_file_;
};

}  // namespace

std::unique_ptr<Command> make_build_command(CLI::App& app) { return std::make_unique<BuildCommand>(app); }

}  // namespace ociassemble::tool
