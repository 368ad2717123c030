// SPDX-License-Identifier: Apache-2.0
#include "tar/archive_functions.hpp"

#include "base/shared_library.hpp"

namespace ociassemble {
namespace {

#ifdef OCIASSEMBLE_LOADS_ARCHIVE
[[gnu::used, gnu::section(".note.dlopen")]] alignas(4) constexpr auto kArchiveNote =
    dlopen_note(R"([{"soname":["libarchive.so.13"],"feature":"tar","description":"Bases","priority":"required"}])");
#endif

ArchiveFunctions find_archive_functions() {
  ArchiveFunctions functions;
#ifdef OCIASSEMBLE_LOADS_ARCHIVE
  const SharedLibrary library("libarchive.so.13", "install libarchive; Debian has it in the package libarchive13");
#define OCIASSEMBLE_FIND(name) library.find("archive_" #name, functions.name);
  library.find("archive_errno", functions.error_number);
#else
#define OCIASSEMBLE_FIND(name) functions.name = &archive_##name;
  functions.error_number = &archive_errno;
#endif
  OCIASSEMBLE_FOR_EACH_ARCHIVE_FUNCTION(OCIASSEMBLE_FIND)
#undef OCIASSEMBLE_FIND
  return functions;
}

}  // namespace

const ArchiveFunctions& libarchive() {
  static const ArchiveFunctions functions = find_archive_functions();
  return functions;
}

}  // namespace ociassemble
