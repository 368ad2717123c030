// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/stop.hpp"
#include "base/text.hpp"
#include "image/contents.hpp"
#include "layout/index_entries.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/layout.hpp"

namespace ociassemble {
namespace {

constexpr const char* kBaseNameOfRepair = "org.opencontainers.image.base.name";
constexpr const char* kBaseDigestOfRepair = "org.opencontainers.image.base.digest";

// A source is looked at once it is needed, and then never again where it could not be opened.
class OpenedSource {
 public:
  explicit OpenedSource(const RepairSource& source) : source_(source) {}

  const std::string& name() const { return source_.name; }

  // Throws what opening it threw.
  BlobReader& blobs() {
    if (failure_) throw Error(*failure_);
    if (!blobs_) {
      try {
        blobs_ = source_.open();
      } catch (const Error& error) {
        if (error.code() == ErrorCode::interrupted) throw;
        failure_ = error;
        throw;
      }
    }
    return *blobs_;
  }

 private:
  RepairSource source_;
  std::shared_ptr<BlobReader> blobs_;
  std::optional<Error> failure_;
};

class LayoutRepair {
 public:
  LayoutRepair(const std::shared_ptr<BlobStore>& blobs, const RepairOptions& options, std::stop_token stop)
      : blobs_(blobs), options_(options), stop_(std::move(stop)) {
    for (const auto& source : options.sources) sources_.emplace_back(source);
  }

  void index(const Index& index) {
    for (const auto& entry : index.unreadable) {
      report_.left.push_back({printable(entry.digest), "its digest is of an algorithm that is not supported"});
    }
    for (const auto& entry : index.manifests) add(entry);
    if (index.subject && blobs_->contains(*index.subject)) add(*index.subject);
  }

  void add(const Descriptor& descriptor) {
    throw_if_stopped(stop_);
    const bool is_document = is_manifest_type(descriptor.media_type) || is_index_type(descriptor.media_type);
    if (!mend(descriptor) || !is_document || !walked_.insert(descriptor.digest).second) return;
    budget_.take(descriptor, 1);
    try {
      document(read_document(descriptor, blobs_));
    } catch (const Error& error) {
      if (error.code() != ErrorCode::corrupt && error.code() != ErrorCode::unsupported) throw;
      report_.left.push_back({descriptor.digest.to_string(), error.what()});
    }
  }

  RepairReport finish() { return std::move(report_); }

 private:
  void document(const Document& document) {
    const auto& type = document.descriptor.media_type;
    if (document_kind(document.json, type) == DocumentKind::index) return index(Index::parse(document.json, type));
    const auto manifest = Manifest::parse(document.json, type);
    const auto known = sources_.size();
    take_base(manifest);
    mend(manifest.config);
    for (const auto& layer : manifest.layers) {
      if (!is_foreign_layer_type(layer.media_type) || blobs_->contains(layer)) mend(layer);
    }
    sources_.erase(sources_.begin() + static_cast<std::ptrdiff_t>(known), sources_.end());
    // A subject may be elsewhere.
    if (manifest.subject && blobs_->contains(*manifest.subject)) add(*manifest.subject);
  }

  void take_base(const Manifest& manifest) {
    const auto name = manifest.annotations.find(kBaseNameOfRepair);
    const auto digest = manifest.annotations.find(kBaseDigestOfRepair);
    if (!options_.base || name == manifest.annotations.end() || digest == manifest.annotations.end()) return;
    sources_.emplace_back(RepairSource{printable(name->second), [this, base = name->second, digest = digest->second]() {
                                         return options_.base(base, digest);
                                       }});
  }

  // Whether the blob is right, now at least.
  bool mend(const Descriptor& descriptor) {
    throw_if_stopped(stop_);
    const auto [known, is_new] = mended_.try_emplace({descriptor.digest, descriptor.size}, false);
    if (!is_new) return known->second;
    known->second = blobs_->holds(descriptor, stop_) || fetch(descriptor);
    return known->second;
  }

  bool fetch(const Descriptor& descriptor) {
    std::string cause = sources_.empty() ? "no source was named" : "";
    for (auto& source : sources_) {
      try {
        copy_blob(source.blobs(), descriptor, *blobs_, stop_, Present::by_bytes);
        report_.repaired.push_back({descriptor.digest, descriptor.size, source.name()});
        return true;
      } catch (const Error& error) {
        if (error.code() == ErrorCode::interrupted || error.code() == ErrorCode::io) throw;
        cause += fmt::format("{}{}: {}", cause.empty() ? "" : "; ", source.name(), error.what());
        if (error.code() == ErrorCode::unauthorized && !error.hint().empty()) cause += " (" + error.hint() + ")";
      }
    }
    report_.left.push_back({descriptor.digest.to_string(), cause});
    return false;
  }

  std::shared_ptr<BlobStore> blobs_;
  const RepairOptions& options_;
  std::stop_token stop_;
  std::vector<OpenedSource> sources_;
  std::map<std::pair<Digest, std::uint64_t>, bool> mended_;
  std::set<Digest> walked_;
  DocumentBudget budget_;
  RepairReport report_;
};

}  // namespace

RepairReport OciLayout::repair(const std::optional<std::string>& name, const RepairOptions& options,
                               const std::stop_token& stop) {
  LayoutRepair repair(blobs_, options, stop);
  const auto index = this->index();
  if (name) {
    repair.add(choose_entry(index, name, fmt::format("OCI layout {}", folder_.string())));
  } else {
    repair.index(index);
  }
  return repair.finish();
}

}  // namespace ociassemble
