// SPDX-License-Identifier: Apache-2.0
#include "commands/option_claims.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "commands/path_claims.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/location.hpp"

namespace ociassemble::tool {
namespace {

// An option's type as the help shows it.
bool has_type(const CLI::Option& option, std::initializer_list<std::string_view> words) {
  const auto type = option.get_positional() ? option.get_name() : option.get_type_name();
  return std::ranges::any_of(words, [&](std::string_view word) { return type.find(word) != std::string::npos; });
}

bool names_file(const CLI::Option& option) {
  return !option.get_positional() && has_type(option, {"FILE", "DIR", "RECIPE"});
}

bool names_image(const CLI::Option& option) {
  return has_type(option, {"LOCATION", "IMAGE", "BEFORE", "AFTER", "FROM", "TO", "LAYOUT"});
}

bool is_written(const CLI::Option& option) {
  return has_type(option, {"FILE"}) && (option.check_lname("summary") || option.check_lname("trace") ||
                                        (option.check_lname("output") && !has_type(option, {"LOCATION"})));
}

// Of build, which checks these itself, when it knows what a recipe reads and what {profile} stands for.
bool is_beside_image(const CLI::Option& option) {
  return option.check_lname("digest-file") || option.check_lname("depfile") || option.check_lname("stamp") ||
         option.check_lname("checksums");
}

// What no build that checks its own files knows of.
bool is_secret_or_trusted(const CLI::Option& option) {
  return has_type(option, {"FILE|env:NAME"}) || option.check_lname("passphrase-file") || option.check_lname("ca-file");
}

bool is_regular_file(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

std::string name_of(const CLI::Option& option, const std::string& value) {
  if (option.get_positional()) return value;
  return (option.check_lname("output") ? "-o" : option.get_name()) + " " + value;
}

// "FILE", "PATH:DEST", "NAME=PATH", "SRC:DEST,ignore=FILE": every part that is a file.
void claim_files(const std::string& value, const std::string& what, PathClaims& claims) {
  const auto claim = [&](std::string_view part) {
    if (is_regular_file(std::string(part))) claims.read(std::string(part), what);
  };
  if (what.starts_with("--db ") && !is_regular_file(value)) return claims.read_folder(value, what);
  claim(value);
  claim(std::string_view(value).substr(0, value.find(':')));
  for (auto at = value.find('='); at != std::string::npos; at = value.find('=', at + 1)) {
    const auto end = value.find(',', at);
    claim(std::string_view(value).substr(at + 1, end == std::string::npos ? end : end - at - 1));
  }
}

void claim_image(const std::string& value, const std::string& what, PathClaims& claims) {
  try {
    const auto location = Location::parse(value);
    if (location.kind == Location::Kind::oci_layout) claims.read_layout(location.path, what);
    if (location.kind == Location::Kind::oci_archive || location.kind == Location::Kind::docker_archive ||
        (location.kind == Location::Kind::rootfs && is_regular_file(location.path))) {
      claims.read(location.path, what);
    }
  } catch (const Error&) {
    // The command that parses it says what is wrong.
  }
}

}  // namespace

void check_named_files(const CLI::App& command) {
  PathClaims claims;
  PathClaims trusted;
  std::vector<std::pair<std::string, std::string>> written, beside;
  for (const auto* option : command.get_options()) {
    for (const auto& value : option->results()) {
      if (names_file(*option) && value.empty()) {
        throw Error(ErrorCode::invalid_argument, fmt::format("the name after {} is empty", option->get_name()),
                    fmt::format("name a {}, or leave {} out", has_type(*option, {"FILE", "RECIPE"}) ? "file" : "folder",
                                option->get_name()));
      }
      const auto what = name_of(*option, value);
      if (is_beside_image(*option)) beside.emplace_back(value, what);
      if (is_secret_or_trusted(*option)) claim_files(value, what, trusted);
      if (is_written(*option)) {
        written.emplace_back(value, what);
      } else if (names_image(*option)) {
        claim_image(value, option->check_lname("output") ? value : what, claims);
      } else if (names_file(*option) || has_type(*option, {"PATH", "SRC"})) {
        claim_files(value, what, claims);
      }
    }
  }
  for (const auto& [file, what] : written) claims.write(file, what);
  for (const auto& [file, what] : beside) trusted.write(file, what);
}

}  // namespace ociassemble::tool
