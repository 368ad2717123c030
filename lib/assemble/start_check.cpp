// SPDX-License-Identifier: Apache-2.0
#include "assemble/start_check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>
#include <vector>

#include "base/text.hpp"
#include "gates/start_words.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

[[noreturn]] void refuse_without_interpreter(const CheckedStart& start) {
  const auto& interpreter = start.elf.interpreter;
  throw Error(ErrorCode::check_failed,
              fmt::format("cannot use {}: it needs {}, which this base ({}) does not have", start.source, interpreter,
                          start.base),
              remedy_without_interpreter(interpreter, start.elf.needed));
}

GateResult start_result(const CheckedStart& start, GateVerdict verdict, std::string reason) {
  return {"runs", "", "/" + start.program.path, verdict, std::move(reason), ""};
}

// What is said of a program that nothing is wrong with, as far as it was judged.
GateResult pass_start(const CheckedStart& start, const StartVerdict& verdict,
                      const std::function<void(const std::string&)>& warn) {
  const auto remarks = machine_remarks(start.elf, verdict);
  for (const auto& remark : remarks) {
    if (warn) warn(fmt::format("{} {}", start.source, remark));
  }
  if (verdict.not_judged.empty())
    return start_result(start, GateVerdict::pass,
                        remarks.empty() ? std::string() : fmt::format("it {}", fmt::join(remarks, "; it ")));
  for (const auto& name : verdict.not_judged) {
    if (warn)
      warn(fmt::format("whether {} starts was not judged: nothing is known about /{}", start.source, printable(name)));
  }
  return start_result(start, GateVerdict::not_judged,
                      fmt::format("nothing is known about /{}", printable(verdict.not_judged.front())));
}

}  // namespace

GateResult check_start(const CheckedStart& start, const RootFiles& root,
                       const std::function<void(const std::string&)>& warn) {
  if (start.elf.traits.is_packed) {
    if (warn)
      warn(
          fmt::format("whether {} starts, and what it needs, was not judged: it is packed by UPX; layers are "
                      "compressed without that",
                      start.source));
    return start_result(start, GateVerdict::not_judged, "it is packed by UPX");
  }
  const auto verdict = judge_start(start.program, root);
  if (verdict.obstacles.empty()) return pass_start(start, verdict, warn);
  const auto words = words_of_failed_start(start.program, verdict, root);
  if (words.kind == StartFailure::no_interpreter) refuse_without_interpreter(start);
  throw Error(
      ErrorCode::check_failed,
      fmt::format("cannot use {}: it does not start on this base ({}): {}", start.source, start.base, words.cause),
      words.remedy);
}

}  // namespace ociassemble
