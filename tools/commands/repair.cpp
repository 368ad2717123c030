// SPDX-License-Identifier: Apache-2.0
#include "commands/repair.hpp"

#include <CLI/CLI.hpp>

#include <ostream>

#include "base/text.hpp"
#include "ociassemble/places.hpp"

namespace ociassemble::tool {

void RepairFlags::add_to(CLI::App& app) {
  const char* group = "Repair";
  auto* repair =
      app.add_flag("--repair", repair_, "Replace damaged and missing blobs of a layout from --from, then verify")
          ->group(group);
  app.add_option("--from", from_, "Take blobs from there; repeatable")
      ->type_name("LOCATION")
      ->take_all()
      ->expected(1)
      ->allow_extra_args(false)
      ->needs(repair)
      ->group(group);
  app.add_flag("--from-base", from_base_, "Also take blobs from the base image that the annotations name")
      ->needs(repair)
      ->group(group);
}

std::vector<Location> RepairFlags::named() const {
  std::vector<Location> locations;
  for (const auto& from : from_) locations.push_back(Location::parse(from));
  return locations;
}

RepairReport RepairFlags::run(const Location& location, const Workplace& workplace, const Streams& streams) const {
  if (location.kind != Location::Kind::oci_layout) {
    throw Error(ErrorCode::invalid_argument, "cannot repair " + location.to_string() + ": it is no OCI layout",
                "make an archive or a registry's image anew, with `ociassemble copy`");
  }
  RepairOptions options;
  for (const auto& from : from_) {
    options.sources.push_back({from, [&workplace, place = Location::parse(from)] {
                                 return open_document(place, workplace, LayoutScope::whole).blobs;
                               }});
  }
  if (from_base_) {
    options.base = [&workplace](const std::string& name, const std::string& digest) {
      const auto base = Reference::parse(name).with_digest(Digest::parse(digest));
      return open_document(Location::parse(base.to_string()), workplace).blobs;
    };
  }
  return OciLayout::open(location.path).repair(location.name, options, streams.stop);
}

void RepairFlags::print(const RepairReport& report, const Streams& streams, bool quiet) {
  for (const auto& blob : report.left) {
    streams.err << "ociassemble: cannot repair " << terminal_text(blob.digest + ": " + blob.cause) << '\n';
  }
  if (quiet) return;
  for (const auto& blob : report.repaired) {
    streams.out << "repaired " << blob.digest.to_string() << "  " << format_size(blob.size) << " from "
                << terminal_text(blob.source) << '\n';
  }
}

}  // namespace ociassemble::tool
