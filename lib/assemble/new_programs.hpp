// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "assemble/binary_check.hpp"
#include "base/file_identity.hpp"
#include "ociassemble/workplace.hpp"

namespace ociassemble {

// The programs from which no layer was made yet, by what the workplace's cache remembers. Which layers have to be made
// is known only with the base; theirs have to be, and the uploads can be opened while the base is looked up.
class NewPrograms {
 public:
  // Opens the uploads. There are none where no push is expected.
  NewPrograms(const std::vector<CheckedBinary>& binaries, const Workplace& workplace);
  // Their layers are made.
  void remember(const Workplace& workplace) const;

 private:
  std::vector<FileIdentity> files_;
};

}  // namespace ociassemble
