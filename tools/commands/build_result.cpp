// SPDX-License-Identifier: Apache-2.0
#include "commands/build_result.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "base/stop.hpp"
#include "flags/sbom_flags.hpp"
#include "io/output.hpp"
#include "io/streams.hpp"
#include "ociassemble/artifact.hpp"
#include "ociassemble/copy.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/places.hpp"
#include "report/images.hpp"

namespace ociassemble::tool {

BuildResult::BuildResult(std::vector<Assembled> images, const std::vector<AssembleOptions>& options)
    : images_(std::move(images)) {
  if (options.size() > 1) index_ = make_index(images_, options.front().annotations);
}

const Digest& BuildResult::digest() const noexcept {
  return index_ ? index_->descriptor.digest : images_.front().image.digest();
}

std::vector<std::filesystem::path> BuildResult::inputs() const {
  std::set<std::filesystem::path> all;
  for (const auto& made : images_) all.insert(made.inputs.begin(), made.inputs.end());
  return {all.begin(), all.end()};
}

void BuildResult::claim_inputs(PathClaims& claims) const {
  for (const auto& made : images_) claims.read_these(made.inputs);
}

void BuildResult::add_sboms(const SbomRequest& request, const Workplace& workplace) {
  request_ = request;
  if (request.formats.empty()) return;
  const InventoryOptions how{workplace.cache_folder, workplace.warn, workplace.kept_layers};
  for (const auto& made : images_) {
    if (workplace.progress)
      workplace.progress("listing what the image for " + made.image.config().platform.to_string() + " holds");
    inventories_.push_back(read_inventory(made.image, workplace.stop, how));
    warn_of_broken_records(*inventories_.back(), workplace);
  }
  if (request.form == AttestationForm::index) {
    for (const auto& inventory : inventories_) {
      statements_.push_back(put_sbom_statements(*inventory, request, *workplace.store));
      for (const auto& one : statements_.back()) sbom_digests_ += one.digest.to_string() + "\n";
    }
    return;
  }
  for (const auto& inventory : inventories_) {
    auto made = make_sbom_referrers(*inventory, request, workplace.store);
    for (const auto& one : made) sbom_digests_ += one.descriptor.digest.to_string() + "\n";
    std::move(made.begin(), made.end(), std::back_inserter(referrers_));
  }
}

void BuildResult::add_statements(std::string_view predicate_type, const std::vector<std::string>& predicates,
                                 const Workplace& workplace) {
  statements_.resize(images_.size());
  for (std::size_t i = 0; i < images_.size(); ++i) {
    statements_[i].push_back(put_statement(images_[i].image.digest(), predicate_type, predicates[i], *workplace.store));
  }
}

void BuildResult::finish_index(const AssembleOptions& options, const Workplace& workplace) {
  if (statements_.empty()) return;
  if (!index_) index_ = make_index(images_, options.annotations);
  index_ = add_attestations(std::move(*index_), statements_, workplace.store);
}

Descriptor BuildResult::descriptor() const { return index_ ? index_->descriptor : images_.front().image.descriptor(); }

std::vector<Document> BuildResult::documents() const {
  std::vector<Document> documents;
  for (const auto& made : images_)
    documents.push_back({made.image.descriptor(), made.image.manifest_json(), make_memory_store()});
  if (index_) documents.push_back({index_->descriptor, index_->json, make_memory_store()});
  return documents;
}

void BuildResult::sign(const Signer& signer, const Workplace& workplace) {
  const auto store = make_memory_store();
  for (const auto& document : documents()) referrers_.push_back(make_signature(document.descriptor, signer, store));
  // In the order of the images.
  for (std::size_t i = 0; i < inventories_.size(); ++i) {
    throw_if_stopped(workplace.stop);
    for (const auto format : request_.formats) {
      StringSink sbom;
      write_sbom(*inventories_[i], format, request_.options, sbom);
      referrers_.push_back(
          make_attestation(images_[i].image.descriptor(), sbom_predicate_type(format), sbom.bytes(), signer, store));
    }
  }
}

std::vector<std::filesystem::path> BuildResult::sbom_files(const std::filesystem::path& folder) const {
  std::vector<std::filesystem::path> files;
  for (const auto& made : images_) {
    for (const auto format : request_.formats) {
      files.push_back(folder / sbom_file_name(made.image.config().platform, format));
    }
  }
  return files;
}

std::vector<std::filesystem::path> BuildResult::write_sboms(const std::filesystem::path& folder) const {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw Error(ErrorCode::io, "cannot make folder " + folder.string() + ": " + error.message());
  auto files = sbom_files(folder);
  auto file = files.begin();
  for (const auto& inventory : inventories_) {
    for (const auto format : request_.formats) {
      write_output(*file++, [&](Sink& to) { write_sbom(*inventory, format, request_.options, to); });
    }
  }
  return files;
}

std::string BuildResult::publish(const Location& target, const Workplace& workplace,
                                 const std::vector<std::string>& more_references,
                                 const std::function<void()>& before_tag) const {
  PublishOptions options;
  options.before_tag = before_tag;
  options.more_references = more_references;
  // A docker archive and an engine hold images alone; see the check of the targets.
  if (target.kind != Location::Kind::docker_archive && !target.is_engine()) options.referrers = referrers_;
  return index_ ? ociassemble::publish(*index_, target, workplace, options)
                : ociassemble::publish(images_.front().image, target, workplace, options);
}

std::string BuildResult::publish_shallow(const Location& target, const Workplace& workplace) const {
  PublishOptions options;
  options.referrers = referrers_;
  for (const auto& made : images_) options.left_out.insert(made.base_layers.begin(), made.base_layers.end());
  return index_ ? ociassemble::publish(*index_, target, workplace, options)
                : ociassemble::publish(images_.front().image, target, workplace, options);
}

std::string BuildResult::json(const std::vector<std::string>& published) const {
  return index_ ? build_json(*index_, images_, published, referrers_)
                : build_json(images_.front(), published, referrers_);
}

PushPlan BuildResult::plan(const Reference& target, const Workplace& workplace) const {
  return index_ ? plan_publish(*index_, target, workplace, referrers_)
                : plan_publish(images_.front().image, target, workplace, referrers_);
}

std::vector<BuildResult> assemble_builds(const std::vector<Build>& builds, const Workplace& workplace) {
  std::vector<AssembleOptions> options;
  for (const auto& build : builds) options.insert(options.end(), build.images.begin(), build.images.end());
  auto images = assemble_all(options, workplace);
  std::vector<BuildResult> results;
  results.reserve(builds.size());
  auto next = std::make_move_iterator(images.begin());
  for (const auto& build : builds) {
    const auto end = next + static_cast<std::ptrdiff_t>(build.images.size());
    results.emplace_back(std::vector<Assembled>(next, end), build.images);
    results.back().add_sboms(build.sbom, workplace);
    next = end;
  }
  return results;
}

}  // namespace ociassemble::tool
