// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <map>
#include <optional>
#include <ostream>

#include "base/atomic_file.hpp"
#include "base/output_file.hpp"
#include "base/temporary_parent.hpp"
#include "commands/command.hpp"
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
#include "spec/json_writer.hpp"

namespace ociassemble::tool {
namespace {

constexpr std::size_t kLargestProvenance = std::size_t{48} << 20U;
constexpr std::size_t kMostReferrers = 1000;

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
           "File with the provenance: a predicate, an in-toto Statement or a bundle (default: what is attached)")
        ->type_name("FILE");
    app.add_option("--inputs", inputs_folder_, "Folder that the inputs' names start from (default: this one)")
        ->type_name("DIR");
    app.add_option("--input", inputs_, "Where one input is; repeatable")
        ->type_name("NAME=PATH")
        ->take_all()
        ->expected(1)
        ->allow_extra_args(false);
    app.add_option("--summary", summary_, "Write an SLSA verification summary when the digest is the same")
        ->type_name("FILE");
    output_.add_to(app);
    registry_.add_to(app);
    app.footer(
        "Reads how the image was made from the provenance that `build --provenance` attached, finds the inputs, makes\n"
        "the image again and compares. Status 0: the same digest, of the index and of each image. Status 3: an input\n"
        "with another digest, a codec of another version, or the layer and the entry that differ first; it is named.\n"
        "Nothing is published, and no cache is used. The provenance need not be signed: whoever made it up cannot "
        "make\n"
        "the digest fit.\n"
        "\n"
        "Examples:\n"
        "  ociassemble rebuild registry.example.com/team/server:v1\n"
        "  ociassemble rebuild oci:image:v1 --inputs ../checkout --input bin/server=./server");
  }

  int run(const Streams& streams) override {
    const auto location = Location::parse(location_);
    auto workplace = registry_.workplace(streams, output_.verbosity(), registry_of(location));
    const auto root = reading(location_, [&] { return open_document(location, workplace); });
    const auto predicate = provenance_.empty() ? attached(root, location, workplace) : in_file(root);
    const auto scratch = in_temporary_parent(
        [](const std::filesystem::path& parent) { return std::make_unique<TemporaryFolder>(parent); });
    const auto plan = plan_rebuild(predicate, places(scratch->path()));
    if (!plan.inputs_match) return differs(root, plan.differences, streams);
    workplace.store = make_temporary_store();
    const auto made = assemble_all(plan.images, workplace);
    auto differences = plan.differences;
    const auto first = first_difference_of(root, plan, made, workplace);
    if (!first) return same(root, plan, streams);
    differences.push_back(*first);
    return differs(root, differences, streams);
  }

 private:
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

  std::string in_file(const Document& root) const {
    auto found = find_predicate(read_file(provenance_, kLargestProvenance), root.descriptor.digest);
    if (found) return std::move(*found);
    throw Error(ErrorCode::unsupported, "cannot rebuild by " + provenance_ + ": it is no provenance of ociassemble's",
                "its build type has to be " + std::string(kBuildType));
  }

  std::string attached(const Document& root, const Location& location, const Workplace& workplace) const {
    const auto client = client_of(workplace);
    const auto place = open_referrer_place(location, *client, workplace);
    std::size_t count = 0;
    for (const auto& entry : place->referrers(root.descriptor.digest)) {
      if (!may_be_provenance(entry) || ++count > kMostReferrers) continue;
      if (auto found = read_attached(*place, entry, root, workplace)) return std::move(*found);
    }
    throw Error(ErrorCode::not_found,
                fmt::format("cannot rebuild {}: no provenance of ociassemble's refers to {}", location_,
                            root.descriptor.digest.to_string()),
                "build with --provenance; or name a file by --provenance FILE");
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
    const auto index =
        made.size() > 1 ? std::optional(make_index(made, plan.images.front().annotations)) : std::nullopt;
    const auto& digest = index ? index->descriptor.digest : made.front().image.digest();
    if (digest == root.descriptor.digest) return {};
    for (std::size_t i = 0; i < made.size(); ++i) {
      if (plan.base_roots[i] && made[i].base_root != plan.base_roots[i]) {
        return fmt::format("the base is another: it was {}, here it is {}", plan.base_roots[i]->to_string(),
                           made[i].base_root ? made[i].base_root->to_string() : "none");
      }
    }
    for (const auto& one : made) {
      const auto& platform = one.image.config().platform;
      const auto was = open_image(root, platform);
      if (const auto difference = first_difference(was, one.image, workplace.stop))
        return fmt::format("the image for {} differs in {}", platform.to_string(), *difference);
    }
    return fmt::format("the images are the same, and the index is another: {}", digest.to_string());
  }

  int differs(const Document& root, const std::vector<std::string>& differences, const Streams& streams) const {
    for (const auto& difference : differences) streams.err << "ociassemble: " << difference << '\n';
    streams.err << "ociassemble: " << root.descriptor.digest.to_string() << " was not made again\n";
    return 3;
  }

  int same(const Document& root, const RebuildPlan& plan, const Streams& streams) const {
    for (const auto& difference : plan.differences)
      streams.err << "ociassemble: " << difference << "; the bytes are the same\n";
    if (!summary_.empty()) write_output(summary_, as_bytes(summary_of(root) + "\n"));
    streams.out << "the same digest: " << root.descriptor.digest.to_string() << '\n';
    return 0;
  }

  // https://slsa.dev/spec/v1.0/verification_summary
  std::string summary_of(const Document& root) const {
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
    summary.json("verifiedLevels", R"(["OCIASSEMBLE_REBUILT"])");
    return make_statement(root.descriptor.digest, "https://slsa.dev/verification_summary/v1", summary.finish());
  }

  std::string location_, provenance_, summary_;
  std::string inputs_folder_ = ".";
  std::vector<std::string> inputs_;
  OutputFlags output_;
  RegistryFlags registry_;
};

}  // namespace

std::unique_ptr<Command> make_rebuild_command(CLI::App& app) { return std::make_unique<RebuildCommand>(app); }

}  // namespace ociassemble::tool
