// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "http/url.hpp"
#include "store/record_cache.hpp"

namespace ociassemble {

// How a registry wants to be logged in to, as it said in a challenge. No secrets.
struct LoginWay {
  enum class Kind { basic, bearer };
  Kind kind = Kind::basic;
  std::string realm = {};  // of bearer: the token service's URL
  std::string service = {};

  bool operator==(const LoginWay&) const = default;
};

// Keeps that for a day, for the runs that follow: each saves the request that only brings the challenge. Also whether a
// registry refuses bodies whose size is not known. Whoever uses it has to be ready for it being wrong. Safe for
// concurrent use.
class HostMemory {
 public:
  explicit HostMemory(RecordCache records) : records_(std::move(records)) {}

  // `root` is the registry's scheme, host and port; times are seconds since 1970.
  std::optional<LoginWay> find(const Url& root, std::int64_t now) const noexcept;
  void put(const Url& root, const LoginWay& way, std::int64_t now) noexcept;

  // `registry` as references have it: "HOST" or "HOST:PORT".
  bool refuses_streams(const std::string& registry, std::int64_t now) const noexcept;
  void put_refusal_of_streams(const std::string& registry, std::int64_t now) noexcept;

 private:
  RecordCache records_;
};

// As records hold it, with the time that it was learned; nothing for what is none.
std::string encode_login_way(const LoginWay& way, std::int64_t learned);
struct LearnedWay {
  LoginWay way;
  std::int64_t learned = 0;
};
std::optional<LearnedWay> decode_login_way(std::string_view record);

}  // namespace ociassemble
