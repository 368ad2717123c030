// SPDX-License-Identifier: Apache-2.0
#include "registry/auth/credential_helper.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/child_process.hpp"
#include "base/stop.hpp"
#include "base/system_error.hpp"
#include "base/text.hpp"
#include "base/unique_fd.hpp"
#include "base/waiting.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMaxAnswer = std::size_t{64} << 10U;
constexpr std::size_t kMaxInput = std::size_t{48} << 10U;  // below a pipe's capacity, so that writing cannot block
constexpr int kPollMilliseconds = 100;

// A helper that has said what it had to say may live on, or leave somebody behind who holds its output open.
constexpr std::chrono::milliseconds kGrace{500};

// One run of a helper: what it printed, and how it ended.
class Conversation {
 public:
  Conversation(ChildProcess& child, const UniqueFd& output, std::string program, const std::stop_token& stop,
               std::chrono::seconds patience)
      : child_(child),
        output_(output),
        program_(std::move(program)),
        stop_(stop),
        deadline_(std::chrono::steady_clock::now() + patience) {}

  // Nothing when it failed.
  std::optional<std::string> run() {
    std::optional<int> status;
    for (bool open = true; open;) {
      check_time();
      if (!status) status = child_.poll();
      // Once it has ended, what is still in the pipe is all that comes from itself.
      pollfd ready{output_.get(), POLLIN, 0};
      const int count = ::poll(&ready, 1, status ? 0 : kPollMilliseconds);
      if (count > 0) open = take();
      if (count == 0 && status) break;
    }
    if (!status) status = end_of_child();
    if (status && *status != 0) return {};
    return std::move(answer_);
  }

 private:
  void check_time() const {
    throw_if_stopped(stop_);
    if (std::chrono::steady_clock::now() <= deadline_) return;
    throw Error(ErrorCode::io, fmt::format("cannot get credentials from {}: no answer in time", program_));
  }

  // False at the end of its output.
  bool take() {
    std::array<char, 4096> buffer{};
    const auto count = ::read(output_.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) return true;
    if (count < 0) throw_errno("cannot read from " + program_);
    if (count == 0) return false;
    answer_.append(buffer.data(), static_cast<std::size_t>(count));
    if (answer_.size() <= kMaxAnswer) return true;
    throw Error(ErrorCode::corrupt, fmt::format("cannot get credentials from {}: the answer is too long", program_));
  }

  std::optional<int> end_of_child() {
    const auto until = std::chrono::steady_clock::now() + kGrace;
    for (Waiting waiting("for " + program_, stop_); std::chrono::steady_clock::now() < until; waiting.pause()) {
      if (const auto status = child_.poll()) return status;
    }
    return {};
  }

  ChildProcess& child_;
  const UniqueFd& output_;
  const std::string program_;
  const std::stop_token& stop_;
  const std::chrono::steady_clock::time_point deadline_;
  std::string answer_;
};

void check_words(const std::string& name, const std::string& input) {
  const auto good = [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.'; };
  if (name.empty() || !std::ranges::all_of(name, good)) {
    throw Error(ErrorCode::corrupt,
                fmt::format("cannot run a credential helper: \"{}\" is not the name of one", excerpt(name)));
  }
  if (input.size() > kMaxInput) {
    throw Error(ErrorCode::corrupt, "cannot run a credential helper: the server's name or the secret is too long");
  }
}

// What it printed; nothing when it failed.
std::optional<std::string> run_helper(const std::string& name, const std::string& verb, const std::string& text,
                                      const std::stop_token& stop, std::chrono::seconds patience) {
  check_words(name, text);
  const auto program = "docker-credential-" + name;
  auto [input, question] = make_pipe();
  auto [answer, output] = make_pipe();
  // Written before the program runs, while we hold the reading end: no SIGPIPE when it never reads.
  if (::write(question.get(), text.data(), text.size()) < 0) throw_errno("cannot write to a pipe");
  question.reset();
  ChildProcess child({.program = program,
                      .arguments = {verb},
                      .standard_input = input.get(),
                      .standard_output = output.get(),
                      .environment = {}});
  input.reset();
  output.reset();
  return Conversation(child, answer, program, stop, patience).run();
}

}  // namespace

std::optional<Credentials> ask_credential_helper(const std::string& name, const std::string& server,
                                                 const std::stop_token& stop, std::chrono::seconds patience) {
  // A helper that fails says "credentials not found in native keychain": nothing there, the usual case.
  const auto text = run_helper(name, "get", server, stop, patience);
  return text ? parse_helper_answer(*text) : std::nullopt;
}

void run_credential_helper(const std::string& name, HelperVerb verb, const std::string& input,
                           const std::stop_token& stop, std::chrono::seconds patience) {
  const std::string word = verb == HelperVerb::store ? "store" : "erase";
  if (run_helper(name, word, input, stop, patience)) return;
  throw Error(ErrorCode::io, fmt::format("cannot {} credentials: docker-credential-{} failed", word, name),
              fmt::format("run `docker-credential-{} list` to see what is wrong with it", name));
}

}  // namespace ociassemble
