// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/blob_store.hpp"

#include <fmt/format.h>

#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "store/directory_store.hpp"
#include "store/staged_store.hpp"

namespace ociassemble {
namespace {

// Hard links are left out on purpose: two stores that share one inode share every later damage to it, and a file that
// somebody can still write to would be trusted for ever. What was staged for a store is in no other for long.
bool try_clone(const BlobReader& from, const Descriptor& descriptor, BlobStore& to, const std::stop_token& stop) {
  auto* directory = dynamic_cast<DirectoryStore*>(&to);
  if (directory == nullptr) return false;
  if (const auto* staged = dynamic_cast<const StagedStore*>(&from)) {
    const auto own = staged->own_file(descriptor.digest);
    if (own && directory->adopt(*own, descriptor)) return true;
  }
  const auto file = from.file(descriptor.digest);
  return file && directory->clone(*file, descriptor, stop);
}

}  // namespace

std::optional<std::filesystem::path> BlobReader::file(const Digest&) const { return {}; }

bool BlobReader::brought(const Digest&) const { return false; }

std::optional<std::string> BlobReader::repository() const { return {}; }

Descriptor BlobStore::put(std::string_view bytes, std::string_view media_type) {
  Descriptor descriptor{.media_type = std::string(media_type), .digest = Digest::of(bytes), .size = bytes.size()};
  if (holds(descriptor)) return descriptor;
  auto writer = begin();
  writer->write(as_bytes(bytes));
  return writer->commit(media_type);
}

bool BlobStore::holds(const Descriptor& descriptor, const std::stop_token& stop) {
  if (!contains(descriptor)) return false;
  try {
    const auto source = open(descriptor);
    NullSink nowhere;
    copy(*source, nowhere, stop);
    return true;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::corrupt || error.code() == ErrorCode::not_found) return false;
    throw;
  }
}

std::string BlobStore::read(BlobReader& from, const Descriptor& descriptor, std::size_t limit) {
  const auto name = fmt::format("document {}", descriptor.digest.to_string());
  if (descriptor.size > limit) {
    throw Error(ErrorCode::corrupt,
                fmt::format("cannot read {}: its descriptor says {} bytes, more than the {} that are allowed", name,
                            descriptor.size, limit));
  }
  const auto source = from.open(descriptor);
  return read_all(*source, limit, name);
}

void copy_blob(BlobReader& from, const Descriptor& descriptor, BlobStore& to, const std::stop_token& stop,
               Present present) {
  const bool by_bytes = present == Present::by_bytes || (&from != &to && from.brought(descriptor.digest));
  if (by_bytes ? to.holds(descriptor, stop) : to.contains(descriptor)) return;
  if (try_clone(from, descriptor, to, stop)) return;
  const auto source = from.open(descriptor);
  const auto writer = to.begin();
  copy(*source, *writer, stop);
  writer->commit(descriptor);
}

}  // namespace ociassemble
