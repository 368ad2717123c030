// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include <filesystem>
#include <ostream>

#include "commands/command.hpp"
#include "flags/sbom_flags.hpp"
#include "io/output.hpp"
#include "ociassemble/document.hpp"
#include "ociassemble/places.hpp"
#include "ociassemble/sbom.hpp"
#include "stream_sink.hpp"

namespace ociassemble::tool {
namespace {

class SbomCommand : public Command {
 public:
  explicit SbomCommand(CLI::App& app) {
    app.add_option("IMAGE", location_,
                   "oci:DIR[:TAG], oci-archive:FILE, docker-archive:FILE or REGISTRY/REPOSITORY[:TAG]")
        ->required();
    app.add_option("--format", format_, "SPDX 2.3 or CycloneDX 1.6, both as JSON (default: spdx)")
        ->type_name("spdx|cyclonedx");
    app.add_option("--platform", platform_, "Image of this platform of an index, for example linux/arm64")
        ->type_name("OS/ARCH");
    app.add_option("-o,--output", output_,
                   "Write to this file, or for each platform a file (linux-amd64.spdx.json, …) to this folder")
        ->type_name("FILE|DIR");
    output_flags_.add_to(app);
    flags_.add_to(app, "Options");
    registry_.add_to(app);
    app.footer(
        "Lists the system, the packages of apk and dpkg, every Go program with the modules that are linked into it, "
        "and the\n"
        "files that no package owns, with their SHA-256. Everything is read from the bytes of the layers. The same "
        "image gives\n"
        "the same bytes on every machine. For an index of several platforms, name one by --platform, or a folder by "
        "-o.\n"
        "\n"
        "Examples:\n"
        "  ociassemble sbom oci:image:v1 > image.spdx.json\n"
        "  ociassemble sbom --format cyclonedx --platform linux/arm64 alpine:3.20 -o alpine.cdx.json\n"
        "  ociassemble sbom registry.example.com/team/server:v1 -o sboms/");
  }

  int run(const Streams& streams) override {
    const auto format = parse_sbom_format(format_);
    const auto location = Location::parse(location_);
    const auto workplace = registry_.workplace(streams, output_flags_.verbosity(), registry_of(location));
    const auto root = reading(location_, [&] { return open_document(location, workplace); });
    if (is_folder()) {
      write_folder(root, format, workplace, streams);
      return 0;
    }
    const auto image = open_one(root);
    const auto inventory = read_inventory(image, streams.stop);
    warn_of_broken_records(*inventory, workplace);
    if (output_.empty()) {
      StreamSink out(streams.out);
      write_sbom(*inventory, format, flags_.options(), out);
    } else {
      write_file(*inventory, format, output_);
    }
    return 0;
  }

 private:
  bool is_folder() const {
    std::error_code ignored;
    return output_.ends_with('/') || std::filesystem::is_directory(output_, ignored);
  }

  Image open_one(const Document& root) const {
    if (!platform_.empty()) return open_image(root, Platform::parse(platform_));
    if (document_kind(root.json, root.descriptor.media_type) == DocumentKind::index) {
      auto index = open_index(root, {});
      if (index.images.empty())
        throw Error(ErrorCode::not_found, "cannot list what is in " + location_ + ": its index names no image");
      if (index.images.size() != 1) {
        throw Error(
            ErrorCode::invalid_argument,
            "cannot write one SBOM of " + location_ + ": it has " + std::to_string(index.images.size()) + " platforms",
            "choose one with --platform, or name a folder for all of them: -o DIR/");
      }
      return index.images.front();
    }
    return open_image(root, std::nullopt);
  }

  void write_folder(const Document& root, SbomFormat format, const Workplace& workplace, const Streams& streams) const {
    std::vector<Image> images;
    if (document_kind(root.json, root.descriptor.media_type) == DocumentKind::index && platform_.empty()) {
      images = open_index(root, {}).images;
    } else {
      images.push_back(open_one(root));
    }
    std::error_code error;
    std::filesystem::create_directories(output_, error);
    if (error) throw Error(ErrorCode::io, "cannot make folder " + output_ + ": " + error.message());
    for (const auto& image : images) {
      const auto file = std::filesystem::path(output_) / sbom_file_name(image.config().platform, format);
      const auto inventory = read_inventory(image, streams.stop);
      warn_of_broken_records(*inventory, workplace);
      write_file(*inventory, format, file);
      streams.out << file.string() << '\n';
    }
  }

  void write_file(const Inventory& inventory, SbomFormat format, const std::filesystem::path& file) const {
    write_output(file, [&](Sink& to) { write_sbom(inventory, format, flags_.options(), to); });
  }

  std::string location_;
  std::string format_ = "spdx";
  std::string platform_;
  std::string output_;
  OutputFlags output_flags_;
  SbomFlags flags_;
  RegistryFlags registry_;
};

}  // namespace

std::unique_ptr<Command> make_sbom_command(CLI::App& app) { return std::make_unique<SbomCommand>(app); }

}  // namespace ociassemble::tool
