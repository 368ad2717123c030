// SPDX-License-Identifier: Apache-2.0
#include "compare/proof_side.hpp"

#include "compare/layer_alignment.hpp"

namespace ociassemble {

ProofSide::ProofSide(const Image& image, const char* name) : image_(image), name_(name), sides_(layer_sides(image)) {}

void ProofSide::take_roles(const std::set<Digest>& application, const std::set<std::size_t>& common) {
  bool is_above = false;
  for (const auto& side : sides_) {
    const bool is_application = application.count(side.diff_id) != 0;
    const bool is_common = common.count(side.number) != 0;
    is_above = is_above || is_application;
    auto role = LayerRole::base;
    if (is_application && is_common) role = LayerRole::application;
    if (is_above && !is_common) role = LayerRole::extra;
    accounted_.push_back({role, is_common, side});
    if (is_application || role == LayerRole::extra) noted_.insert(side.number - 1);
    if (is_application) claimed_.insert(side.number - 1);
    if (!is_above) below_.push_back(side.diff_id);
  }
}

void ProofSide::read(const std::stop_token& stop) {
  files_.read(image_, noted_, stop);
  std::uint64_t count = 0;
  for (const auto i : claimed_) count += files_.layers()[i].placed_count;
  claimed_nodes_.reserve(count);
  for (const auto i : claimed_) take_claimed(i);
  claimed_nodes_.finish();
  claimed_folders_.finish();
  application_folders_.finish();
  settled_.resize(claimed_nodes_.size());
  for (std::size_t i = 0; i < accounted_.size(); ++i) {
    if (accounted_[i].role != LayerRole::extra) continue;
    const auto& deeds = files_.layers()[i];
    for (auto placed = deeds.placed.read(); placed.next();) laid_on_.emplace(place_of(placed));
    removed_.insert(deeds.removed.begin(), deeds.removed.end());
  }
}

void ProofSide::take_claimed(std::size_t index) {
  const bool is_application = accounted_[index].role == LayerRole::application;
  std::string folder = "/";  // the last whose folders were taken
  for (auto placed = files_.layers()[index].placed.read(); placed.next();) {
    const auto place = place_of(placed);
    const auto* node = tree().find(place);
    if (node != nullptr && node->type == EntryType::directory) continue;
    if (node != nullptr) {
      claimed_nodes_.add(node);
    } else {
      claimed_and_gone_.insert_or_assign(std::string(place), is_application);
    }
    const auto slash = place.rfind('/');
    const auto above = slash == std::string_view::npos ? std::string_view() : place.substr(0, slash);
    if (above == folder) continue;
    folder = above;
    take_folders(folder, is_application);
  }
}

// The folder and those above it, as far as there are such.
void ProofSide::take_folders(std::string_view folder, bool is_application) {
  const auto take = [&](const Tree::Node* node) {
    if (node == nullptr || node->type != EntryType::directory) return;
    claimed_folders_.add(node);
    if (is_application) application_folders_.add(node);
  };
  take(&tree().root());
  for (auto end = folder.find('/'); !folder.empty(); end = folder.find('/', end + 1)) {
    take(tree().find(folder.substr(0, end)));
    if (end == std::string_view::npos) return;
  }
}

bool ProofSide::was_claimed(const std::string& path) const {
  if (claimed_and_gone_.count(path) != 0) return true;
  const auto prefix = path.empty() ? path : path + "/";
  auto below = claimed_and_gone_.lower_bound(prefix);
  while (below != claimed_and_gone_.end() && below->first.starts_with(prefix) && !below->second) ++below;
  return below != claimed_and_gone_.end() && below->first.starts_with(prefix);
}

bool ProofSide::settle(const Tree::Node& node) {
  const auto place = claimed_nodes_.place_of(&node);
  if (!place) return settled_others_.insert(&node).second;
  const bool is_new = !settled_[*place];
  settled_[*place] = true;
  return is_new;
}

bool ProofSide::is_settled(const Tree::Node* node) const {
  const auto place = claimed_nodes_.place_of(node);
  return place ? settled_[*place] : settled_others_.count(node) != 0;
}

bool ProofSide::is_laid_on(const std::string& path) const {
  if (laid_on_.count(path) != 0 || removed_.count("") != 0) return true;
  // Folders that a layer did not name, but that its files lie in, are its own too.
  const auto* node = tree().find(path);
  if (node != nullptr && node->layer != 0 && accounted_[node->layer - 1].role == LayerRole::extra) return true;
  for (auto end = path.size(); end != std::string::npos && end != 0; end = path.rfind('/', end - 1)) {
    const auto above = path.substr(0, end);
    if (removed_.count(above) != 0) return true;
    if (end != path.size() && laid_on_.count(above) != 0 && !is_folder(above)) return true;
  }
  return false;
}

bool ProofSide::is_folder(const std::string& path) const {
  const auto* node = tree().find(path);
  return node != nullptr && node->type == EntryType::directory;
}

}  // namespace ociassemble
