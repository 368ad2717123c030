// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>
#include <string>
#include <vector>

namespace ociassemble {

// What a program printed; at most 1 MiB of each stream is kept.
struct ProgramResult {
  int status = 0;
  std::string output;
  std::string errors;
};

// Runs a program that is found in PATH or /usr/sbin, and waits for its end. `input` is its standard input, -1 for none.
// Throws Error{not_found} where there is no such program, Error{interrupted} once a stop is requested.
ProgramResult run_program(const std::vector<std::string>& words, int input, const std::stop_token& stop);
// Its path; empty where there is none.
std::string find_program(const std::string& name);
// Whether there is such a program.
bool has_program(const std::string& name);
// The same, but throws Error{io} with the program's last words when its status is not 0.
std::string output_of(const std::vector<std::string>& words, int input, const std::stop_token& stop);

}  // namespace ociassemble
