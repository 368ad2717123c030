// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "run.hpp"

// The whole tool, run in process.
namespace ociassemble::test {

struct Outcome {
  int status = 0;
  std::string out;
  std::string err;
};

inline Outcome run(const std::vector<std::string>& arguments,
                   const std::map<std::string, std::string>& environment = {}, const std::string& input = {}) {
  std::vector<const char*> words;
  for (const auto& argument : arguments) words.push_back(argument.c_str());
  std::ostringstream out;
  std::ostringstream err;
  std::istringstream in(input);
  const tool::Streams streams{out,
                              err,
                              false,
                              {},
                              [&](const char* name) -> std::optional<std::string> {
                                const auto found = environment.find(name);
                                return found != environment.end() ? std::optional(found->second) : std::nullopt;
                              },
                              &in};
  const int status = tool::run(words, streams);
  return {status, out.str(), err.str()};
}

inline bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace ociassemble::test
