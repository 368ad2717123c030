// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>

#include "ociassemble/error.hpp"
#include "ociassemble/io.hpp"

namespace ociassemble::tool {

// Writes to the standard output, which it borrows. Throws Error{io} when that fails.
class StreamSink : public Sink {
 public:
  explicit StreamSink(std::ostream& stream) : stream_(stream) {}
  void write(std::span<const std::byte> bytes) override {
    if (!(stream_ << as_text(bytes))) throw Error(ErrorCode::io, "cannot write to the standard output");
  }

 private:
  std::ostream& stream_;
};

}  // namespace ociassemble::tool
