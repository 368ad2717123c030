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
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMaxAnswer = std::size_t{64} << 10U;
constexpr std::size_t kMaxInput = std::size_t{48} << 10U;  // below a pipe's capacity, so that writing cannot block
constexpr int kPollMilliseconds = 100;

std::string read_answer(const UniqueFd& from, const std::string& program, const std::stop_token& stop,
                        std::chrono::steady_clock::time_point deadline) {
  std::string answer;
  std::array<char, 4096> buffer{};
  for (;;) {
    throw_if_stopped(stop);
    if (std::chrono::steady_clock::now() > deadline) {
      throw Error(ErrorCode::io, fmt::format("cannot get credentials from {}: no answer in time", program));
    }
    pollfd ready{from.get(), POLLIN, 0};
    if (::poll(&ready, 1, kPollMilliseconds) <= 0) continue;
    const auto count = ::read(from.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_errno("cannot read from " + program);
    if (count == 0) return answer;
    answer.append(buffer.data(), static_cast<std::size_t>(count));
    if (answer.size() > kMaxAnswer) {
      throw Error(ErrorCode::corrupt, fmt::format("cannot get credentials from {}: the answer is too long", program));
    }
  }
}

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
  auto printed = read_answer(answer, program, stop, std::chrono::steady_clock::now() + patience);
  if (child.wait() != 0) return {};
  return printed;
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
