// SPDX-License-Identifier: Apache-2.0
#include "places/engine_answers.hpp"

#include <algorithm>

#include "fuzz.hpp"
#include "ociassemble/error.hpp"

namespace {

using ociassemble::fuzz::require;

// Whether it returned; what it throws is an Error of one printable line.
template <class Work>
bool ends_well(const Work& work) {
  try {
    work();
    return true;
  } catch (const ociassemble::Error& error) {
    const std::string_view text = error.what();
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    require(!text.empty() && std::ranges::none_of(text, is_control), "a message is one line of printable text");
    require(error.code() == ociassemble::ErrorCode::io, "an answer is never taken for another failure");
    return false;
  }
}

void require_id(const std::string& id) {
  require(id.size() == 64 || id.size() == 71, "an ID is a digest");
  require(id.find_first_not_of("0123456789abcdefsh:") == std::string::npos, "an ID has no other characters");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = ociassemble::fuzz::as_text(data, size);
  const bool is_loaded = ends_well([&] { ociassemble::require_loaded_by_docker(text); });
  if (is_loaded) {
    require(text.find("oaded image") != std::string::npos || text.find('\\') != std::string::npos,
            "what is loaded was said to be");
    const bool still = ends_well(
        [&] { ociassemble::require_loaded_by_docker(text + "\n{\"errorDetail\":{\"message\":\"no space\"}}"); });
    require(!still, "a failure after a success is a failure");
  }
  ends_well([&] { ociassemble::require_loaded_by_podman(text); });
  ends_well([&] { ociassemble::docker_version_of(text); });
  ends_well([&] { require_id(ociassemble::image_id_of_json(text)); });
  ends_well([&] { require_id(ociassemble::image_id_of_line(text)); });
  const auto refusal = ociassemble::refusal_of(text);
  require(refusal.size() <= 2000 && refusal.find('\n') == std::string::npos, "a refusal is a short line");
  for (const auto& line : ociassemble::lines_of(text)) {
    require(!line.empty() && line.front() != ' ' && line.back() != '\r', "lines are trimmed");
    require(text.find(line) != std::string::npos, "lines are the output's");
  }
  return 0;
}
