// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/curl_handles.hpp"
#include "http/http.hpp"

namespace ociassemble {

// One request and its answer on their way: the loop's thread runs curl's callbacks, the stream's thread gives the body
// and takes the answer, both in pieces and without waiting under the lock. Memory is bounded: a transfer whose reader
// is slow, or whose body is, is paused.
class CurlTransfer {
 public:
  struct Answer {
    int status = 0;
    HttpHeaders headers;
    bool multiplexed = false;  // HTTP/2
    HttpTiming timing;
  };

  // `authority` is for messages; `body_size` is what offer() will bring, or kUnknownSize: then end_body() ends it.
  CurlTransfer(std::string authority, std::uint64_t body_size);
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;
  ~CurlTransfer() = default;

  CURL* easy() const noexcept { return easy_.get(); }

  // The stream's side.

  // True: the piece was taken, and is empty now. False while the last one has not been.
  bool offer(std::vector<std::byte>& piece);
  void end_body();
  // Waits until there is an answer, an end, room for a piece (where one is ready) or a call of interrupt(); false when
  // there is none of them for a second.
  bool wait_for_answer(bool has_piece);
  // The same until there is a piece of the answer's body.
  bool wait_for_body(bool has_piece);
  void interrupt() noexcept;
  // The answer's head, once it is there. Rethrows what a callback threw.
  const Answer* answer();
  // The next piece of the answer's body into `piece`, which is empty; false when there is none now.
  bool take(std::vector<std::byte>& piece);
  bool is_done();
  CURLcode result();
  std::uint64_t received();
  // What curl says besides the result; the transfer is done.
  std::string_view error_text() const noexcept { return error_text_.data(); }

  // Whether it is paused for what there is now: room, or a piece.
  bool can_resume();

  // The loop's side.

  // The same, and takes it for granted that curl goes on.
  bool take_resume();
  bool wants_to_end();
  void ask_to_end() noexcept;
  bool is_detached();
  void set_attached();
  // No callback will come any more; `result` counts unless there is one.
  void set_detached(CURLcode result) noexcept;
  // When the server has closed its side and we still want to send: an answer that is whole counts.
  CURLcode result_of_unheard();
  // The local port of the connection while there is something to send; 0 otherwise.
  long sending_port();

 private:
  // Under the lock.
  bool has_room_again() const { return receive_paused_ && incoming_.empty(); }
  bool has_piece_again() const { return send_paused_ && (!outgoing_.empty() || body_ended_); }
  void take_header(std::string_view line);
  std::size_t take_body(std::span<const std::byte> bytes);
  std::size_t give_body(std::span<std::byte> buffer);
  void fail() noexcept;
  std::chrono::microseconds since_start(CURLINFO time) const;

  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self) noexcept;
  static std::size_t on_write(char* data, std::size_t size, std::size_t count, void* self) noexcept;
  static std::size_t on_read(char* data, std::size_t size, std::size_t count, void* self) noexcept;
  static int on_seek(void* self, curl_off_t offset, int origin) noexcept;
  static int on_connected(void* self, char* remote, char* local, int remote_port, int local_port) noexcept;

  const std::string authority_;
  CurlHandle easy_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};

  // The loop's thread alone.
  std::vector<std::byte> sending_;
  std::size_t sent_ = 0;  // of sending_
  std::uint64_t unsent_;  // of the whole body, or kUnknownSize
  bool touched_ = false;  // some of the body has gone to curl
  std::size_t header_bytes_ = 0;
  long local_port_ = 0;

  // Guarded by mutex_.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::byte> outgoing_;
  bool body_ended_ = false;
  std::vector<std::byte> incoming_;
  Answer answer_;
  bool answered_ = false;
  std::uint64_t received_ = 0;
  bool receive_paused_ = false;
  bool send_paused_ = false;
  bool interrupted_ = false;
  bool end_wanted_ = false;
  bool attached_ = false;
  bool done_ = false;
  CURLcode result_ = CURLE_OK;
  std::exception_ptr failure_;
};

}  // namespace ociassemble
