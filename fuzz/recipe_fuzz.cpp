// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/recipe.hpp"

#include <algorithm>
#include <string_view>

#include "fuzz.hpp"
#include "ociassemble/error.hpp"
#include "recipe/merge_patch.hpp"
#include "recipe/recipe_text.hpp"

namespace {

using ociassemble::Error;
using ociassemble::ErrorCode;
using ociassemble::fuzz::require;

template <class Action>
void refused_in_one_line(Action action) {
  try {
    action();
  } catch (const Error& error) {
    const std::string_view message = error.what();
    require(error.code() == ErrorCode::invalid_argument, "the kind of error");
    require(message.find('\n') == std::string_view::npos, "an error is one line");
    require(!error.hint().empty(), "an error has a remedy");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = ociassemble::fuzz::as_text(data, size);
  refused_in_one_line([&] {
    const auto root = ociassemble::read_recipe_text(text, "recipe.json").root;
    require(root == root, "a value is itself");
    const auto merged = ociassemble::merge_patch({}, root);
    require(ociassemble::merge_patch(merged, root) == merged, "a patch laid over twice changes nothing more");
  });
  refused_in_one_line([&] {
    const auto recipe = ociassemble::Recipe::parse(text, "recipe.json");
    refused_in_one_line([&] { static_cast<void>(recipe.resolve({})); });
    for (const auto& profile : recipe.profiles()) {
      refused_in_one_line([&] { static_cast<void>(recipe.resolve({profile, {}, {}})); });
      refused_in_one_line([&] { static_cast<void>(recipe.needs({profile, {}, {}})); });
    }
  });
  return 0;
}
