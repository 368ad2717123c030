// SPDX-License-Identifier: Apache-2.0
#include "commands/build_evidence.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>

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

void add_provenances(const Build& build, BuildResult& made, const std::vector<RecipeBuild>& compiled,
                     const std::filesystem::path& folder, const std::multimap<BuildInput::Kind, std::string>& before,
                     const std::optional<Signer>& signer, const std::shared_ptr<BlobStore>& store) {
  std::vector<const Assembled*> all;
  for (const auto& one : made.images()) all.push_back(&one);
  const auto whole = make_provenance(build.images, all, compiled, folder, before);
  if (all.size() > 1) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::vector<AssembleOptions> options{build.images[i]};
      const auto one = make_provenance(options, {all[i]}, compiled, folder, hash_inputs(options, folder));
      made.add_referrer(attestation_of(all[i]->image.descriptor(), one.predicate, signer, store));
    }
  }
  made.add_referrer(attestation_of(made.descriptor(), whole.predicate, signer, store));
}

}  // namespace

void EvidenceFlags::add_to(CLI::App& app, const char* group) {
  app.add_flag("--provenance", provenance_, "Attach an SLSA provenance, from which `rebuild` makes the image again")
      ->group(group);
  key_.add_to(app, "--sign-key", "Sign the image, its SBOMs and its provenance by this private key", group);
  show_in_full_help_only(app, {"--passphrase-file"});
}

void EvidenceFlags::read_key(const Streams& streams) {
  if (key_.is_given()) signer_ = make_signer(key_.read(streams));
}

void EvidenceFlags::prepare(std::vector<Build>& builds, const std::filesystem::path& folder,
                            const Workplace& workplace) {
  before_.clear();
  for (auto& build : builds) {
    before_.emplace_back();
    if (!build.provenance) continue;
    if (build.sbom.form == AttestationForm::index && !build.sbom.formats.empty()) {
      throw Error(ErrorCode::invalid_argument, "cannot make a provenance of an index that holds SBOMs",
                  "leave --attestations=index out, or --provenance");
    }
    for (auto& options : build.images) pin_taken_images(options, workplace);
    before_.back() = hash_inputs(build.images, folder);
  }
}

void EvidenceFlags::add(const std::vector<Build>& builds, std::vector<BuildResult>& made,
                        const std::vector<RecipeBuild>& compiled, const std::filesystem::path& folder,
                        const Workplace& workplace) const {
  for (std::size_t i = 0; i < builds.size(); ++i) {
    if (builds[i].provenance)
      add_provenances(builds[i], made[i], compiled, folder, before_[i], signer_, make_memory_store());
    if (signer_) made[i].sign(*signer_, workplace);
  }
}

void EvidenceFlags::sign_tags(const BuildResult& made, const Location& target, const Workplace& workplace) const {
  if (!signer_ || !target.reference) return;
  const SignOptions options{.forms = {SignatureForm::tag}};
  sign_documents(made.documents(), target, *signer_, options, workplace);
}

}  // namespace ociassemble::tool
