// SPDX-License-Identifier: Apache-2.0
#include "http/curl_functions.hpp"

#include <fmt/format.h>

#include <new>

#include "base/shared_library.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr unsigned kOldestCurl = 0x075800;  // 7.88.0, as meson.build wants of the headers
constexpr const char* kCurlHint = "install libcurl 7.88 or later; Debian has it in the package libcurl4";

#ifdef OCIASSEMBLE_LOADS_CURL
constexpr const char* kCurlLibrary = "libcurl.so.4";
[[gnu::used, gnu::section(".note.dlopen")]] alignas(4) constexpr auto kCurlNote = dlopen_note(
    R"([{"soname":["libcurl.so.4"],"feature":"http","description":"Registries","priority":"recommended"}])");
#endif

CurlFunctions find_curl_functions() {
  CurlFunctions functions;
#ifdef OCIASSEMBLE_LOADS_CURL
  const SharedLibrary library(kCurlLibrary, kCurlHint);
#define OCIASSEMBLE_FIND(name) library.find("curl_" #name, functions.name);
#else
#define OCIASSEMBLE_FIND(name) functions.name = &curl_##name;
#endif
  OCIASSEMBLE_FOR_EACH_CURL_FUNCTION(OCIASSEMBLE_FIND)
#undef OCIASSEMBLE_FIND
  return functions;
}

// The initialisation is never undone: other users of curl in the process may still need it.
CurlFunctions start_curl() {
  const auto functions = find_curl_functions();
  const auto* found = functions.version_info(CURLVERSION_NOW);
  if (found->version_num < kOldestCurl) {
    throw Error(ErrorCode::unsupported, fmt::format("cannot use libcurl {}: it is too old", found->version), kCurlHint);
  }
  if (functions.global_init(CURL_GLOBAL_ALL) != CURLE_OK) throw std::bad_alloc();
  return functions;
}

}  // namespace

const CurlFunctions& curl() {
  static const CurlFunctions functions = start_curl();
  return functions;
}

}  // namespace ociassemble
