// SPDX-License-Identifier: Apache-2.0
#include "image/tree_record.hpp"

#include <cstdint>
#include <utility>

namespace ociassemble {
namespace {

constexpr std::string_view kMagic = "tree 1\n";
constexpr int kMaxDepth = 512;

// Numbers as LEB128, texts with their length before them.
class Writer {
 public:
  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) bytes_ += static_cast<char>(value | 0x80U);
    bytes_ += static_cast<char>(value);
  }
  void text(std::string_view value) {
    number(value.size());
    bytes_ += value;
  }
  void node(const Tree::Node& node) {
    number(static_cast<std::uint64_t>(node.type));
    number(node.mode);
    number(node.uid);
    number(node.gid);
    number(node.size);
    number(node.layer);
    text(node.link_target);
    number(node.contents ? 1 : 0);
    if (node.contents) text(*node.contents);
    number(node.xattrs.size());
    for (const auto& [name, value] : node.xattrs) {
      text(name);
      text(value);
    }
    number(node.children.size());
    for (const auto& [name, child] : node.children) {
      text(name);
      this->node(child);
    }
  }
  std::string bytes_{kMagic};
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  bool at_end() const { return left_.empty(); }

  bool number(std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && !left_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(left_.front());
      left_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      if ((byte & 0x80U) == 0) return true;
    }
    return false;
  }
  bool text(std::string& value) {
    std::uint64_t size = 0;
    if (!number(size) || size > left_.size()) return false;
    value = left_.substr(0, size);
    left_.remove_prefix(size);
    return true;
  }
  bool node(Tree::Node& node, int depth) {
    return depth <= kMaxDepth && metadata(node) && xattrs(node) && children(node, depth);
  }

 private:
  bool metadata(Tree::Node& node) {
    std::uint64_t type = 0;
    std::uint64_t mode = 0;
    std::uint64_t layer = 0;
    std::uint64_t has_contents = 0;
    if (!number(type) || type > static_cast<std::uint64_t>(EntryType::fifo) || !number(mode) || !number(node.uid) ||
        !number(node.gid) || !number(node.size) || !number(layer) || !text(node.link_target) || !number(has_contents)) {
      return false;
    }
    node.type = static_cast<EntryType>(type);
    node.mode = static_cast<std::uint32_t>(mode);
    node.layer = static_cast<std::uint32_t>(layer);
    return has_contents == 0 || text(node.contents.emplace());
  }
  bool xattrs(Tree::Node& node) {
    std::uint64_t count = 0;
    if (!number(count)) return false;
    for (; count > 0; --count) {
      std::string name;
      if (!text(name) || !text(node.xattrs[name])) return false;
    }
    return true;
  }
  bool children(Tree::Node& node, int depth) {
    std::uint64_t count = 0;
    if (!number(count)) return false;
    for (; count > 0; --count) {
      std::string name;
      if (!text(name)) return false;
      // Written in order, so the end is where the next one goes.
      const auto child = node.children.emplace_hint(node.children.end(), std::move(name), Tree::Node{});
      if (!this->node(child->second, depth + 1)) return false;
    }
    return true;
  }

  std::string_view left_;
};

}  // namespace

std::string encode_tree(const Tree& tree) {
  Writer writer;
  writer.node(tree.root());
  return std::move(writer.bytes_);
}

std::optional<Tree> decode_tree(std::string_view bytes) {
  if (bytes.substr(0, kMagic.size()) != kMagic) return {};
  Reader reader(bytes.substr(kMagic.size()));
  Tree::Node root;
  if (!reader.node(root, 0) || !reader.at_end()) return {};
  return Tree::from_root(std::move(root));
}

}  // namespace ociassemble
