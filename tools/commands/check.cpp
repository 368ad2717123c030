// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include <ostream>
#include <utility>

#include "base/output_file.hpp"
#include "commands/command.hpp"
#include "commands/compile.hpp"
#include "commands/named_inputs.hpp"
#include "commands/path_claims.hpp"
#include "commands/policy_gate.hpp"
#include "commands/recipe_build.hpp"
#include "flags/build_arguments.hpp"
#include "flags/judging_flags.hpp"
#include "flags/lock_flags.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/layout.hpp"
#include "ociassemble/places.hpp"
#include "ociassemble/policy.hpp"
#include "report/findings.hpp"
#include "spec/timestamp.hpp"

namespace ociassemble::tool {
namespace {

constexpr int kCheckSaidNo = 3;

class CheckCommand : public Command {
 public:
  explicit CheckCommand(CLI::App& app) {
    app.add_option("IMAGE", location_,
                   "oci:DIR[:TAG], oci-archive:FILE, docker-archive:FILE or REGISTRY/REPOSITORY[:TAG]; none with "
                   "a recipe (-f)");
    const char* group = "Policy";
    app.add_option("--policy", policy_file_,
                   "Policy (docs/policy.md; default: the \"policy\" of the recipe, if there is one)")
        ->type_name("FILE")
        ->group(group);
    app.add_option("--level", level_, "Set of rules that are on unless a policy says otherwise (default: default)")
        ->type_name("default|recommended|strict")
        ->check(CLI::IsMember({"default", "recommended", "strict"}).description("").name(""))
        ->group(group);
    judging_.add_to(app, group);
    app.add_option("--db", databases_,
                   "Database of vulnerabilities on disk; turns the rule \"vulnerabilities\" on as an error if the "
                   "policy has it "
                   "off; repeatable")
        ->type_name("DIR|FILE")
        ->take_all()
        ->expected(1)
        ->allow_extra_args(false)
        ->group(group);
    app.add_option("--vex", vex_, "Statements about vulnerabilities: OpenVEX or CSAF; repeatable")
        ->type_name("FILE")
        ->take_all()
        ->expected(1)
        ->allow_extra_args(false)
        ->group(group);
    app.add_flag("--list", lists_, "List the rules and their level in each set of rules, and exit")->group(group);
    app.add_option("--platform", platform_, "Image of this platform of an index, for example linux/arm64")
        ->type_name("OS/ARCH")
        ->group(group);
    recipe_.add_to(app);
    lock_.add_to(app, "Recipe");
    app.add_option("--format", format_, "Format of the findings (default: text)")
        ->type_name("text|json|sarif|gitlab|gitlab-container|junit|github")
        ->group("Output");
    app.add_flag("--json", json_, "Print JSON, as --format json")->group("Output");
    app.add_option("-o,--output", output_, "Write the findings to this file")->type_name("FILE")->group("Output");
    app.add_option("--cache-dir", cache_dir_, "Cache for facts about layers and bases")
        ->type_name("DIR")
        ->group("Output");
    output_flags_.add_quiet_to(app, "Print nothing but problems");
    registry_.add_to(app);
    app.footer(
        "Judges an image, or the image of a recipe, by rules: whether it starts, as which user it runs, which files it "
        "has, how\n"
        "its programs were built. Exit status 3 if a rule of level error fails or cannot be judged. The network is "
        "used only to\n"
        "fetch the image.\n"
        "\n"
        "Examples:\n"
        "  ociassemble check --level recommended oci:image:v1\n"
        "  ociassemble check --policy policy.json --now system registry.example.com/team/server:v1\n"
        "  ociassemble check -f ociassemble.json --format sarif -o findings.sarif\n"
        "  ociassemble check --list");
  }

  int run(const Streams& streams) override {
    const auto format = parse_findings_format(json_ ? "json" : format_);
    if (lists_) {
      streams.out << list_rules();
      return 0;
    }
    if (!location_.empty()) recipe_.require_none("check");
    const auto now = judging_.now();
    const auto reports = location_.empty() ? check_recipe(now, streams) : check_location(now, streams);
    bool passed = true;
    for (const auto& report : reports) passed = passed && passes(report);
    const auto text = render_findings(format, reports, {.time = format_timestamp(now.value_or(0))});
    if (!output_.empty()) {
      write_output(output_, as_bytes(text));
    } else if (!passed || !output_flags_.quiet() || format != FindingsFormat::text) {
      streams.out << text;
    }
    return passed ? 0 : kCheckSaidNo;
  }

 private:
  std::optional<Policy> named_policy() const {
    if (policy_file_) {
      if (!level_.empty())
        throw Error(ErrorCode::invalid_argument, "cannot use --level beside --policy",
                    R"(write "level" into the policy)");
      return Policy::read(*policy_file_);
    }
    if (!level_.empty()) return Policy::of_level(parse_policy_level(level_));
    return {};
  }

  // A database that is given is asked.
  Policy policy(const std::optional<Policy>& recipes = {}) const {
    auto policy = named_policy().value_or(recipes.value_or(Policy::of_level(PolicyLevel::standard)));
    auto& rule = policy.rules["vulnerabilities"];
    if (!databases_.empty() && rule.level == Severity::off) rule.level = Severity::error;
    return policy;
  }

  CheckInputs inputs(std::string name, const std::optional<std::int64_t>& now, const Streams& streams) const {
    CheckInputs inputs;
    inputs.name = std::move(name);
    inputs.now = now;
    inputs.databases.assign(databases_.begin(), databases_.end());
    inputs.vex.assign(vex_.begin(), vex_.end());
    inputs.cache_folder = cache_folder(cache_dir_, streams);
    inputs.stop = streams.stop;
    inputs.warn = [&streams](const std::string& text) { streams.err << "ociassemble: warning: " << text << '\n'; };
    return inputs;
  }

  std::vector<CheckReport> check_location(const std::optional<std::int64_t>& now, const Streams& streams) const {
    const auto wanted = policy();
    const auto location = Location::parse(location_);
    const auto workplace = registry_.workplace(streams, Verbosity::result, chief_registry({}, with_older({location})));
    const auto root = reading(location_, [&] { return open_document(location, workplace); });
    std::vector<Image> images;
    const bool is_index = document_kind(root.json, root.descriptor.media_type) == DocumentKind::index;
    if (is_index && platform_.empty()) {
      images = open_index(root, {}).images;
    } else {
      images.push_back(platform_.empty() ? open_image(root, std::nullopt)
                                         : open_image(root, Platform::parse(platform_)));
    }
    std::vector<CheckReport> reports;
    for (const auto& image : images) {
      auto given = inputs(location_, now, streams);
      given.tag = tag_found_at(location);
      given.against = older_image(judging_, image, workplace);
      reports.push_back(reading(location_, [&] { return check_image(image, wanted, given); }));
    }
    return reports;
  }

  std::vector<Location> with_older(std::vector<Location> read) const {
    if (!judging_.against().empty()) read.push_back(Location::parse(judging_.against()));
    return read;
  }

  void require_no_input_written(const std::filesystem::path& recipe, const std::vector<std::string>& inputs) const {
    PathClaims claims;
    claims.read(recipe, "the recipe");
    if (lock_.file()) claims.read(*lock_.file(), "the lock");
    claims.read_these(inputs);
    if (!output_.empty()) claims.write(output_, "-o " + output_);
    if (!registry_.trace_file().empty()) claims.write(registry_.trace_file(), "--trace " + registry_.trace_file());
  }

  std::vector<CheckReport> check_recipe(const std::optional<std::int64_t>& now, const Streams& streams) {
    const auto recipe = recipe_.find(false);
    if (!recipe)
      throw Error(ErrorCode::invalid_argument, "nothing to check: name an image, or a recipe with -f FILE",
                  "for example: ociassemble check oci:image:v1");
    lock_.read(recipe->file().parent_path());
    std::vector<Platform> platforms;
    if (!platform_.empty()) platforms.push_back(Platform::parse(platform_));
    const auto all = recipe_.resolve(*recipe, platforms);
    std::vector<Location> read;
    for (const auto& resolved : all) std::ranges::move(named_images(resolved.images), std::back_inserter(read));
    auto workplace = registry_.workplace(streams, Verbosity::result, chief_registry({}, with_older(std::move(read))));
    workplace.store = make_temporary_store();
    workplace.cache_folder = cache_folder(cache_dir_, streams);
    workplace.kept_layers = make_temporary_store();
    workplace.keep_entries = true;
    std::vector<CheckReport> reports;
    for (const auto& resolved : all) {
      const auto wanted = policy(resolved.policy);
      if (recipe_.compiles()) compile(resolved.builds);
      for (auto options : resolved.images) {
        lock_.apply(options);
        options.needs = Severity::off;  // the policy's rule judges the finished image
        require_named_files(options, resolved);
        const auto made = assemble(options, workplace);
        require_no_input_written(recipe->file(), made.inputs);
        auto given = inputs(recipe->file().string(), now, streams);
        given.new_layers = made.new_layers;
        given.kept_layers = workplace.kept_layers;
        if (!resolved.profile.empty()) given.name += " " + resolved.profile;
        if (resolved.tags.size() == 1) given.tag = resolved.tags.front();
        given.against = older_image(judging_, made.image, workplace);
        given.base_signed_by = base_signer(options, made);
        reports.push_back(check_image(made.image, wanted, given));
      }
    }
    return reports;
  }

  std::string location_;
  std::optional<std::string> policy_file_, cache_dir_;
  std::vector<std::string> databases_, vex_;
  std::string level_, platform_, output_;
  std::string format_ = "text";
  bool lists_ = false;
  bool json_ = false;
  JudgingFlags judging_;
  RecipeFlags recipe_;
  LockFlags lock_;
  OutputFlags output_flags_;
  RegistryFlags registry_;
};

}  // namespace

std::unique_ptr<Command> make_check_command(CLI::App& app) { return std::make_unique<CheckCommand>(app); }

}  // namespace ociassemble::tool
