// SPDX-License-Identifier: Apache-2.0
#include "registry/blob_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "digest/hasher.hpp"
#include "io/streams.hpp"
#include "ociassemble/manifest.hpp"
#include "ociassemble/media_type.hpp"
#include "registry/manifests.hpp"
#include "registry/resuming_source.hpp"

namespace ociassemble {

std::unique_ptr<Source> RegistryBlobs::open(const Descriptor& descriptor) {
  auto source = is_manifest_type(descriptor.media_type) || is_index_type(descriptor.media_type)
                    ? open_document(descriptor)
                    : open_blob(descriptor);
  return std::make_unique<VerifyingSource>(std::move(source), descriptor.digest, descriptor.size,
                                           fmt::format("{} from {}", blob_name(descriptor), session_->registry()));
}

std::unique_ptr<Source> RegistryBlobs::open_document(const Descriptor& descriptor) {
  auto answer = get_manifest(*session_, repository_, descriptor.digest.to_string(),
                             fmt::format("pull {} of {}/{}", blob_name(descriptor), session_->registry(), repository_),
                             "the registry has no such manifest");
  return std::make_unique<StringSource>(std::move(answer.body));
}

std::unique_ptr<Source> RegistryBlobs::open_blob(const Descriptor& descriptor) {
  RegistryCall call{.url = session_->endpoint().blob(repository_, descriptor.digest),
                    .scope = Scope::pull(repository_),
                    .stop = session_->stop()};
  const auto action = fmt::format("pull {} of {}/{}", blob_name(descriptor), session_->registry(), repository_);
  try {
    return std::make_unique<ResumingSource>(session_, std::move(call), descriptor.size, action);
  } catch (const HttpError& error) {
    // A descriptor's URLs are for layers that no registry may have (OCI image specification, descriptor.md).
    const bool elsewhere = is_foreign_layer_type(descriptor.media_type) && !descriptor.urls.empty();
    if (error.code() != ErrorCode::not_found || !elsewhere) throw;
    return open_elsewhere(descriptor);
  }
}

// A foreign layer lies where its descriptor's URLs say; nobody there is told who we are.
std::unique_ptr<Source> RegistryBlobs::open_elsewhere(const Descriptor& descriptor) {
  const auto home = session_->endpoint().root();
  std::string tried = "no usable URL";
  for (const auto& text : descriptor.urls) {
    try {
      RegistryCall call{.url = Url::parse(text), .scope = Scope::pull(repository_), .stop = session_->stop()};
      if (call.url.same_origin(home) || (home.is_https() && !call.url.is_https())) continue;
      const auto action = fmt::format("pull {} from {}", blob_name(descriptor), call.url.authority());
      return std::make_unique<ResumingSource>(session_, std::move(call), descriptor.size, action);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::interrupted) throw;
      tried = error.what();
    }
  }
  throw Error(ErrorCode::not_found, fmt::format("cannot pull {}: neither the registry nor its URLs have it: {}",
                                                blob_name(descriptor), tried));
}

std::string blob_name(const Descriptor& descriptor) {
  const auto& type = descriptor.media_type;
  const std::string_view kind = is_layer_type(type) || is_foreign_layer_type(type) ? "layer"
                                : is_config_type(type)                             ? "config"
                                : is_manifest_type(type)                           ? "manifest"
                                : is_index_type(type)                              ? "index"
                                                                                   : "blob";
  return fmt::format("{} {}", kind, descriptor.digest.to_string());
}

}  // namespace ociassemble
