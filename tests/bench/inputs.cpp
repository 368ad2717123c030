// SPDX-License-Identifier: Apache-2.0
#include "inputs.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>

#include "io/streams.hpp"

namespace ociassemble::bench {
namespace {

namespace fs = std::filesystem;

std::string first_line_of(const char* command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command, "r"), &::pclose);
  std::array<char, 4096> line{};
  if (!pipe || std::fgets(line.data(), static_cast<int>(line.size()), pipe.get()) == nullptr) return {};
  std::string text = line.data();
  return text.substr(0, text.find('\n'));
}

void add_from_path(const std::string& name, std::vector<fs::path>& programs) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    const auto program = fs::path(folder) / name;
    if (!fs::is_regular_file(program)) continue;
    programs.push_back(program);
    return;
  }
}

void append(std::span<const std::byte> bytes, std::ofstream& to) {
  to.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!to) throw std::runtime_error("cannot write the benchmark's input");
}

}  // namespace

std::vector<fs::path> find_go_programs() {
  std::vector<fs::path> programs;
  for (const char* name : {"podman", "buildah", "docker-registry", "skopeo", "umoci"}) add_from_path(name, programs);
  const auto tools = first_line_of("go env GOTOOLDIR 2>/dev/null");
  if (tools.empty()) return programs;
  const auto found = programs.size();
  for (const auto& entry : fs::directory_iterator(tools)) {
    if (entry.is_regular_file()) programs.push_back(entry.path());
  }
  std::sort(programs.begin() + static_cast<std::ptrdiff_t>(found), programs.end());
  return programs;
}

void make_input(const std::vector<fs::path>& programs, std::uint64_t size, const fs::path& file) {
  if (programs.empty()) throw std::runtime_error("there is no Go program on this machine: name one with --input");
  std::ofstream out(file, std::ios::binary);
  for (std::size_t index = 0; size > 0; ++index) {
    const Mapping program(programs[index % programs.size()]);
    const auto part = program.bytes().first(std::min<std::uint64_t>(size, program.bytes().size()));
    append(part, out);
    size -= part.size();
  }
}

void repeat_input(const fs::path& file, std::uint64_t size, const fs::path& repeated) {
  make_input({file}, size, repeated);
}

void make_tree(const fs::path& input, std::size_t count, const fs::path& folder) {
  const Mapping mapping(input);
  const auto bytes = mapping.bytes();
  std::size_t at = 0;
  for (std::size_t index = 0; index < count; ++index) {
    const auto parent = folder / std::to_string(index / 100);
    if (index % 100 == 0) fs::create_directories(parent);
    // Any fixed sequence of sizes does.
    const auto size = std::min<std::size_t>(index * 2654435761U % 8193, bytes.size());
    if (at + size > bytes.size()) at = 0;
    std::ofstream out(parent / std::to_string(index), std::ios::binary);
    append(bytes.subspan(at, size), out);
    at += size;
  }
}

Mapping::Mapping(const fs::path& file) : address_(nullptr), size_(static_cast<std::size_t>(fs::file_size(file))) {
  const auto fd = open_for_reading(file);
  if (size_ == 0) throw std::runtime_error(file.string() + " is empty");
  address_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd.get(), 0);
  if (address_ == MAP_FAILED) throw std::runtime_error("cannot map " + file.string());
}

Mapping::~Mapping() { ::munmap(address_, size_); }

}  // namespace ociassemble::bench
