// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace ociassemble {

// Whether somebody has an open file open for writing, or mapped for it. The kernel stamps a write when it begins and a
// mapped page when it is first written to; so a write that began before a file was looked at may change it afterwards
// without another time.
enum class Writers { none, some, unknown };

// Asks for a lease, which the kernel gives on files that nobody writes to, and gives it back at once. Unknown for
// another user's files, and on file systems without leases.
Writers writers_of(int fd) noexcept;

}  // namespace ociassemble
