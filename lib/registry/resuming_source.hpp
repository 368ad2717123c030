// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "ociassemble/io.hpp"
#include "registry/registry_session.hpp"
#include "registry/retry.hpp"

namespace ociassemble {

// The body of a GET that goes on with Range where it was cut. Does not verify.
class ResumingSource : public Source {
 public:
  // Asks at once, so that an answer without the content throws here: HttpError "cannot ACTION: …", Error{network}.
  // `size` is how much must come; less is a cut, too.
  ResumingSource(std::shared_ptr<RegistrySession> session, RegistryCall call, std::uint64_t size, std::string action);
  // Throws Error{network} when the tries are used up without progress.
  std::size_t read(std::span<std::byte> buffer) override;

 private:
  void connect();
  bool connect_once();
  void accept(SentAnswer answer);
  void skip(std::uint64_t count);
  void after_failure(const TransportError& error);

  const std::shared_ptr<RegistrySession> session_;
  const RegistryCall call_;
  const std::uint64_t size_;
  const std::string action_;
  Retrier retrier_;
  std::unique_ptr<HttpStream> stream_;
  bool from_start_ = false;  // the server refused to send a range
  std::uint64_t received_ = 0;
  std::uint64_t received_at_failure_ = 0;
};

}  // namespace ociassemble
