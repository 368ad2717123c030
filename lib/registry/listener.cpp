// SPDX-License-Identifier: Apache-2.0
#include "registry/listener.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace ociassemble {
namespace {

constexpr std::size_t kShortestSecret = 3;  // a shorter one would be found in half of every line

}  // namespace

void Listener::keep_secret(const std::string& secret) {
  if (secret.size() < kShortestSecret) return;
  const std::lock_guard lock(knowing_);
  if (std::ranges::find(secrets_, secret, &Secret::text) == secrets_.end()) secrets_.emplace_back(secret);
}

std::string Listener::scrub(std::string text) const {
  const std::lock_guard lock(knowing_);
  for (const auto& secret : secrets_) text = secret.redact(text);
  return text;
}

Error Listener::scrub(const Error& error) const {
  return {error.code(), scrub(std::string(error.what())), scrub(error.hint())};
}

void Listener::warn(const std::string& text) {
  if (!warn_) return;
  const auto clean = excerpt(scrub(text), 1000);
  const std::lock_guard lock(calling_);
  warn_(clean);
}

void Listener::trace(const std::string& text) {
  if (!trace_) return;
  const auto clean = excerpt(scrub(text), 1000);
  const std::lock_guard lock(calling_);
  trace_(clean);
}

void Listener::progress(const TransferEvent& event) {
  if (!progress_) return;
  const std::lock_guard lock(calling_);
  progress_(event);
}

}  // namespace ociassemble
