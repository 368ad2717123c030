// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <utility>

#include "bases/base.hpp"
#include "bases/source_image.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/places.hpp"

namespace ociassemble {
namespace {

[[noreturn]] void refuse_unlocked(const Location& location, const std::string& platform) {
  throw Error(ErrorCode::check_failed,
              fmt::format("cannot take files from {}: the lock file does not pin it{}", location.to_string(), platform),
              "`ociassemble lock` pins what the recipe takes; without a recipe, name it with lock --add-from");
}

void warn_of_source_tag(const Reference& image, const Workplace& workplace) {
  if (!workplace.notice || image.digest()) return;
  workplace.notice(fmt::format(
      "{}, from which files are taken, is a tag and may change; pin it with `ociassemble lock`", image.to_string()));
}

// What the lock pins of an image: also what it pins as a base is the same image.
std::optional<Digest> pinned_root(const SourceRequest& request) {
  const auto& reference = request.location.reference;
  if (!request.lock || !reference) return {};
  if (const auto* image = request.lock->find_image(*reference)) return image->digest;
  if (const auto* base = request.lock->find(*reference)) return base->digest;
  return {};
}

SourceImage::Pin pin_of(const SourceRequest& request, const Platform& platform) {
  SourceImage::Pin pin{request.lock, nullptr, request.lock_use == LockUse::required};
  const auto& reference = request.location.reference;
  if (!reference) return {};  // an input on this machine, as the program is
  const auto* image = request.lock ? request.lock->find_image(*reference) : nullptr;
  if (image != nullptr) pin.locked = image->find(platform);
  if (pin.locked == nullptr && pin.is_required) {
    refuse_unlocked(request.location, image == nullptr ? "" : " for " + platform.normalised().to_string());
  }
  return pin;
}

// A root file system, or the built-in base: no image yet.
std::vector<Layer> layers_of_base(const Location& location, const Platform& platform, Workplace workplace) {
  workplace.store = make_temporary_store();
  workplace.copy_base = false;
  workplace.layers_on_demand = true;
  SharedWork work(workplace);
  std::vector<std::filesystem::path> inputs;
  const LayerOptions layer{ImageFormat::oci, {.kind = Compression::none}};
  return open_base(work, {location, nullptr, LockUse::preferred, layer}, platform, workplace, inputs).layers;
}

}  // namespace

// Outlives the finder: an image is asked for its layers when they are needed.
struct SourceImages::Roots {
  Document open(const Location& location, const std::optional<Digest>& pinned, const Workplace& workplace) {
    const std::lock_guard lock(mutex);
    auto chosen = location;
    if (pinned) chosen.reference = location.reference->with_digest(*pinned);
    const auto name = chosen.to_string();
    const auto known = found.find(name);
    if (known != found.end()) return known->second;
    auto document = open_document(chosen, workplace);
    if (chosen.reference) warn_of_source_tag(*chosen.reference, workplace);
    return found.emplace(name, std::move(document)).first->second;
  }

  std::mutex mutex;
  std::map<std::string, Document> found;
};

std::shared_ptr<SourceImage> SourceImages::open(const SourceRequest& request, const Platform& platform) {
  const std::lock_guard lock(mutex_);
  if (!roots_) roots_ = std::make_shared<Roots>();
  const auto& location = request.location;
  auto& image = images_[location.to_string() + " " + platform.normalised().to_string()];
  if (image) return image;
  const auto pin = pin_of(request, platform);
  const bool is_base = location.kind == Location::Kind::rootfs || location.kind == Location::Kind::static_base ||
                       location.kind == Location::Kind::scratch;
  const auto pinned = pin.locked != nullptr ? std::optional(pin.locked->manifest) : pinned_root(request);
  const auto open_layers = [=, roots = roots_](const Workplace& workplace) {
    if (is_base) return layers_of_base(location, platform, workplace);
    return open_image(roots->open(location, pinned, workplace), platform).layers();
  };
  image = std::make_shared<SourceImage>(location.to_string(), open_layers, pin, workplace_);
  return image;
}

}  // namespace ociassemble
