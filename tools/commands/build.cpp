// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include <algorithm>
#include <ostream>

#include "base/escape.hpp"
#include "base/output_file.hpp"
#include "commands/build_evidence.hpp"
#include "commands/build_files.hpp"
#include "commands/build_help.hpp"
#include "commands/build_result.hpp"
#include "commands/command.hpp"
#include "commands/compile.hpp"
#include "commands/named_inputs.hpp"
#include "commands/path_claims.hpp"
#include "commands/policy_gate.hpp"
#include "commands/recipe_build.hpp"
#include "commands/second_assembly.hpp"
#include "commands/target_checks.hpp"
#include "flags/build_arguments.hpp"
#include "flags/build_flags.hpp"
#include "flags/execution_arguments.hpp"
#include "flags/judging_flags.hpp"
#include "flags/lock_flags.hpp"
#include "flags/output_flags.hpp"
#include "flags/sbom_flags.hpp"
#include "help/command_text.hpp"
#include "ociassemble/copy.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/layout.hpp"
#include "ociassemble/places.hpp"
#include "report/transfers.hpp"
#include "store/staged_store.hpp"

namespace ociassemble::tool {
namespace {

class BuildCommand : public Command {
 public:
  explicit BuildCommand(CLI::App& app) {
    recipe_.add_to(app);
    judging_.add_to(app, "Recipe");
    show_in_full_help_only(app, {"--against", "--now"});
    flags_.add_to(app);
    lock_.add_to(app, "Contents");
    add_output_options(app);
    sbom_.add_to(app, "SBOM");
    evidence_.add_to(app, "Evidence");
    registry_.add_to(app);
    app.footer(kBuildFooter);
  }

  int run(const Streams& streams) override {
    try {
      return build(streams);
    } catch (const Error& error) {
      const auto hint = lock_.with_its_options(error.hint(), flags_.platform_texts());
      if (hint == error.hint()) throw;
      throw Error(error.code(), error.what(), hint);
    }
  }

 private:
  using Texts = std::vector<std::string>;

  int build(const Streams& streams) {
    if (second_assembly_) change_process(streams);
    auto builds = plan(streams);
    if (second_assembly_) {
      assemble_second(builds, registry_workplace(builds, streams, {}), *second_assembly_);
      return 0;
    }
    if (recipe_.compiles()) compile_some(compiled_);
    require_named_files(builds);
    const auto workplace = make_workplace(builds, streams);
    evidence_.read_keys(builds, streams);
    evidence_.prepare(builds, named_from(), workplace);
    if (!dry_run_ && !twice_) expect_pushes(builds, workplace);
    // All are made before one is published.
    auto made = assemble_builds(builds, workplace);
    evidence_.add(builds, made, compiled_, named_from(), workplace);
    check_paths(builds, {}, made);
    for (std::size_t i = 0; i < builds.size(); ++i) check_policy(builds[i], made[i], judging_, workplace, streams);
    if (twice_) compare_with_second(builds, made, workplace, streams);
    if (dry_run_) return print_plans(builds, made, workplace, streams);
    Texts reports;
    for (std::size_t i = 0; i < builds.size(); ++i) reports.push_back(finish(i, builds[i], made[i], workplace));
    files_.write_checksums(builds, made);
    for (std::size_t i = 0; i < builds.size(); ++i) files_.write_stamp_of(builds[i], made[i]);
    print(reports, streams);
    return 0;
  }

  // What to make: what the options say, or what the recipe says and the options change.
  std::vector<Build> plan(const Streams& streams) {
    std::vector<Build> builds;
    const auto recipe = recipe_.find(flags_.inputs_named());
    if (!recipe && RecipeFlags::is_here()) warn_of_recipe(streams);
    lock_.read(recipe ? recipe->file().parent_path() : std::filesystem::path());
    if (const auto remark = lock_.remark()) streams.err << "ociassemble: warning: " << *remark << '\n';
    if (!recipe) {
      builds.push_back(plan(ResolvedRecipe{.images = {AssembleOptions()}}, streams));
    } else {
      recipe_file_ = recipe->file();
      resolved_ = recipe_.resolve(*recipe, flags_.platforms());
      for (const auto& resolved : resolved_) {
        builds.push_back(plan(resolved, streams));
        if (recipe_.compiles()) compiled_.insert(compiled_.end(), resolved.builds.begin(), resolved.builds.end());
      }
    }
    reject_shared_places(builds);
    check_paths(builds, named_inputs(builds));
    files_.check(builds, sbom_.folder());
    return builds;
  }

  static void warn_of_recipe(const Streams& streams) {
    streams.err << "ociassemble: warning: the recipe ociassemble.json is ignored, because --base, --binary or --add is "
                   "given; add -f ociassemble.json to use it, too\n";
  }

  // Once what --compile makes is there.
  void require_named_files(const std::vector<Build>& builds) const {
    for (std::size_t i = 0; i < resolved_.size(); ++i) {
      for (const auto& options : builds[i].images) ociassemble::require_named_files(options, resolved_[i]);
    }
    for (const auto& build : builds) {
      for (const auto& options : build.images) require_inputs(options);
    }
  }

  Build plan(const ResolvedRecipe& resolved, const Streams& streams) const {
    Build build{resolved.profile,
                {},
                parse_targets(resolved.profile, resolved.tags, streams.stop),
                sbom_.apply(resolved.sbom),
                resolved.policy,
                evidence_.wants_provenance(resolved.provenance),
                resolved.signing};
    for (const auto& image : resolved.images) {
      for (auto& options : flags_.apply(image)) {
        finish_options(options, streams);
        build.images.push_back(std::move(options));
      }
    }
    if (build.images.front().format == ImageFormat::docker) reject_docker_format(build.targets);
    const bool has_sboms = !build.sbom.formats.empty() && build.sbom.form == AttestationForm::referrers;
    if (has_sboms || build.provenance || evidence_.signs(build.signing))
      check_archives(build.targets, has_sboms, streams);
    return build;
  }

  // The folder that inputs are named from.
  std::filesystem::path named_from() const {
    if (recipe_file_.empty() || recipe_file_.parent_path().empty()) return ".";
    return recipe_file_.parent_path();
  }

  void finish_options(AssembleOptions& options, const Streams& streams) const {
    lock_.apply(options);
    for (const auto source : options.annotate) {
      for (const auto& name : service_variables(source)) {
        if (auto value = streams.environment(name.c_str())) options.variables.insert_or_assign(name, std::move(*value));
      }
    }
    if (format_) options.format = parse_format(*format_);
    if (compression_) options.compression = CompressionOptions::parse(*compression_);
    options.compression.workers = jobs_;
    if (const auto epoch = streams.environment("SOURCE_DATE_EPOCH");
        epoch && !epoch->empty() && !options.created && !options.created_from_vcs) {
      options.created = parse_epoch(*epoch);
    }
  }

  static std::vector<Location> all_targets(const std::vector<Build>& builds) {
    std::vector<Location> targets;
    for (const auto& build : builds) targets.insert(targets.end(), build.targets.begin(), build.targets.end());
    return targets;
  }

  Workplace registry_workplace(const std::vector<Build>& builds, const Streams& streams,
                               const std::filesystem::path& cache) const {
    return registry_.workplace(streams, output_.verbosity(json_),
                               chief_registry(all_targets(builds), named_images(builds, judging_.against())), cache);
  }

  Workplace make_workplace(const std::vector<Build>& builds, const Streams& streams) const {
    const auto targets = all_targets(builds);
    if (dry_run_) check_dry_run(targets);
    auto workplace =
        registry_workplace(builds, streams, no_cache_ ? std::filesystem::path() : cache_folder(cache_dir_, streams));
    if (workplace.notice) {
      workplace.notice = [this, say = workplace.notice](const std::string& text) {
        say(lock_.with_its_options(text, flags_.platform_texts()));
      };
    }
    // What is assembled twice shows nowhere before both are compared, nor what a policy may refuse.
    const bool may_be_refused =
        std::any_of(builds.begin(), builds.end(), [](const Build& build) { return build.policy.has_value(); });
    workplace.keep_entries = may_be_refused;
    if (!may_be_refused) judging_.reject_without_policy();
    workplace.store = twice_ ? make_temporary_store() : choose_store(targets, may_be_refused);
    workplace.copy_base =
        std::any_of(builds.begin(), builds.end(), [&](const Build& build) { return needs_base_layers(build); });
    const bool makes_sboms =
        std::any_of(builds.begin(), builds.end(), [](const Build& build) { return !build.sbom.formats.empty(); });
    if ((makes_sboms || may_be_refused) && !workplace.copy_base) workplace.kept_layers = make_temporary_store();
    workplace.layers_on_demand = std::all_of(
        targets.begin(), targets.end(), [](const Location& target) { return target.kind == Location::Kind::registry; });
    return workplace;
  }

  static void expect_pushes(const std::vector<Build>& builds, const Workplace& workplace) {
    for (const auto& target : all_targets(builds)) {
      if (target.reference) workplace.client->expect_push(*target.reference);
    }
  }

  // Publishes, and returns what is to be printed.
  std::string finish(std::size_t number, const Build& build, const BuildResult& made,
                     const Workplace& workplace) const {
    Texts published;
    published.reserve(build.targets.size());
    for (std::size_t i = 0; i < build.targets.size(); ++i) {
      const auto signing = evidence_.sign_tags(number, made, build.targets[i], workplace);
      published.push_back(publish(made, build.targets, i, workplace, signing));
    }
    files_.write(build, made, read_besides(build));
    if (json_) return made.json(published);
    std::string lines;
    for (const auto& name : published) lines.append(name).append("\n");
    return lines;
  }

  void add_output_options(CLI::App& app) {
    add_destinations(app, "Destination");
    add_format(app, "Format and cache");
    files_.add_to(app, "Files beside the image");
    const char* group = "Output";
    app.add_flag("--dry-run", dry_run_, "Assemble, and print what a push would send; nothing is pushed")->group(group);
    app.add_flag("--json", json_, "Print JSON: digests, layers, destinations")->group(group);
    output_.add_to(app);
  }

  void add_destinations(CLI::App& app, const char* group) {
    add_list(app, "-o,--output", outputs_, "Write the image there; repeatable", "LOCATION", group);
    add_list(app, "--push", pushes_, "Push the image to a registry; repeatable", "REF", group);
    add_list(app, "--load", loads_, "Load the image into the container engine that is here, as NAME; repeatable",
             "NAME", group);
    add_list(app, "-t,--tag", tags_, "Tag for outputs that name none; repeatable", "TAG", group);
    app.add_flag("--shallow", shallow_, "Leave the base's layers out of layouts (oci:DIR); the digest stays the same")
        ->group(group);
    app.add_flag("--twice", twice_, "Assemble twice, in different environments, and fail if a byte differs")
        ->group(group);
    app.add_option("--second-assembly", second_assembly_)->group("");  // what --twice runs itself with
    show_in_full_help_only(app, {"--shallow"});
  }

  void add_format(CLI::App& app, const char* group) {
    app.add_option("--format", format_, "Media types of the image (default: oci)")
        ->type_name("oci|docker")
        ->group(group);
    app.add_option("--compression", compression_, "Compression: gzip[:1-12], zstd[:1-19] or none (default: gzip)")
        ->type_name("KIND[:LEVEL]")
        ->group(group);
    app.add_option("-j,--jobs", jobs_, "Threads that compress (default: all cores); changes no byte")
        ->type_name("N")
        ->check(CLI::Range(1, 1024).description(""))
        ->group(group);
    app.add_option("--cache-dir", cache_dir_, "Cache for facts about layers and bases")->type_name("DIR")->group(group);
    app.add_flag("--no-cache", no_cache_, "Do not use the cache")->group(group);
    show_in_full_help_only(app, {"--format", "--compression", "--jobs", "--cache-dir", "--no-cache"});
  }

  // The tags of --tag, in the place of the recipe's.
  std::vector<Location> parse_targets(const std::string& profile, const Texts& recipe_tags,
                                      const std::stop_token& stop) const {
    Texts tags;
    for (const auto& text : tags_) tags.push_back(parse_tag(with_profile(text, profile)));
    bool tags_used = false;
    std::vector<Location> targets;
    const auto add = [&](const Location& target) {
      auto tagged = tags_.empty() ? with_tags(target, recipe_tags) : with_named_tags(target, tags);
      tags_used = tags_used || tagged.size() > 1 || tagged.front() != target;
      for (auto& one : tagged) targets.push_back(std::move(one));
    };
    for (const auto& text : outputs_) add(parse_output(with_profile(text, profile)));
    for (const auto& text : pushes_) {
      add(parse_push_target(with_profile(text, profile), "--output " + text));
    }
    for (const auto& text : loads_) add(engine_target(with_profile(text, profile), stop));
    if (targets.empty()) {
      throw Error(ErrorCode::invalid_argument, "no output: add -o or --push",
                  "for example -o oci:image:v1, or --push REGISTRY/REPOSITORY:TAG");
    }
    if (!tags_.empty() && !tags_used) {
      throw Error(ErrorCode::invalid_argument, "cannot use --tag " + tags_.front() + ": every output has a tag already",
                  "leave --tag out, or the tags of -o and --push");
    }
    for (const auto& target : targets) reject_base_only(target);
    if (shallow_) reject_not_shallow(targets);
    return targets;
  }

  void reject_not_shallow(const std::vector<Location>& targets) const {
    for (const auto& target : targets) {
      if (target.reference || target.kind == Location::Kind::oci_layout) continue;
      throw Error(ErrorCode::invalid_argument,
                  "cannot write " + target.to_string() + " without the base's layers: an archive is whole",
                  "--shallow is for layouts: -o oci:DIR");
    }
  }

  std::string publish(const BuildResult& made, const std::vector<Location>& targets, std::size_t index,
                      const Workplace& workplace, const std::function<void()>& before_tag) const {
    const auto& target = targets[index];
    if (target.kind == Location::Kind::docker_archive) return publish_archive(made, targets, index, workplace);
    return shallow_ && target.kind == Location::Kind::oci_layout ? made.publish_shallow(target, workplace)
                                                                 : made.publish(target, workplace, {}, before_tag);
  }

  // A docker archive has all of its names at once; the first of them writes it.
  static std::string publish_archive(const BuildResult& made, const std::vector<Location>& targets, std::size_t index,
                                     const Workplace& workplace) {
    const auto& target = targets[index];
    std::vector<std::string> more;
    for (std::size_t i = 0; i < targets.size(); ++i) {
      if (targets[i].kind != target.kind || targets[i].path != target.path || i == index) continue;
      if (i < index) return target.to_string() + "@" + made.image_digest().to_string();
      if (targets[i].name) more.push_back(*targets[i].name);
    }
    return made.publish(target, workplace, more);
  }

  // New layers are written straight into the first layout among the outputs, unless a policy may refuse them.
  static std::shared_ptr<BlobStore> choose_store(const std::vector<Location>& targets, bool may_be_refused) {
    const auto layout = std::find_if(targets.begin(), targets.end(),
                                     [](const Location& target) { return target.kind == Location::Kind::oci_layout; });
    if (layout == targets.end()) return make_temporary_store();
    auto blobs = OciLayout::open_or_create(layout->path).blobs();
    return may_be_refused ? make_staged_store(std::move(blobs)) : blobs;
  }

  // Whether the base's layers are needed here: for a file, or for a registry that does not have them. Those of a locked
  // base are not read before, and then go from registry to registry.
  bool needs_base_layers(const Build& build) const {
    return std::any_of(build.images.begin(), build.images.end(), [&](const AssembleOptions& image) {
      const auto& base = image.base;
      const bool locked = lock_.pins(base);
      return std::any_of(build.targets.begin(), build.targets.end(), [&](const Location& target) {
        if (!target.reference) return !shallow_;
        return !locked && (!base.reference || target.reference->registry() != base.reference->registry());
      });
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

  int print_plans(const std::vector<Build>& builds, const std::vector<BuildResult>& made, const Workplace& workplace,
                  const Streams& streams) const {
    std::vector<PushPlan> plans;
    for (std::size_t i = 0; i < builds.size(); ++i) {
      for (const auto& target : builds[i].targets) plans.push_back(made[i].plan(*target.reference, workplace));
    }
    if (json_) streams.out << plan_json(plans);
    if (json_) return 0;
    for (const auto& plan : plans) streams.out << describe_plan(plan);
    return 0;
  }

  // That nothing is written over what is read, or twice.
  void check_paths(const std::vector<Build>& builds, const std::vector<std::filesystem::path>& inputs,
                   const std::vector<BuildResult>& made = {}) const {
    PathClaims claims;
    for (const auto& input : inputs) claims.read(input, "the input " + input.string());
    for (const auto& result : made) result.claim_inputs(claims);
    if (!recipe_file_.empty()) claims.read(recipe_file_, "the recipe");
    if (lock_.file()) claims.read(*lock_.file(), "the lock");
    for (const auto& file : flags_.files()) claims.read(file, "--env-file " + file.string());
    for (const auto& build : builds) {
      for (const auto& file : files_of(build.policy)) claims.read(file, file.string());
      if (const auto key = evidence_.key_file(build.signing)) claims.read(*key, key->string());
    }
    for (const auto& build : builds) {
      for (const auto& target : build.targets) claims.write(target);
    }
    files_.claim(builds, made, claims);
    if (!registry_.trace_file().empty()) claims.write(registry_.trace_file(), "--trace " + registry_.trace_file());
  }

  std::vector<std::filesystem::path> read_besides(const Build& build) const {
    auto files = flags_.files();
    if (!recipe_file_.empty()) files.push_back(recipe_file_);
    if (lock_.file()) files.push_back(*lock_.file());
    for (auto& file : judged_by(build, judging_)) files.push_back(std::move(file));
    if (auto key = evidence_.key_file(build.signing)) files.push_back(std::move(*key));
    return files;
  }

  // Several images as JSON are an array.
  void print(const Texts& reports, const Streams& streams) const {
    const bool is_array = json_ && reports.size() > 1;
    if (is_array) streams.out << "[\n";
    for (std::size_t i = 0; i < reports.size(); ++i) streams.out << (is_array && i > 0 ? ",\n" : "") << reports[i];
    if (is_array) streams.out << "]\n";
  }

  Texts outputs_, pushes_, loads_, tags_;
  std::optional<std::string> format_, compression_, cache_dir_;
  std::optional<std::string> second_assembly_;
  std::size_t jobs_ = 0;
  bool twice_ = false;
  bool no_cache_ = false;
  bool dry_run_ = false;
  bool json_ = false;
  OutputFlags output_;
  bool shallow_ = false;
  BuildFlags flags_;
  BuildFiles files_;
  SbomRequestFlags sbom_;
  EvidenceFlags evidence_;
  LockFlags lock_;
  RegistryFlags registry_;
  RecipeFlags recipe_;
  JudgingFlags judging_;
  std::vector<ResolvedRecipe> resolved_;
  std::filesystem::path recipe_file_;
  std::vector<RecipeBuild> compiled_;
};

}  // namespace

std::unique_ptr<Command> make_build_command(CLI::App& app) { return std::make_unique<BuildCommand>(app); }

}  // namespace ociassemble::tool
