// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/reference.hpp"

#include <optional>

#include "fuzz.hpp"
#include "ociassemble/error.hpp"

namespace {

using ociassemble::Error;
using ociassemble::ErrorCode;
using ociassemble::Reference;
using ociassemble::fuzz::require;

std::optional<Reference> parse(const std::string& text) {
  try {
    return Reference::parse(text);
  } catch (const Error& error) {
    require(error.code() == ErrorCode::invalid_argument, "a bad reference is an invalid argument");
    return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto reference = parse(ociassemble::fuzz::as_text(data, size));
  if (!reference) return 0;
  require(Reference::parse(reference->to_string()) == *reference, "to_string() is parsed to the same reference");
  require(Reference::parse(reference->name()).name() == reference->name(), "name() is a reference");
  require(reference->with_tag("v1").identifier() == "v1", "with_tag() drops the digest");
  require(reference->name().size() <= 255, "names are bounded");
  return 0;
}
