// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "ociassemble/error.hpp"
#include "ociassemble/registry.hpp"
#include "registry/redaction.hpp"

namespace ociassemble {

// Whoever wants to hear what goes on: calls come one at a time, and without the secrets that were made known here.
// Safe for concurrent use.
class Listener {
 public:
  explicit Listener(const RegistryOptions& options)
      : warn_(options.warn), trace_(options.trace), progress_(options.progress) {}

  // From now on the text is redacted wherever it would be shown, also where a server repeats it escaped (see Secret).
  // Short and empty texts are no secrets.
  void keep_secret(const std::string& secret);
  std::string scrub(std::string text) const;
  std::function<std::string(std::string)> scrubber() const {
    return [this](std::string text) { return scrub(std::move(text)); };
  }
  // The same error with its message and hint scrubbed.
  Error scrub(const Error& error) const;

  void warn(const std::string& text);
  bool traces() const noexcept { return trace_ != nullptr; }
  void trace(const std::string& text);
  void progress(const TransferEvent& event);

 private:
  const std::function<void(const std::string&)> warn_;
  const std::function<void(const std::string&)> trace_;
  const TransferProgress progress_;
  std::mutex calling_;
  mutable std::mutex knowing_;
  std::vector<Secret> secrets_;
};

}  // namespace ociassemble
