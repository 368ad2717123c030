// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "io/streams.hpp"
#include "spec/json_printer.hpp"

namespace ociassemble {

// One object with a newline at its end; `print_members` prints what is in it.
template <class PrintMembers>
std::string json_object(const PrintMembers& print_members) {
  StringSink text;
  JsonPrinter json(text);
  json.begin_object();
  print_members(json);
  json.end_object();
  json.finish();
  return text.take();
}

}  // namespace ociassemble
