// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "ociassemble/error.hpp"

namespace ociassemble {

// A library that this machine lacks, or cannot load: says nothing about what was to be read with it.
class LibraryMissing : public Error {
 public:
  using Error::Error;
};

// A shared library that is loaded when it is first needed, instead of at every start of the program. It is never
// unloaded: what it started may still run, and who looks for leaks finds its memory in use.
class SharedLibrary {
 public:
  // Throws LibraryMissing{unsupported} with what the loader says, and the hint.
  SharedLibrary(std::string name, std::string hint);

  // Sets the pointer to the library's function of that name; the caller answers for its type. Throws as the constructor
  // does when there is none.
  template <class Function>
  void find(const char* function, Function*& pointer) const {
    pointer = reinterpret_cast<Function*>(address_of(function));
  }

 private:
  void* address_of(const char* function) const;
  [[noreturn]] void fail() const;

  std::string name_;
  std::string hint_;
  void* handle_;
};

// Tells packagers of a library that is loaded so, as "needed" entries tell them of those that are linked. To be put
// into the section ".note.dlopen", aligned to 4 (https://uapi-group.org/specifications/specs/elf_dlopen_metadata/).
template <std::size_t size>
struct DlopenNote {
  std::uint32_t owner_size = sizeof(owner);
  std::uint32_t text_size = size;
  std::uint32_t type = 0x407c0c0a;
  char owner[4] = {'F', 'D', 'O', '\0'};
  char text[size] = {};
};

// Of a JSON array.
template <std::size_t size>
consteval DlopenNote<size> dlopen_note(const char (&text)[size]) {
  DlopenNote<size> note;
  for (std::size_t i = 0; i < size; ++i) note.text[i] = text[i];
  return note;
}

}  // namespace ociassemble
