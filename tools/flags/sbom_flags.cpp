// SPDX-License-Identifier: Apache-2.0
#include "flags/sbom_flags.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <sstream>

#include "help/command_text.hpp"
#include "report/counted.hpp"

namespace ociassemble::tool {
namespace {

std::vector<SbomFormat> parse_formats(const std::string& text) {
  if (text.empty()) return {SbomFormat::spdx};
  std::vector<SbomFormat> formats;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, ',');) {
    const auto format = parse_sbom_format(word);
    if (std::find(formats.begin(), formats.end(), format) == formats.end()) formats.push_back(format);
  }
  return formats;
}

}  // namespace

void SbomFlags::add_to(CLI::App& app, const std::string& group) {
  app.add_option("--sbom-author", author_,
                 "Author of the document: \"NAME\", \"Person: NAME (EMAIL)\" or \"Organization: NAME (EMAIL)\"")
      ->type_name("WHO")
      ->group(group);
  app.add_option("--sbom-supplier", supplier_, "Supplier of the image, in the same forms")
      ->type_name("WHO")
      ->group(group);
  app.add_option("--sbom-name", name_,
                 "Name of the image in the document (default: its title annotation or label, else the "
                 "entrypoint's file name)")
      ->type_name("NAME")
      ->group(group);
}

SbomOptions SbomFlags::options(SbomOptions recipes) const {
  if (author_) recipes.author = *author_;
  if (supplier_) recipes.supplier = *supplier_;
  if (name_) recipes.name = *name_;
  return recipes;
}

void SbomRequestFlags::add_to(CLI::App& app, const std::string& group) {
  app.add_option("--sbom", formats_,
                 "Attach an SBOM of each platform's image: spdx (the default), cyclonedx, both, or none")
      ->expected(0, 1)
      ->type_name("[=FORMAT[,FORMAT]]")
      ->group(group);
  flags_.add_to(app, group);
  app.add_option("--sbom-dir", folder_, "Write the SBOMs into this folder, too: linux-amd64.spdx.json and so on")
      ->type_name("DIR")
      ->group(group);
  app.add_option("--attestations", form_,
                 "Where SBOMs and provenance go: referrers (the default), or into the index, as BuildKit does; changes "
                 "its digest")
      ->type_name("referrers|index")
      ->group(group);
  show_in_full_help_only(app, {"--sbom-author", "--sbom-supplier", "--sbom-name", "--attestations"});
}

SbomRequest SbomRequestFlags::apply(SbomRequest recipes) const {
  if (formats_) recipes.formats = *formats_ == "none" ? std::vector<SbomFormat>() : parse_formats(*formats_);
  recipes.options = flags_.options(std::move(recipes.options));
  if (form_) recipes.form = parse_attestation_form(*form_);
  return recipes;
}

std::string sbom_file_name(const Platform& platform, SbomFormat format) {
  auto name = platform.to_string();
  std::replace(name.begin(), name.end(), '/', '-');
  return name + (format == SbomFormat::spdx ? ".spdx.json" : ".cdx.json");
}

void warn_of_broken_records(const Inventory& inventory, const Workplace& workplace) {
  const auto broken = count_broken_records(inventory);
  if (broken == 0 || !workplace.warn) return;
  workplace.warn("the package databases have " + counted(broken, "record") +
                 " that cannot be read: the list of packages is not complete");
}

}  // namespace ociassemble::tool
