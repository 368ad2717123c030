// SPDX-License-Identifier: Apache-2.0
#include "http/curl_transfer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <utility>

namespace ociassemble {
namespace {

constexpr std::size_t kWindow = std::size_t{512} * 1024;  // held for a reader before the sender has to wait
constexpr long kReceiveBuffer = 256L * 1024;
constexpr long kSendBuffer = 512L * 1024;
constexpr std::chrono::seconds kPatience{1};
constexpr std::size_t kMaxHeaderBytes = std::size_t{256} * 1024;

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r' || text.back() == '\n'))
    text.remove_suffix(1);
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return text;
}

// "HTTP/1.1 404 Not Found", "HTTP/2 404".
int parse_status(std::string_view line) noexcept {
  const auto space = line.find(' ');
  if (space == std::string_view::npos) return 0;
  const auto digits = line.substr(space + 1, 3);
  int status = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), status);
  return error == std::errc{} && end == digits.data() + 3 ? status : 0;
}

}  // namespace

CurlTransfer::CurlTransfer(std::string authority, std::uint64_t body_size)
    : authority_(std::move(authority)), easy_(curl().easy_init()), unsent_(body_size) {
  if (!easy_) throw std::bad_alloc();
  CURL* handle = easy();
  set_option(handle, CURLOPT_ERRORBUFFER, error_text_.data());
  set_option(handle, CURLOPT_BUFFERSIZE, kReceiveBuffer);
  set_option(handle, CURLOPT_UPLOAD_BUFFERSIZE, kSendBuffer);
  set_option(handle, CURLOPT_PRIVATE, this);
  set_option(handle, CURLOPT_HEADERFUNCTION, &CurlTransfer::on_header);
  set_option(handle, CURLOPT_HEADERDATA, this);
  set_option(handle, CURLOPT_WRITEFUNCTION, &CurlTransfer::on_write);
  set_option(handle, CURLOPT_WRITEDATA, this);
  set_option(handle, CURLOPT_READFUNCTION, &CurlTransfer::on_read);
  set_option(handle, CURLOPT_READDATA, this);
  set_option(handle, CURLOPT_SEEKFUNCTION, &CurlTransfer::on_seek);
  set_option(handle, CURLOPT_SEEKDATA, this);
  set_option(handle, CURLOPT_PREREQFUNCTION, &CurlTransfer::on_connected);
  set_option(handle, CURLOPT_PREREQDATA, this);
  // Without a size curl sends HTTP/1.1's chunks.
  set_option(handle, CURLOPT_INFILESIZE_LARGE, body_size == kUnknownSize ? -1 : static_cast<curl_off_t>(body_size));
}

bool CurlTransfer::offer(std::vector<std::byte>& piece) {
  const std::lock_guard lock(mutex_);
  if (!outgoing_.empty()) return false;
  outgoing_.swap(piece);
  piece.clear();
  return true;
}

void CurlTransfer::end_body() {
  const std::lock_guard lock(mutex_);
  body_ended_ = true;
}

bool CurlTransfer::wait_for_answer(bool has_piece) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience,
                           [&] { return answered_ || done_ || interrupted_ || (has_piece && outgoing_.empty()); });
}

bool CurlTransfer::wait_for_body(bool has_piece) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(
      lock, kPatience, [&] { return !incoming_.empty() || done_ || interrupted_ || (has_piece && outgoing_.empty()); });
}

void CurlTransfer::interrupt() noexcept {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  changed_.notify_all();
}

const CurlTransfer::Answer* CurlTransfer::answer() {
  const std::lock_guard lock(mutex_);
  if (failure_) std::rethrow_exception(failure_);
  return answered_ ? &answer_ : nullptr;
}

bool CurlTransfer::take(std::vector<std::byte>& piece) {
  const std::lock_guard lock(mutex_);
  if (failure_) std::rethrow_exception(failure_);
  if (incoming_.empty()) return false;
  incoming_.swap(piece);
  incoming_.clear();
  return true;
}

bool CurlTransfer::is_done() {
  const std::lock_guard lock(mutex_);
  return done_;
}

CURLcode CurlTransfer::result() {
  const std::lock_guard lock(mutex_);
  return result_;
}

std::uint64_t CurlTransfer::received() {
  const std::lock_guard lock(mutex_);
  return received_;
}

bool CurlTransfer::can_resume() {
  const std::lock_guard lock(mutex_);
  return has_room_again() || has_piece_again();
}

bool CurlTransfer::take_resume() {
  const std::lock_guard lock(mutex_);
  const bool receives = has_room_again();
  const bool sends = has_piece_again();
  if (receives) receive_paused_ = false;
  if (sends) send_paused_ = false;
  return receives || sends;
}

bool CurlTransfer::wants_to_end() {
  const std::lock_guard lock(mutex_);
  return end_wanted_;
}

void CurlTransfer::ask_to_end() noexcept {
  const std::lock_guard lock(mutex_);
  end_wanted_ = true;
}

bool CurlTransfer::is_detached() {
  const std::lock_guard lock(mutex_);
  return !attached_;
}

void CurlTransfer::set_attached() {
  const std::lock_guard lock(mutex_);
  attached_ = true;
}

void CurlTransfer::set_detached(CURLcode result) noexcept {
  const std::lock_guard lock(mutex_);
  attached_ = false;
  if (!done_) result_ = result;
  done_ = true;
  changed_.notify_all();
}

CURLcode CurlTransfer::result_of_unheard() {
  const std::lock_guard lock(mutex_);
  const bool is_whole = answered_ && answer_.headers.find_number("Content-Length") == received_;
  return is_whole ? CURLE_OK : CURLE_SEND_ERROR;
}

long CurlTransfer::sending_port() {
  const std::lock_guard lock(mutex_);
  return touched_ && !send_paused_ && !receive_paused_ ? local_port_ : 0;
}

std::size_t CurlTransfer::take_body(std::span<const std::byte> bytes) {
  const std::lock_guard lock(mutex_);
  if (incoming_.size() >= kWindow) {
    receive_paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  received_ += bytes.size();
  incoming_.insert(incoming_.end(), bytes.begin(), bytes.end());
  changed_.notify_all();
  return bytes.size();
}

void CurlTransfer::take_header(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > kMaxHeaderBytes) {
    throw Error(ErrorCode::corrupt, fmt::format("cannot read from {}: the answer's headers are too long", authority_));
  }
  const std::lock_guard lock(mutex_);
  if (answered_) return;  // trailers
  if (line.starts_with("HTTP/")) {
    answer_.headers.clear();
    answer_.status = parse_status(line);
    answer_.multiplexed = line.starts_with("HTTP/2");
    return;
  }
  if (trimmed(line).empty()) {
    answered_ = answer_.status >= 200;  // what was before is informational: "100 Continue", "103 Early Hints"
    if (answered_) {
      answer_.timing = {since_start(CURLINFO_CONNECT_TIME_T), since_start(CURLINFO_APPCONNECT_TIME_T),
                        since_start(CURLINFO_STARTTRANSFER_TIME_T)};
      changed_.notify_all();
    }
    return;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || line.front() == ' ' || line.front() == '\t') return;
  answer_.headers.add(std::string(line.substr(0, colon)), std::string(trimmed(line.substr(colon + 1))));
}

std::chrono::microseconds CurlTransfer::since_start(CURLINFO time) const {
  curl_off_t value = 0;
  curl().easy_getinfo(easy(), time, &value);
  return std::chrono::microseconds(value);
}

std::size_t CurlTransfer::give_body(std::span<std::byte> buffer) {
  if (unsent_ == 0) return 0;
  if (sent_ == sending_.size()) {
    const std::lock_guard lock(mutex_);
    if (outgoing_.empty()) {
      if (body_ended_) return 0;
      send_paused_ = true;
      return CURL_READFUNC_PAUSE;
    }
    sending_.clear();
    sending_.swap(outgoing_);
    sent_ = 0;
    changed_.notify_all();
  }
  const auto count = std::min(buffer.size(), sending_.size() - sent_);
  std::memcpy(buffer.data(), sending_.data() + sent_, count);
  sent_ += count;
  if (unsent_ != kUnknownSize) unsent_ -= count;
  touched_ = true;
  return count;
}

void CurlTransfer::fail() noexcept {
  const std::lock_guard lock(mutex_);
  failure_ = std::current_exception();
  changed_.notify_all();
}

std::size_t CurlTransfer::on_header(char* data, std::size_t size, std::size_t count, void* self) noexcept {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  try {
    transfer.take_header({data, size * count});
    return size * count;
  } catch (...) {
    transfer.fail();
    return 0;
  }
}

std::size_t CurlTransfer::on_write(char* data, std::size_t size, std::size_t count, void* self) noexcept {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  try {
    return transfer.take_body(as_bytes({data, size * count}));
  } catch (...) {
    transfer.fail();
    return 0;
  }
}

std::size_t CurlTransfer::on_read(char* data, std::size_t size, std::size_t count, void* self) noexcept {
  return static_cast<CurlTransfer*>(self)->give_body(std::as_writable_bytes(std::span(data, size * count)));
}

// curl wants to rewind when a kept-alive connection died while the body was on its way, to send it again by itself. The
// server may have kept a part of it, so that is for the caller to decide.
int CurlTransfer::on_seek(void* self, curl_off_t offset, int origin) noexcept {
  const bool untouched = !static_cast<CurlTransfer*>(self)->touched_;
  return untouched && origin == SEEK_SET && offset == 0 ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

int CurlTransfer::on_connected(void* self, char*, char*, int, int local_port) noexcept {
  static_cast<CurlTransfer*>(self)->local_port_ = local_port;
  return CURL_PREREQFUNC_OK;
}

}  // namespace ociassemble
