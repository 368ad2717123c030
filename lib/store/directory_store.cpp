// SPDX-License-Identifier: Apache-2.0
#include "store/directory_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/atomic_file.hpp"
#include "base/file_status.hpp"
#include "base/stop.hpp"
#include "base/system_error.hpp"
#include "base/temporary_parent.hpp"
#include "base/unique_fd.hpp"
#include "digest/hasher.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

fs::path blob_path(const fs::path& folder, const Digest& digest) {
  return folder / "blobs" / digest.algorithm_name() / digest.hex();
}

// The size of a regular file, symlinks not followed: a blob that is anything else is as good as absent, and a commit
// puts it right.
std::optional<std::uint64_t> regular_file_size(const fs::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return {};
    throw_errno(fmt::format("cannot look at {}", path.string()));
  }
  if (!S_ISREG(status.st_mode)) return {};
  return static_cast<std::uint64_t>(status.st_size);
}

std::string blob_name(const Digest& digest, const fs::path& folder) {
  return fmt::format("blob {} in {}", digest.to_string(), folder.string());
}

// O_NONBLOCK: a fifo in a hostile layout must not hold us up.
UniqueFd open_blob(const fs::path& path, const std::string& name) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (fd) return fd;
  if (errno == ELOOP) throw Error(ErrorCode::corrupt, fmt::format("cannot read {}: it is a symbolic link", name));
  if (errno == ENOENT || errno == ENOTDIR) {
    throw Error(ErrorCode::not_found, fmt::format("cannot read {}: there is no such blob", name));
  }
  throw_errno(fmt::format("cannot read {}", name));
}

void require_regular(int fd, std::uint64_t size, const std::string& name) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw_errno(fmt::format("cannot read {}", name));
  if (!S_ISREG(status.st_mode)) {
    throw Error(ErrorCode::corrupt, fmt::format("cannot read {}: it is not a regular file", name));
  }
  if (static_cast<std::uint64_t>(status.st_size) != size) {
    throw Error(ErrorCode::corrupt,
                fmt::format("cannot read {}: {} bytes instead of the {} that its descriptor promises", name,
                            status.st_size, size));
  }
}

// Reads a file that is being written from its beginning, and leaves the position of its descriptor alone.
class RereadSource : public Source {
 public:
  explicit RereadSource(const AtomicFile& file) : file_(file) {}
  std::size_t read(std::span<std::byte> buffer) override {
    for (;;) {
      const auto count = ::pread(file_.fd(), buffer.data(), buffer.size(), offset_);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw_errno(fmt::format("cannot read {}", file_.temporary_path().string()));
      offset_ += count;
      return static_cast<std::size_t>(count);
    }
  }

 private:
  const AtomicFile& file_;
  off_t offset_ = 0;
};

bool same_bytes(Source& left, Source& right) {
  std::vector<std::byte> one(kCopyBufferSize), other(kCopyBufferSize);
  for (;;) {
    const auto count = read_full(left, one);
    if (count != read_full(right, other) || std::memcmp(one.data(), other.data(), count) != 0) return false;
    if (count == 0) return true;
  }
}

// Whether the blob is there. One of the right size may be damaged all the same, and we have the right bytes.
bool has_blob(const fs::path& target, const AtomicFile& right, std::uint64_t size) {
  if (regular_file_size(target) != size) return false;
  UniqueFd fd(::open(target.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd) return false;
  FileSource there(std::move(fd), target.string());
  RereadSource wanted(right);
  try {
    return same_bytes(there, wanted);
  } catch (const Error&) {
    return false;  // a bad sector, or a file that is cut off meanwhile
  }
}

void publish(AtomicFile& file, const fs::path& folder, const Descriptor& blob, BroughtBlobs& brought) {
  const auto target = blob_path(folder, blob.digest);
  if (!has_blob(target, file, blob.size)) {
    make_folders(target.parent_path());
    file.commit_as(target);
  }
  brought.with([&](auto& digests) { digests.insert(blob.digest); });
}

class DirectoryBlobWriter : public BlobWriter {
 public:
  DirectoryBlobWriter(fs::path folder, Durability durability, std::shared_ptr<BroughtBlobs> brought)
      : folder_(std::move(folder)), file_(AtomicFile::in_folder(folder_, durability)), brought_(std::move(brought)) {}

  void write(std::span<const std::byte> bytes) override {
    file_.write(bytes);
    hash_.write(bytes);
  }

  Descriptor commit(std::string_view media_type) override {
    Descriptor descriptor{.media_type = std::string(media_type), .digest = hash_.finish(), .size = hash_.size()};
    publish(file_, folder_, descriptor, *brought_);
    return descriptor;
  }

  void commit(const Descriptor& expected) override {
    const auto name = fmt::format("blob {} for {}", expected.digest.to_string(), folder_.string());
    if (hash_.size() != expected.size) {
      throw Error(ErrorCode::corrupt,
                  fmt::format("cannot store {}: {} bytes instead of the {} that its descriptor promises", name,
                              hash_.size(), expected.size));
    }
    const auto actual = digest_as(expected.digest.algorithm());
    if (actual != expected.digest) throw DigestMismatch(name, expected.digest.to_string(), actual.to_string());
    publish(file_, folder_, expected, *brought_);
  }

 private:
  // What was hashed on the way is sha256; the few blobs with another algorithm are read again.
  Digest digest_as(Digest::Algorithm algorithm) {
    if (algorithm == Digest::Algorithm::sha256) return hash_.finish();
    RereadSource source(file_);
    HashSink hash(nullptr, algorithm);
    copy(source, hash);
    return hash.finish();
  }

  fs::path folder_;
  AtomicFile file_;
  std::shared_ptr<BroughtBlobs> brought_;
  HashSink hash_;
};

// False where the file system cannot, or has not as many bytes: then the ordinary way finds out why.
bool copy_in_kernel(int from, int to, std::uint64_t size, const std::stop_token& stop) {
  constexpr std::uint64_t kStep = std::uint64_t{64} << 20U;
  while (size > 0) {
    throw_if_stopped(stop);
    const auto step = static_cast<std::size_t>(std::min(size, kStep));
    const auto count = ::copy_file_range(from, nullptr, to, nullptr, step, 0);
    if (count <= 0) return false;
    size -= static_cast<std::uint64_t>(count);
  }
  return true;
}

// The folder is removed after the store, its member, is gone.
struct TemporaryStore {
  explicit TemporaryStore(const fs::path& parent) : folder(parent), store(folder.path(), Durability::unsynced) {}

  TemporaryFolder folder;
  DirectoryStore store;
};

std::shared_ptr<TemporaryStore> make_in_default_parent() {
  return in_temporary_parent([](const fs::path& parent) { return std::make_shared<TemporaryStore>(parent); });
}

}  // namespace

DirectoryStore::DirectoryStore(fs::path folder, Durability durability, std::function<void()> prepare)
    : folder_(std::move(folder)), durability_(durability), prepare_(std::move(prepare)) {}

void DirectoryStore::make_ready() {
  make_folders(folder_);
  if (prepare_) std::call_once(ready_, prepare_);
}

std::unique_ptr<Source> DirectoryStore::open(const Descriptor& descriptor) {
  auto name = blob_name(descriptor.digest, folder_);
  auto fd = open_blob(blob_path(folder_, descriptor.digest), name);
  require_regular(fd.get(), descriptor.size, name);
  return std::make_unique<VerifyingSource>(std::make_unique<FileSource>(std::move(fd), name), descriptor.digest,
                                           descriptor.size, name);
}

std::optional<fs::path> DirectoryStore::file(const Digest& digest) const {
  auto path = blob_path(folder_, digest);
  if (!regular_file_size(path)) return {};
  return path;
}

bool DirectoryStore::brought(const Digest& digest) const {
  return brought_->with([&](const auto& digests) { return digests.count(digest) != 0; });
}

std::unique_ptr<BlobWriter> DirectoryStore::begin() {
  make_ready();
  return std::make_unique<DirectoryBlobWriter>(folder_, durability_, brought_);
}

std::optional<std::uint64_t> DirectoryStore::size(const Digest& digest) const {
  return regular_file_size(blob_path(folder_, digest));
}

bool DirectoryStore::clone(const fs::path& file, const Descriptor& descriptor, const std::stop_token& stop) {
  const auto name = fmt::format("blob {}", file.string());
  const auto from = open_blob(file, name);
  require_regular(from.get(), descriptor.size, name);
  make_ready();
  auto copied = AtomicFile::in_folder(folder_, durability_);
  const bool taken =
      ::ioctl(copied.fd(), FICLONE, from.get()) == 0 || copy_in_kernel(from.get(), copied.fd(), descriptor.size, stop);
  if (!taken) return false;
  VerifyingSource verified(std::make_unique<RereadSource>(copied), descriptor.digest, descriptor.size,
                           blob_name(descriptor.digest, file));
  NullSink nowhere;
  copy(verified, nowhere, stop);
  publish(copied, folder_, descriptor, *brought_);
  return true;
}

bool DirectoryStore::adopt(const fs::path& file, const Descriptor& descriptor) {
  make_ready();
  const auto target = blob_path(folder_, descriptor.digest);
  make_folders(target.parent_path());
  if (::link(file.c_str(), target.c_str()) != 0) return false;
  brought_->with([&](auto& digests) { digests.insert(descriptor.digest); });
  return true;
}

std::shared_ptr<BlobStore> open_directory_store(const fs::path& folder) {
  return std::make_shared<DirectoryStore>(folder);
}

std::shared_ptr<BlobStore> make_temporary_store(const fs::path& parent) {
  auto owner = parent.empty() ? make_in_default_parent() : std::make_shared<TemporaryStore>(parent);
  return {owner, &owner->store};
}

}  // namespace ociassemble
