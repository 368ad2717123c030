// SPDX-License-Identifier: Apache-2.0
#include "places/engine_answers.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "spec/json.hpp"

namespace ociassemble {
namespace {

template <class Use>
auto with_object(std::string_view text, const char* subject, const Use& use) {
  try {
    const auto document = parse_json(text, subject, {.size = kLongestAnswer});
    return use(JsonView(document, subject));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt) throw;
    throw Error(ErrorCode::io, error.what(), "the engine may have ended in the middle: its log says why");
  }
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

std::string checked_id(std::string_view id) {
  constexpr std::string_view kAlgorithm = "sha256:";
  const auto hex = id.starts_with(kAlgorithm) ? id.substr(kAlgorithm.size()) : id;
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (hex.size() == 64 && std::ranges::all_of(hex, is_digit)) return std::string(id);
  throw Error(ErrorCode::io, fmt::format("the engine calls the image \"{}\", which is no ID", excerpt(id)));
}

}  // namespace

std::vector<std::string> lines_of(std::string_view output) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < output.size();) {
    const auto end = std::min(output.find('\n', begin), output.size());
    const auto line = trimmed(output.substr(begin, end - begin));
    if (!line.empty()) lines.emplace_back(line);
    begin = end + 1;
  }
  return lines;
}

void require_loaded_by_docker(std::string_view answer) {
  bool is_loaded = false;
  for (const auto& line : lines_of(answer)) {
    with_object(line, "docker's answer", [&](const JsonView& view) {
      const auto detail = view.find("errorDetail");
      auto why = detail ? detail->find_string("message") : std::string();
      if (why.empty()) why = view.find_string("error");
      if (detail || !why.empty()) throw Error(ErrorCode::io, "docker cannot load the image: " + excerpt(why));
      is_loaded = is_loaded || view.find_string("stream").starts_with("Loaded image");
    });
  }
  if (!is_loaded) throw Error(ErrorCode::io, "docker did not say that it loaded the image: " + excerpt(answer));
}

void require_loaded_by_podman(std::string_view answer) {
  with_object(answer, "podman's answer", [&](const JsonView& view) {
    if (view.find_strings("Names").empty())
      throw Error(ErrorCode::io, "podman did not say that it loaded the image: " + excerpt(answer));
  });
}

std::string docker_version_of(std::string_view answer) {
  return with_object(answer, "docker's version", [](const JsonView& view) { return view.find_string("Version"); });
}

std::string refusal_of(std::string_view answer) {
  try {
    const auto document = parse_json(answer, "answer", {.size = kLongestAnswer});
    const JsonView view(document, "answer");
    auto said = view.find_string("message");
    if (said.empty()) said = view.find_string("cause");
    if (!said.empty()) return excerpt(said);
  } catch (const Error&) {
    return excerpt(answer);  // a proxy's page, or text
  }
  return excerpt(answer);
}

std::string image_id_of_json(std::string_view answer) {
  return checked_id(
      with_object(answer, "the engine's answer", [](const JsonView& view) { return view.at("Id").string(); }));
}

std::string image_id_of_line(std::string_view output) { return checked_id(trimmed(output)); }

}  // namespace ociassemble
