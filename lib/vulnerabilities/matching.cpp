// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "attest/inventory.hpp"
#include "attest/purl.hpp"
#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/reference.hpp"
#include "ociassemble/vulnerabilities.hpp"
#include "vulnerabilities/database.hpp"
#include "vulnerabilities/ecosystems.hpp"
#include "vulnerabilities/joined_hits.hpp"
#include "vulnerabilities/range_check.hpp"
#include "vulnerabilities/version_order.hpp"
#include "vulnerabilities/vex.hpp"

namespace ociassemble {

struct VulnerabilityDatabases::State {
  std::vector<Database> databases;
  VexStatements statements;
};

namespace {

constexpr std::string_view kStandardLibrary = "stdlib";
constexpr std::string_view kDevelopmentVersion = "(devel)";
constexpr std::size_t kMostSymbols = 20;
// Debian's kernel has some thousands; a database that makes more of an image is not one.
constexpr std::size_t kMostHits = 50'000;

class Finder {
 public:
  Finder(const std::vector<Database>& databases, const VexStatements& statements, const Inventory& inventory,
         const std::string& image_name)
      : databases_(databases), statements_(statements), inventory_(inventory) {
    name_image(image_name);
  }

  VulnerabilityReport find() {
    describe_databases();
    look_at_packages();
    for (const auto& program : inventory_.programs) look_at_program(program);
    for (const auto& path : inventory_.opaque_programs) {
      not_judged("/" + path, "it is packed or has lost Go's build information, so that its modules are unknown",
                 "build it without UPX and without stripping .go.buildinfo");
    }
    if (!inventory_.has_functions && !inventory_.programs.empty()) {
      report_.notes.emplace_back("the functions of the programs were not read: reach is not known");
    }
    report_.programs = inventory_.programs.size();
    report_.os_packages = inventory_.apk_packages.size() + inventory_.dpkg_packages.size();
    if (report_.os_packages == 0 && report_.programs == 0 && report_.not_judged.empty()) {
      not_judged("the image", "it has no package database and no Go program, so that nothing in it is known by name",
                 "");
    }
    const JoinContext context{databases_, statements_, image_urls_, image_names_};
    for (const auto& [key, candidate] : candidates_) append_found(candidate, context, report_.found);
    std::sort(report_.found.begin(), report_.found.end(), [](const auto& a, const auto& b) {
      const auto key = [](const FoundVulnerability& one) {
        return std::make_tuple(-static_cast<int>(one.severity.level), std::cref(one.package.name), std::cref(one.id),
                               std::cref(one.package.version));
      };
      return key(a) < key(b);
    });
    return std::move(report_);
  }

 private:
  void not_judged(std::string what, std::string why, std::string remedy) {
    report_.not_judged.push_back({std::move(what), std::move(why), std::move(remedy)});
  }

  void name_image(const std::string& name) {
    const auto digest = inventory_.image.digest().to_string();
    image_names_ = {digest};
    PackageUrl url;
    url.type = "oci";
    url.version = digest;
    url.qualifiers["arch"] = inventory_.image.config().platform.architecture;
    if (!name.empty()) {
      image_names_.push_back(name);
      const auto reference = Reference::parse(name);
      const auto repository = reference.registry() + "/" + reference.repository();
      image_names_.push_back(repository);
      url.name = repository.substr(repository.rfind('/') + 1);
      url.qualifiers["repository_url"] = repository;
      if (reference.tag()) url.qualifiers["tag"] = *reference.tag();
    }
    image_urls_.push_back(std::move(url));
  }

  void describe_databases() {
    for (const auto& database : databases_) {
      DatabaseDescription description;
      description.path = database.path.string();
      description.advisories = database.index.facts().advisories;
      description.modified = database.index.facts().modified;
      for (const auto& [ecosystem, part] : database.index.facts().coverage) {
        add_unique(description.ecosystems, ecosystem);
      }
      if (database.source) {
        description.url = database.source->url;
        description.fetched = database.source->date;
        description.sha256 = database.source->sha256;
      }
      report_.databases.push_back(std::move(description));
    }
  }

  // The databases that cover an ecosystem.
  std::vector<const Database*> databases_of(std::string_view ecosystem) const {
    std::vector<const Database*> found;
    for (const auto& database : databases_) {
      const auto& coverage = database.index.facts().coverage;
      const auto first = coverage.lower_bound({std::string(ecosystem), std::string()});
      if (first != coverage.end() && first->first == ecosystem) found.push_back(&database);
    }
    return found;
  }

  void look_at_packages() {
    if (inventory_.broken_records > 0) {
      not_judged(fmt::format("{} package records", inventory_.broken_records),
                 "the package database has records that cannot be read", "repair the database in the base");
    }
    look_at_packages(inventory_.dpkg_packages, "deb", VersionOrder::dpkg);
    look_at_packages(inventory_.apk_packages, "apk", VersionOrder::apk);
    if (inventory_.os)
      report_.system = inventory_.os->pretty_name.empty() ? inventory_.os->id : inventory_.os->pretty_name;
  }

  void look_at_packages(const std::vector<Package>& packages, std::string_view manager, VersionOrder order) {
    if (packages.empty()) return;
    const auto what = fmt::format("{} packages of {}", packages.size(), manager == "deb" ? "dpkg" : "apk");
    if (!inventory_.os) {
      not_judged(what, "the image has no os-release, so that its distribution is unknown", "keep /etc/os-release");
      return;
    }
    const auto ecosystem = ecosystem_of(*inventory_.os);
    if (ecosystem.empty() || order_of(ecosystem) != order) {
      not_judged(what,
                 fmt::format("no database is known for {} {}", printable(inventory_.os->id),
                             printable(inventory_.os->version_id)),
                 "");
      return;
    }
    const auto databases = databases_of(ecosystem);
    if (databases.empty()) {
      not_judged(what, fmt::format("no database that was given covers {}", printable(ecosystem)),
                 fmt::format("fetch one that does: docs/vulnerabilities.md names them for {}",
                             ecosystem.substr(0, ecosystem.find(':'))));
      return;
    }
    note_parts(ecosystem, databases);
    for (const auto& package : packages) look_at_package(package, manager, ecosystem, order, databases);
  }

  // secdb is a file a repository.
  void note_parts(const std::string& ecosystem, const std::vector<const Database*>& databases) {
    std::set<std::string> parts;
    for (const auto* database : databases) {
      for (const auto& [one, part] : database->index.facts().coverage) {
        if (one == ecosystem) parts.insert(part);
      }
    }
    // OSV's has no parts, and a secdb of each repository all of them.
    if (!parts.contains("main") && !parts.contains("community")) return;
    for (const auto* part : {"main", "community"}) {
      if (!parts.contains(part)) {
        report_.notes.push_back(
            fmt::format("no database covers the repository \"{}\" of {}; apk does not record which "
                        "repository a package is from",
                        part, ecosystem));
      }
    }
  }

  void look_at_package(const Package& package, std::string_view manager, const std::string& ecosystem,
                       VersionOrder order, const std::vector<const Database*>& databases) {
    const auto key = ecosystem + '\0' + package.source_name + '\0' + package.source_version;
    const auto [place, is_new] = candidates_.try_emplace(key);
    auto& candidate = place->second;
    const auto vendor = inventory_.os->id;
    const auto purl = make_purl(manager, vendor + "/" + package.name, package.version,
                                {{"arch", package.architecture}, {"distro", distro_of(*inventory_.os)}});
    candidate.package.installed.push_back(package.name + " " + package.version);
    if (auto url = PackageUrl::parse(purl)) candidate.parts.push_back(std::move(*url));
    if (!is_new) return;
    candidate.package.kind = VulnerablePackageKind::os_package;
    candidate.package.ecosystem = ecosystem;
    candidate.package.name = package.source_name;
    candidate.package.version = package.source_version;
    candidate.package.purl = purl;
    add_url(candidate, make_purl(manager, vendor + "/" + package.source_name, package.source_version,
                                 {{"arch", "source"}, {"distro", distro_of(*inventory_.os)}}));
    for (const auto* database : databases) {
      database->index.for_each_affected(ecosystem, package.source_name, [&](AffectedPackage&& affected) {
        auto verdict = check_version(affected, order, package.source_version);
        if (verdict.is_affected) add_hit(candidate, *database, std::move(affected), std::move(verdict));
      });
    }
  }

  static std::string distro_of(const OsRelease& system) {
    return system.version_id.empty() ? system.id : system.id + "-" + system.version_id;
  }

  static void add_url(Candidate& candidate, const std::string& purl) {
    if (auto url = PackageUrl::parse(purl)) candidate.urls.push_back(std::move(*url));
  }

  Hit* add_hit(Candidate& candidate, const Database& database, AffectedPackage&& affected, RangeVerdict&& verdict) {
    auto advisory = database.index.find_advisory(affected.advisory);
    if (!advisory) {
      throw Error(
          ErrorCode::corrupt,
          fmt::format("cannot read the index of {}: it lacks {}", database.path.string(), printable(affected.advisory)),
          "remove the index; the next run makes it again");
    }
    if (!advisory->withdrawn.empty()) return nullptr;
    if (++hits_ > kMostHits) {
      throw Error(ErrorCode::corrupt, fmt::format("cannot use {}: the image would have more than {} vulnerabilities",
                                                  database.path.string(), kMostHits));
    }
    // What the verdict was made of is not needed any more.
    affected.ranges = {};
    affected.versions = {};
    affected.imports = {};
    affected.custom_ranges = {};
    candidate.hits.push_back({&database, std::move(*advisory), std::move(affected), std::move(verdict), {}, {}});
    return &candidate.hits.back();
  }

  void look_at_program(const InstalledProgram& program) {
    const auto& build = *program.build;
    const auto path = "/" + program.path;
    const auto databases = databases_of(kGoEcosystem);
    if (databases.empty()) {
      not_judged(path, "no database that was given covers Go",
                 "fetch one: ociassemble db fetch https://vuln.go.dev/vulndb.zip -o DIR");
      return;
    }
    look_at_standard_library(program, databases);
    if (!build.main && build.dependencies.empty()) {
      not_judged("the dependencies of " + path, "it was built without modules (GOPATH mode), and does not list them",
                 "build it as a module");
      return;
    }
    if (build.main) look_at_module(program, *build.main, true, databases);
    for (const auto& module : build.dependencies) look_at_module(program, module, false, databases);
  }

  void look_at_standard_library(const InstalledProgram& program, const std::vector<const Database*>& databases) {
    const auto path = "/" + program.path;
    const bool is_covered = std::any_of(databases.begin(), databases.end(), [](const Database* database) {
      return database->index.has_package(kGoEcosystem, kStandardLibrary);
    });
    const auto version = go_release_version(program.build->go_version);
    if (!is_covered) {
      not_judged("the standard library in " + path, "no database that was given covers it",
                 "fetch the Go vulnerability database: ociassemble db fetch https://vuln.go.dev/vulndb.zip -o DIR");
    } else if (version.empty()) {
      not_judged("the standard library in " + path,
                 fmt::format("{} is no release of Go", printable(program.build->go_version)),
                 "build it with a release");
    } else {
      GoModule module;
      module.required.path = kStandardLibrary;
      module.required.version = version;
      look_at_linked(program, module, VulnerablePackageKind::go_standard_library, true, databases);
    }
  }

  void look_at_module(const InstalledProgram& program, const GoModule& module, bool is_main,
                      const std::vector<const Database*>& databases) {
    ++report_.modules;
    if (module.replacement && is_folder(*module.replacement)) {
      not_judged(
          fmt::format("{} in /{}", printable(module.required.path), program.path),
          fmt::format("the folder {} replaces it, whose version is not recorded", printable(module.replacement->path)),
          "replace it by a module with a version");
      return;
    }
    const auto& linked = module.replacement ? *module.replacement : module.required;
    const bool is_known =
        !linked.version.empty() && linked.version != kDevelopmentVersion && is_go_version(linked.version);
    if (!is_known && !is_main) {
      not_judged(fmt::format("{} in /{}", printable(linked.path), program.path), "its version is not recorded", "");
    }
    look_at_linked(program, module, VulnerablePackageKind::go_module, is_known, databases);
  }

  // A local replacement: newer versions of Go give it a version that is none.
  static bool is_folder(const GoModuleVersion& replacement) {
    const std::string_view path = replacement.path;
    return replacement.version.empty() || replacement.version == kDevelopmentVersion || path.starts_with("./") ||
           path.starts_with("../") || path.starts_with('/');
  }

  void look_at_linked(const InstalledProgram& program, const GoModule& module, VulnerablePackageKind kind,
                      bool is_known, const std::vector<const Database*>& databases) {
    const auto& linked = module.replacement ? *module.replacement : module.required;
    const auto key = "Go" + std::string(1, '\0') + linked.path + '\0' + linked.version + '\0' +
                     (module.replacement ? module.required.path : std::string());
    std::vector<std::pair<const Database*, std::pair<AffectedPackage, RangeVerdict>>> found;
    for (const auto* database : databases) {
      database->index.for_each_affected(kGoEcosystem, linked.path, [&](AffectedPackage&& affected) {
        auto verdict =
            is_known ? check_version(affected, VersionOrder::go, linked.version) : check_unknown_version(affected);
        if (verdict.is_affected) found.emplace_back(database, std::pair(std::move(affected), std::move(verdict)));
      });
    }
    if (found.empty()) return;
    auto& candidate = candidates_[key];
    candidate.package.kind = kind;
    candidate.package.ecosystem = kGoEcosystem;
    candidate.package.name = linked.path;
    candidate.package.version = is_known || linked.version.empty() ? linked.version : std::string(kDevelopmentVersion);
    if (module.replacement) candidate.package.replaced = module.required.path;
    candidate.package.purl = make_purl("golang", linked.path, is_known ? linked.version : std::string());
    if (candidate.urls.empty()) add_url(candidate, candidate.package.purl);
    add_unique(candidate.package.programs, "/" + program.path);
    PackageUrl url;
    if (program.build->main) {
      const auto& main = program.build->main->required;
      url = {"golang", main.path, main.version == kDevelopmentVersion ? std::string() : main.version, {}};
    }
    candidate.programs.push_back(std::move(url));
    for (auto& [database, what] : found) {
      const auto reach = reach_of(program, module, what.first);
      if (!reach) continue;
      if (auto* hit = add_hit(candidate, *database, std::move(what.first), std::move(what.second))) {
        hit->reach = reach->first;
        hit->symbols = reach->second;
      }
    }
  }

  // How far into the program the vulnerable packages are linked; nothing where none is for its platform.
  static std::optional<std::pair<Reach, std::vector<std::string>>> reach_of(const InstalledProgram& program,
                                                                            const GoModule& module,
                                                                            const AffectedPackage& affected) {
    const auto& build = *program.build;
    const auto fits = [&](const std::vector<std::string>& wanted, std::string_view setting) {
      const auto* value = build.setting(setting);
      return wanted.empty() || value == nullptr || std::find(wanted.begin(), wanted.end(), *value) != wanted.end();
    };
    std::pair<Reach, std::vector<std::string>> reach{Reach::module, {}};
    if (!program.functions) reach.first = Reach::unknown;
    if (affected.imports.empty()) {
      // The whole module is vulnerable; all of the standard library is in every program.
      const auto& path = module.required.path;
      const bool is_linked =
          program.functions && (path == kStandardLibrary || program.functions->has_any_package_in(path));
      if (is_linked || (program.functions && is_main(build, path))) reach.first = Reach::symbol;
      return reach;
    }
    bool fits_platform = false;
    for (const auto& import : affected.imports) {
      if (!fits(import.goos, "GOOS") || !fits(import.goarch, "GOARCH")) continue;
      fits_platform = true;
      if (!program.functions) continue;
      const auto path = linked_path(build, module, import.path);
      if (!program.functions->has_package(path)) continue;
      if (reach.first == Reach::module) reach.first = Reach::package;
      if (import.symbols.empty()) reach.first = Reach::symbol;
      for (const auto& symbol : import.symbols) {
        if (!program.functions->has_function(path, symbol)) continue;
        reach.first = Reach::symbol;
        if (reach.second.size() < kMostSymbols) reach.second.push_back(import.path + "." + symbol);
      }
    }
    return fits_platform ? std::optional(std::move(reach)) : std::nullopt;
  }

  static bool is_main(const GoBuild& build, const std::string& path) {
    return build.main && build.main->required.path == path;
  }

  // What the linker calls a package: that of a replaced module by the path that is imported, the main one "main".
  static std::string linked_path(const GoBuild& build, const GoModule& module, const std::string& path) {
    auto linked = path;
    if (module.replacement && path.starts_with(module.replacement->path)) {
      linked = module.required.path + path.substr(module.replacement->path.size());
    }
    return linked == build.path ? "main" : linked;
  }

  const std::vector<Database>& databases_;
  const VexStatements& statements_;
  const Inventory& inventory_;
  std::vector<PackageUrl> image_urls_;
  std::vector<std::string> image_names_;
  std::map<std::string, Candidate> candidates_;
  std::size_t hits_ = 0;
  VulnerabilityReport report_;
};

}  // namespace

VulnerabilityDatabases::VulnerabilityDatabases(const Options& options) {
  if (options.databases.empty()) {
    throw Error(ErrorCode::invalid_argument, "no vulnerability database was given",
                "name one with --db DIR; `ociassemble db fetch URL -o DIR` brings one");
  }
  auto state = std::make_unique<State>();
  for (const auto& path : options.databases)
    state->databases.push_back(open_database(path, options.warn, options.stop));
  std::vector<VexRecord> records;
  for (const auto& file : options.vex) {
    for (auto& record : read_vex(file)) records.push_back(std::move(record));
  }
  state->statements = VexStatements(std::move(records));
  state_ = std::move(state);
}

VulnerabilityDatabases::~VulnerabilityDatabases() = default;

VulnerabilityReport VulnerabilityDatabases::find(const Inventory& inventory, const std::string& image_name) const {
  return Finder(state_->databases, state_->statements, inventory, image_name).find();
}

}  // namespace ociassemble
