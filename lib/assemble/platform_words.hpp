// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "ociassemble/platform.hpp"

namespace ociassemble {

// `text` with each "{NAME}" replaced by what `value_of` says of NAME; where it says nothing the braces stay.
std::string fill_braces(std::string_view text,
                        const std::function<std::optional<std::string>(std::string_view name)>& value_of);

// What "os", "arch" and "variant" stand for (the variant may be empty); nothing for another name.
std::optional<std::string> platform_word(const Platform& platform, std::string_view name);

}  // namespace ociassemble
