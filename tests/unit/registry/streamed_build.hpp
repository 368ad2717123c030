// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "registry_support.hpp"

namespace ociassemble::test {

inline constexpr std::uint64_t kLarge = std::uint64_t{64} << 20U;  // before compression, as a build would say it
inline constexpr std::size_t kPiece = 10'000;

// A build whose only layer is sent while it is made.
struct StreamedBuild {
  explicit StreamedBuild(std::size_t size) : StreamedBuild(text_of(size)) {}
  explicit StreamedBuild(std::string content) : bytes(std::move(content)), image(image_of({bytes})) {}

  std::shared_ptr<Sink> begin(RegistryClient& client, const Reference& target) const {
    client.expect_push(target);
    return client.expect_new_layer(kLarge);
  }
  void write(Sink& sink) const {
    for (std::size_t at = 0; at < bytes.size(); at += kPiece)
      sink.write(as_bytes(std::string_view(bytes).substr(at, kPiece)));
  }
  void run(RegistryClient& client, const Reference& target) const {
    const auto sink = begin(client, target);
    REQUIRE(sink);
    write(*sink);
    client.add_new_layer(image.layers()[0].descriptor.digest, sink);
    client.push(image, target);
  }

  std::string bytes;
  Image image;
};

// Of the content of blobs that requests of this method brought; of all methods without one.
inline std::size_t bytes_of(const FakeRegistry& registry, const std::string& method = {}) {
  std::size_t sum = 0;
  for (const auto& entry : registry.log()) {
    if ((method.empty() || entry.method == method) && entry.target.find("/manifests/") == std::string::npos)
      sum += entry.received;
  }
  return sum;
}

}  // namespace ociassemble::test
