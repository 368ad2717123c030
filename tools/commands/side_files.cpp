// SPDX-License-Identifier: Apache-2.0
#include "commands/side_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <map>

#include "base/escape.hpp"
#include "base/file_status.hpp"
#include "base/output_file.hpp"
#include "base/system_error.hpp"
#include "digest/hasher.hpp"
#include "io/streams.hpp"
#include "ociassemble/io.hpp"

namespace ociassemble::tool {

namespace fs = std::filesystem;

void write_stamp(const fs::path& file, const std::string& bytes) {
  write_output(file, as_bytes(bytes));
  // The time is what counts; a new file in its place would make the folder, which may be a prerequisite, newer still.
  if (find_output(file).kind != OutputPlace::Kind::file) return;
  if (::utimensat(AT_FDCWD, file.c_str(), nullptr, 0) != 0) throw_errno("cannot write " + file.string());
}

std::string rule_target(const Location& output) {
  switch (output.kind) {
    case Location::Kind::registry:
      return output.reference->to_string();
    case Location::Kind::oci_layout:
      return (output.path / "index.json").string();
    default:
      return output.is_engine() ? output.to_string() : output.path.string();
  }
}

std::string make_rule(const std::string& target, const std::vector<fs::path>& inputs) {
  std::string rule = make_target(target) + ":";
  for (const auto& input : inputs) rule += " \\\n  " + make_name(input.string());
  rule += '\n';
  for (const auto& input : inputs) {
    if (input != target) rule += '\n' + make_name(input.string()) + ":\n";
  }
  return rule;
}

std::string checksum_lines(const std::vector<fs::path>& files, const fs::path& list) {
  const auto folder = absolute_path(list).lexically_normal().parent_path();
  std::map<std::string, std::string> digests;
  for (const auto& file : files) {
    std::error_code ignored;
    if (!fs::is_regular_file(file, ignored)) continue;
    FileSource source(file);
    HashSink hash;
    copy(source, hash);
    digests.emplace(absolute_path(file).lexically_normal().lexically_relative(folder).string(), hash.finish().hex());
  }
  std::string lines;
  for (const auto& [name, digest] : digests) {
    std::string escaped;
    for (const char c : name) escaped += c == '\\' ? "\\\\" : c == '\n' ? "\\n" : c == '\r' ? "\\r" : std::string(1, c);
    // coreutils marks a name with escapes by a backslash before the digest.
    if (escaped != name) lines += '\\';
    lines.append(digest).append("  ").append(escaped).append("\n");
  }
  return lines;
}

}  // namespace ociassemble::tool
