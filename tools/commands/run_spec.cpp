// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include <ostream>

#include "commands/command.hpp"
#include "flags/run_flags.hpp"
#include "io/output.hpp"
#include "ociassemble/document.hpp"
#include "ociassemble/places.hpp"
#include "ociassemble/runtime.hpp"
#include "places/engines.hpp"
#include "progress.hpp"

namespace ociassemble::tool {
namespace {

class RunSpecCommand : public Command {
 public:
  explicit RunSpecCommand(CLI::App& app) {
    app.add_option("IMAGE", location_,
                   "REGISTRY/REPOSITORY[:TAG], oci:DIR[:TAG], an archive, docker-daemon:NAME or podman:NAME")
        ->required();
    app.add_option("--for", form_, "Runtime that is to run the image")
        ->type_name("docker|compose|podman|quadlet|kubernetes|bundle|systemd")
        ->required();
    app.add_option("--image", image_,
                   "Name by which the runtime finds the image (default: IMAGE, if the runtime can find that)")
        ->type_name("REF");
    app.add_option("--platform", platform_, "Image of this platform of an index, for example linux/arm64")
        ->type_name("OS/ARCH");
    app.add_flag("--patch", patch_, "With kubernetes: print only security and volumes, as a patch for your Deployment");
    app.add_option("--probe-path", probe_path_, "With kubernetes: probe by HTTP GET of this path on the first TCP port")
        ->type_name("PATH");
    app.add_option("--rootfs", rootfs_, "With bundle and systemd: folder where the image is unpacked")
        ->type_name("DIR");
    app.add_option("-o,--output", output_, "Write to this file instead of the standard output")->type_name("FILE");
    flags_.add_to(app, "Contract");
    app.add_flag("-q,--quiet", quiet_, "Warnings and errors only")->group("Output");
    registry_.add_to(app);
    app.footer(
        "Prints a complete command line, file or manifest that runs the image as it declares: its user, a read-only "
        "root, /tmp\n"
        "in memory, volumes for its writable paths, the capabilities that its programs have, its health check, and "
        "limits.\n"
        "Arguments for the program follow --. The image is named by its digest. If the files of the image contradict "
        "its\n"
        "declarations, it is refused (exit status 3).\n"
        "\n"
        "Examples:\n"
        "  ociassemble run-spec --for docker registry.example.com/team/server:v1 -p 8080:8080\n"
        "  ociassemble run-spec --for compose registry.example.com/team/server:v1 -o compose.yaml\n"
        "  ociassemble run-spec --for kubernetes registry.example.com/team/server:v1 | kubectl apply -f -\n"
        "  ociassemble run-spec --for kubernetes --patch oci:image:v1 --name server -o security.yaml\n"
        "  ociassemble run-spec --for bundle oci:image:v1 --rootfs rootfs -o config.json");
  }

  int run(const Streams& streams) override {
    const auto form = parse_runtime_form(form_);
    const auto location = Location::parse(location_);
    auto settings = flags_.settings();
    settings.arguments = program_words(streams);
    settings.probe_path = probe_path_;
    settings.rootfs = rootfs_;
    const auto workplace =
        registry_.workplace(streams, quiet_ ? Verbosity::quiet : Verbosity::result, registry_of(location));
    const auto root = reading(location_, [&] { return open_document(location, workplace); });
    std::optional<Platform> platform;
    if (!platform_.empty()) platform = Platform::parse(platform_);
    const auto image = open_image(root, platform);
    settings.image = name_of(location, platform ? image.digest() : root.descriptor.digest, form, workplace);
    const auto contract = read_contract(image, settings, streams.stop);
    const auto text = write_run_spec(contract, form, patch_ ? SpecScope::patch : SpecScope::whole);
    if (output_.empty()) {
      streams.out << text;
    } else {
      write_output(output_, [&](Sink& to) { to.write(as_bytes(text)); });
    }
    return 0;
  }

 private:
  // By digest, so that what runs is what was looked at.
  std::string name_of(const Location& location, const Digest& digest, RuntimeForm form,
                      const Workplace& workplace) const {
    if (!image_.empty()) {
      const auto reference = Reference::parse(image_);
      return (reference.digest() ? reference : Reference::parse(reference.name()).with_digest(digest)).to_string();
    }
    const bool is_docker = form == RuntimeForm::docker || form == RuntimeForm::compose;
    const bool is_podman = form == RuntimeForm::podman || form == RuntimeForm::quadlet;
    if ((is_docker && location.kind == Location::Kind::docker_daemon) ||
        (is_podman && location.kind == Location::Kind::podman))
      return engine_image_id(location, workplace);
    if (!location.reference) return {};
    return Reference::parse(location.reference->name()).with_digest(digest).to_string();
  }

  std::string location_, form_, image_, platform_, probe_path_, rootfs_, output_;
  bool patch_ = false;
  bool quiet_ = false;
  RunFlags flags_;
  RegistryFlags registry_;
};

}  // namespace

std::unique_ptr<Command> make_run_spec_command(CLI::App& app) { return std::make_unique<RunSpecCommand>(app); }

}  // namespace ociassemble::tool
