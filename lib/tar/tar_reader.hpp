// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "ociassemble/io.hpp"
#include "tar/entry.hpp"

namespace ociassemble {

// Reads tar archives that others made: ustar, pax, GNU (long names, sparse, base-256 numbers). The same in every
// locale. Hostile input: a path that leaves the root, an absolute hard link target outside it, a truncated archive, a
// type that no layer may hold is Error{corrupt} or Error{unsupported} naming `subject` and the entry. One thread.
class TarReader {
 public:
  // Borrows `from`, which gives plain tar bytes (see make_decompressor); `subject` names the archive in errors.
  TarReader(Source& from, std::string subject);
  ~TarReader();

  // The next entry, skipping what is left of the one before; nothing at the end of the archive. After that, all of
  // `from` has been read.
  std::optional<TarEntry> next();
  // The data of the entry that next() returned last, holes of sparse files as zeros; valid until the next next().
  Source& data();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ociassemble
