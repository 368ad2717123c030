// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <string>
#include <string_view>

#include "base/text.hpp"
#include "report/findings.hpp"

namespace ociassemble {
namespace {

// A step shows ten annotations of a level, and drops the rest.
constexpr std::size_t kMostAnnotations = 10;

// GitHub's toolkit, "escapeData" and "escapeProperty". terminal_text() leaves no line breaks.
std::string escaped(std::string_view text, std::string_view besides) {
  std::string out;
  for (const char c : terminal_text(text)) {
    if (c == '%' || besides.find(c) != std::string_view::npos) {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

std::string property(std::string_view text) { return escaped(text, ":,"); }

std::string annotation_of(const Finding& finding, std::string_view command) {
  std::string where;
  if (finding.place && !finding.place->file.empty()) {
    where = fmt::format("file={},", property(finding.place->file));
    if (finding.place->line != 0) where += fmt::format("line={},", finding.place->line);
  }
  return fmt::format(
      "::{} {}title={}::{}\n", command, where, property("ociassemble: " + finding.rule),
      escaped(fmt::format("{}{}{}", message_of(finding), finding.remedy.empty() ? "" : "; ", finding.remedy), ""));
}

std::string annotations(const std::vector<CheckReport>& reports, Severity level, std::string_view command) {
  std::string text;
  std::size_t count = 0;
  std::size_t all = 0;
  for (const auto& report : reports) {
    for (const auto& finding : report.findings) all += finding.level == level ? 1 : 0;
  }
  const auto shown = all > kMostAnnotations ? kMostAnnotations - 1 : all;
  for (const auto& report : reports) {
    for (const auto& finding : report.findings) {
      if (finding.level == level && count++ < shown) text += annotation_of(finding, command);
    }
  }
  if (all > shown)
    text += fmt::format("::{} title=ociassemble::{} more are not shown here; --format text lists all\n", command,
                        all - shown);
  return text;
}

}  // namespace

std::string findings_github(const std::vector<CheckReport>& reports) {
  return annotations(reports, Severity::error, "error") + annotations(reports, Severity::warn, "warning");
}

}  // namespace ociassemble
