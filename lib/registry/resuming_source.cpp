// SPDX-License-Identifier: Apache-2.0
#include "registry/resuming_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace ociassemble {
namespace {

// So much must have come since the last failure for the tries to count anew; a drip is no progress.
constexpr std::uint64_t kProgress = std::uint64_t{1} << 20U;

}  // namespace

ResumingSource::ResumingSource(std::shared_ptr<RegistrySession> session, RegistryCall call, std::uint64_t size,
                               std::string action)
    : session_(std::move(session)),
      call_(std::move(call)),
      size_(size),
      action_(std::move(action)),
      retrier_(session_->context().policy, call_.stop) {
  connect();
}

std::size_t ResumingSource::read(std::span<std::byte> buffer) {
  for (;;) {
    try {
      const auto count = stream_->read(buffer);
      received_ += count;
      if (count != 0 || received_ >= size_) return count;
      throw TransportError(TransportError::Kind::transient,
                           fmt::format("cannot {}: the answer ended after {} of {} bytes", action_, received_, size_));
    } catch (const TransportError& error) {
      if (received_ >= size_) return 0;
      after_failure(error);
    }
    connect();
  }
}

void ResumingSource::connect() {
  stream_.reset();
  for (;;) {
    try {
      if (connect_once()) return;
    } catch (const TransportError& error) {
      after_failure(error);
    }
  }
}

// False where another try makes sense, after waiting for it.
bool ResumingSource::connect_once() {
  RegistryCall call = call_;
  call.large = is_large(size_);
  const bool partial = received_ != 0 && !from_start_;
  if (partial) call.headers.add("Range", fmt::format("bytes={}-", received_));
  auto sent = session_->exchange(call);
  const int status = sent.stream->status();
  if (status == 200 || (status == 206 && partial)) {
    accept(std::move(sent));
    return true;
  }
  if (status == 416 && partial) {
    from_start_ = true;
    return false;
  }
  const auto asked = retry_after(sent.stream->headers());
  const RegistryAnswer answer{status, sent.stream->headers(), collect_beginning(*sent.stream, kMaxErrorBody), sent.url,
                              session_->login_of(call_.scope, status, sent.url)};
  if (is_worth_retrying(status) && retrier_.wait(asked)) return false;
  throw session_->failure(action_, answer, "the registry has no such blob");
}

void ResumingSource::accept(SentAnswer answer) {
  stream_ = std::move(answer.stream);
  if (received_ == 0) return;
  if (stream_->status() == 200) {  // the server knows no ranges: everything again
    skip(received_);
    return;
  }
  const auto range = stream_->headers().find("Content-Range").value_or(std::string());
  if (!range.starts_with(fmt::format("bytes {}-", received_))) {
    throw Error(ErrorCode::corrupt,
                fmt::format("cannot {}: the server sent another range than was asked for", action_));
  }
}

void ResumingSource::skip(std::uint64_t count) {
  std::array<std::byte, 16384> buffer{};
  while (count != 0) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), count));
    const auto got = stream_->read(std::span(buffer).first(wanted));
    if (got == 0) {
      throw TransportError(TransportError::Kind::transient, fmt::format("cannot {}: the answer ended early", action_));
    }
    count -= got;
  }
}

void ResumingSource::after_failure(const TransportError& error) {
  if (received_ >= received_at_failure_ + kProgress) {
    retrier_.reset();
    received_at_failure_ = received_;
  }
  if (error.kind() != TransportError::Kind::transient || !retrier_.wait()) throw error.final();
}

}  // namespace ociassemble
