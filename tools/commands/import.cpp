// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include <filesystem>
#include <istream>
#include <ostream>

#include "base/output_file.hpp"
#include "commands/command.hpp"
#include "commands/path_claims.hpp"
#include "flags/build_arguments.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/import.hpp"

namespace ociassemble::tool {
namespace {

class ImportCommand : public Command {
 public:
  explicit ImportCommand(CLI::App& app) {
    app.add_option("DOCKERFILE", file_, "Dockerfile to convert; - is the standard input")->required();
    app.add_option("--target", options_.target, "Stage to import (default: the last)")->type_name("STAGE");
    app.add_option("--build-arg", arguments_,
                   "Default for an ARG, which becomes one of the recipe's \"args\"; repeatable")
        ->type_name("NAME=VALUE")
        ->take_all()
        ->expected(1);
    app.add_option("--profile", profiles_, "Add another Dockerfile or stage as a profile of the recipe; repeatable")
        ->type_name("NAME=FILE|STAGE")
        ->take_all()
        ->expected(1);
    app.add_flag("--policy", options_.policy,
                 "Write the \"policy\" that the stages' go commands imply: Go's version, cgo, -trimpath, checksums");
    app.add_option("-o,--output", output_, "Write the recipe to this file (default: the standard output)")
        ->type_name("FILE");
    output_flags_.add_quiet_to(app);
    app.footer(
        "Nothing is run; what cannot be carried over (RUN) becomes a comment that says what to do instead.\n"
        "\n"
        "Examples:\n"
        "  ociassemble import Dockerfile -o ociassemble.json\n"
        "  ociassemble import Dockerfile --target prod --build-arg VERSION=1.2\n"
        "  ociassemble import Dockerfile --target prod --profile dev=dev --profile debug=Dockerfile.debug");
  }

  int run(const Streams& streams) override {
    constexpr std::size_t kLimit = std::size_t{1} << 20U;
    for (const auto& text : arguments_) {
      auto [name, value] = parse_assignment(text, "--build-arg");
      options_.build_args.insert_or_assign(std::move(name), std::move(value));
    }
    options_.ignore_file = ignore_file(file_);
    for (const auto& text : profiles_) options_.profiles.push_back(read_profile(text, kLimit));
    check_output();
    const bool is_input = file_ == "-";
    const auto text = is_input ? read_input(streams, kLimit) : read_file(file_, kLimit);
    const auto recipe = import_dockerfile(text, is_input ? "the standard input" : file_, options_);
    if (output_.empty()) {
      streams.out << recipe;
    } else {
      write_output(output_, as_bytes(recipe));
    }
    return 0;
  }

 private:
  void check_output() const {
    if (output_.empty()) return;
    namespace fs = std::filesystem;
    PathClaims claims;
    const auto read = [&](const fs::path& file, const std::string& rules) {
      claims.read(file, file.string());
      if (!rules.empty()) claims.read(file.parent_path() / rules, rules);
    };
    if (file_ != "-") read(file_, options_.ignore_file);
    for (const auto& profile : options_.profiles) {
      if (!profile.file.empty()) read(profile.file, profile.ignore_file);
    }
    claims.write(output_, "-o " + output_);
  }

  static std::string read_input(const Streams& streams, std::size_t limit) {
    if (streams.in == nullptr) return {};
    std::string text(limit + 1, '\0');
    streams.in->read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(streams.in->gcount()));
    if (text.size() > limit)
      throw Error(ErrorCode::invalid_argument, "cannot import the standard input: it is over 1 MiB");
    return text;
  }

  ImportProfile read_profile(const std::string& text, std::size_t limit) const {
    auto [name, source] = parse_assignment(text, "--profile");
    std::error_code ignored;
    if (std::filesystem::is_regular_file(source, ignored))
      return {std::move(name), read_file(source, limit), source, {}, ignore_file(source)};
    return {std::move(name), {}, {}, std::move(source), options_.ignore_file};
  }

  // The context's rules: those beside the Dockerfile that bear its name, else .dockerignore.
  static std::string ignore_file(const std::filesystem::path& file) {
    std::error_code ignored;
    for (const auto& name : {file.filename().string() + ".dockerignore", std::string(".dockerignore")}) {
      if (std::filesystem::is_regular_file(file.parent_path() / name, ignored)) return name;
    }
    return {};
  }

  std::string file_, output_;
  std::vector<std::string> arguments_, profiles_;
  ImportOptions options_;
  OutputFlags output_flags_;
};

}  // namespace

std::unique_ptr<Command> make_import_command(CLI::App& app) { return std::make_unique<ImportCommand>(app); }

}  // namespace ociassemble::tool
