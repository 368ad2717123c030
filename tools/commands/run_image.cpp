// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <ostream>

#include "base/atomic_file.hpp"
#include "base/file_status.hpp"
#include "base/placed_error.hpp"
#include "base/replace_process.hpp"
#include "base/temporary_parent.hpp"
#include "base/trace.hpp"
#include "bases/file_cache.hpp"
#include "bases/kept_layers.hpp"
#include "commands/build_result.hpp"
#include "commands/command.hpp"
#include "commands/compile.hpp"
#include "commands/named_inputs.hpp"
#include "commands/path_claims.hpp"
#include "commands/recipe_build.hpp"
#include "flags/run_flags.hpp"
#include "help/command_text.hpp"
#include "ociassemble/copy.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/layout.hpp"
#include "ociassemble/places.hpp"
#include "ociassemble/runtime.hpp"
#include "places/client_program.hpp"
#include "places/engines.hpp"
#include "runtime/bundle.hpp"
#include "runtime/forms.hpp"
#include "runtime/image_root.hpp"
#include "store/record_cache.hpp"

namespace ociassemble::tool {
namespace {

namespace fs = std::filesystem;
using Texts = std::vector<std::string>;

constexpr const char* kLoadedKind = "run-loaded";
constexpr std::uint64_t kRoomForBase = std::uint64_t{256} << 20U;  // of what the cache may hold

// An image to run, and the folder that it lies in where it had to be fetched.
struct FoundImage {
  std::optional<Image> image;
  std::optional<Location> loaded;  // the engine's own
  std::unique_ptr<TemporaryFolder> folder;
};

class RunCommand : public Command {
 public:
  explicit RunCommand(CLI::App& app) {
    app.add_option(
        "IMAGE", image_,
        "oci:DIR[:TAG], an archive, docker-daemon:NAME, or REGISTRY/REPOSITORY[:TAG]; without it a recipe is "
        "built. Arguments for the program follow --");
    recipe_.add_to(app);
    const char* group = "Engine";
    app.add_option("--engine", engine_,
                   "Program that runs it (default: the first of docker, podman, runc and crun that is installed)")
        ->type_name("docker|podman|runc|crun")
        ->check(CLI::IsMember({"docker", "podman", "runc", "crun"}).description("").name(""))
        ->group(group);
    app.add_option("--engine-option", engine_options_, "Additional option for docker run or podman run; repeatable")
        ->type_name("OPTION")
        ->take_all()
        ->expected(1)
        ->allow_extra_args(false)
        ->group(group);
    app.add_flag("-t,--tty", terminal_, "Give the program a terminal")->group(group);
    app.add_flag("--keep-set-id", keep_set_id_, "With runc and crun: keep set-user-ID and set-group-ID bits")
        ->group(group);
    app.add_option("--cache-dir", cache_dir_, "Cache for facts about layers, and for unpacked images")
        ->type_name("DIR")
        ->group(group);
    flags_.add_to(app, "Contract");
    app.add_option("--platform", platform_, "Image of this platform of an index")
        ->type_name("OS/ARCH")
        ->group("Contract");
    app.add_flag("-q,--quiet", quiet_, "Warnings and errors only")->group("Output");
    registry_.add_to(app);
    show_in_full_help_only(app, {"--keep-set-id", "--cache-dir", "--engine-option"});
    app.footer(
        "Runs the image as it declares: as its user, with a read-only root, /tmp in memory, a volume for each writable "
        "path,\n"
        "only the capabilities that its programs have, and no new privileges. A recipe is built first, without "
        "compressing the\n"
        "layers. The program gets the signals, and its exit status is that of the command. The container is removed "
        "when it\n"
        "ends. Without docker and podman, the image is unpacked into the cache and runc or crun runs it, on the "
        "network of this\n"
        "machine.\n"
        "\n"
        "Examples:\n"
        "  ociassemble run\n"
        "  ociassemble run -f ociassemble.json --profile dev --compile -p 8080:8080\n"
        "  ociassemble run oci:image:v1 -e LOG=debug -- -listen :8080\n"
        "  ociassemble run --engine runc oci:image:v1");
  }

  int run(const Streams& streams) override {
    words_ = prepare(streams);
    streams.err.flush();
    return 0;
  }

  // Nothing temporary is left when this process becomes the other.
  void after_run() override { replace_process(words_); }

 private:
  enum class Runner { docker, podman, bundle };

  Texts prepare(const Streams& streams) {
    if (!image_.empty()) recipe_.require_none("run");
    const auto runner = choose_runner(streams);
    std::vector<Location> read;
    if (!image_.empty()) read.push_back(Location::parse(image_));
    const auto recipe = image_.empty() ? std::optional(resolve_recipe()) : std::nullopt;
    if (recipe) read = named_images(recipe->images);
    auto workplace =
        registry_.workplace(streams, quiet_ ? Verbosity::quiet : Verbosity::result, chief_registry({}, read));
    workplace.cache_folder = cache_folder(cache_dir_, streams);
    if (recipe) require_mounts(*recipe);
    auto settings = flags_.settings(recipe ? recipe->mounts : std::vector<BindMount>());
    settings.arguments = program_words(streams);
    trees_ = open_record_cache(workplace.cache_folder, workplace.warn);
    const auto found = recipe ? build(*recipe, workplace) : find(read.front(), runner, workplace);
    require_own_platform(*found.image, runner);
    return runner == Runner::bundle ? bundle_words(found, settings, workplace, streams)
                                    : container_words(found, settings, runner, workplace, streams);
  }

  Runner choose_runner(const Streams& streams) {
    if (engine_.empty()) {
      if (has_program("docker") && find_engine(streams.stop) == Location::Kind::docker_daemon) return Runner::docker;
      if (has_program("podman")) return Runner::podman;
      engine_ = has_program("runc") ? "runc" : "crun";
      if (!has_program(engine_)) {
        throw Error(ErrorCode::not_found, "cannot run an image: there is neither docker, podman, runc nor crun here",
                    "install one of them; runc is the smallest");
      }
    }
    if (engine_ == "docker") return Runner::docker;
    return engine_ == "podman" ? Runner::podman : Runner::bundle;
  }

  ResolvedRecipe resolve_recipe() const {
    const auto recipe = recipe_.find(false);
    if (!recipe) {
      throw Error(ErrorCode::invalid_argument, "no IMAGE given, and there is no ociassemble.json here",
                  "name an image, for example oci:image:v1, or a recipe with -f FILE");
    }
    std::vector<Platform> platforms;
    if (!platform_.empty()) platforms.push_back(Platform::parse(platform_));
    auto resolved = recipe_.resolve(*recipe, platforms);
    if (resolved.size() != 1)
      throw Error(ErrorCode::invalid_argument, "cannot run several profiles at once", "name one with --profile");
    const auto& one = resolved.front();
    PathClaims claims;
    claims.read(recipe->file(), "the recipe");
    for (const auto& input : named_inputs({Build{one.profile, one.images, {}, {}}}))
      claims.read(input, "the input " + input.string());
    if (!registry_.trace_file().empty()) claims.write(registry_.trace_file(), "--trace " + registry_.trace_file());
    return std::move(resolved.front());
  }

  FoundImage build(const ResolvedRecipe& one, Workplace& workplace) const {
    if (recipe_.compiles()) compile(one.builds);
    Build wanted{one.profile, choose_images(one), {}, {}};
    for (auto& options : wanted.images) {
      require_named_files(options, one);
      options.compression = CompressionOptions::parse("none");
    }
    const TraceSpan span("assemble");
    workplace.store = make_temporary_store();
    std::shared_ptr<FileCache> layers;
    if (trees_) {
      layers = std::make_shared<FileCache>(workplace.cache_folder / "run" / "layers");
      workplace.kept_layers = layers->make_room(kRoomForBase);
    }
    workplace.copy_base = workplace.kept_layers == nullptr;
    // Of a base that was unpacked or loaded before nobody may ask.
    workplace.layers_on_demand = true;
    auto made = assemble_builds({wanted}, workplace);
    auto image = made.front().images().front().image;
    if (workplace.kept_layers) image = with_kept_layers(image, layers, workplace.stop);
    return {std::move(image), {}, {}};
  }

  static void require_mounts(const ResolvedRecipe& recipe) {
    for (const auto& mount : recipe.mounts) {
      if (is_there(mount.source)) continue;
      at_place(recipe.images.front().place_of(ValueKind::path, mount.source.string()).value_or(""), [&] {
        throw Error(ErrorCode::not_found, "cannot mount " + mount.source.string() + ": it does not exist",
                    "make the folder, or correct the path; a relative one is taken from the recipe's folder");
      });
    }
  }

  // Of a recipe for several platforms that of this machine.
  static std::vector<AssembleOptions> choose_images(const ResolvedRecipe& recipe) {
    if (recipe.images.size() == 1) return recipe.images;
    for (const auto& image : recipe.images) {
      if (image.platform && host_platform().matches(*image.platform)) return {image};
    }
    throw Error(ErrorCode::invalid_argument, "the recipe has no image for " + host_platform().to_string(),
                "choose one with --platform");
  }

  // What lies in a registry is fetched once, though its layers are read twice.
  FoundImage find(const Location& location, Runner runner, const Workplace& workplace) const {
    FoundImage found;
    std::optional<Platform> platform;
    if (!platform_.empty()) platform = Platform::parse(platform_);
    auto root = reading(image_, [&] { return open_document(location, workplace); });
    root = open_manifest(root, platform);
    if (location.reference) {
      found.folder =
          in_temporary_parent([](const fs::path& parent) { return std::make_unique<TemporaryFolder>(parent); });
      auto layout = OciLayout::open_or_create(found.folder->path() / "layout");
      write_document(layout, root, std::nullopt, workplace.registry.parallel, workplace.stop);
      root = layout.open_document(std::nullopt);
    }
    found.image = open_image(root, std::nullopt);
    const bool is_there = (runner == Runner::docker && location.kind == Location::Kind::docker_daemon) ||
                          (runner == Runner::podman && location.kind == Location::Kind::podman);
    if (is_there) found.loaded = location;
    return found;
  }

  Texts container_words(const FoundImage& found, const RunSettings& settings, Runner runner, const Workplace& workplace,
                        const Streams& streams) {
    auto contract = contract_of(*found.image, settings, streams.stop);
    tell(contract.notes, streams);
    const bool is_docker = runner == Runner::docker;
    const auto place = found.loaded ? *found.loaded
                                    : Location::parse((is_docker ? "docker-daemon:" : "podman:") +
                                                      ("localhost/ociassemble/" + contract.name + ":run"));
    contract.settings.image = bring(found, place, workplace);
    Texts extra{"--interactive"};
    if (terminal_) extra.emplace_back("--tty");
    if (!settings.name.empty() && !image_.empty()) extra.push_back("--name=" + contract.name);
    extra.insert(extra.end(), engine_options_.begin(), engine_options_.end());
    auto words = engine_words(contract, is_docker ? Engine::docker : Engine::podman, VolumeLife::anonymous, extra);
    words.front() = find_program(words.front());
    if (words.front().empty())
      throw Error(ErrorCode::not_found,
                  std::string("there is no program ") + (is_docker ? "docker" : "podman") + " here",
                  "install it, or choose another engine with --engine");
    return words;
  }

  RunContract contract_of(const Image& image, const RunSettings& settings, const std::stop_token& stop) {
    const TraceSpan span("contract");
    auto* trees = trees_ ? &*trees_ : nullptr;
    return read_contract(image, read_image_root(image, image.layers().size(), trees, stop), settings);
  }

  // Engines may have emulators that we know nothing of.
  void require_own_platform(const Image& image, Runner runner) const {
    const auto platform = image.config().platform.normalised();
    const auto host = host_platform();
    const bool is_smaller = (host.architecture == "amd64" && platform.architecture == "386") ||
                            (host.architecture == "arm64" && platform.architecture == "arm");
    if (platform.architecture.empty() || platform.architecture == host.architecture || is_smaller) return;
    if (has_emulator(platform)) return;
    if (runner != Runner::bundle && !platform_.empty()) return;
    throw Error(ErrorCode::unsupported,
                "cannot run the image: it is for " + platform.to_string() + ", and this machine is " + host.to_string(),
                runner == Runner::bundle ? "install an emulator (package qemu-user-static), or choose another image"
                                         : "an engine that emulates it is asked by --platform " + platform.to_string());
  }

  // Of the kernel's (binfmt_misc), as qemu's packages name them.
  static bool has_emulator(const Platform& platform) {
    const auto& name = platform.architecture;
    const std::string machine = name == "amd64"   ? "x86_64"
                                : name == "arm64" ? "aarch64"
                                : name == "386"   ? "i386"
                                                  : name;
    std::error_code ignored;
    return fs::exists("/proc/sys/fs/binfmt_misc/qemu-" + machine, ignored);
  }

  // What the engine calls the image, which is loaded where it is not there.
  std::string bring(const FoundImage& found, const Location& place, const Workplace& workplace) {
    const TraceSpan span("load");
    const auto& image = *found.image;
    if (!found.loaded && !(may_hold(place, image) && holds(place, image, workplace))) {
      load(image, place, {*place.name}, workplace);
      if (trees_) trees_->put(kLoadedKind, Digest::of(place.to_string()), image.digest().to_string());
    }
    // Podman, whose program takes its time, calls every image by its config's digest; docker by that or the manifest's.
    if (!found.loaded && place.kind == Location::Kind::podman) return std::string(image.manifest().config.digest.hex());
    return engine_image_id(place, workplace);
  }

  // Not where another image was the last that was loaded there.
  bool may_hold(const Location& place, const Image& image) const {
    if (!trees_) return true;
    const auto last = trees_->find(kLoadedKind, Digest::of(place.to_string()));
    return last && last->bytes == image.digest().to_string();
  }

  // Engines call an image by its config's or its manifest's digest.
  static bool holds(const Location& place, const Image& image, const Workplace& workplace) {
    try {
      const auto id = engine_image_id(place, workplace);
      return id.ends_with(image.digest().hex()) || id.ends_with(image.manifest().config.digest.hex());
    } catch (const Error& error) {
      if (error.code() == ErrorCode::interrupted || error.code() == ErrorCode::network) throw;
      return false;
    }
  }

  Texts bundle_words(const FoundImage& found, const RunSettings& settings, const Workplace& workplace,
                     const Streams& streams) {
    if (!engine_options_.empty())
      throw Error(ErrorCode::invalid_argument, "cannot use --engine-option: " + engine_ + " takes none",
                  "leave it out");
    BundleOptions options;
    options.runtime = find_program(engine_);
    if (options.runtime.empty())
      throw Error(ErrorCode::not_found, "there is no program " + engine_ + " here",
                  "install it, or leave --engine out");
    if (workplace.cache_folder.empty())
      throw Error(ErrorCode::invalid_argument, "there is no folder for unpacked images", "name one: --cache-dir DIR");
    options.folder = absolute_path(workplace.cache_folder) / "run";
    options.keep_set_id = keep_set_id_;
    options.trees = trees_ ? &*trees_ : nullptr;
    options.terminal = terminal_;
    if (::geteuid() != 0) {
      const auto runtime = streams.environment("XDG_RUNTIME_DIR").value_or("");
      options.state = runtime.empty() ? options.folder / "state" : fs::path(runtime) / "ociassemble";
    }
    const TraceSpan span("load");
    auto bundle = make_bundle(*found.image, settings, options, streams.stop);
    tell(bundle.notes, streams);
    root_lock_ = std::move(bundle.lock);
    return bundle.words;
  }

  void tell(const Texts& notes, const Streams& streams) const {
    if (quiet_) return;
    for (const auto& note : notes) streams.err << "ociassemble: note: " << note << '\n';
  }

  Texts engine_options_;
  std::string image_, engine_, platform_;
  std::optional<std::string> cache_dir_;
  bool terminal_ = false;
  bool keep_set_id_ = false;
  bool quiet_ = false;
  Texts words_;
  std::optional<RecordCache> trees_;
  UniqueFd root_lock_;  // of the unpacked image; stays open in the program that this process becomes
  RunFlags flags_;
  RecipeFlags recipe_;
  RegistryFlags registry_;
};

}  // namespace

std::unique_ptr<Command> make_run_command(CLI::App& app) { return std::make_unique<RunCommand>(app); }

}  // namespace ociassemble::tool
