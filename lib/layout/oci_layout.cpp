// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/atomic_file.hpp"
#include "base/file_status.hpp"
#include "base/stop.hpp"
#include "base/system_error.hpp"
#include "base/task_group.hpp"
#include "base/unique_fd.hpp"
#include "base/waiting.hpp"
#include "image/contents.hpp"
#include "io/streams.hpp"
#include "layout/folder_lock.hpp"
#include "layout/in_context.hpp"
#include "layout/index_entries.hpp"
#include "layout/layout_referrers.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/layout.hpp"
#include "spec/oci_layout_file.hpp"
#include "store/directory_store.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

std::string describe(const fs::path& folder) { return fmt::format("OCI layout {}", folder.string()); }

[[noreturn]] void cannot_open(ErrorCode code, const fs::path& folder, std::string_view cause, std::string hint = {}) {
  throw Error(code, fmt::format("cannot open {}: {}", describe(folder), cause), std::move(hint));
}

// Throws Error{unsupported} for a version that is not ours; false when there is no such file.
bool has_layout_file(const fs::path& folder) {
  const auto json = read_file_if_exists(folder / kLayoutFile, OciLayoutFile::kMaxSize);
  if (json) in_context(describe(folder), [&] { return OciLayoutFile::parse(*json); });
  return json.has_value();
}

// What a layout that is being made, or whose making was broken off, may hold before its oci-layout is written.
bool belongs_to_unfinished_layout(const std::string& name) {
  return name == "blobs" || name == kLayoutFile || name.starts_with(".ociassemble-tmp-");
}

// One that keeps somebody from taking the folder for a layout.
std::optional<std::string> find_other_file(const fs::path& folder) {
  std::error_code error;
  for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    auto name = entry->path().filename().string();
    if (!belongs_to_unfinished_layout(name)) return name;
  }
  if (error) throw_errno(fmt::format("cannot open {}", describe(folder)), error.value());
  return {};
}

std::optional<Index> read_index(const fs::path& folder) {
  const auto json = read_file_if_exists(folder / kIndexFile, kMaxManifestSize);
  if (!json) return {};
  return in_context((folder / kIndexFile).string(), [&] { return Index::parse(*json); });
}

// The index must not outlive a power failure that its blobs do not. Who put an entry into the index before has synced
// the names of the folders.
void sync_blob_names(const fs::path& folder, const Digest& digest, bool has_entries) {
  const auto blobs = folder / "blobs";
  std::set<fs::path> parts{blobs / "sha256", blobs / digest.algorithm_name()};
  const bool may_be_new = !has_entries || parts.size() > 1;
  if (may_be_new) parts.insert({blobs, folder});
  for (const auto& part : parts) {
    if (is_folder(part)) sync_folder(part);
  }
}

// Blobs alone would be neither a layout nor nothing, should the work end before an image is there. The index is older
// than all that make may compare it with: nothing was built yet.
void make_layout_files(const fs::path& folder) {
  const auto lock = lock_folder(folder);
  if (!has_layout_file(folder)) write_file_atomically(folder / kLayoutFile, as_bytes(OciLayoutFile().to_json()));
  if (read_file_if_exists(folder / kIndexFile, kMaxManifestSize)) return;
  const auto index = folder / kIndexFile;
  write_file_atomically(index, as_bytes(Index().to_json()));
  const std::array<struct timespec, 2> never{};
  if (::utimensat(AT_FDCWD, index.c_str(), never.data(), 0) != 0)
    throw_errno(fmt::format("cannot write {}", index.string()));
}

void put_document(BlobStore& store, std::string_view json, const Descriptor& descriptor) {
  if (store.holds(descriptor)) return;
  const auto writer = store.begin();
  writer->write(as_bytes(json));
  writer->commit(descriptor);
}

// All that the manifest names, then the manifest.
void put_image(BlobStore& store, const Image& image, const Descriptor& manifest, const std::stop_token& stop,
               const std::set<Digest>& left_out) {
  for (const auto& layer : image.layers()) {
    throw_if_stopped(stop);
    if (left_out.count(layer.descriptor.digest) == 0) copy_if_there(*layer.blobs, layer.descriptor, store, stop);
  }
  put_document(store, image.config_json(), image.manifest().config);
  put_document(store, image.manifest_json(), manifest);
}

void put_blobs(BlobStore& store, const std::vector<Document>& documents, std::size_t parallel,
               const std::stop_token& stop) {
  std::set<Digest> seen;
  TaskGroup group(parallel, stop);
  for (const auto& document : documents) {
    for (auto& blob : contents_of(document).blobs) {
      if (!seen.insert(blob.digest).second) continue;
      group.spawn([&store, from = document.blobs, blob = std::move(blob)](const std::stop_token& ended) {
        copy_if_there(*from, blob, store, ended, Present::by_bytes);
      });
    }
  }
  group.wait();
}

// Brings all that the documents name into the layout, and says how they are entered.
std::vector<Descriptor> put_whole(OciLayout& layout, const std::vector<Document>& roots, std::size_t parallel,
                                  const std::stop_token& stop) {
  std::vector<Descriptor> entries;
  for (const auto& root : roots) {
    const auto documents = all_documents(root, stop);
    put_blobs(*layout.blobs(), documents, parallel, stop);
    for (const auto& document : documents) put_document(*layout.blobs(), document.json, document.descriptor);
    entries.push_back(root.descriptor);
  }
  return entries;
}

}  // namespace

UniqueFd lock_folder(const fs::path& folder) {
  UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) throw_errno(fmt::format("cannot open {}", describe(folder)));
  lock_file(fd.get(), describe(folder));
  return fd;
}

OciLayout::OciLayout(fs::path folder, std::shared_ptr<BlobStore> blobs)
    : folder_(std::move(folder)), blobs_(std::move(blobs)) {}

OciLayout OciLayout::open(const fs::path& folder) {
  const auto status = file_status(folder);
  if (!status)
    cannot_open(ErrorCode::not_found, folder, "there is no such folder",
                "correct the path, or make it: ociassemble build --binary PROGRAM -o oci:DIR:TAG");
  if (!S_ISDIR(status->st_mode)) {
    cannot_open(ErrorCode::not_found, folder, "it is not a folder", "an archive file is named by oci-archive:FILE");
  }
  if (!has_layout_file(folder)) cannot_open(ErrorCode::not_found, folder, "there is no file oci-layout in it");
  if (!is_there(folder / kIndexFile)) {
    cannot_open(ErrorCode::not_found, folder, "there is no file index.json in it");
  }
  return {folder, open_directory_store(folder)};
}

OciLayout OciLayout::open_or_create(const fs::path& folder) {
  if (const auto status = file_status(folder)) {
    if (!S_ISDIR(status->st_mode)) cannot_open(ErrorCode::invalid_argument, folder, "it is not a folder");
    // The folder first, then oci-layout: another process may be making the layout just now.
    const auto other = find_other_file(folder);
    if (!has_layout_file(folder) && other) {
      cannot_open(ErrorCode::invalid_argument, folder,
                  fmt::format("the folder holds other files ({}) and no oci-layout", *other),
                  "name a new or empty folder");
    }
    remove_stale_temporaries(folder);
  }
  return {folder,
          std::make_shared<DirectoryStore>(folder, Durability::synced, [folder] { make_layout_files(folder); })};
}

std::string OciLayout::index_json() const {
  return read_file_if_exists(folder_ / kIndexFile, kMaxManifestSize).value_or(Index().to_json());
}

Index OciLayout::index() const { return read_index(folder_).value_or(Index()); }

std::vector<std::string> OciLayout::names() const { return entry_names(index()); }

Document OciLayout::open_document(const std::optional<std::string>& name) const {
  const auto index = this->index();
  const bool may_hold_referrers = !name && index.manifests.size() > 1;
  const auto entry =
      choose_entry(may_hold_referrers ? without_referrers(index, *blobs_) : index, name, describe(folder_));
  return {.descriptor = entry, .json = BlobStore::read(*blobs_, entry, kMaxManifestSize), .blobs = blobs_};
}

void OciLayout::put(const Descriptor& descriptor, const std::optional<std::string>& name,
                    const std::vector<Descriptor>& besides) {
  std::vector<Descriptor> entries{name_entry(descriptor, name)};
  for (const auto& other : besides) entries.push_back(name_entry(other, std::nullopt));
  make_folders(folder_);
  const auto lock = lock_folder(folder_);
  if (!has_layout_file(folder_)) {
    write_file_atomically(folder_ / kLayoutFile, as_bytes(OciLayoutFile().to_json()));
  }
  const auto json = read_file_if_exists(folder_ / kIndexFile, kMaxManifestSize);
  const auto before = json ? in_context((folder_ / kIndexFile).string(), [&] { return Index::parse(*json); }) : Index();
  if (json) std::erase_if(entries, [&](const Descriptor& entry) { return has_entry(before, entry); });
  if (entries.empty()) return;
  auto changed = json.value_or(before.to_json());
  for (const auto& entry : entries) changed = put_entry(changed, entry);
  std::set<Digest::Algorithm> synced;
  for (const auto& entry : entries) {
    if (synced.insert(entry.digest.algorithm()).second)
      sync_blob_names(folder_, entry.digest, !before.manifests.empty());
  }
  write_file_atomically(folder_ / kIndexFile, as_bytes(changed));
}

void write_image(OciLayout& layout, const Image& image, const std::optional<std::string>& name,
                 const std::stop_token& stop, const std::set<Digest>& left_out, const std::vector<Document>& besides) {
  const auto entry = name_entry(image.descriptor(), name);
  put_image(*layout.blobs(), image, entry, stop, left_out);
  layout.put(entry, name, put_whole(layout, besides, 1, stop));
}

void write_document(OciLayout& layout, const Document& root, const std::optional<std::string>& name,
                    std::size_t parallel, const std::stop_token& stop) {
  const auto entry = name_entry(root.descriptor, name);
  put_whole(layout, {root}, parallel, stop);
  layout.put(entry, name);
}

void write_index(OciLayout& layout, const ImageIndex& index, const std::optional<std::string>& name,
                 const std::stop_token& stop, const std::set<Digest>& left_out, const std::vector<Document>& besides) {
  const auto entry = name_entry(index.descriptor, name);
  for (const auto& image : index.images) {
    put_image(*layout.blobs(), image, find_in_index(index.index, image).value_or(image.descriptor()), stop, left_out);
  }
  put_blobs(*layout.blobs(), index.others, 1, stop);
  for (const auto& other : index.others) put_document(*layout.blobs(), other.json, other.descriptor);
  put_document(*layout.blobs(), index.json, entry);
  layout.put(entry, name, put_whole(layout, besides, 1, stop));
}

}  // namespace ociassemble
