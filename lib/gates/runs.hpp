// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "gates/root_files.hpp"

namespace ociassemble {

// A program, and how it is started.
struct ProgramStart {
  std::string path;  // in the image: "usr/local/bin/server"
  std::string interpreter;
  LibraryFacts facts;
  std::string library_path;  // LD_LIBRARY_PATH of the image's environment
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
};

// Why a program does not start.
enum class StartFailure {
  no_interpreter,   // the kernel says "No such file or directory" of the program
  bad_interpreter,  // not executable, of another machine, or no loader
  no_library,
  bad_library,  // cannot be read by the user, or no ELF file
  no_version,
  no_symbol,
};

// What StartObstacle::found says of a linker script or any other text.
inline constexpr const char* kNoElfFile = "it is no ELF file";

struct StartObstacle {
  StartFailure kind = StartFailure::no_library;
  std::string name;       // the interpreter, library, version ("GLIBC_2.34") or symbol that is missing
  std::string library;    // no_version: where it should be, "libc.so.6"
  std::string needed_by;  // the program's or library's path in the image
  std::string found;      // no_version: the highest of its kind that there is, "GLIBC_2.31"; bad_*: what is wrong
};

enum class LoaderKind { none, glibc, musl, other };

// What a loader decides at the start of a program.
struct StartVerdict {
  LoaderKind loader = LoaderKind::none;
  std::vector<StartObstacle> obstacles;      // in the loader's order; empty: it starts, as far as it was judged
  std::vector<std::string> not_judged;       // libraries and loaders that nobody could look into
  unsigned x86_level = 0;                    // the highest that the program and its libraries need
  std::string glibc_version;                 // "2.36", of libc.so.6; empty without one
  std::vector<std::string> default_folders;  // where the loader looks for every library at last
};

// Decides as the kernel, glibc's ld.so (elf/dl-load.c, dl-version.c) and musl's (ldso/dynlink.c) do, from bytes alone.
// What programs open later (dlopen, NSS modules) is not looked at, nor are symbols of libraries other than musl.
StartVerdict judge_start(const ProgramStart& program, const RootFiles& root);

}  // namespace ociassemble
