// SPDX-License-Identifier: Apache-2.0
#include "base/replace_process.hpp"

#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/system_error.hpp"

namespace ociassemble {

void replace_process(std::vector<std::string> words) {
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  sigset_t none;
  sigset_t before;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, &before);
  const auto pipe = std::signal(SIGPIPE, SIG_DFL);
  const auto size = std::signal(SIGXFSZ, SIG_DFL);
  ::execv(arguments.front(), arguments.data());
  const int error = errno;
  std::signal(SIGPIPE, pipe);
  std::signal(SIGXFSZ, size);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  throw_errno("cannot run " + words.front(), error);
}

}  // namespace ociassemble
