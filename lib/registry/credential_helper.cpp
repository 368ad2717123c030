// SPDX-License-Identifier: Apache-2.0
#include "registry/credential_helper.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "base/stop.hpp"
#include "base/system_error.hpp"
#include "base/unique_fd.hpp"
#include "ociassemble/error.hpp"
#include "registry/text.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMaxAnswer = std::size_t{64} << 10U;
constexpr std::size_t kMaxInput = std::size_t{48} << 10U;  // below a pipe's capacity, so that writing cannot block
constexpr int kPollMilliseconds = 100;

std::pair<UniqueFd, UniqueFd> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_errno("cannot make a pipe");
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// One child process; killed and reaped at the end, whatever happens.
class Child {
 public:
  Child(const std::string& program, std::string verb, int standard_input, int standard_output) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, standard_input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, standard_output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    std::string name = program;
    const std::array<char*, 3> arguments{name.data(), verb.data(), nullptr};
    const int error = ::posix_spawnp(&pid_, program.c_str(), &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw_errno("cannot run " + program, error);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    wait();
  }

  // True when it ended with status 0. It has closed its output by now, so this does not take long; a child that lives
  // on is the helper's fault and is waited for by the destructor's kill.
  bool wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

 private:
  pid_t pid_ = -1;
};

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
  Child child(program, verb, input.get(), output.get());
  input.reset();
  output.reset();
  auto printed = read_answer(answer, program, stop, std::chrono::steady_clock::now() + patience);
  if (!child.wait()) return {};
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
