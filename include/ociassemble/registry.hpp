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
#include "ociassemble/export.hpp"
#include "ociassemble/image.hpp"
#include "ociassemble/reference.hpp"

namespace ociassemble {

// What a transfer tells about itself; called from several threads, one at a time.
struct TransferEvent {
  enum class Kind { started, progressed, finished, received, mounted, skipped };
  Kind kind;                // finished: sent; received: read to its end and verified
  std::string subject;      // "layer sha256:0123…", "config sha256:…", "manifest"
  std::uint64_t done = 0;   // bytes
  std::uint64_t total = 0;  // bytes
};
using TransferProgress = std::function<void(const TransferEvent&)>;

// One blob or manifest of a push that is yet to be made.
struct PlannedStep {
  enum class Action { send, mount, skip };
  Action action = Action::skip;
  Descriptor descriptor;
  std::string subject;         // "layer sha256:0123…"
  std::string from;            // of a mount: "REGISTRY/REPOSITORY"
  std::uint64_t requests = 0;  // that the push makes for it
};

// What a push would do, as the registry stands now.
struct PushPlan {
  Reference target;                // with the digest
  std::vector<PlannedStep> steps;  // none when the tag has the digest already
  std::uint64_t requests = 0;      // in all, but for authentication, redirects and further tries
  std::uint64_t bytes = 0;         // of content to send
};

// Another place to pull a registry's images from.
struct RegistryMirror {
  std::string registry;  // whose: "docker.io", "host:port"; empty: every registry's
  std::string url;       // "[http://|https://]HOST[:PORT][/PREFIX]"; without a scheme https, http on loopback
};

struct RegistryOptions {
  // Beyond loopback, plain HTTP is only spoken to the registries that are named here ("host:port").
  std::vector<std::string> plain_http;
  // Credentials for one registry ("docker.io", "host:port"), and no other: with an empty `credentials_registry` for
  // none. "*" is every registry that is talked to, also one that only an image's annotation names. Else credentials are
  // looked up in the files and helpers that docker and podman use (docs/registries.md).
  std::string credentials_registry;
  std::optional<std::string> username;
  std::optional<std::string> password;
  std::filesystem::path ca_file;  // a PEM bundle trusted besides the system's; may be empty
  bool verify_tls = true;
  // Asked first, in this order, for what is fetched; what they have not, or do not answer, comes from the registry.
  // They never get the credentials given above, and are never pushed to.
  std::vector<RegistryMirror> mirrors;
  // After those, the mirrors and locations that registries.conf and containerd's hosts.toml name (docs/registries.md),
  // for pulls only. What those files block is Error{unsupported}.
  bool system_mirrors = false;
  std::size_t parallel = 4;  // blobs at a time
  int tries = 5;             // of one request, the first included
  std::chrono::milliseconds first_delay{250};
  std::function<void(const std::string&)> warn;   // may be empty; one line, no secret
  std::function<void(const std::string&)> trace;  // may be empty; one line a request and a response, no secret
  TransferProgress progress;                      // may be empty
  // Where it is kept for a day how a registry wants to be logged in to, and whether it refuses a body without a length;
  // no secrets. Empty: nowhere.
  std::filesystem::path cache_folder = {};
};

// A client of registries (OCI distribution specification 1.1). Safe for concurrent use. Errors: HttpError for a refusal
// (its code unauthorized for 401 and 403, not_found for 404), Error{network} for what did not get through after all
// tries, Error{corrupt} for wrong bytes.
class OCIASSEMBLE_EXPORT RegistryClient {
 public:
  explicit RegistryClient(RegistryOptions options = {}, std::stop_token stop = {});
  ~RegistryClient();
  RegistryClient(const RegistryClient&) = delete;
  RegistryClient& operator=(const RegistryClient&) = delete;

  // The manifest or index that the reference names, verified against the reference's digest or the server's. Its
  // `blobs` reads from the same repository, and outlives the client.
  Document open(const Reference& reference);
  // The descriptor that the reference has now, by HEAD of the mirrors and the registry; nothing when the registry does
  // not say (unknown), or has none.
  std::optional<Descriptor> find(const Reference& reference);
  // The repository's blobs, as open() gives them; no request is made before one is opened.
  std::shared_ptr<BlobReader> blobs(const Reference& repository);
  // All tags, in the registry's order, over all pages.
  std::vector<std::string> tags(const Reference& repository);

  // Sends what the registry lacks, the tag last; nothing but one HEAD when the tag has the digest already. Returns the
  // reference with the digest. `referrers` are manifests that refer to it, or to a manifest of the index: each is put
  // after its subject and before the tag. Where the tag has the digest already, those that are there are not sent
  // again. `before_tag` (may be empty) is called once, in this thread, when all but the tag is there; where it throws,
  // the tag stays what it was.
  Reference push(const Image& image, const Reference& target, const std::vector<Document>& referrers = {},
                 const std::function<void()>& before_tag = {});
  Reference push(const ImageIndex& index, const Reference& target, const std::vector<Document>& referrers = {},
                 const std::function<void()>& before_tag = {});
  // The same for a document with all that it names, whatever that is: an image, an index with nested indexes and
  // attestations, an artifact. Below an index, what the registry has is not even read.
  Reference push(const Document& root, const Reference& target, const std::vector<Document>& referrers = {});

  // Deletes the tag that the reference has, or with a digest the manifest or index with all its tags. Mirrors are not
  // asked. Returns the digest that the tag had, where the registry says it. Throws Error{invalid_argument} for a
  // reference without tag and digest, or with both; HttpError{unsupported} when the registry deletes no such thing:
  // many delete by digest only. Blobs stay until the registry collects garbage.
  std::optional<Digest> remove(const Reference& reference);

  // What the coming push() to `target` needs is asked for now, in the background, while the image is still being made:
  // first what the tag is. Returns at once, and never fails: what goes wrong is met again by the push.
  void expect_push(const Reference& target);
  // The image to come has these layers, which exist already: the base's. They are asked for when a new one is begun.
  // Once for each image of an index: each has a config, for which an upload is then opened, too.
  void expect_layers(const std::vector<Layer>& layers);
  // A layer of about so many bytes before compression will have to be made, most likely: opens the uploads of
  // expect_new_layer(), which then takes them.
  void expect_uploads(std::uint64_t size);
  // Whether expect_push() was called.
  bool is_push_expected() const;
  // A layer of about so many bytes before compression is being made: opens uploads for it and for the image's config.
  // An upload that no push takes is given back when the client goes. Where one push is expected and the layer is large,
  // returns a sink (else null): what is written to it goes to the registry at once, and its write() waits for a slow
  // link; it never fails, belongs to one thread, and goes before the client.
  std::shared_ptr<Sink> expect_new_layer(std::uint64_t size);
  // That layer is made, and no record knew it: the push sends it without asking. A registry that has it all the same,
  // from another machine, is sent it again. `sent` (may be null) is the layer's sink, and has all of its bytes.
  void add_new_layer(const Digest& digest, const std::shared_ptr<Sink>& sent = {});

  // What push() would do, by GET and HEAD alone. Where the registry has no referrers API, the push makes up to four
  // further requests for each referrer, to list it in the index under a tag.
  PushPlan plan(const Image& image, const Reference& target, const std::vector<Document>& referrers = {});
  PushPlan plan(const ImageIndex& index, const Reference& target, const std::vector<Document>& referrers = {});
  PushPlan plan(const Document& root, const Reference& target, const std::vector<Document>& referrers = {});

  // The manifests whose subject is `subject` (signatures, SBOMs), each with its artifact type and annotations: by the
  // referrers API, else by the tag "sha256-HEX"; of one artifact type unless it is empty.
  std::vector<Descriptor> referrers(const Reference& repository, const Digest& subject,
                                    const std::string& artifact_type = {});
  // A manifest of the repository of `reference`, by its descriptor.
  Document open(const Reference& repository, const Descriptor& manifest);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ociassemble
