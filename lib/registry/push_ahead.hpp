// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "ociassemble/image.hpp"
#include "registry/manifests.hpp"
#include "registry/registry_session.hpp"
#include "registry/streamed_upload.hpp"

namespace ociassemble {

// What a push to one repository needs, asked for while the image is being made: so that the push does not wait for
// answers that it could have had before. Whatever fails here is left to the push, which asks again and tells. Safe for
// concurrent use.
class PushAhead {
 public:
  PushAhead(std::shared_ptr<RegistrySession> session, std::string repository);
  PushAhead(const PushAhead&) = delete;
  PushAhead& operator=(const PushAhead&) = delete;
  ~PushAhead();  // gives back the uploads that nobody took

  // Asks what the tag or digest is.
  void ask_for_manifest(const std::string& identifier);
  // A layer of about so many bytes before compression will be made, of one image more: opens the uploads that
  // expect_layer() would open.
  void expect_uploads(std::uint64_t size);
  // The configs of so many images will most likely be sent: opens an upload for each of them that has none.
  void expect_configs(std::size_t images);
  // A layer of about so many bytes before compression is being made, of an image that has `others`, too: asks which of
  // those are there, and opens an upload for the layer, and with the first layer one for a config. Returns where to
  // write a large layer's blob while it is made; it borrows this, and goes before it.
  enum class Streaming { none, allowed };
  std::shared_ptr<StreamedUpload> expect_layer(const std::vector<Layer>& others, std::uint64_t size,
                                               Streaming streaming);
  // A blob of so many bytes will most likely be sent: opens an upload for it.
  void expect_blob(std::uint64_t size);
  // The blob was made just now, and no record knew it: it is taken for new, which costs at most sending it again.
  // `streamed` (may be null) was given all of it.
  void add_new(const Digest& digest, std::shared_ptr<StreamedUpload> streamed);
  bool is_new(const Digest& digest) const;
  // The registry turned out to lack something: nothing that was learned before holds.
  void forget();

  // What was found out, once: a later push asks again. Nothing where it was not asked for, or failed.
  std::optional<std::optional<ManifestFacts>> take_manifest(const std::string& identifier);
  std::optional<bool> has_blob(const Digest& digest);
  StreamedOutcome take_streamed(const Digest& digest);
  std::optional<RegistryAnswer> take_upload(bool large);

 private:
  using Uploads = std::vector<std::future<std::optional<RegistryAnswer>>>;

  template <class Ask>
  auto begin(Ask ask) -> std::future<decltype(ask())>;
  void ask_for_blob(const Digest& digest);
  void open_upload(bool large);
  void open_config_uploads(std::size_t images);
  bool take_expected(bool large);
  std::optional<RegistryAnswer> ask_for_upload(bool large) const;

  const std::shared_ptr<RegistrySession> session_;
  const std::string repository_;
  std::stop_source stop_;
  mutable std::mutex mutex_;
  std::set<Digest> new_;
  std::size_t expected_images_ = 0;  // by expect_uploads()
  std::size_t config_uploads_ = 0;
  std::map<std::string, std::future<std::optional<std::optional<ManifestFacts>>>> manifests_;
  std::map<Digest, std::future<std::optional<bool>>> blobs_;
  std::map<Digest, std::shared_ptr<StreamedUpload>> streamed_;
  std::map<bool, Uploads> uploads_;       // by whether they are large
  std::map<bool, std::size_t> expected_;  // of them, those that no layer has yet
};

}  // namespace ociassemble
