// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "registry/registry_session.hpp"
#include "registry/retry.hpp"
#include "registry/streamed_upload.hpp"
#include "registry/upload_content.hpp"

namespace ociassemble {

struct UploadLimits {
  std::uint64_t whole = std::uint64_t{256} << 20U;  // a larger blob goes in chunks from the start
  std::uint64_t chunk = std::uint64_t{64} << 20U;
};

// One blob's way through an upload session (OCI distribution specification, "Pushing blobs"): POST then PUT in one go,
// or PATCH by PATCH; resumed where it was cut, begun anew where the session is lost. Used once, by one thread.
class BlobUpload {
 public:
  BlobUpload(RegistrySession& session, std::string repository, UploadContent& content, std::stop_token stop,
             const UploadLimits& limits);

  // `opened` is the answer of a POST that opened a session already (a mount that came to nothing).
  void run(const std::optional<RegistryAnswer>& opened);
  // Some or all of the blob was sent while it was made.
  void run_streamed(const StreamedBytes& streamed);
  // Whether nothing that was sent while the blob was made was of use.
  bool sent_from_the_beginning() const noexcept { return from_the_beginning_; }

 private:
  enum class Next { done, resume, restart };

  void send_until_done();
  void start();
  void adopt(const RegistryAnswer& answer);
  void take_location(const RegistryAnswer& answer);
  Next try_once();
  RegistryAnswer send();
  RegistryAnswer send_chunk();
  RegistryAnswer put(std::uint64_t offset, std::uint64_t length);
  RegistryAnswer exchange(const RegistryCall& call);
  void note_progress();
  Next judge(const RegistryAnswer& answer);
  bool refuses_chunks(int status) const noexcept;
  bool resume();
  bool is_there();
  void wait(std::optional<std::chrono::seconds> asked);
  RegistryCall call(std::string method, Url url) const;
  HttpBody body(std::uint64_t offset, std::uint64_t length);
  std::uint64_t size() const noexcept { return content_.descriptor().size; }

  RegistrySession& session_;
  const std::string repository_;
  UploadContent& content_;
  const std::stop_token stop_;
  UploadLimits limits_;
  const std::string action_;
  Retrier retrier_;
  std::optional<Url> location_;
  std::uint64_t offset_ = 0;    // what the registry has
  std::uint64_t furthest_ = 0;  // the most that it ever had
  bool chunked_;
  bool resumed_ = false;  // bytes of an earlier try are in this session
  bool from_the_beginning_ = false;
  bool chunks_refused_ = false;
  bool offset_refused_ = false;
  std::exception_ptr last_failure_;  // thrown when the tries are used up
};

// The offset that an upload's "Range: 0-N" means. "0-0" is what some say for nothing, so it counts as 0.
std::optional<std::uint64_t> upload_offset(const HttpHeaders& headers);

}  // namespace ociassemble
