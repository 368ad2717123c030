// SPDX-License-Identifier: Apache-2.0
#include "registry/auth/auth_file.hpp"

#include "base/base64.hpp"
#include "fuzz.hpp"
#include "ociassemble/error.hpp"

namespace {

using ociassemble::Error;
using ociassemble::ErrorCode;
using ociassemble::fuzz::require;

void look_up(const std::string& json, const char* registry, const char* repository) {
  try {
    const auto entry = ociassemble::find_auth(json, "FILE", registry, repository);
    if (!entry) return;
    require(entry->credentials.has_value() != !entry->helper.empty(), "credentials or a helper, not both");
    require(entry->helper.empty() == entry->server.empty(), "a helper is asked for a server");
  } catch (const Error& error) {
    require(error.code() == ErrorCode::corrupt, "a bad file is corrupt");
    const std::string_view message = error.what();
    require(message == "cannot read credentials from FILE: not a JSON object" ||
                message.starts_with("cannot read credentials from FILE: the auth of \""),
            "an error shows nothing of the file but the registry's name");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = ociassemble::fuzz::as_text(data, size);
  look_up(text, "docker.io", "library/alpine");
  look_up(text, "ghcr.io", "team/app");
  static_cast<void>(ociassemble::parse_helper_answer(text));
  const auto decoded = ociassemble::decode_base64(ociassemble::encode_base64(text));
  require(decoded == text, "base64 goes there and back");
  return 0;
}
