// SPDX-License-Identifier: Apache-2.0
#include "assemble/image_adds.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

#include "assemble/placement.hpp"
#include "assemble/value_place.hpp"
#include "bases/base.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

std::string path_in_image(const AddInput& add) { return "/" + canonical_path(add.source.string(), "source"); }

struct WantedOfImage {
  Location image;
  std::set<std::string> paths;
};

}  // namespace

void ImageAdds::find(const std::vector<Contents>& stages, std::vector<std::filesystem::path>& inputs) {
  std::map<std::string, WantedOfImage> wanted;
  for (const auto& stage : stages) {
    for (const auto& add : stage.adds) {
      if (!add.image) continue;
      if (add.ignore) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("cannot add {}: ignore rules are for folders of this machine, not for {}",
                                add.source.string(), add.image->to_string()),
                    "name the files or folders to take, one by one");
      }
      auto& of_image = wanted.try_emplace(add.image->to_string(), WantedOfImage{*add.image, {}}).first->second;
      of_image.paths.insert(path_in_image(add));
    }
  }
  for (const auto& [name, of_image] : wanted) {
    try {
      open(of_image.image)->find(of_image.paths);
    } catch (const TakenPathError& error) {
      rethrow_with_place(options_, ValueKind::image_path, name + ":" + error.path());
    } catch (...) {
      rethrow_with_place(options_, ValueKind::image, name);
    }
    for (auto& input : inputs_of(of_image.image)) inputs.push_back(std::move(input));
  }
}

std::vector<LayerEntry> ImageAdds::entries(const AddInput& add) const {
  return open(*add.image)->entries(path_in_image(add), options_.file_times);
}

std::shared_ptr<SourceImage> ImageAdds::open(const Location& image) const {
  return work_.sources.open({image, options_.lock, options_.lock_use}, platform_);
}

}  // namespace ociassemble
