// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "ociassemble/io.hpp"

namespace ociassemble {

// The same bytes, which another thread reads from `from` while this one works on what came before: at most 1 MiB ahead.
// What `from` throws comes out of read() in its place. The destructor waits for the read that is under way. Where the
// system gives no thread, it is `from` itself.
std::unique_ptr<Source> read_ahead(std::unique_ptr<Source> from);

}  // namespace ociassemble
