// SPDX-License-Identifier: Apache-2.0
#include "registry/streamed_upload.hpp"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "registry/blob_upload.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kRoom = std::size_t{4} << 20U;

class PipeSource : public Source {
 public:
  explicit PipeSource(std::shared_ptr<BytePipe> pipe) : pipe_(std::move(pipe)) {}
  std::size_t read(std::span<std::byte> buffer) override { return pipe_->read(buffer); }

 private:
  const std::shared_ptr<BytePipe> pipe_;
};

// The bytes come once: a server that wants them again (a redirect, a token) gets them from the push.
HttpBody body_of(const std::shared_ptr<BytePipe>& pipe) {
  return {kUnknownSize, [pipe, opened = std::make_shared<bool>(false)]() -> std::unique_ptr<Source> {
            if (std::exchange(*opened, true))
              throw Error(ErrorCode::unsupported, "cannot send a second time what is sent while it is made");
            return std::make_unique<PipeSource>(pipe);
          }};
}

// What servers, and proxies of an older HTTP before them, may say to a body without a length: that it has to have one,
// that it is none or too large, or that they do not know how. Each can mean something else, so that it counts only when
// the blob was taken otherwise.
bool refuses_unknown_size(int status) {
  constexpr std::array refusals = {400, 405, 411, 413, 415, 416, 501, 505};
  return std::ranges::find(refusals, status) != refusals.end();
}

}  // namespace

StreamedUpload::StreamedUpload(std::shared_ptr<RegistrySession> session, std::string repository, Open open)
    : session_(std::move(session)), repository_(std::move(repository)), pipe_(std::make_shared<BytePipe>(kRoom)) {
  try {
    sent_ = std::async(std::launch::async, [this, open = std::move(open)] { return send(open); });
  } catch (const std::system_error&) {
    pipe_->close();  // without a thread to spare the push sends the blob
  }
}

StreamedUpload::~StreamedUpload() {
  if (!sent_.valid()) return;
  pipe_->give_up();
  stop_.request_stop();
  if (const auto left = sent_.get(); left.bytes) give_back_upload(*session_, repository_, left.bytes->upload);
}

void StreamedUpload::write(std::span<const std::byte> bytes) { pipe_->write(bytes); }

void StreamedUpload::finish() { pipe_->end(); }

StreamedOutcome StreamedUpload::take() { return sent_.valid() ? sent_.get() : StreamedOutcome{}; }

StreamedOutcome StreamedUpload::send(const Open& open) noexcept {
  StreamedOutcome sent;
  try {
    if (auto opened = open()) {
      const std::stop_callback on_stop(session_->stop(), [this] { stop_.request_stop(); });
      sent = patch(std::move(*opened));
    }
  } catch (const std::exception&) {
    sent = {};  // the push meets it again
  }
  pipe_->close();
  return sent;
}

StreamedOutcome StreamedUpload::patch(RegistryAnswer opened) {
  RegistryCall call{.method = "PATCH",
                    .url = session_->endpoint().follow(opened.url, *opened.headers.find("Location")),
                    .scope = Scope::push(repository_),
                    .stop = stop_.get_token()};
  call.headers.add("Content-Type", "application/octet-stream");
  call.body = body_of(pipe_);
  try {
    const auto answer = session_->exchange(call);
    RegistryAnswer patched{answer.stream->status(), answer.stream->headers(),
                           collect_beginning(*answer.stream, kMaxErrorBody), answer.url};
    const auto location = patched.headers.find("Location");
    if (patched.succeeded() && location) {
      session_->endpoint().follow(patched.url, *location);  // throws for one that is none
      const auto offset = upload_offset(patched.headers);
      return {StreamedBytes{std::move(patched), offset}, offset == 0};
    }
    pipe_->close();  // what follows is not worth holding up the layer for
    // One that limits the rate of requests is not sent another.
    if (!is_rate_limit(patched.status)) give_back_upload(*session_, repository_, opened);
    return {{}, refuses_unknown_size(patched.status)};
  } catch (const TransportError&) {
    return {StreamedBytes{std::move(opened), {}}, false};  // what came through is asked for
  } catch (const Error&) {
    pipe_->close();
    give_back_upload(*session_, repository_, opened);
    throw;
  }
}

void give_back_upload(RegistrySession& session, const std::string& repository, const RegistryAnswer& upload) noexcept {
  const auto place = upload.headers.find("Location");
  if (!place || session.stop().stop_requested()) return;
  try {
    const auto location = session.endpoint().follow(upload.url, *place);
    session.exchange({.method = "DELETE", .url = location, .scope = Scope::push(repository), .stop = session.stop()});
  } catch (const std::exception&) {
    return;
  }
}

}  // namespace ociassemble
