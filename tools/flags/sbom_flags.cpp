// SPDX-License-Identifier: Apache-2.0
#include "flags/sbom_flags.hpp"

#include <CLI/CLI.hpp>

namespace ociassemble::tool {

void SbomFlags::add_to(CLI::App& app) {
  app.add_option("--sbom-author", options_.author,
                 "Who made the document: \"NAME\", \"Person: NAME (EMAIL)\" or \"Organization: NAME (EMAIL)\"")
      ->type_name("WHO");
  app.add_option("--sbom-supplier", options_.supplier, "Who hands the image out, in the same forms")->type_name("WHO");
  app.add_option("--sbom-name", options_.name,
                 "What the image is called in the document (default: its title annotation or label, else the "
                 "entrypoint's file name)")
      ->type_name("NAME");
}

}  // namespace ociassemble::tool
