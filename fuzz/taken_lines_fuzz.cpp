// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string_view>
#include <vector>

#include "bases/taken_files.hpp"
#include "fuzz.hpp"

// The lines of files taken from an image, as a lock and the cache keep them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ociassemble;
  const auto text = fuzz::as_text(data, size);
  std::vector<std::string> lines;
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    lines.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  const auto files = parse_taken_lines(lines);
  if (!files) return 0;
  for (const auto& [path, file] : *files) {
    fuzz::require(!path.starts_with('/') && path.substr(0, 3) != "../" && path.find('\0') == std::string::npos,
                  "a name is below what was asked for");
    fuzz::require((file.type == EntryType::regular) == file.digest.has_value(), "a file has a digest");
    fuzz::require(file.size <= kMostTakenBytes, "sizes are bounded");
  }
  auto written = taken_lines(*files);
  std::sort(written.begin(), written.end());
  std::sort(lines.begin(), lines.end());
  fuzz::require(written == lines, "only lines that are written are read");
  return 0;
}
