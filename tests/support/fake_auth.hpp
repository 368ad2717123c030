// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace ociassemble::test {

// How a FakeRegistry wants to be asked.
struct FakeAuth {
  enum class Kind { none, basic, bearer };
  Kind kind = Kind::none;
  std::string username = "alice";
  std::string password = "correct horse";
  std::string identity_token = {};       // accepted by the POST of the token server
  bool anonymous_pull = false;           // bearer: tokens for pulling are given to everybody
  bool refuse_cross_repository = false;  // bearer: no token for two repositories
  int no_oauth = 0;                      // what the token server answers to a POST where it takes none
  std::string token_member = "token";
  std::string realm = {};  // empty: "/token" of this server
};

}  // namespace ociassemble::test
