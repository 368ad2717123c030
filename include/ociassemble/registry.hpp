// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "ociassemble/document.hpp"
#include "ociassemble/image.hpp"
#include "ociassemble/reference.hpp"

namespace ociassemble {

// What a transfer tells about itself; called from several threads, one at a time.
struct TransferEvent {
  enum class Kind { started, progressed, finished, mounted, skipped };
  Kind kind;
  std::string subject;      // "layer sha256:0123…", "config sha256:…", "manifest"
  std::uint64_t done = 0;   // bytes
  std::uint64_t total = 0;  // bytes
};
using TransferProgress = std::function<void(const TransferEvent&)>;

struct RegistryOptions {
  // Beyond loopback, plain HTTP is only spoken to the registries that are named here ("host:port").
  std::vector<std::string> plain_http;
  // Credentials for one registry ("docker.io", "host:port"), or with an empty `credentials_registry` for every one that
  // is talked to. Else they are looked up in the files and helpers that docker and podman use (docs/registries.md).
  std::string credentials_registry;
  std::optional<std::string> username;
  std::optional<std::string> password;
  std::filesystem::path ca_file;  // a PEM bundle trusted besides the system's; may be empty
  bool verify_tls = true;
  std::size_t parallel = 4;  // blobs at a time
  int tries = 5;             // of one request, the first included
  std::chrono::milliseconds first_delay{250};
  std::function<void(const std::string&)> warn;   // may be empty; one line, no secret
  std::function<void(const std::string&)> trace;  // may be empty; one line a request and a response, no secret
  TransferProgress progress;                      // may be empty
};

// A client of registries (OCI distribution specification 1.1). Safe for concurrent use. Errors: HttpError for a refusal
// (its code unauthorized for 401 and 403, not_found for 404), Error{network} for what did not get through after all
// tries, Error{corrupt} for wrong bytes.
class RegistryClient {
 public:
  explicit RegistryClient(RegistryOptions options = {}, std::stop_token stop = {});
  ~RegistryClient();
  RegistryClient(const RegistryClient&) = delete;
  RegistryClient& operator=(const RegistryClient&) = delete;

  // The manifest or index that the reference names, verified against the reference's digest or the server's. Its
  // `blobs` reads from the same repository, and outlives the client.
  Document fetch(const Reference& reference);
  // The descriptor that the reference has now, by HEAD; nothing when the registry does not say (unknown), or has none.
  std::optional<Descriptor> resolve(const Reference& reference);
  // The repository's blobs, as fetch() gives them; no request is made before one is opened.
  std::shared_ptr<BlobReader> blobs(const Reference& repository);
  // All tags, in the registry's order, over all pages.
  std::vector<std::string> tags(const Reference& repository);

  // Sends what the registry lacks, the tag last; nothing but one HEAD when the tag has the digest already. Returns the
  // reference with the digest.
  Reference push(const Image& image, const Reference& target);
  Reference push(const ImageIndex& index, const Reference& target);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ociassemble
