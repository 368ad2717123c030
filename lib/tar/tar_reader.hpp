// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "ociassemble/io.hpp"
#include "tar/entry.hpp"

namespace ociassemble {

// Reads tar archives that others made: ustar, pax, GNU (long names, sparse, base-256 numbers). The same in every
// locale; names are bytes. No bytes at all, and zero blocks alone, are an archive without entries; a missing end mark
// after a whole entry is accepted, and so is one whose last data lacks its padding (umoci 0.4 wrote such). Hostile
// input: a path or hard link target that leaves the root ("..": an absolute one is taken as relative), a truncated or
// damaged archive is Error{corrupt}, a type that no layer may hold is Error{unsupported}; both name `subject` and the
// entry. A sparse file may claim any size: bound what you keep. One thread.
class TarReader {
 public:
  // Borrows `from`, which gives plain tar bytes (see make_decompressor); `subject` names the archive in errors.
  TarReader(Source& from, std::string subject);
  TarReader(const TarReader&) = delete;
  TarReader& operator=(const TarReader&) = delete;
  ~TarReader();

  // The next entry, skipping what is left of the one before; nothing at the end of the archive. After that, all of
  // `from` has been read. Throws what `from` throws. No further call after an error.
  std::optional<TarEntry> next();
  // The data of the entry that next() returned last, holes of sparse files as zeros; valid until the next next(). Empty
  // for all but regular files.
  Source& data();
  // At the end of the archive: whether it ends with data that is not filled up to a block.
  bool lacks_padding() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ociassemble
