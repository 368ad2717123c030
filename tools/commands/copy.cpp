// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include <ostream>

#include "base/escape.hpp"
#include "commands/command.hpp"
#include "commands/path_claims.hpp"
#include "flags/build_arguments.hpp"
#include "ociassemble/copy.hpp"
#include "ociassemble/error.hpp"
#include "report/transfers.hpp"

namespace ociassemble::tool {
namespace {

constexpr const char* kForms =
    "oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:REF] or "
    "REGISTRY/REPOSITORY[:TAG]";

constexpr const char* kPlatforms =
    "From an index, the image of --platform is copied, else this machine's, or the only one; --all-platforms copies\n"
    "the whole index. Manifests, indexes and layers keep their bytes and digests.\n"
    "\n";

// One class for push, pull and copy, which differ in what they let the two places be.
class CopyCommand : public Command {
 public:
  enum class Kind { push, pull, copy };

  CopyCommand(CLI::App& app, Kind kind) : kind_(kind) {
    app.add_option(kind == Kind::push   ? "LOCATION"
                   : kind == Kind::pull ? "REF"
                                        : "FROM",
                   from_, kind == Kind::pull ? "REGISTRY/REPOSITORY[:TAG][@DIGEST]" : kForms)
        ->required();
    app.add_option(kind == Kind::push   ? "REF"
                   : kind == Kind::pull ? "LOCATION"
                                        : "TO",
                   to_,
                   kind == Kind::push   ? "REGISTRY/REPOSITORY[:TAG]"
                   : kind == Kind::pull ? "oci:DIR[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE[:REF]"
                                        : kForms)
        ->required();
    app.add_flag("--all-platforms", options_.all_platforms, "Copy the whole index, not one image of it");
    app.add_option("--platform", platform_, "Image of this platform, for example linux/arm64")->type_name("OS/ARCH");
    if (kind == Kind::copy) {
      app.add_flag("--referrers", options_.referrers,
                   "Also copy the referrers of the image, such as signatures and SBOMs; not into docker-archive");
    }
    if (kind != Kind::pull) {
      app.add_flag("--dry-run", dry_run_, "Print what would be sent, mounted and skipped; send nothing");
    }
    app.add_flag("--json", json_, "Print JSON")->group("Output");
    output_.add_to(app);
    registry_.add_to(app);
    app.footer(kPlatforms + std::string(examples()));
  }

  int run(const Streams& streams) override {
    const auto from = Location::parse(from_);
    const auto to = target();
    check_kinds(from, to);
    PathClaims claims;
    if (from.kind != Location::Kind::oci_layout && !from.path.empty()) claims.read(from.path, from.to_string());
    claims.write(to);
    if (!platform_.empty()) options_.platform = Platform::parse(platform_);
    const auto workplace = registry_.workplace(streams, output_.verbosity(json_), chief_registry({to}, {from}));
    if (dry_run_) {
      const auto plan = plan_copy(from, to, options_, workplace);
      streams.out << (json_ ? plan_json({plan}) : describe_plan(plan));
    } else {
      const auto copied = reading(from_, [&] { return copy(from, to, options_, workplace); });
      streams.out << (json_ ? copy_json(copied) : copied.name + "\n");
    }
    return 0;
  }

 private:
  Location target() const {
    const auto instead = "ociassemble copy " + shell_word(from_) + " " + shell_word(to_);
    return kind_ == Kind::push ? parse_push_target(to_, instead) : parse_output(to_);
  }

  void check_kinds(const Location& from, const Location& to) const {
    if (kind_ == Kind::pull && to.reference) reject("pull to " + to_, "it is neither a layout nor an archive");
    if (kind_ == Kind::pull && !from.reference) reject("pull from " + from_, "it is no registry");
  }

  [[noreturn]] void reject(const std::string& action, const std::string& why) const {
    throw Error(ErrorCode::invalid_argument, "cannot " + action + ": " + why,
                "for other places: ociassemble copy " + shell_word(from_) + " " + shell_word(to_));
  }

  const char* examples() const {
    switch (kind_) {
      case Kind::push:
        return "Examples:\n"
               "  ociassemble push oci:image:v1 registry.example.com/team/server:v1\n"
               "  ociassemble push --all-platforms oci-archive:image.tar registry.example.com/team/server:v1\n"
               "  ociassemble push --dry-run oci:image:v1 registry.example.com/team/server:v1";
      case Kind::pull:
        return "Examples:\n"
               "  ociassemble pull alpine:3.20 oci:base:3.20\n"
               "  ociassemble pull --platform linux/arm64 alpine:3.20 docker-archive:alpine.tar";
      case Kind::copy:
        return "Examples:\n"
               "  ociassemble copy --all-platforms alpine:3.20 registry.example.com/mirror/alpine:3.20\n"
               "  ociassemble copy oci:image:v1 oci-archive:image.tar:v1\n"
               "  ociassemble copy --referrers staging.example.com/app:v1 registry.example.com/app:v1";
    }
    return "";
  }

  const Kind kind_;
  std::string from_, to_, platform_;
  CopyOptions options_;
  bool dry_run_ = false;
  bool json_ = false;
  OutputFlags output_;
  RegistryFlags registry_;
};

}  // namespace

std::unique_ptr<Command> make_push_command(CLI::App& app) {
  return std::make_unique<CopyCommand>(app, CopyCommand::Kind::push);
}
std::unique_ptr<Command> make_pull_command(CLI::App& app) {
  return std::make_unique<CopyCommand>(app, CopyCommand::Kind::pull);
}
std::unique_ptr<Command> make_copy_command(CLI::App& app) {
  return std::make_unique<CopyCommand>(app, CopyCommand::Kind::copy);
}

}  // namespace ociassemble::tool
