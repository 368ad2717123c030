// SPDX-License-Identifier: Apache-2.0
#include "tree/tree_record.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace ociassemble {
namespace {

constexpr std::string_view kMagic = "tree 1\n";
constexpr int kMaxDepth = 512;

// Numbers as LEB128, texts with their length before them. Without a string it only counts.
class Writer {
 public:
  explicit Writer(std::string* bytes) : bytes_(bytes) {}

  std::size_t size() const { return size_; }
  void node(const TreeNode& node) {
    number(static_cast<std::uint64_t>(node.type));
    number(node.mode);
    number(node.uid);
    number(node.gid);
    number(node.size);
    number(node.layer);
    text(node.link_target());
    number(node.contents() ? 1 : 0);
    if (node.contents()) text(*node.contents());
    number(node.xattrs().size());
    for (const auto& [name, value] : node.xattrs()) {
      text(name);
      text(value);
    }
    number(node.children.size());
    for (const auto& [name, child] : node.children) {
      text(name);
      this->node(child);
    }
  }

 private:
  void byte(std::uint64_t value) {
    ++size_;
    if (bytes_ != nullptr) *bytes_ += static_cast<char>(value);
  }
  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) byte(value | 0x80U);
    byte(value);
  }
  void text(std::string_view value) {
    number(value.size());
    size_ += value.size();
    if (bytes_ != nullptr) *bytes_ += value;
  }

  std::string* bytes_;
  std::size_t size_ = 0;
};

// What a record says of one node: the numbers in `node`, the texts as views into the record.
struct NodeView {
  TreeNode node;
  std::string_view link_target;
  std::optional<std::string_view> contents;
  std::vector<std::pair<std::string_view, std::string_view>> xattrs;
};

class Reader {
 public:
  Reader(std::string_view bytes, std::size_t at) : bytes_(bytes), at_(at) {}

  std::size_t at() const { return at_; }
  bool at_end() const { return at_ == bytes_.size(); }
  void go_to(std::size_t at) { at_ = at; }

  bool number(std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && at_ < bytes_.size(); shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_[at_++]);
      value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      // As the writer has it: no zeros in front, and no bits beyond 64.
      if ((byte & 0x80U) == 0) return (byte != 0 || shift == 0) && (shift < 63 || byte == 1);
    }
    return false;
  }
  bool text(std::string_view& value) {
    std::uint64_t length = 0;
    if (!number(length) || length > bytes_.size() - at_) return false;
    const auto size = static_cast<std::size_t>(length);
    value = bytes_.substr(at_, size);
    at_ += size;
    return true;
  }
  // All of a node but its children.
  bool node(NodeView& view) { return metadata(view) && xattrs(view); }

 private:
  bool metadata(NodeView& view) {
    auto& node = view.node;
    std::uint64_t type = 0;
    std::uint64_t mode = 0;
    std::uint64_t layer = 0;
    std::uint64_t has_contents = 0;
    if (!number(type) || type > static_cast<std::uint64_t>(EntryType::fifo) || !number(mode) || !number(node.uid) ||
        !number(node.gid) || !number(node.size) || !number(layer) || !text(view.link_target) || !number(has_contents) ||
        mode > 07777U || layer > UINT32_MAX || has_contents > 1) {
      return false;
    }
    node.type = static_cast<EntryType>(type);
    node.mode = static_cast<std::uint16_t>(mode);
    node.layer = static_cast<std::uint32_t>(layer);
    view.contents.reset();
    return has_contents == 0 || text(view.contents.emplace());
  }
  bool xattrs(NodeView& view) {
    view.xattrs.clear();
    std::uint64_t count = 0;
    if (!number(count)) return false;
    for (; count > 0; --count) {
      std::string_view name;
      std::string_view value;
      if (!text(name) || !text(value)) return false;
      if (!view.xattrs.empty() && name <= view.xattrs.back().first) return false;
      view.xattrs.emplace_back(name, value);
    }
    return true;
  }

  std::string_view bytes_;
  std::size_t at_;
};

// A record that was read through once and found whole, and where its folders' children begin (at their number) and end,
// by beginning: so that a folder can be passed over.
struct Record {
  explicit Record(SharedBytes record) : shared(std::move(record)) {}

  std::string_view bytes() const { return shared.bytes; }

  SharedBytes shared;
  std::vector<std::pair<std::size_t, std::size_t>> folders;
};

bool check_node(Record& record, Reader& reader, NodeView& scratch, int depth) {
  if (depth > kMaxDepth || !reader.node(scratch)) return false;
  const auto begin = reader.at();
  std::uint64_t count = 0;
  if (!reader.number(count)) return false;
  if (count == 0) return true;
  const auto place = record.folders.size();
  record.folders.emplace_back(begin, 0);
  std::string_view last;
  for (bool first = true; count > 0; --count, first = false) {
    std::string_view name;
    // Lookups take the names for sorted.
    if (!reader.text(name) || (!first && name <= last)) return false;
    last = name;
    if (!check_node(record, reader, scratch, depth + 1)) return false;
  }
  record.folders[place].second = reader.at();
  return true;
}

TreeChildren make_children(const std::shared_ptr<const Record>& record, std::size_t at);

TreeNode make_node(const std::shared_ptr<const Record>& record, Reader& reader) {
  NodeView view;
  reader.node(view);
  TreeNode node = std::move(view.node);
  node.set_link_target(std::string(view.link_target));
  if (view.contents) node.set_contents(std::string(*view.contents));
  TreeNode::Xattrs xattrs;
  for (const auto& [name, value] : view.xattrs) xattrs[std::string(name)] = value;
  node.set_xattrs(std::move(xattrs));
  const auto begin = reader.at();
  std::uint64_t count = 0;
  reader.number(count);
  if (count > 0) {
    node.children = Tree::Children([record, begin] { return make_children(record, begin); });
    const auto folder =
        std::lower_bound(record->folders.begin(), record->folders.end(), std::pair(begin, std::size_t{0}));
    reader.go_to(folder->second);
  }
  return node;
}

TreeChildren make_children(const std::shared_ptr<const Record>& record, std::size_t at) {
  Reader reader(record->bytes(), at);
  std::uint64_t count = 0;
  reader.number(count);
  TreeChildren children;
  for (; count > 0; --count) {
    std::string_view name;
    reader.text(name);
    children.append(name, make_node(record, reader));
  }
  return children;
}

}  // namespace

std::string encode_tree(const Tree& tree) {
  Writer counter(nullptr);
  counter.node(tree.root());
  std::string bytes;
  bytes.reserve(kMagic.size() + counter.size());
  bytes += kMagic;
  Writer(&bytes).node(tree.root());
  return bytes;
}

std::optional<Tree> decode_tree(SharedBytes shared) {
  if (!shared.bytes.starts_with(kMagic)) return {};
  auto record = std::make_shared<Record>(std::move(shared));
  Reader check(record->bytes(), kMagic.size());
  NodeView scratch;
  if (!check_node(*record, check, scratch, 0) || !check.at_end()) return {};
  Reader reader(record->bytes(), kMagic.size());
  return Tree::from_root(make_node(record, reader));
}

}  // namespace ociassemble
