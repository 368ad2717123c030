// SPDX-License-Identifier: Apache-2.0
#include "tree/tree_record.hpp"

#include <string>

#include "fuzz.hpp"
#include "io/shared_bytes.hpp"
#include "ociassemble/error.hpp"

// A base's tree out of a lock or the cache.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ociassemble;
  const auto bytes = fuzz::as_text(data, size);
  const auto tree = decode_tree(share(bytes));
  if (!tree) return 0;
  for (const char* path : {"", "etc/passwd", "lib/../etc", "a/b/c/d", "usr/bin/env"}) {
    try {
      tree->follow(path);
    } catch (const Error& error) {
      fuzz::require(error.code() == ErrorCode::corrupt, "symlinks in a circle are corrupt");
    }
  }
  fuzz::require(encode_tree(*tree) == bytes, "only what was written is read");
  return 0;
}
