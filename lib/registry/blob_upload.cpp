// SPDX-License-Identifier: Apache-2.0
#include "registry/blob_upload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace ociassemble {
namespace {

// A proxy that finds a chunk too large is sent smaller ones, down to this; nginx's own limit is 1 MiB.
constexpr std::uint64_t kSmallestChunk = std::uint64_t{64} << 10U;
constexpr std::uint64_t kShrinking = 8;
constexpr std::uint64_t kUploadProgress = std::uint64_t{1} << 20U;  // as for downloads

}  // namespace

std::optional<std::uint64_t> upload_offset(const HttpHeaders& headers) {
  const auto range = headers.find("Range");
  if (!range) return {};
  std::string_view text = *range;
  if (text.starts_with("bytes=")) text.remove_prefix(std::string_view("bytes=").size());
  if (!text.starts_with("0-")) return {};
  text.remove_prefix(2);
  std::uint64_t last = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), last);
  if (error != std::errc{} || end != text.data() + text.size() || last == UINT64_MAX) return {};
  return last == 0 ? 0 : last + 1;
}

BlobUpload::BlobUpload(RegistrySession& session, std::string repository, UploadContent& content, std::stop_token stop,
                       const UploadLimits& limits)
    : session_(session),
      repository_(std::move(repository)),
      content_(content),
      stop_(std::move(stop)),
      limits_(limits),
      action_(fmt::format("push {} to {}/{}", content.name(), session.registry(), repository_)),
      retrier_(session.context().policy, stop_),
      chunked_(content.descriptor().size > limits.whole) {}

void BlobUpload::run(const std::optional<RegistryAnswer>& opened) {
  if (opened) {
    adopt(*opened);
  } else {
    start();
  }
  send_until_done();
}

void BlobUpload::run_streamed(const StreamedBytes& streamed) {
  take_location(streamed.upload);
  if (streamed.offset == size()) {
    offset_ = size();
    resumed_ = true;
    chunked_ = true;
  } else if (resume()) {
    return;
  }
  send_until_done();
}

void BlobUpload::send_until_done() {
  for (;;) {
    switch (try_once()) {
      case Next::done:
        return;
      case Next::resume:
        if (resume()) return;
        break;
      case Next::restart:
        start();
        break;
    }
  }
}

void BlobUpload::start() {
  auto post = call("POST", session_.endpoint().uploads(repository_));
  post.large = is_large(size());  // so that the connection is there for what follows
  const auto answer = session_.request(post);
  if (!answer.succeeded()) throw session_.failure(action_, answer, "the registry has no such repository");
  adopt(answer);
}

void BlobUpload::adopt(const RegistryAnswer& answer) {
  if (!answer.headers.find("Location")) {
    throw Error(ErrorCode::corrupt,
                fmt::format("cannot {}: the registry opened an upload without a Location", action_));
  }
  take_location(answer);
  from_the_beginning_ = true;
  offset_ = 0;
  resumed_ = false;
  if (const auto least = answer.headers.find_number("OCI-Chunk-Min-Length"))
    limits_.chunk = std::clamp<std::uint64_t>(*least, limits_.chunk, UINT64_C(1) << 40U);
}

void BlobUpload::take_location(const RegistryAnswer& answer) {
  const auto location = answer.headers.find("Location");
  if (location) location_ = session_.endpoint().follow(answer.url, *location);
}

BlobUpload::Next BlobUpload::try_once() {
  try {
    const auto answer = send();
    note_progress();
    return judge(answer);
  } catch (const TransportError& error) {
    last_failure_ = std::make_exception_ptr(error.final());
    if (error.kind() != TransportError::Kind::transient) std::rethrow_exception(last_failure_);
  }
  note_progress();
  wait({});
  return Next::resume;
}

// Only what no try had reached before is progress: else a registry that forgets sessions would be tried forever. And a
// drip is none: else one that keeps a byte of each try would have us send as often as the blob has bytes.
void BlobUpload::note_progress() {
  if (offset_ < furthest_ + kUploadProgress) return;
  furthest_ = offset_;
  retrier_.reset();
}

// As far as it goes: the answer of the PUT that ends it, or of the request that failed.
RegistryAnswer BlobUpload::send() {
  if (!chunked_) return put(0, size());
  while (offset_ < size()) {
    auto answer = send_chunk();
    if (!answer.succeeded()) return answer;
  }
  return put(offset_, 0);
}

RegistryAnswer BlobUpload::send_chunk() {
  const auto length = std::min(limits_.chunk, size() - offset_);
  auto patch = call("PATCH", *location_);
  patch.headers.add("Content-Type", "application/octet-stream");
  patch.headers.add("Content-Range", fmt::format("{}-{}", offset_, offset_ + length - 1));
  patch.body = body(offset_, length);
  auto answer = exchange(patch);
  if (!answer.succeeded()) return answer;
  auto reached = upload_offset(answer.headers).value_or(offset_ + length);
  if (reached > offset_ + length) {
    throw Error(ErrorCode::corrupt, fmt::format("cannot {}: the registry says it has {} bytes, of {} that it was sent",
                                                action_, reached, offset_ + length));
  }
  // ECR has all chunks and goes on telling where the first of them ended. The digest of the whole decides.
  if (reached <= offset_) reached = offset_ + length;
  offset_ = reached;
  take_location(answer);
  return answer;
}

RegistryAnswer BlobUpload::put(std::uint64_t offset, std::uint64_t length) {
  auto final_put = call("PUT", location_->with_query("digest", content_.descriptor().digest.to_string()));
  final_put.headers.add("Content-Type", "application/octet-stream");
  if (length != 0) final_put.body = body(offset, length);
  return exchange(final_put);
}

RegistryAnswer BlobUpload::exchange(const RegistryCall& call) {
  const auto sent = session_.exchange(call);
  return {sent.stream->status(), sent.stream->headers(), collect_beginning(*sent.stream, kMaxErrorBody), sent.url};
}

BlobUpload::Next BlobUpload::judge(const RegistryAnswer& answer) {
  if (answer.succeeded()) return Next::done;
  const int status = answer.status;
  last_failure_ = std::make_exception_ptr(session_.failure(action_, answer, "the upload is not known any more"));
  if (is_worth_retrying(status)) {
    wait(retry_after(answer.headers));
    return Next::resume;
  }
  if (status == 413 && !chunked_ && !chunks_refused_) {  // a proxy's limit on one request
    chunked_ = true;
    return Next::restart;
  }
  if (status == 413 && chunked_ && std::min(limits_.chunk, size()) / kShrinking >= kSmallestChunk) {
    limits_.chunk = std::min(limits_.chunk, size()) / kShrinking;
    wait({});
    return Next::restart;
  }
  if (refuses_chunks(status) && chunked_ && !chunks_refused_) {
    chunks_refused_ = true;
    chunked_ = false;
    return Next::restart;
  }
  if (status == 416 && !std::exchange(offset_refused_, true)) {  // it may have more, or less, than we think
    wait({});
    return Next::resume;
  }
  if (status == 404 || status == 416 || (status == 400 && resumed_)) {  // the session is lost, or spoilt
    wait({});
    return Next::restart;
  }
  std::rethrow_exception(last_failure_);
}

// Google has no chunks, and GitHub none over 4 MiB, which it says with 416 though there is nothing to disagree about;
// and a registry may put them together to something else than was sent. Each of them takes the whole in one request.
bool BlobUpload::refuses_chunks(int status) const noexcept {
  if (resumed_) return status == 405 || status == 501;
  return status == 400 || status == 405 || status == 501 || (status == 416 && offset_ == 0);
}

// True when there is nothing left to send: only the answer to the last PUT was lost.
bool BlobUpload::resume() {
  const auto answer = session_.request(call("GET", *location_));
  if (answer.status == 404 && is_there()) return true;
  const auto offset = answer.succeeded() ? upload_offset(answer.headers) : std::nullopt;
  if (!offset || *offset == 0 || *offset > size() || chunks_refused_) {
    if (answer.succeeded()) give_back_upload(session_, repository_, answer);
    chunked_ = chunked_ || (size() > limits_.chunk && !chunks_refused_);
    start();
    return false;
  }
  take_location(answer);
  offset_ = *offset;
  resumed_ = true;
  chunked_ = true;
  return false;
}

bool BlobUpload::is_there() {
  const auto blob = session_.endpoint().blob(repository_, content_.descriptor().digest);
  return session_.request(call("HEAD", blob)).succeeded();
}

void BlobUpload::wait(std::optional<std::chrono::seconds> asked) {
  if (!retrier_.wait(asked)) std::rethrow_exception(last_failure_);
}

RegistryCall BlobUpload::call(std::string method, Url url) const {
  return {.method = std::move(method), .url = std::move(url), .scope = Scope::push(repository_), .stop = stop_};
}

HttpBody BlobUpload::body(std::uint64_t offset, std::uint64_t length) {
  return {length, [this, offset, length] { return content_.slice(offset, length); }};
}

}  // namespace ociassemble
