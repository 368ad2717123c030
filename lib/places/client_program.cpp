// SPDX-License-Identifier: Apache-2.0
#include "places/client_program.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>

#include "base/child_process.hpp"
#include "base/nameless_file.hpp"
#include "base/text.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMostKept = std::size_t{1} << 20U;

std::string beginning_of(int fd) {
  std::string text(kMostKept, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const auto count = ::pread(fd, text.data() + size, text.size() - size, static_cast<off_t>(size));
    if (count <= 0) break;
    size += static_cast<std::size_t>(count);
  }
  text.resize(size);
  return text;
}

}  // namespace

// Containers' programs are root's, and root's alone often lie in /usr/sbin, which a user's PATH lacks.
std::string find_program(const std::string& name) {
  const char* variable = std::getenv("PATH");
  std::string folders = variable != nullptr ? variable : "/usr/bin:/bin";
  folders += ":/usr/sbin:/sbin";
  for (std::size_t begin = 0; begin <= folders.size();) {
    const auto end = std::min(folders.find(':', begin), folders.size());
    const auto path = std::filesystem::path(folders.substr(begin, end - begin)) / name;
    if (path.is_absolute() && ::access(path.c_str(), X_OK) == 0) return path;
    begin = end + 1;
  }
  return {};
}

bool has_program(const std::string& name) { return !find_program(name).empty(); }

ProgramResult run_program(const std::vector<std::string>& words, int input, const std::stop_token& stop) {
  ChildOptions options;
  options.program = find_program(words.front());
  if (options.program.empty())
    throw Error(ErrorCode::not_found, "there is no program " + words.front() + " on this machine", "install it");
  options.arguments.assign(words.begin() + 1, words.end());
  const auto output = open_nameless_file();
  const auto errors = open_nameless_file();
  options.standard_input = input;
  options.standard_output = output.get();
  options.standard_error = errors.get();
  ChildProcess child(options);
  const int status = child.wait(stop);
  return {status, beginning_of(output.get()), beginning_of(errors.get())};
}

std::string output_of(const std::vector<std::string>& words, int input, const std::stop_token& stop) {
  auto result = run_program(words, input, stop);
  if (result.status == 0) return std::move(result.output);
  auto said = result.errors;
  while (!said.empty() && (said.back() == '\n' || said.back() == '\r')) said.pop_back();
  const auto line = said.substr(said.rfind('\n') + 1);  // npos + 1 is 0
  throw Error(ErrorCode::io, fmt::format("{} failed with status {}: {}", words.front(), result.status,
                                         line.empty() ? "it says nothing" : excerpt(line)));
}

}  // namespace ociassemble
