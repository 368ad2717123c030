// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <string>
#include <utility>

#include "base/text.hpp"
#include "gates/needs_words.hpp"
#include "gates/start_words.hpp"
#include "policy/image_user.hpp"
#include "policy/rule_judges.hpp"
#include "policy/unpacked_image.hpp"

namespace ociassemble {
namespace {

constexpr int kMostInterpreters = 4;  // that follow each other; the kernel ends there (fs/exec.c, BINPRM_MAX_RECURSION)

// One image, whose programs are judged.
class StartJudge {
 public:
  explicit StartJudge(const RuleContext& context)
      : context_(context), files_(context.facts().files()), user_(find_image_user(context.config(), files_)) {}

  void judge() {
    const auto start = find_start_program(context_.config(), files_);
    if (!start) {
      return context_.not_judged("entrypoint", "the image starts no program",
                                 "name the program (\"entrypoint\" of a recipe, or --entrypoint)");
    }
    if (!user_) {
      return context_.not_judged("user", "the image's user is not in its /etc/passwd", "set a user by its number");
    }
    judge_start_program(*start);
    files_.for_each_program([&](const std::string& path, const Tree::Node& node) {
      const auto& program = *files_.detail_of(node).program;
      if (path != start->path && program.go && program.elf) judge_elf(path, program);
    });
  }

 private:
  void judge_start_program(const StartProgram& start) {
    if (start.path.empty() && start.is_in_volume) {
      return context_.not_judged(start.word, fmt::format("{} lies in a volume", printable(start.word)),
                                 "put the program where no volume hides it");
    }
    if (start.path.empty()) {
      return context_.fail(start.word, fmt::format("the image starts {}, which is not in it", printable(start.word)),
                           "name a program that is in the image, by its absolute path");
    }
    judge_program(start.path, *start.node, kMostInterpreters);
  }

  void judge_program(const std::string& path, const Tree::Node& node, int interpreters) {
    const auto x_bits = user_->uid == 0 ? (node.mode & 0111U) != 0 : may_use(node, *user_, 1);
    if (!x_bits || !files_.may_reach(path.substr(1), user_->uid, user_->gid)) {
      return context_.fail_file(path,
                                fmt::format("{} does not start: the image's user may not execute it", printable(path)),
                                "give it mode 0555, and its folders x bits");
    }
    const auto& detail = files_.detail_of(node);
    if (detail.program && detail.program->elf) return judge_elf(path, *detail.program);
    if (detail.script_line.empty()) {
      return context_.fail_file(path,
                                fmt::format("{} does not start: it is neither a program nor a script that names its "
                                            "interpreter",
                                            printable(path)),
                                "name the compiled program, or begin the script with #!");
    }
    judge_script(path, detail.script_line, interpreters);
  }

  void judge_script(const std::string& path, const std::string& line, int interpreters) {
    const auto begin = line.find_first_not_of(" \t", 2);
    const auto end = begin == std::string::npos ? begin : line.find_first_of(" \t\r", begin);
    const auto interpreter = begin == std::string::npos ? std::string() : line.substr(begin, end - begin);
    const auto found = files_.look_up(interpreter);
    if (interpreter.empty() || !found || found->node->type != EntryType::regular || interpreters == 0) {
      return context_.fail_file(path,
                                fmt::format("{} does not start: its interpreter {} is not in the image",
                                            printable(path), printable(interpreter)),
                                "start the program itself, or choose a base that has the interpreter");
    }
    judge_program("/" + found->path, *found->node, interpreters - 1);
  }

  void judge_elf(const std::string& path, const ProgramDetail& program) {
    const auto& elf = *program.elf;
    if (elf.traits.is_packed) {
      return context_.not_judged(path, fmt::format("{} is packed by UPX", printable(path)),
                                 "take the program as it was linked: layers are compressed");
    }
    const auto& platform = context_.config().platform;
    if (!elf_matches(elf, platform)) {
      return context_.fail_file(path,
                                fmt::format("{} does not start: it is for {}, and the image for {}", printable(path),
                                            elf_platform(elf), printable(platform.to_string())),
                                "build the program for the image's platform");
    }
    const ProgramStart start{path.substr(1), elf.interpreter,
                             program.facts,  context_.config().env_value("LD_LIBRARY_PATH").value_or(""),
                             user_->uid,     user_->gid};
    const auto verdict = judge_start(start, files_);
    if (!verdict.obstacles.empty()) {
      const auto words = words_of_failed_start(start, verdict, files_);
      return context_.fail_file(path, fmt::format("{} does not start: {}", printable(path), words.cause), words.remedy);
    }
    for (const auto& name : verdict.not_judged)
      context_.not_judged(path,
                          fmt::format("nothing is known about /{}, which {} needs", printable(name), printable(path)),
                          "choose a base whose libraries can be read");
  }

  const RuleContext& context_;
  const UnpackedImage& files_;
  std::optional<NumericUser> user_;
};

}  // namespace

void judge_runs(const RuleContext& context) { StartJudge(context).judge(); }

void judge_needs_rule(const RuleContext& context) {
  const auto& files = context.facts().files();
  const auto user = find_image_user(context.config(), files);
  ProgramSurroundings surroundings{context.config().env, context.config().volumes, 0, 0};
  if (user) {
    surroundings.uid = user->uid;
    surroundings.gid = user->gid;
  }
  files.for_each_program([&](const std::string& path, const Tree::Node& node) {
    const auto& program = files.detail_of(node).program;
    if (!program->go) return;
    if (!program->needs.is_known) {
      return context.not_judged(
          path, fmt::format("the needs of {} are not known: its functions cannot be read", printable(path)),
          "build the program without tools that hide its functions");
    }
    for (const auto& verdict : judge_needs(program->needs, surroundings, files)) {
      if (verdict.failure == NeedFailure::none) continue;
      context.fail_file(path, fmt::format("{} {}", printable(path), cause_of_need(verdict, surroundings)),
                        remedy_for_need(verdict, surroundings));
    }
  });
}

}  // namespace ociassemble
