// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "gates/needs.hpp"

namespace ociassemble {

// "certificates", "timeZones", "users", "shell", "temporaryFiles".
std::string_view name_of_need(Need need) noexcept;
// What is missing, behind the program's name: "loads time zones by name, but the image has no zone data". Empty where
// nothing is.
std::string cause_of_need(const NeedVerdict& verdict, const ProgramSurroundings& surroundings);
std::string remedy_for_need(const NeedVerdict& verdict, const ProgramSurroundings& surroundings);

}  // namespace ociassemble
