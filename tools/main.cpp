// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <system_error>
#include <thread>
#include <vector>

#include "run.hpp"

namespace {

// Descriptors 0 to 2 that the caller closed would be given to files, which progress and results would go into.
void open_standard_streams() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) < 0) _exit(1);
  }
}

// Waits for a signal to end, and asks the work to stop; a second one ends the process at once. A signal that the caller
// ignores (nohup, a shell's background job) stays ignored.
class SignalWatch {
 public:
  SignalWatch() {
    sigemptyset(&signals_);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
      struct sigaction before {};
      if (sigaction(signal, nullptr, &before) == 0 && before.sa_handler != SIG_IGN) sigaddset(&signals_, signal);
    }
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    try {
      std::thread([this] { watch(); }).detach();
    } catch (const std::system_error&) {
      // No thread to be had: signals end the process as they would any other.
      pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
    }
  }

  std::stop_token token() const { return stop_.get_token(); }
  int received() const { return received_; }

 private:
  [[noreturn]] void watch() {
    for (;;) {
      int signal = 0;
      if (sigwait(&signals_, &signal) != 0) continue;
      if (received_ != 0) _exit(128 + signal);
      received_ = signal;
      stop_.request_stop();
    }
  }

  sigset_t signals_{};
  std::stop_source stop_;
  std::atomic<int> received_{0};
};

// Ends this process as the signal would have.
void end_by(int signal) {
  std::signal(signal, SIG_DFL);
  sigset_t one{};
  sigemptyset(&one);
  sigaddset(&one, signal);
  raise(signal);
  pthread_sigmask(SIG_UNBLOCK, &one, nullptr);
}

// Whether whoever read our output has gone (`| head`).
bool output_has_no_reader() {
  pollfd output{STDOUT_FILENO, POLLOUT, 0};
  return poll(&output, 1, 0) > 0 && (output.revents & POLLERR) != 0;
}

std::size_t terminal_columns(int fd) {
  winsize size{};
  return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

}  // namespace

int main(int argc, char** argv) {
#ifdef M_ARENA_MAX
  // glibc grows a thread's own heap by a page at a time, each with a system call. Our threads allocate little at a
  // time.
  mallopt(M_ARENA_MAX, 1);
#endif
  open_standard_streams();
  // A reader that goes away, or a limit on a file's size, must not kill us with temporary files around; writing then
  // fails instead.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  static SignalWatch signals;  // static: the watching thread lives as long as the process
  const std::vector<const char*> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  const ociassemble::tool::Streams streams{std::cout,
                                           std::cerr,
                                           isatty(STDERR_FILENO) == 1,
                                           signals.token(),
                                           [](const char* name) -> std::optional<std::string> {
                                             const char* value = std::getenv(name);
                                             return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
                                           },
                                           &std::cin,
                                           [] { return terminal_columns(STDERR_FILENO); },
                                           output_has_no_reader,
                                           "/proc/self/exe"};
  const int status = ociassemble::tool::run(arguments, streams);
  if (status == ociassemble::tool::kInterrupted && signals.received() != 0) {
    // So that a shell or make sees that it was the signal that ended us.
    end_by(signals.received());
  }
  if (status == ociassemble::tool::kNobodyReads) end_by(SIGPIPE);
  std::cout.flush();
  std::cerr.flush();
  // Not through static destructors: the watching thread still uses what they would take away.
  _exit(status);
}
