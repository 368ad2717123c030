// SPDX-License-Identifier: Apache-2.0
#include "commands/side_files.hpp"

#include "base/atomic_file.hpp"
#include "io/streams.hpp"
#include "ociassemble/io.hpp"

namespace ociassemble::tool {
namespace {

std::string escape_for_make(const std::string& path) {
  std::string escaped;
  for (const char c : path) {
    if (c == ' ' || c == '#' || c == '%' || c == ':') escaped += '\\';
    if (c == '$') escaped += '$';
    escaped += c;
  }
  return escaped;
}

}  // namespace

void write_if_changed(const std::filesystem::path& file, const std::string& bytes) {
  constexpr std::size_t kLimit = std::size_t{64} << 20U;
  if (std::filesystem::is_regular_file(file) && read_file(file, kLimit) == bytes) return;
  write_file_atomically(file, as_bytes(bytes));
}

std::string make_rule(const Location& output, const std::vector<std::filesystem::path>& inputs) {
  auto target = output.reference ? output.reference->to_string() : output.path.string();
  if (output.kind == Location::Kind::oci_layout) target = (output.path / "index.json").string();
  std::string rule = escape_for_make(target) + ":";
  for (const auto& input : inputs) rule += " \\\n  " + escape_for_make(input.string());
  rule += '\n';
  for (const auto& input : inputs) rule += '\n' + escape_for_make(input.string()) + ":\n";
  return rule;
}

}  // namespace ociassemble::tool
