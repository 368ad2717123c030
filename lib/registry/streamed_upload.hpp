// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "io/byte_pipe.hpp"
#include "registry/registry_session.hpp"

namespace ociassemble {

// How far an upload came before its blob's digest was known.
struct StreamedBytes {
  RegistryAnswer upload;                // the latest answer of its session, with a Location
  std::optional<std::uint64_t> offset;  // what the registry says it has; nothing: it has to be asked
};

// What came of it. `was_refused`: the registry wants to know how large a body is, or said so.
struct StreamedOutcome {
  std::optional<StreamedBytes> bytes = {};  // nothing: the blob has to be sent from its beginning
  bool was_refused = false;
};

// A blob that is sent while it is made, in one PATCH whose end is its own. What fails is left to the push, which has
// the bytes in its store. One thread writes.
class StreamedUpload : public Sink {
 public:
  using Open = std::function<std::optional<RegistryAnswer>()>;

  // `open` opens the upload's session; it, and all that follows, runs on a thread of its own.
  StreamedUpload(std::shared_ptr<RegistrySession> session, std::string repository, Open open);
  StreamedUpload(const StreamedUpload&) = delete;
  StreamedUpload& operator=(const StreamedUpload&) = delete;
  ~StreamedUpload() override;  // gives the upload back, unless it was taken

  // Waits while 4 MiB have not been sent. Never fails: what nobody sends is dropped.
  void write(std::span<const std::byte> bytes) override;
  // The blob is whole.
  void finish();
  // Waits for the registry's answer; once.
  StreamedOutcome take();

 private:
  StreamedOutcome send(const Open& open) noexcept;
  StreamedOutcome patch(RegistryAnswer opened);

  const std::shared_ptr<RegistrySession> session_;
  const std::string repository_;
  std::stop_source stop_;
  const std::shared_ptr<BytePipe> pipe_;
  std::future<StreamedOutcome> sent_;
};

// Closes an upload that nobody goes on with. Registries forget uploads by themselves, so nothing is lost where this one
// is not told.
void give_back_upload(RegistrySession& session, const std::string& repository, const RegistryAnswer& upload) noexcept;

}  // namespace ociassemble
