// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include <algorithm>
#include <ostream>

#include "build_arguments.hpp"
#include "build_result.hpp"
#include "command.hpp"
#include "lock_flags.hpp"
#include "ociassemble/command_words.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/layout.hpp"
#include "ociassemble/report.hpp"
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
    "  For two platforms, the base pinned, as one index:\n"
    "    ociassemble lock --base alpine:3.20 --platform linux/amd64,linux/arm64\n"
    "    ociassemble build --locked --base alpine:3.20 --platform linux/amd64,linux/arm64 \\\n"
    "      --binary bin/{os}-{arch}/server --push registry.example.com/team/server:v1\n"
    "  In a Makefile:\n"
    "    ociassemble build -q --binary server -o oci-archive:$@ --depfile $@.d\n"
    "\n"
    "The same inputs give the same digest on every machine. Times are SOURCE_DATE_EPOCH, or 1970-01-01.\n"
    "Credentials come from docker's and podman's configuration; OCIASSEMBLE_USERNAME and OCIASSEMBLE_PASSWORD are for "
    "the\n"
    "registry that is pushed to (else the base's), or the one that OCIASSEMBLE_REGISTRY names.";

class BuildCommand : public Command {
 public:
  explicit BuildCommand(CLI::App& app) {
    add_input_options(app);
    add_config_options(app);
    add_output_options(app);
    registry_.add_to(app);
    app.footer(kFooter);
  }

  int run(const Streams& streams) override {
    auto options = parse_options(streams);
    const auto targets = parse_targets();
    lock_.read();
    lock_.apply(options);
    if (options.format == ImageFormat::docker) reject_docker_format(targets);
    auto workplace = registry_.workplace(streams, quiet_ || json_, chief_registry(options.base, targets));
    workplace.store = choose_store(targets);
    workplace.copy_base = needs_base_layers(options.base, targets);
    workplace.layers_on_demand = std::all_of(
        targets.begin(), targets.end(), [](const Location& target) { return target.kind == Location::Kind::registry; });
    if (!no_cache_) workplace.cache_folder = cache_folder(cache_dir_, streams);
    const BuildResult made(options_for(options, parse_platforms(platforms_)), workplace);
    std::vector<std::string> published;
    for (const auto& target : targets) published.push_back(publish(made, target, workplace));
    write_side_files(made, targets);
    print(made, published, streams);
    return 0;
  }

 private:
  using Texts = std::vector<std::string>;

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
    add_list(app, "--add", adds_, "A file or folder and where it goes; repeatable",
             "SRC:DEST[,mode=OCTAL][,owner=USER[:GROUP]]", group);
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
    add_list(
        app, "--platform", platforms_,
        "The image's platform (default: the program's); several give one index, and fill {os}, {arch} and {variant} "
        "in the paths of programs; repeatable",
        "OS/ARCH[,OS/ARCH…]", group);
    lock_.add_to(app, group);
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
    app.add_flag("--shallow", shallow_, "Leave the base's layers out of layouts (oci:DIR); the digest is the same")
        ->group(group);
    add_list(app, "--push", pushes_, "Push the image to a registry; repeatable", "REF", group);
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
    app.add_option("--digest-file", digest_file_, "Write the image's digest to this file")
        ->type_name("FILE")
        ->group(group);
    app.add_option("--depfile", depfile_, "Write a make rule with all local inputs of the first output")
        ->type_name("FILE")
        ->group(group);
    app.add_flag("--json", json_, "Print what was made as JSON")->group(group);
    app.add_flag("-q,--quiet", quiet_, "No progress; warnings and errors only")->group(group);
  }

  AssembleOptions parse_options(const Streams& streams) const {
    AssembleOptions options;
    options.base = Location::parse(base_);
    for (const auto& text : binaries_) {
      options.binaries.push_back(parse_binary(text));
      options.binaries.back().any_binary = any_binary_;
      options.binaries.back().capabilities = capabilities_;
    }
    for (const auto& text : adds_) options.adds.push_back(parse_add(text));
    options.writable = writable_;
    options.read_only = !no_read_only_;
    options.ca_certificates = ca_certificates_;
    options.tzdata = tzdata_;
    parse_config(options);
    options.format = parse_format(format_);
    options.compression = CompressionOptions::parse(compression_);
    options.compression.workers = jobs_;
    if (const auto epoch = streams.environment("SOURCE_DATE_EPOCH"); epoch && !epoch->empty()) {
      options.source_date_epoch = parse_epoch(*epoch);
    }
    return options;
  }

  void parse_config(AssembleOptions& options) const {
    options.user = user_;
    if (entrypoint_) options.entrypoint = parse_command_words(*entrypoint_);
    if (cmd_) options.cmd = parse_command_words(*cmd_);
    for (const auto& text : env_) options.env.push_back(parse_assignment(text, "--env"));
    parse_map(options.labels, labels_, "--label");
    parse_map(options.annotations, annotations_, "--annotation");
    options.working_dir = working_dir_;
    options.exposed_ports = ports_;
    options.volumes = volumes_;
    options.stop_signal = stop_signal_;
  }

  static void parse_map(std::map<std::string, std::string>& values, const Texts& texts, std::string_view what) {
    for (const auto& text : texts) {
      auto [name, value] = parse_assignment(text, what);
      values.insert_or_assign(std::move(name), std::move(value));
    }
  }

  std::vector<Location> parse_targets() const {
    std::vector<Location> targets;
    for (const auto& text : outputs_) targets.push_back(Location::parse(text));
    for (const auto& text : pushes_) {
      targets.push_back(Location::parse(text));
      if (targets.back().kind != Location::Kind::registry) {
        throw Error(ErrorCode::invalid_argument, "cannot push to " + text + ": it is no registry",
                    "use --output " + text);
      }
    }
    if (targets.empty()) {
      throw Error(ErrorCode::invalid_argument, "cannot build: nothing says where the image goes",
                  "add -o oci:DIR:TAG, or --push REGISTRY/REPOSITORY:TAG");
    }
    for (const auto& target : targets) reject_base_only(target);
    if (shallow_) reject_not_shallow(targets);
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

  void reject_not_shallow(const std::vector<Location>& targets) const {
    for (const auto& target : targets) {
      if (target.reference || target.kind == Location::Kind::oci_layout) continue;
      throw Error(ErrorCode::invalid_argument,
                  "cannot write " + target.to_string() + " without the base's layers: an archive is whole",
                  "--shallow is for layouts: -o oci:DIR");
    }
  }

  std::string publish(const BuildResult& made, const Location& target, const Workplace& workplace) const {
    return shallow_ && target.kind == Location::Kind::oci_layout ? made.publish_shallow(target, workplace)
                                                                 : made.publish(target, workplace);
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

  // Whether the base's layers are needed here: for a file, or for a registry that does not have them. Those of a locked
  // base are not read before, and then go from registry to registry.
  bool needs_base_layers(const Location& base, const std::vector<Location>& targets) const {
    const bool locked = lock_.pins(base);
    return std::any_of(targets.begin(), targets.end(), [&](const Location& target) {
      if (!target.reference) return !shallow_;
      return !locked && (!base.reference || target.reference->registry() != base.reference->registry());
    });
  }

  void write_side_files(const BuildResult& made, const std::vector<Location>& targets) const {
    if (digest_file_) write_if_changed(*digest_file_, made.digest().to_string() + "\n");
    if (!depfile_) return;
    auto inputs = made.inputs();
    if (lock_.file()) inputs.push_back(*lock_.file());
    write_if_changed(*depfile_, make_rule(targets.front(), inputs));
  }

  void print(const BuildResult& made, const Texts& published, const Streams& streams) const {
    if (json_) {
      streams.out << made.json(published);
    } else {
      for (const auto& name : published) streams.out << name << '\n';
    }
  }

  Texts binaries_, adds_, writable_, capabilities_, env_, labels_, annotations_, ports_, volumes_, outputs_, pushes_,
      platforms_;
  std::string base_ = "static";
  std::string format_ = "oci";
  std::string compression_ = "gzip";
  std::optional<std::string> ca_certificates_, tzdata_, user_, entrypoint_, cmd_, working_dir_, stop_signal_,
      digest_file_, depfile_;
  std::size_t jobs_ = 0;
  std::optional<std::string> cache_dir_;
  bool no_cache_ = false;
  bool no_read_only_ = false;
  bool any_binary_ = false;
  bool json_ = false;
  bool quiet_ = false;
  bool shallow_ = false;
  LockFlags lock_;
  RegistryFlags registry_;
};

}  // namespace

std::unique_ptr<Command> make_build_command(CLI::App& app) { return std::make_unique<BuildCommand>(app); }

}  // namespace ociassemble::tool
