// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/shallow.hpp"

#include <fmt/format.h>

#include "ociassemble/error.hpp"
#include "ociassemble/layout.hpp"

namespace ociassemble {
namespace {

OciLayout open_target(const Location& target) {
  if (target.kind == Location::Kind::oci_layout) return OciLayout::open_or_create(target.path);
  throw Error(ErrorCode::invalid_argument,
              fmt::format("cannot write to {} without the base's layers: only a layout (oci:DIR) can lack them",
                          target.to_string()));
}

}  // namespace

std::string publish_shallow(const Image& image, const Location& target, const std::set<Digest>& left_out,
                            const std::stop_token& stop) {
  auto layout = open_target(target);
  write_image(layout, image, target.name, stop, left_out);
  return fmt::format("{}@{}", target.to_string(), image.digest().to_string());
}

std::string publish_shallow(const ImageIndex& index, const Location& target, const std::set<Digest>& left_out,
                            const std::stop_token& stop) {
  auto layout = open_target(target);
  write_index(layout, index, target.name, stop, left_out);
  return fmt::format("{}@{}", target.to_string(), index.descriptor.digest.to_string());
}

}  // namespace ociassemble
