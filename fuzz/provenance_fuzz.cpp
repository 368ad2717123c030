// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/provenance.hpp"

#include "fuzz.hpp"
#include "ociassemble/error.hpp"

// What a rebuild reads of strangers. There is no folder, so no input is found, and none may be read.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ociassemble;
  const auto text = fuzz::as_text(data, size);
  try {
    static_cast<void>(find_predicate(text, Digest::of("")));
  } catch (const Error& error) {
    fuzz::require(error.code() == ErrorCode::corrupt || error.code() == ErrorCode::check_failed,
                  "a bad provenance is corrupt, or about something else");
  }
  try {
    for (const auto& build : read_builds(text)) fuzz::require(!build.command.empty(), "a build has a command");
  } catch (const Error& error) {
    fuzz::require(error.code() == ErrorCode::corrupt, "a bad build command is corrupt");
  }
  try {
    static_cast<void>(plan_rebuild(text, {.folder = "/nonexistent", .inputs = {}, .scratch = {}}));
  } catch (const Error& error) {
    fuzz::require(error.code() == ErrorCode::corrupt || error.code() == ErrorCode::unsupported ||
                      error.code() == ErrorCode::not_found,
                  "a bad provenance is corrupt, unsupported, or lacks its inputs");
  }
  return 0;
}
