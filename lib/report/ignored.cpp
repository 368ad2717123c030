// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "assemble/placement.hpp"
#include "base/text.hpp"
#include "report/ignored.hpp"
#include "report/json_text.hpp"

namespace ociassemble {
namespace {

std::string explain(const FolderIgnore& ignore, const std::string& path) {
  const auto decision = ignore.decide(path);
  if (ignore.file().empty()) return "in (there is no ignore file)";
  if (!decision.rule) return fmt::format("in (no rule of {} matches)", ignore.file().string());
  return fmt::format("{} ({}:{}: {}{})", decision.excluded ? "out" : "in", ignore.file().string(), decision.rule->line,
                     decision.rule->text, decision.may_include_below ? "; a later exception may hold below" : "");
}

}  // namespace

std::string explain_ignored(const FolderIgnore& ignore, const std::vector<std::string>& paths) {
  std::string lines;
  for (const auto& text : paths) {
    const auto path = canonical_path("/" + text, "path in the folder");
    lines += terminal_text(fmt::format("{}: {}", path.empty() ? "." : path, explain(ignore, path))) + "\n";
  }
  return lines;
}

std::string explain_ignored_json(const FolderIgnore& ignore, const std::vector<std::string>& paths) {
  StringSink text;
  JsonPrinter json(text);
  json.begin_array();
  for (const auto& wanted : paths) {
    const auto path = canonical_path("/" + wanted, "path in the folder");
    const auto decision = ignore.decide(path);
    json.begin_object();
    json.member("path", terminal_text(path));
    json.member("included", !decision.excluded);
    if (!ignore.file().empty()) json.member("file", terminal_text(ignore.file().string()));
    if (decision.rule) {
      json.member("line", std::uint64_t{decision.rule->line});
      json.member("rule", terminal_text(decision.rule->text));
    }
    if (decision.may_include_below) json.member("mayIncludeBelow", true);
    json.end_object();
  }
  json.end_array();
  json.finish();
  return text.take();
}

}  // namespace ociassemble
