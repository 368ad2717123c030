// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ociassemble/error.hpp"

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace ociassemble::tool {

// 'unknown command "bulid"', with the nearest command in the hint.
Error unknown_command(const CLI::App& app, const std::string& name);

// An option before the command.
Error misplaced_option(const std::string& argument);

// What the parser found wrong, in our words. `app` is the tool after the parse, `arguments` what it was given.
Error usage_error(const CLI::ParseError& error, const CLI::App& app, const std::vector<std::string>& arguments);

}  // namespace ociassemble::tool
