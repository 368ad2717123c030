// SPDX-License-Identifier: Apache-2.0
#include "base/child_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>

#include "base/stop.hpp"
#include "base/system_error.hpp"

namespace ociassemble {
namespace {

class FileActions {
 public:
  FileActions() { posix_spawn_file_actions_init(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }

  void set(int stream, int from, int flags) {
    if (from < 0) {
      posix_spawn_file_actions_addopen(&actions_, stream, "/dev/null", flags, 0);
    } else {
      posix_spawn_file_actions_adddup2(&actions_, from, stream);
    }
  }
  void change_directory(const std::filesystem::path& directory) {
    if (!directory.empty()) posix_spawn_file_actions_addchdir_np(&actions_, directory.c_str());
  }
  const posix_spawn_file_actions_t* get() const noexcept { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

class Attributes {
 public:
  Attributes() {
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes_, &none);
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGXFSZ);
    posix_spawnattr_setsigdefault(&attributes_, &defaults);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }

  const posix_spawnattr_t* get() const noexcept { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

int exit_status_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

// posix_spawn takes char*, and changes none of them.
std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

ChildProcess::ChildProcess(const ChildOptions& options) {
  FileActions actions;
  actions.set(STDIN_FILENO, options.standard_input, O_RDONLY);
  actions.set(STDOUT_FILENO, options.standard_output, O_WRONLY);
  actions.set(STDERR_FILENO, options.standard_error, O_WRONLY);
  actions.change_directory(options.directory);
  const Attributes attributes;
  std::vector<std::string> words{options.program};
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  auto variables = options.environment.value_or(std::vector<std::string>{});
  const auto arguments = pointers(words);
  const auto environment = pointers(variables);
  const int error = ::posix_spawnp(&pid_, options.program.c_str(), actions.get(), attributes.get(), arguments.data(),
                                   options.environment ? environment.data() : environ);
  if (error != 0) {
    pid_ = -1;
    throw_errno("cannot run " + options.program, error);
  }
}

ChildProcess::~ChildProcess() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  wait();
}

int ChildProcess::wait() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return exit_status_of(status);
}

std::optional<int> ChildProcess::poll() {
  int status = 0;
  const auto ended = ::waitpid(pid_, &status, WNOHANG);
  if (ended == 0 || (ended < 0 && errno == EINTR)) return {};
  pid_ = -1;
  return exit_status_of(status);
}

int ChildProcess::wait(const std::stop_token& stop) {
  constexpr auto kPause = std::chrono::milliseconds(10);
  for (;;) {
    if (const auto status = poll()) return *status;
    throw_if_stopped(stop);
    std::this_thread::sleep_for(kPause);
  }
}

std::pair<UniqueFd, UniqueFd> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_errno("cannot make a pipe");
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

}  // namespace ociassemble
