// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "ociassemble/assemble.hpp"

namespace ociassemble::tool {

// "PATH[:DEST]": DEST begins at the last ":/". Throws Error{invalid_argument}, as all of these.
BinaryInput parse_binary(std::string_view text);
// "SRC:DEST[,mode=OCTAL][,owner=USER[:GROUP]][,ignore=FILE|none]".
AddInput parse_add(std::string_view text);
// "IMAGE:PATH:DEST[,mode=OCTAL][,owner=USER[:GROUP]]": PATH and DEST begin at the last two ":/".
AddInput parse_add_from(std::string_view text);
// "NAME=VALUE"; `what` names it in the error.
std::pair<std::string, std::string> parse_assignment(std::string_view text, std::string_view what);
// "linux/amd64,linux/arm64", and several such texts.
std::vector<Platform> parse_platforms(const std::vector<std::string>& texts);
// A place that an image is written to. A registry has to be named: a file's name without its kind would be an image of
// Docker Hub.
Location parse_output(const std::string& text);
// A registry's reference that is pushed to, of Docker Hub with its user. `instead` is for the hint: what takes others.
Location parse_push_target(const std::string& text, const std::string& instead);
ImageFormat parse_format(std::string_view text);
// Seconds since 1970-01-01T00:00:00Z, as reproducible-builds.org defines SOURCE_DATE_EPOCH.
std::int64_t parse_epoch(std::string_view text);

}  // namespace ociassemble::tool
