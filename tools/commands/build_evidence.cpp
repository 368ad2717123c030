// SPDX-License-Identifier: Apache-2.0
#include "commands/build_evidence.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>

#include "base/placed_error.hpp"
#include "base/task_group.hpp"
#include "help/command_text.hpp"
#include "ociassemble/artifact.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/registry.hpp"

namespace ociassemble::tool {
namespace {

Document attestation_of(const Descriptor& subject, const std::string& predicate, const std::optional<Signer>& signer,
                        const std::shared_ptr<BlobStore>& store) {
  if (signer) return make_attestation(subject, kProvenanceType, predicate, *signer, store);
  return make_statement_referrer(subject, kProvenanceType, predicate, store);
}

// One for each image, and for an index of several one of all; in BuildKit's form the images' alone, since a digest of
// the index cannot stand in the index. A signed one is a bundle beside the image in either form.
void add_provenances(const Build& build, BuildResult& made, const std::vector<RecipeBuild>& compiled,
                     const std::filesystem::path& folder, const std::multimap<BuildInput::Kind, std::string>& before,
                     const std::optional<Signer>& signer, const Workplace& workplace) {
  const bool is_inside = build.sbom.form == AttestationForm::index;
  const auto store = make_memory_store();
  std::vector<const Assembled*> all;
  for (const auto& one : made.images()) all.push_back(&one);
  const auto whole = make_provenance(build.images, all, compiled, folder, before);
  std::vector<std::string> predicates;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::vector<AssembleOptions> options{build.images[i]};
    predicates.push_back(
        all.size() == 1 ? whole.predicate
                        : make_provenance(options, {all[i]}, compiled, folder, hash_inputs(options, folder)).predicate);
    if (is_inside && !signer) continue;
    made.add_referrer(attestation_of(all[i]->image.descriptor(), predicates.back(), signer, store));
  }
  if (is_inside) return made.add_statements(kProvenanceType, predicates, workplace);
  if (all.size() > 1) made.add_referrer(attestation_of(made.descriptor(), whole.predicate, signer, store));
}

}  // namespace

void EvidenceFlags::add_to(CLI::App& app, const char* group) {
  app.add_flag("--provenance", provenance_, "Attach an SLSA provenance, from which `rebuild` makes the image again")
      ->group(group);
  key_.add_to(app, "--sign-key",
              "Sign the image, its SBOMs and its provenance by this private key; none: not even where the recipe does",
              group);
  show_in_full_help_only(app, {"--passphrase-file"});
}

bool EvidenceFlags::signs(const std::optional<RecipeSigning>& recipes) const {
  return key_.is_given() ? key_.text() != "none" : recipes.has_value();
}

std::optional<std::filesystem::path> EvidenceFlags::key_file(const std::optional<RecipeSigning>& recipes) const {
  if (!signs(recipes)) return {};
  const auto& key = key_.is_given() ? *key_.text() : recipes->key;
  if (key.starts_with("env:")) return {};
  return key;
}

void EvidenceFlags::read_keys(const std::vector<Build>& builds, const Streams& streams) {
  signers_.clear();
  for (std::size_t i = 0; i < builds.size(); ++i) {
    signers_.emplace_back();
    if (!signs(builds[i].signing)) continue;
    const auto same =
        std::find_if(builds.begin(), builds.begin() + static_cast<std::ptrdiff_t>(i),
                     [&](const Build& one) { return key_.is_given() || one.signing == builds[i].signing; });
    if (const auto known = static_cast<std::size_t>(same - builds.begin()); known < i) {
      signers_.back() = signers_[known];
    } else if (key_.is_given()) {
      signers_.back() = make_signer(key_.read(streams));
    } else {
      const auto& [key, file, place] = *builds[i].signing;
      signers_.back() = at_place(place, [&, &key = key, &file = file] {
        return make_signer(key_.read(key, file ? std::optional(file->string()) : std::nullopt, streams));
      });
    }
  }
}

void EvidenceFlags::prepare(std::vector<Build>& builds, const std::filesystem::path& folder,
                            const Workplace& workplace) {
  before_.clear();
  for (auto& build : builds) {
    before_.emplace_back();
    if (!build.provenance) continue;
    for (auto& options : build.images) pin_taken_images(options, workplace);
    before_.back() = hash_inputs(build.images, folder);
  }
}

void EvidenceFlags::add(const std::vector<Build>& builds, std::vector<BuildResult>& made,
                        const std::vector<RecipeBuild>& compiled, const std::filesystem::path& folder,
                        const Workplace& workplace) const {
  for (std::size_t i = 0; i < builds.size(); ++i) {
    if (builds[i].provenance) add_provenances(builds[i], made[i], compiled, folder, before_[i], signers_[i], workplace);
    made[i].finish_index(builds[i].images.front(), workplace);
    if (signers_[i]) made[i].sign(*signers_[i], workplace);
  }
}

std::function<void()> EvidenceFlags::sign_tags(std::size_t build, const BuildResult& made, const Location& target,
                                               const Workplace& workplace) const {
  if (!signers_[build] || !target.reference) return {};
  auto group = std::make_shared<TaskGroup>(1, workplace.stop);
  group->spawn([&made, &target, &workplace, &signer = *signers_[build]](const std::stop_token&) {
    sign_documents(made.documents(), target, signer, {.forms = {SignatureForm::tag}}, workplace);
  });
  return [group] { group->wait(); };
}

}  // namespace ociassemble::tool
