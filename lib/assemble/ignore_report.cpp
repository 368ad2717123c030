// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "assemble/placement.hpp"
#include "ociassemble/ignore.hpp"
#include "ociassemble/report.hpp"

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
  auto all = nlohmann::ordered_json::array();
  for (const auto& text : paths) {
    const auto path = canonical_path("/" + text, "path in the folder");
    const auto decision = ignore.decide(path);
    nlohmann::ordered_json one;
    one["path"] = terminal_text(path);
    one["included"] = !decision.excluded;
    if (!ignore.file().empty()) one["file"] = terminal_text(ignore.file().string());
    if (decision.rule) {
      one["line"] = decision.rule->line;
      one["rule"] = terminal_text(decision.rule->text);
    }
    if (decision.may_include_below) one["mayIncludeBelow"] = true;
    all.push_back(std::move(one));
  }
  return all.dump(2) + "\n";
}

}  // namespace ociassemble
