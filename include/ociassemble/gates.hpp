// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace ociassemble {

// What is done where a gate fails: nothing at all, a warning, or an error that ends the work.
enum class Severity { off, warn, error };

// What was not judged is neither good nor bad.
enum class GateVerdict { pass, fail, not_judged };

// What a gate says of one program of an image (docs/gates.md). A value.
struct GateResult {
  std::string gate;     // "runs" or "needs"
  std::string need;     // of "needs": "certificates", "timeZones", "users", "shell" or "temporaryFiles"; else empty
  std::string program;  // its path in the image: "/usr/local/bin/server"
  GateVerdict verdict = GateVerdict::not_judged;
  std::string reason;  // what was found, or what is missing
  std::string remedy;  // what to do about it; empty unless the verdict is fail

  bool operator==(const GateResult&) const = default;
};

}  // namespace ociassemble
