// SPDX-License-Identifier: Apache-2.0
#include "bases/base_facts.hpp"

#include <fmt/format.h>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "bases/file_summaries.hpp"
#include "compress/codec.hpp"
#include "inspect/os_release.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "tree/tree_record.hpp"

namespace ociassemble {
namespace {

// Of a record; what it takes in memory is some thirty times that.
constexpr std::size_t kMaxRecord = std::size_t{16} << 20U;
constexpr std::size_t kLeastNodeRecord = 11;  // of a node in it, beside the name

bool has_entry(const Tree& tree, std::string_view folder, std::string_view prefix) {
  const auto* node = tree.follow(folder);
  return node != nullptr && node->children.has_prefix(prefix);
}

std::string libc_of(const Tree& tree) {
  if (has_musl(tree)) return "musl";
  return has_entry(tree, "lib64", "ld-linux") || has_entry(tree, "lib", "ld-linux") ? "glibc" : "";
}

[[noreturn]] void refuse_size() {
  throw Error(
      ErrorCode::unsupported,
      fmt::format("cannot lock the base: its list of files has over {} bytes, which is the most that can be locked",
                  kMaxRecord),
      "use a smaller base, or leave it out of the lock");
}

bool is_package_database(std::string_view path) { return is_apk_database(path) || is_dpkg_database(path); }

// Packages decide nothing in a build, and are left out. The depth is bounded by what Tree takes. `size` is of the
// record so far, or somewhat less.
Tree::Node prune(const Tree::Node& from, const std::string& path, std::size_t& size) {
  Tree::Node node;
  node.type = from.type;
  node.mode = 0;
  node.set_link_target(from.link_target());
  if (from.contents() && !is_package_database(path)) node.set_contents(from.contents());
  if (from.type == EntryType::directory || node.contents()) {
    node.mode = from.mode;
    node.uid = from.uid;
    node.gid = from.gid;
    node.set_xattrs(from.xattrs());
  }
  if (node.contents()) node.size = from.size;
  for (const auto& [name, child] : from.children) {
    size += kLeastNodeRecord + name.size();
    if (size > kMaxRecord) refuse_size();
    node.children.append(name, prune(child, path.empty() ? std::string(name) : fmt::format("{}/{}", path, name), size));
  }
  return node;
}

// By our own encoder, so that a lock does not depend on the version of a library.
std::string compress(std::string_view record) {
  StringSink bytes;
  const auto compressor = make_compressor({.kind = Compression::gzip, .level = 4, .workers = 1}, bytes);
  compressor->write(as_bytes(record));
  compressor->finish();
  return bytes.take();
}

[[noreturn]] void refuse(std::string_view cause) { throw Error(ErrorCode::corrupt, fmt::format("it {}", cause)); }

std::string decompress(std::string bytes) {
  const auto source = make_decompressor(std::make_unique<StringSource>(std::move(bytes)), "the facts");
  return read_all(*source, kMaxRecord, "the facts");
}

}  // namespace

std::string pretty_name(const Tree& tree) {
  const auto* node = tree.follow("etc/os-release");
  return node != nullptr && node->contents() ? excerpt(parse_os_release(*node->contents()).pretty_name, 80)
                                             : std::string();
}

bool has_musl(const Tree& tree) { return has_entry(tree, "lib", "ld-musl-"); }

std::string describe_system(const Tree& tree) {
  const auto name = pretty_name(tree);
  const auto libc = libc_of(tree);
  return name.empty() || libc.empty() ? name + libc : name + ", " + libc;
}

BaseFacts encode_facts(const Tree& tree) {
  std::size_t size = 0;
  const auto record = encode_tree(Tree::from_root(prune(tree.root(), {}, size)));
  if (record.size() > kMaxRecord) refuse_size();
  return {Digest::of(record), encode_base64(compress(record))};
}

Tree decode_facts(std::string_view encoded, const Digest& digest) {
  auto bytes = decode_base64(encoded);
  if (!bytes) refuse("is not base64");
  auto record = decompress(std::move(*bytes));
  if (Digest::of(record, digest.algorithm()) != digest) refuse("does not have the digest that it is named by");
  auto tree = decode_tree(share(std::move(record)));
  if (!tree) refuse("is no list of files");
  return std::move(*tree);
}

}  // namespace ociassemble
