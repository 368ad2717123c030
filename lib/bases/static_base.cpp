// SPDX-License-Identifier: Apache-2.0
#include "bases/static_base.hpp"

#include <utility>

#include "io/streams.hpp"

namespace ociassemble {
namespace {

constexpr const char* kStaticPasswd =
    "root:x:0:0:root:/root:/sbin/nologin\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n"
    "nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n";

constexpr const char* kStaticGroup =
    "root:x:0:\n"
    "nobody:x:65534:\n"
    "nonroot:x:65532:\n";

// Files before DNS, so that /etc/hosts counts; Go's resolver reads this.
constexpr const char* kNsswitch = "hosts: files dns\n";

}  // namespace

LayerEntry directory_entry(std::string path, std::uint32_t mode, std::uint64_t uid, std::uint64_t gid,
                           std::int64_t mtime) {
  LayerEntry made;
  made.entry.path = std::move(path);
  made.entry.type = EntryType::directory;
  made.entry.mode = mode;
  made.entry.uid = uid;
  made.entry.gid = gid;
  made.entry.mtime = mtime;
  return made;
}

LayerEntry text_entry(std::string path, std::uint32_t mode, std::string bytes, std::int64_t mtime) {
  LayerEntry made;
  made.entry.path = std::move(path);
  made.entry.type = EntryType::regular;
  made.entry.mode = mode;
  made.entry.mtime = mtime;
  made.entry.size = bytes.size();
  auto digest = Digest::of(bytes);
  made.bytes =
      entry_bytes([bytes = std::move(bytes)] { return std::make_unique<StringSource>(bytes); }, std::move(digest));
  return made;
}

std::vector<LayerEntry> static_base_entries(std::int64_t mtime) {
  constexpr std::uint32_t kNonroot = 65532;
  std::vector<LayerEntry> entries;
  entries.push_back(directory_entry("etc", 0755, 0, 0, mtime));
  entries.push_back(text_entry("etc/group", 0644, kStaticGroup, mtime));
  entries.push_back(text_entry("etc/nsswitch.conf", 0644, kNsswitch, mtime));
  entries.push_back(text_entry("etc/passwd", 0644, kStaticPasswd, mtime));
  entries.push_back(directory_entry("home", 0755, 0, 0, mtime));
  entries.push_back(directory_entry("home/nonroot", 0700, kNonroot, kNonroot, mtime));
  entries.push_back(directory_entry("root", 0700, 0, 0, mtime));
  entries.push_back(directory_entry("tmp", 01777, 0, 0, mtime));
  return entries;
}

}  // namespace ociassemble
