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
  for (const auto i : claimed_) {
    for (const auto& [path, place] : files_.layers()[i].placed) {
      if (!is_folder(place)) claimed_paths_.insert_or_assign(place, accounted_[i].role == LayerRole::application);
    }
  }
  for (std::size_t i = 0; i < accounted_.size(); ++i) {
    if (accounted_[i].role != LayerRole::extra) continue;
    const auto& deeds = files_.layers()[i];
    for (const auto& [path, place] : deeds.placed) laid_on_.insert(place);
    removed_.insert(deeds.removed.begin(), deeds.removed.end());
  }
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
