// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "gates/runs.hpp"
#include "inspect/elf.hpp"

namespace ociassemble {

// Why a program does not start, and what to do about it, for people.
struct StartWords {
  StartFailure kind = StartFailure::no_library;
  std::string cause;  // "libc.so.6 (glibc 2.31) has no GLIBC_2.34; the program needs it"
  std::string remedy;
};

// Of a verdict with obstacles; of several the one that says most.
StartWords words_of_failed_start(const ProgramStart& program, const StartVerdict& verdict, const RootFiles& root);

// What to do where the loader that a program asks for is not there. `needed` are its libraries.
std::string remedy_without_interpreter(const std::string& interpreter, const std::vector<std::string>& needed);

// What the machine or its kernel must be like: "starts only on processors of level x86-64-v3 and above".
std::vector<std::string> machine_remarks(const ElfInfo& elf, const StartVerdict& verdict);

}  // namespace ociassemble
