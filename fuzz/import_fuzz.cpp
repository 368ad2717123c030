// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/import.hpp"

#include <string_view>

#include "fuzz.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/recipe.hpp"

namespace {

using ociassemble::Error;
using ociassemble::ErrorCode;
using ociassemble::fuzz::require;

void check_recipe(const std::string& recipe) {
  try {
    require(ociassemble::Recipe::parse(recipe, "recipe.json").profiles().empty(), "one recipe, of the right form");
  } catch (const Error&) {
    require(false, "what is written can be read");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = ociassemble::fuzz::as_text(data, size);
  for (const char* ignore_file : {"", ".dockerignore"}) {
    try {
      check_recipe(ociassemble::import_dockerfile(text, "Dockerfile", {{}, {{"VERSION", "1"}}, ignore_file, {}}));
    } catch (const Error& error) {
      require(error.code() == ErrorCode::invalid_argument, "the kind of error");
      require(std::string_view(error.what()).find('\n') == std::string_view::npos, "an error is one line");
    }
  }
  return 0;
}
