// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

#include "commands/build_result.hpp"
#include "run.hpp"

namespace ociassemble::tool {

// `build --twice`: the tool runs itself again in a fresh process, with the same arguments and other circumstances, and
// the images are compared.
//
// In that process: another environment (TZ, LANG, LC_ALL, HOME), working directory, umask, host name and address space
// randomisation where the system allows it, number of compression threads, order of folders, and size of reads; no
// cache.

// Before anything is read, in the second process: what only a process as a whole can have. May run the program anew.
void change_process(const Streams& streams);
// The images, into the folder that the first process made, as a layout and the digests of what the bases' names stood
// for.
void assemble_second(std::vector<Build> builds, Workplace workplace, const std::filesystem::path& folder);

// In the first process: runs the second and compares. Throws Error{check_failed} that says where the images differ, or
// which base's tag moved in between; Error{unsupported} where the tool cannot find itself; Error{io} with the second
// process's words when it failed.
void compare_with_second(const std::vector<Build>& builds, const std::vector<BuildResult>& made,
                         const Workplace& workplace, const Streams& streams);

}  // namespace ociassemble::tool
