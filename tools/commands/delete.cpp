// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include <ostream>

#include "commands/command.hpp"
#include "flags/build_arguments.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/places.hpp"
#include "report/transfers.hpp"

namespace ociassemble::tool {
namespace {

class DeleteCommand : public Command {
 public:
  explicit DeleteCommand(CLI::App& app) {
    app.add_option("REF", reference_, "REGISTRY/REPOSITORY:TAG, or REGISTRY/REPOSITORY@DIGEST")->required();
    app.add_flag("--dry-run", dry_run_, "Delete nothing; print what the name stands for")->group("Output");
    app.add_flag("--json", json_, "Print JSON")->group("Output");
    output_.add_quiet_to(app, "Print nothing but warnings and errors");
    registry_.add_to(app);
    app.footer(
        "With a tag: deletes the tag; the manifest and its other tags stay. With a digest: deletes the manifest or "
        "index\n"
        "with all its tags. The tag or digest has to be written: there is no default. Many registries delete by "
        "digest\n"
        "only, some not at all; the error says what the registry answered. Blobs go when the registry collects "
        "garbage.\n"
        "\n"
        "Examples:\n"
        "  ociassemble delete registry.example.com/team/server:pr-17\n"
        "  ociassemble delete registry.example.com/team/server@sha256:2c26b46b68ffc68ff99b453c1d304134…\n"
        "  ociassemble delete --dry-run registry.example.com/team/server:pr-17");
  }

  int run(const Streams& streams) override {
    const auto reference = parse_deleted(reference_);
    const auto workplace = registry_.workplace(streams, Verbosity::result, reference.registry());
    DeletedName deleted{reference, reference.digest(), dry_run_};
    if (dry_run_) {
      auto own = workplace;  // what the registry has counts, not what a mirror has
      own.registry.mirrors.clear();
      own.registry.system_mirrors = false;
      deleted.digest = resolve(Location::parse("docker://" + reference.to_string()), {}, own).digest;
    } else {
      deleted.digest = RegistryClient(workplace.registry, workplace.stop).remove(reference);
    }
    if (json_) streams.out << deleted_json(deleted);
    if (!json_ && !output_.quiet()) streams.out << describe_deleted(deleted);
    return 0;
  }

 private:
  static Reference parse_deleted(const std::string& text) {
    const auto location = Location::parse(text);
    if (!location.reference) {
      throw Error(ErrorCode::invalid_argument, "cannot delete " + text + ": it is not in a registry",
                  location.kind == Location::Kind::oci_layout
                      ? "a build of the same tag replaces it; ociassemble prune removes what nothing needs then"
                      : "write REGISTRY/REPOSITORY:TAG or REGISTRY/REPOSITORY@DIGEST");
    }
    const auto& reference = *location.reference;
    if (!reference.tag() && !reference.digest()) {
      throw Error(ErrorCode::invalid_argument, "cannot delete " + text + ": it has no tag and no digest",
                  "write the tag: " + text + ":TAG; `ociassemble tags " + text + "` lists them");
    }
    if (reference.tag() && reference.digest()) {
      throw Error(ErrorCode::invalid_argument, "cannot delete " + text + ": it has a tag and a digest",
                  "leave the digest out to delete the tag, or the tag to delete the manifest with all its tags");
    }
    if (text.find('/') == std::string::npos) {
      throw Error(ErrorCode::invalid_argument, "cannot delete " + text + ": it names no registry",
                  "write REGISTRY/" + text + ", or for Docker Hub USER/" + text);
    }
    return reference;
  }

  std::string reference_;
  bool dry_run_ = false;
  bool json_ = false;
  OutputFlags output_;
  RegistryFlags registry_;
};

}  // namespace

std::unique_ptr<Command> make_delete_command(CLI::App& app) { return std::make_unique<DeleteCommand>(app); }

}  // namespace ociassemble::tool
