// SPDX-License-Identifier: Apache-2.0
#include "tree/tree_node.hpp"

#include <algorithm>
#include <vector>

namespace ociassemble {
namespace {

constexpr std::size_t kMostItems = 64;  // of a chunk

}  // namespace

struct TreeChildren::Rep {
  struct Item {
    std::uint32_t name_at = 0;
    std::uint32_t name_size = 0;
    TreeNode node;
  };

  struct Chunk {
    std::string_view name(const Item& item) const {
      return std::string_view(names).substr(item.name_at, item.name_size);
    }
    std::size_t place_of(std::string_view wanted) const {
      const auto at = std::lower_bound(items.begin(), items.end(), wanted,
                                       [this](const Item& item, std::string_view text) { return name(item) < text; });
      return static_cast<std::size_t>(at - items.begin());
    }
    bool has_at(std::size_t place, std::string_view wanted) const {
      return place < items.size() && name(items[place]) == wanted;
    }
    // Little is left unused: doubling would leave a quarter.
    TreeNode& insert(std::size_t place, std::string_view wanted, TreeNode node) {
      if (items.size() == items.capacity())
        items.reserve(items.size() < 8 ? std::max<std::size_t>(1, items.size() * 2) : items.size() + 8);
      Item item;
      item.name_at = static_cast<std::uint32_t>(names.size());
      item.name_size = static_cast<std::uint32_t>(wanted.size());
      item.node = std::move(node);
      names += wanted;
      return items.insert(items.begin() + static_cast<std::ptrdiff_t>(place), std::move(item))->node;
    }
    // Its upper half, or none of it where what comes next goes to the end.
    std::unique_ptr<Chunk> split(bool at_end) {
      auto upper = std::make_unique<Chunk>();
      if (!at_end) {
        const auto half = items.begin() + static_cast<std::ptrdiff_t>(items.size() / 2);
        upper->items.assign(std::make_move_iterator(half), std::make_move_iterator(items.end()));
        items.erase(half, items.end());
        upper->names = pack(upper->items, names);
      }
      names = pack(items, names);
      items.shrink_to_fit();
      return upper;
    }
    static std::string pack(std::vector<Item>& items, const std::string& from) {
      std::string packed;
      std::size_t size = 0;
      for (const auto& item : items) size += item.name_size;
      packed.reserve(size);
      for (auto& item : items) {
        const auto at = packed.size();
        packed.append(from, item.name_at, item.name_size);
        item.name_at = static_cast<std::uint32_t>(at);
      }
      return packed;
    }

    std::string names;
    std::vector<Item> items;
  };

  Rep() = default;
  Rep(const Rep& other) : size(other.size), make(other.make) {
    chunks.reserve(other.chunks.size());
    for (const auto& chunk : other.chunks) chunks.push_back(std::make_unique<Chunk>(*chunk));
  }
  Rep& operator=(const Rep&) = delete;
  ~Rep() = default;

  // The one that has the name, or would.
  std::size_t chunk_of(std::string_view name) const {
    const auto after = std::upper_bound(
        chunks.begin(), chunks.end(), name,
        [](std::string_view text, const auto& chunk) { return text < chunk->name(chunk->items.front()); });
    return after == chunks.begin() ? 0 : static_cast<std::size_t>(after - chunks.begin()) - 1;
  }
  TreeNode* find(std::string_view name) const {
    if (chunks.empty()) return nullptr;
    auto& chunk = *chunks[chunk_of(name)];
    const auto place = chunk.place_of(name);
    return chunk.has_at(place, name) ? &chunk.items[place].node : nullptr;
  }
  // What is not there yet.
  TreeNode& insert(std::string_view name, TreeNode node) {
    if (chunks.empty()) chunks.push_back(std::make_unique<Chunk>());
    auto number = chunk_of_or_first(name);
    auto place = chunks[number]->place_of(name);
    if (chunks[number]->items.size() == kMostItems) {
      const bool at_end = number + 1 == chunks.size() && place == kMostItems;
      chunks.insert(chunks.begin() + static_cast<std::ptrdiff_t>(number) + 1, chunks[number]->split(at_end));
      if (place > chunks[number]->items.size() || at_end) place -= chunks[number++]->items.size();
    }
    ++size;
    return chunks[number]->insert(place, name, std::move(node));
  }
  std::size_t chunk_of_or_first(std::string_view name) const {
    return chunks.front()->items.empty() ? 0 : chunk_of(name);
  }
  void drop_empty_chunks() {
    const auto is_empty = [](const auto& chunk) { return chunk->items.empty(); };
    chunks.erase(std::remove_if(chunks.begin(), chunks.end(), is_empty), chunks.end());
    size = 0;
    for (const auto& chunk : chunks) size += chunk->items.size();
  }

  std::vector<std::unique_ptr<Chunk>> chunks;  // none is empty
  std::size_t size = 0;
  std::shared_ptr<const Make> make;  // until it was called
};

TreeChildren::Child TreeChildren::Iterator::operator*() const {
  const auto& chunk = *rep_->chunks[chunk_];
  const auto& item = chunk.items[item_];
  return {chunk.name(item), item.node};
}

TreeChildren::Iterator& TreeChildren::Iterator::operator++() {
  if (++item_ == rep_->chunks[chunk_]->items.size()) {
    ++chunk_;
    item_ = 0;
  }
  return *this;
}

TreeChildren::TreeChildren() = default;
TreeChildren::TreeChildren(Make make) : rep_(std::make_unique<Rep>()) {
  rep_->make = std::make_shared<const Make>(std::move(make));
}
TreeChildren::TreeChildren(const TreeChildren& other)
    : rep_(other.rep_ ? std::make_unique<Rep>(*other.rep_) : nullptr) {}
TreeChildren::TreeChildren(TreeChildren&& other) noexcept = default;
TreeChildren& TreeChildren::operator=(const TreeChildren& other) {
  if (this != &other) rep_ = other.rep_ ? std::make_unique<Rep>(*other.rep_) : nullptr;
  return *this;
}
TreeChildren& TreeChildren::operator=(TreeChildren&& other) noexcept = default;
TreeChildren::~TreeChildren() = default;

TreeChildren::Rep* TreeChildren::rep() const {
  while (rep_ && rep_->make) {
    const auto make = rep_->make;
    rep_ = std::move((*make)().rep_);
  }
  return rep_.get();
}

TreeChildren::Rep& TreeChildren::edit() {
  if (rep() == nullptr) rep_ = std::make_unique<Rep>();
  return *rep_;
}

std::size_t TreeChildren::size() const {
  const auto* made = rep();
  return made == nullptr ? 0 : made->size;
}

TreeChildren::Iterator TreeChildren::begin() const { return {rep(), 0}; }

TreeChildren::Iterator TreeChildren::end() const {
  const auto* made = rep();
  return {made, made == nullptr ? 0 : made->chunks.size()};
}

const TreeNode* TreeChildren::find(std::string_view name) const {
  const auto* made = rep();
  return made == nullptr ? nullptr : made->find(name);
}

TreeNode* TreeChildren::find(std::string_view name) {
  const auto* made = rep();
  return made == nullptr ? nullptr : made->find(name);
}

bool TreeChildren::has_prefix(std::string_view prefix) const {
  const auto* made = rep();
  if (made == nullptr || made->chunks.empty()) return false;
  const auto number = made->chunk_of(prefix);
  const auto& chunk = *made->chunks[number];
  const auto place = chunk.place_of(prefix);
  if (place < chunk.items.size()) return chunk.name(chunk.items[place]).starts_with(prefix);
  if (number + 1 == made->chunks.size()) return false;
  const auto& next = *made->chunks[number + 1];
  return next.name(next.items.front()).starts_with(prefix);
}

TreeNode& TreeChildren::operator[](std::string_view name) { return *try_emplace(name, {}).first; }

std::pair<TreeNode*, bool> TreeChildren::try_emplace(std::string_view name, const TreeNode& node) {
  auto& made = edit();
  if (auto* found = made.find(name)) return {found, false};
  return {&made.insert(name, node), true};
}

void TreeChildren::append(std::string_view name, TreeNode node) { edit().insert(name, std::move(node)); }

void TreeChildren::erase(std::string_view name) {
  auto* made = rep();
  if (made == nullptr || made->chunks.empty()) return;
  auto& chunk = *made->chunks[made->chunk_of(name)];
  const auto place = chunk.place_of(name);
  if (!chunk.has_at(place, name)) return;
  chunk.items.erase(chunk.items.begin() + static_cast<std::ptrdiff_t>(place));
  --made->size;
  if (chunk.items.empty()) made->drop_empty_chunks();
}

void TreeChildren::remove_if(const std::function<bool(TreeNode&)>& is_to_go) {
  auto* made = rep();
  if (made == nullptr) return;
  for (const auto& chunk : made->chunks) {
    const auto goes = [&](Rep::Item& item) { return is_to_go(item.node); };
    chunk->items.erase(std::remove_if(chunk->items.begin(), chunk->items.end(), goes), chunk->items.end());
  }
  made->drop_empty_chunks();
}

void TreeNode::set_link_target(std::string target) {
  if (target.empty() && !extra_.is_set()) return;
  extra_.edit().link_target = std::move(target);
}

void TreeNode::set_xattrs(Xattrs xattrs) {
  if (xattrs.empty() && this->xattrs().empty()) return;
  extra_.edit().xattrs.edit() = std::move(xattrs);
}

void TreeNode::set_contents(std::optional<std::string> contents) {
  if (!contents && !this->contents()) return;
  extra_.edit().contents.edit() = std::move(contents);
}

}  // namespace ociassemble
