// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <exception>
#include <iterator>
#include <map>
#include <optional>
#include <ostream>

#include "base/atomic_file.hpp"
#include "base/output_file.hpp"
#include "base/temporary_parent.hpp"
#include "commands/command.hpp"
#include "commands/path_claims.hpp"
#include "commands/recompiled.hpp"
#include "io/streams.hpp"
#include "ociassemble/artifact.hpp"
#include "ociassemble/compare.hpp"
#include "ociassemble/document.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/manifest.hpp"
#include "ociassemble/places.hpp"
#include "ociassemble/platforms.hpp"
#include "ociassemble/provenance.hpp"
#include "ociassemble/version.hpp"
#include "places/referrer_place.hpp"
#include "spec/json_printer.hpp"
#include "spec/json_writer.hpp"
#include "stream_sink.hpp"

namespace ociassemble::tool {
namespace {

constexpr std::size_t kLargestProvenance = std::size_t{48} << 20U;
constexpr std::size_t kMostReferrers = 1000;
constexpr std::size_t kMostProvenances = 8;
constexpr const char* kPredicateAnnotation = "in-toto.io/predicate-type";

// A referrer that may hold a provenance, by what the place lists of it.
bool may_be_provenance(const Descriptor& entry) {
  const auto& type = entry.artifact_type;
  return type == "application/vnd.in-toto+json" || type.empty() || type == "application/vnd.oci.empty.v1+json" ||
         type.starts_with("application/vnd.dev.sigstore.bundle");
}

class RebuildCommand : public Command {
 public:
  explicit RebuildCommand(CLI::App& app) {
    app.add_option("IMAGE", location_, "oci:DIR[:TAG], oci-archive:FILE or REGISTRY/REPOSITORY[:TAG]")->required();
    app.add_option(
           "--provenance", provenance_,
           "File with the provenance: a predicate, an in-toto Statement or a bundle (default: the attached one)")
        ->type_name("FILE");
    app.add_option("--inputs", inputs_folder_, "Folder with the inputs (default: the working directory)")
        ->type_name("DIR");
    app.add_option("--input", inputs_, "Path of one input; repeatable")
        ->type_name("NAME=PATH")
        ->take_all()
        ->expected(1)
        ->allow_extra_args(false);
    app.add_option("--summary", summary_, "Write an SLSA verification summary if the digest is the same")
        ->type_name("FILE");
    recompile_.add_to(app);
    app.add_flag("--json", json_, "Print JSON: digest, whether it is the same, differences")->group("Output");
    output_.add_to(app);
    registry_.add_to(app);
    app.footer(
        "Reads from the provenance that `build --provenance` attached how the image was made, finds the inputs, makes "
        "the image\n"
        "again and compares the two. Exit status 0: the index and each image have the same digest. Exit status 3: an "
        "input has\n"
        "another digest, a codec has another version, or a layer differs; the first difference is named. Nothing is "
        "published,\n"
        "and no cache is used. The provenance need not be signed: a forged one does not lead to the same digest.\n"
        "\n"
        "Without --compile, programs are inputs and nothing is run. With --compile, the commands of the recipe are run "
        "if the\n"
        "provenance names the same commands; the programs go to a temporary folder.\n"
        "\n"
        "Examples:\n"
        "  ociassemble rebuild registry.example.com/team/server:v1\n"
        "  ociassemble rebuild oci:image:v1 --inputs ../checkout --input bin/server=./server\n"
        "  ociassemble rebuild oci:image:v1 --compile --inputs ../checkout");
  }

  int run(const Streams& streams) override {
    const auto location = Location::parse(location_);
    auto workplace = registry_.workplace(streams, output_.verbosity(json_), registry_of(location));
    const auto root = reading(location_, [&] { return open_document(location, workplace); });
    const auto candidates = provenance_.empty() ? attached(root, location, workplace) : Candidates{{in_file(root)}};
    const auto scratch = in_temporary_parent(
        [](const std::filesystem::path& parent) { return std::make_unique<TemporaryFolder>(parent); });
    workplace.store = make_temporary_store();
    std::optional<Attempt> first;
    std::exception_ptr problem;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      try {
        auto attempt = rebuild(root, candidates[i], scratch->path() / std::to_string(i), workplace);
        if (attempt.is_same) return same(root, attempt, streams);
        if (!first) first = std::move(attempt);
      } catch (const Error& error) {
        if (error.code() == ErrorCode::interrupted) throw;
        if (!problem) problem = std::current_exception();
      }
    }
    if (!first) std::rethrow_exception(problem);
    if (json_) return print_json(root, *first, streams);
    return differs(root, *first, candidates.size(), streams);
  }

 private:
  // The predicates of one provenance: one, or one for each image of an index.
  using Candidates = std::vector<std::vector<std::string>>;

  // What one provenance led to.
  struct Attempt {
    bool is_same = false;
    std::vector<std::string> differences;
    std::vector<std::string> compiled;  // inputs
  };

  Attempt rebuild(const Document& root, const std::vector<std::string>& predicates,
                  const std::filesystem::path& scratch, const Workplace& workplace) const {
    auto known = places(scratch / "links");
    Attempt attempt;
    if (recompile_.is_given()) {
      auto made = recompile_.run(builds_of(predicates), known.inputs, inputs_folder_, scratch / "programs");
      if (!made.differences.empty()) return {.differences = std::move(made.differences)};
      for (const auto& [name, path] : made.programs) attempt.compiled.push_back(name);
      known.inputs.merge(made.programs);
    }
    const auto plan = plan_of(predicates, known);
    attempt.differences = plan.differences;
    if (!plan.inputs_match) return attempt;
    const auto made = assemble_all(plan.images, workplace);
    require_no_input_written(made);
    const auto first = first_difference_of(root, plan, made, workplace);
    attempt.is_same = !first;
    if (first) attempt.differences.push_back(*first);
    return attempt;
  }

  void require_no_input_written(const std::vector<Assembled>& made) const {
    PathClaims claims;
    for (const auto& one : made) claims.read_these(one.inputs);
    if (!summary_.empty()) claims.write(summary_, "--summary " + summary_);
    if (!registry_.trace_file().empty()) claims.write(registry_.trace_file(), "--trace " + registry_.trace_file());
  }

  RebuildPlaces places(const std::filesystem::path& scratch) const {
    RebuildPlaces places{inputs_folder_, {}, scratch};
    for (const auto& text : inputs_) {
      const auto equals = text.find('=');
      if (equals == 0 || equals == std::string::npos || equals + 1 == text.size()) {
        throw Error(ErrorCode::invalid_argument, "cannot tell where an input is: --input " + text,
                    "write --input NAME=PATH, the name as the provenance has it");
      }
      places.inputs.insert_or_assign(text.substr(0, equals), text.substr(equals + 1));
    }
    return places;
  }

  static std::vector<RecipeBuild> builds_of(const std::vector<std::string>& predicates) {
    std::vector<RecipeBuild> builds;
    for (const auto& predicate : predicates) {
      for (auto& build : read_builds(predicate)) {
        if (std::find(builds.begin(), builds.end(), build) == builds.end()) builds.push_back(std::move(build));
      }
    }
    return builds;
  }

  static RebuildPlan plan_of(const std::vector<std::string>& predicates, const RebuildPlaces& places) {
    RebuildPlan whole;
    for (const auto& predicate : predicates) {
      auto plan = plan_rebuild(predicate, places);
      std::move(plan.images.begin(), plan.images.end(), std::back_inserter(whole.images));
      std::move(plan.base_roots.begin(), plan.base_roots.end(), std::back_inserter(whole.base_roots));
      for (auto& difference : plan.differences) {
        const auto& told = whole.differences;
        if (std::find(told.begin(), told.end(), difference) == told.end())
          whole.differences.push_back(std::move(difference));
      }
      whole.inputs_match = whole.inputs_match && plan.inputs_match;
    }
    return whole;
  }

  std::string in_file(const Document& root) const {
    auto found = find_predicate(read_file(provenance_, kLargestProvenance), root.descriptor.digest);
    if (found) return std::move(*found);
    throw Error(ErrorCode::unsupported, "cannot rebuild by " + provenance_ + ": it is no provenance of ociassemble's",
                "its build type has to be " + std::string(kBuildType));
  }

  // Anybody may have attached one: each is tried.
  Candidates attached(const Document& root, const Location& location, const Workplace& workplace) const {
    Candidates found;
    if (auto inside = in_index(root); !inside.empty()) found.push_back(std::move(inside));
    const auto client = client_of(workplace);
    const auto place = open_referrer_place(location, *client, workplace);
    std::size_t count = 0;
    for (const auto& entry : place->referrers(root.descriptor.digest)) {
      if (!may_be_provenance(entry) || ++count > kMostReferrers) continue;
      auto one = read_attached(*place, entry, root, workplace);
      if (!one) continue;
      std::vector<std::string> predicates{std::move(*one)};
      if (std::find(found.begin(), found.end(), predicates) == found.end()) found.push_back(std::move(predicates));
      if (found.size() == kMostProvenances) break;
    }
    if (!found.empty()) return found;
    throw Error(ErrorCode::not_found,
                fmt::format("cannot rebuild {}: no provenance of ociassemble's refers to {}", location_,
                            root.descriptor.digest.to_string()),
                "build with --provenance; or name a file by --provenance FILE");
  }

  // Of an index whose images have their provenances beside them, as BuildKit keeps them: one for each, in their order.
  static std::vector<std::string> in_index(const Document& root) {
    std::vector<std::string> predicates;
    if (document_kind(root.json, root.descriptor.media_type) != DocumentKind::index) return predicates;
    for (const auto& image : open_index(root, {}).images) {
      std::optional<std::string> found;
      for (const auto& other : index_attestations(root, image.digest())) {
        const auto manifest = Manifest::parse(other.json, other.descriptor.media_type);
        for (const auto& layer : manifest.layers) {
          const auto type = layer.annotations.find(kPredicateAnnotation);
          if (found || type == layer.annotations.end() || type->second != kProvenanceType) continue;
          if (layer.size > kLargestProvenance) continue;
          found = find_predicate(BlobStore::read(*other.blobs, layer, kLargestProvenance), image.digest());
        }
      }
      if (!found) return {};
      predicates.push_back(std::move(*found));
    }
    return predicates;
  }

  // What somebody else attached may be malformed: it is told, and passed over.
  static std::optional<std::string> read_attached(ReferrerPlace& place, const Descriptor& entry, const Document& root,
                                                  const Workplace& workplace) {
    try {
      const auto document = place.open(entry);
      const auto manifest = Manifest::parse(document.json, document.descriptor.media_type);
      if (manifest.layers.size() != 1 || manifest.layers.front().size > kLargestProvenance) return {};
      return find_predicate(BlobStore::read(*document.blobs, manifest.layers.front(), kLargestProvenance),
                            root.descriptor.digest);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::corrupt && error.code() != ErrorCode::unsupported &&
          error.code() != ErrorCode::check_failed) {
        throw;
      }
      if (workplace.warn)
        workplace.warn("the referrer " + entry.digest.to_string() + " is passed over: " + error.what());
      return {};
    }
  }

  static std::optional<std::string> first_difference_of(const Document& root, const RebuildPlan& plan,
                                                        const std::vector<Assembled>& made,
                                                        const Workplace& workplace) {
    const auto index = index_of(root, plan, made);
    const auto& digest = index ? index->descriptor.digest : made.front().image.digest();
    if (digest == root.descriptor.digest) return {};
    for (std::size_t i = 0; i < made.size(); ++i) {
      if (plan.base_roots[i] && made[i].base_root != plan.base_roots[i]) {
        return fmt::format("the base differs: it was {}, here it is {}", plan.base_roots[i]->to_string(),
                           made[i].base_root ? made[i].base_root->to_string() : "none");
      }
    }
    for (const auto& one : made) {
      const auto& platform = one.image.config().platform;
      const auto was = open_image(root, platform);
      if (const auto difference = first_difference(was, one.image, workplace.stop))
        return fmt::format("the image for {} differs in {}", platform.to_string(), *difference);
    }
    return fmt::format("the images are the same, and the index differs: {}", digest.to_string());
  }

  // What attests to the images from within the index is taken over as it is: its statements are about digests that
  // were made again.
  static std::optional<ImageIndex> index_of(const Document& root, const RebuildPlan& plan,
                                            const std::vector<Assembled>& made) {
    std::vector<Document> attestations;
    if (document_kind(root.json, root.descriptor.media_type) == DocumentKind::index) {
      for (const auto& one : made) {
        for (auto& found : index_attestations(root, one.image.digest())) attestations.push_back(std::move(found));
      }
    }
    if (made.size() == 1 && attestations.empty()) return {};
    return add_attestations(make_index(made, plan.images.front().annotations), attestations);
  }

  static int differs(const Document& root, const Attempt& attempt, std::size_t candidates, const Streams& streams) {
    for (const auto& difference : attempt.differences) streams.err << "ociassemble: " << difference << '\n';
    if (candidates > 1)
      streams.err << fmt::format(
          "ociassemble: compared by the first of {} provenances; none of them leads to this digest\n", candidates);
    streams.err << "ociassemble: " << root.descriptor.digest.to_string() << " was not reproduced\n";
    return 3;
  }

  int same(const Document& root, const Attempt& attempt, const Streams& streams) const {
    const auto compiled = attempt.compiled.size();
    if (!summary_.empty()) write_output(summary_, as_bytes(summary_of(root, compiled != 0) + "\n"));
    if (json_) return print_json(root, attempt, streams);
    for (const auto& difference : attempt.differences)
      streams.err << "ociassemble: " << difference << "; the bytes are the same\n";
    if (compiled != 0 && output_.verbosity() != Verbosity::quiet) {
      streams.err << fmt::format("{} compiled again, to the same bytes\n",
                                 compiled == 1 ? "one program was" : fmt::format("{} programs were", compiled));
    }
    streams.out << "the same digest: " << root.descriptor.digest.to_string() << '\n';
    return 0;
  }

  static int print_json(const Document& root, const Attempt& attempt, const Streams& streams) {
    StreamSink out(streams.out);
    JsonPrinter json(out);
    json.begin_object();
    json.member("digest", root.descriptor.digest.to_string());
    json.member("same", attempt.is_same);
    json.member("differences", attempt.differences);
    json.member("compiled", attempt.compiled);
    json.end_object();
    json.finish();
    return attempt.is_same ? 0 : 3;
  }

  // https://slsa.dev/spec/v1.0/verification_summary
  std::string summary_of(const Document& root, bool is_compiled) const {
    JsonObjectWriter versions;
    versions.string("ociassemble", version());
    JsonObjectWriter verifier;
    verifier.string("id", "urn:ociassemble:rebuild:v1");
    verifier.json("version", versions.finish());
    JsonObjectWriter policy;
    policy.string("uri", "urn:ociassemble:rebuild:v1");
    JsonObjectWriter summary;
    summary.json("verifier", verifier.finish());
    summary.string("resourceUri", location_);
    summary.json("policy", policy.finish());
    summary.string("verificationResult", "PASSED");
    summary.json("verifiedLevels",
                 is_compiled ? R"(["OCIASSEMBLE_REBUILT","OCIASSEMBLE_COMPILED"])" : R"(["OCIASSEMBLE_REBUILT"])");
    return make_statement(root.descriptor.digest, "https://slsa.dev/verification_summary/v1", summary.finish());
  }

  std::string location_, provenance_, summary_;
  std::string inputs_folder_ = ".";
  std::vector<std::string> inputs_;
  bool json_ = false;
  RecompileFlags recompile_;
  OutputFlags output_;
  RegistryFlags registry_;
};

}  // namespace

std::unique_ptr<Command> make_rebuild_command(CLI::App& app) { return std::make_unique<RebuildCommand>(app); }

}  // namespace ociassemble::tool
