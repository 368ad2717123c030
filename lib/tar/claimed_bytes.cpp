// SPDX-License-Identifier: Apache-2.0
#include "tar/claimed_bytes.hpp"

#include <fmt/format.h>

#include "ociassemble/error.hpp"
#include "tar/tar_path.hpp"

namespace ociassemble {
namespace {

constexpr std::uint64_t kMostHoles = std::uint64_t{64} << 30U;

}  // namespace

void ClaimedBytes::take(const TarEntry& entry, std::uint64_t layer_bytes, std::string_view action) {
  const auto limit = kMostHoles + layer_bytes;
  if (entry.size > limit || claimed_ > limit) {
    throw Error(ErrorCode::unsupported, fmt::format("cannot {}: {} is a file of more holes than can be read", action,
                                                    tar_name_for_message(entry.path)));
  }
  claimed_ += entry.size;
}

}  // namespace ociassemble
