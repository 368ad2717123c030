// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>

#include "base/file_status.hpp"
#include "base/stop.hpp"
#include "base/system_error.hpp"
#include "base/text.hpp"
#include "image/contents.hpp"
#include "layout/folder_lock.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/layout.hpp"

namespace ociassemble {
namespace {

namespace pruning {

// Everything that an index names, directly or not.
class Referenced {
 public:
  Referenced(const OciLayout& layout, const std::stop_token& stop) : blobs_(layout.blobs()), stop_(stop) {}

  void add_index(const Index& index, const std::string& where) {
    if (!index.unreadable.empty()) {
      throw Error(ErrorCode::unsupported,
                  fmt::format("cannot tell what {} needs: the digest {} is of an algorithm that is not supported",
                              where, printable(index.unreadable.front().digest)));
    }
    for (const auto& entry : index.manifests) add_entry(entry);
    if (index.subject) add(*index.subject, false);
  }

  bool has(const Digest& digest) const { return digests_.count(digest) != 0; }

 private:
  void add_entry(const Descriptor& entry) {
    if (is_manifest_type(entry.media_type) || is_index_type(entry.media_type)) return add(entry, true);
    if (blobs_->contains(entry)) {
      throw Error(ErrorCode::unsupported, fmt::format("cannot tell what {} needs: its media type {} is not known",
                                                      entry.digest.to_string(), printable(entry.media_type)));
    }
    digests_.insert(entry.digest);
  }

  // What cannot be read may need anything, so that nothing may be removed; a subject may be elsewhere.
  void add(const Descriptor& descriptor, bool must_be_there) {
    throw_if_stopped(stop_);
    digests_.insert(descriptor.digest);
    if (!is_manifest_type(descriptor.media_type) && !is_index_type(descriptor.media_type)) return;
    if (!must_be_there && !blobs_->contains(descriptor)) return;
    // Something else may have named the digest as a mere blob before.
    if (!walked_.insert(descriptor.digest).second) return;
    budget_.take(descriptor, 1);
    const auto document = read_document(descriptor, blobs_);
    if (document_kind(document.json, descriptor.media_type) == DocumentKind::index) {
      return add_index(Index::parse(document.json, descriptor.media_type), descriptor.digest.to_string());
    }
    const auto manifest = Manifest::parse(document.json, descriptor.media_type);
    digests_.insert(manifest.config.digest);
    for (const auto& layer : manifest.layers) digests_.insert(layer.digest);
    if (manifest.subject) add(*manifest.subject, false);
  }

  std::shared_ptr<BlobStore> blobs_;
  const std::stop_token& stop_;
  DocumentBudget budget_;
  std::set<Digest> digests_;  // that are needed
  std::set<Digest> walked_;   // documents whose own needs are known
};

std::optional<Digest> digest_of(const std::filesystem::path& file) {
  try {
    return Digest::parse(file.parent_path().filename().string() + ":" + file.filename().string());
  } catch (const Error&) {
    return {};  // not a blob that we know how to name: not ours to remove
  }
}

}  // namespace pruning

}  // namespace

std::vector<PrunedBlob> OciLayout::prune(bool is_dry_run, const std::stop_token& stop) {
  namespace fs = std::filesystem;
  const auto lock = lock_folder(folder_);
  pruning::Referenced referenced(*this, stop);
  referenced.add_index(index(), (folder_ / "index.json").string());
  std::vector<PrunedBlob> pruned;
  std::error_code error;
  for (auto at = fs::recursive_directory_iterator(folder_ / "blobs", error);
       !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    const auto digest = pruning::digest_of(at->path());
    if (!digest || referenced.has(*digest)) continue;
    const auto status = file_status(at->path());
    if (status && S_ISREG(status->st_mode)) pruned.push_back({*digest, static_cast<std::uint64_t>(status->st_size)});
  }
  if (error) throw_errno(fmt::format("cannot read {}", (folder_ / "blobs").string()), error.value());
  std::sort(pruned.begin(), pruned.end(),
            [](const PrunedBlob& left, const PrunedBlob& right) { return left.digest < right.digest; });
  if (is_dry_run) return pruned;
  for (const auto& blob : pruned) {
    const auto file = folder_ / "blobs" / blob.digest.algorithm_name() / blob.digest.hex();
    if (!fs::remove(file, error) && error) throw_errno(fmt::format("cannot remove {}", file.string()), error.value());
  }
  return pruned;
}

}  // namespace ociassemble
