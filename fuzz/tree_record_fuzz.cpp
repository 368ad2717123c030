// SPDX-License-Identifier: Apache-2.0
#include "tree/tree_record.hpp"

#include <string>

#include "fuzz.hpp"
#include "io/shared_bytes.hpp"

// A base's tree out of a lock or the cache.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ociassemble;
  const auto bytes = fuzz::as_text(data, size);
  const auto tree = decode_tree(share(bytes));
  if (!tree) return 0;
  for (const char* path : {"", "etc/passwd", "lib/../etc", "a/b/c/d", "usr/bin/env"}) tree->follow(path);
  fuzz::require(encode_tree(*tree) == bytes, "only what was written is read");
  return 0;
}
