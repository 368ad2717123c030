// SPDX-License-Identifier: Apache-2.0
#include "attest/inventory.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "attest/file_catalogue.hpp"
#include "attest/layer_records.hpp"
#include "attest/owned_files.hpp"
#include "inspect/apk_database.hpp"
#include "inspect/dpkg_database.hpp"
#include "ociassemble/sbom.hpp"

namespace ociassemble {
namespace {

constexpr std::string_view kDpkgInfo = "var/lib/dpkg/info";
// What package managers write down belongs to no package, and is theirs all the same.
constexpr std::array<std::string_view, 4> kManagersFolders{"lib/apk", "usr/lib/apk", "var/lib/dpkg", "var/cache/apk"};

// Sorts the catalogue's files into what packages own and what they do not.
class Sorter {
 public:
  Sorter(FileCatalogue& catalogue, Inventory& inventory) : catalogue_(catalogue), inventory_(inventory) {}

  void sort() {
    for (const auto path : kOsReleaseFiles) {
      const auto* file = catalogue_.find(path);
      if (file == nullptr || file->contents() == nullptr) continue;
      inventory_.os = parse_os_release(*file->contents());
      break;
    }
    take_apk();
    take_dpkg();
    sort_packages(inventory_.apk_packages);
    sort_packages(inventory_.dpkg_packages);
    take_files();
  }

 private:
  void take_packages(PackageList&& list, std::vector<Package>& to) {
    inventory_.broken_records += list.broken_records;
    for (auto& package : list.packages) {
      if (package.is_installed) to.push_back(std::move(package));
    }
  }

  void take_apk() {
    for (const auto path : kApkDatabases) {
      // Both places are one where /lib is a link.
      if (path == kApkDatabases[1] && catalogue_.tree().resolve(path) == catalogue_.tree().resolve(kApkDatabases[0])) {
        continue;
      }
      const auto* file = catalogue_.find(path);
      if (file == nullptr || file->contents() == nullptr) continue;
      take_packages(parse_apk_database(*file->contents()), inventory_.apk_packages);
      for_each_apk_file(*file->contents(), [&](std::string_view owned) { own(owned, file->layer); });
    }
  }

  void take_dpkg() {
    if (const auto* file = catalogue_.find(kDpkgStatus); file != nullptr && file->contents() != nullptr) {
      take_packages(parse_dpkg_status(*file->contents()), inventory_.dpkg_packages);
      for_each_record(kDpkgInfo, [&](std::string_view name, const CataloguedFile& list) {
        if (!name.ends_with(".list")) return;
        for_each_dpkg_file(*list.contents(), [&](std::string_view owned) { own(owned, file->layer); });
      });
    }
    for_each_record(kDpkgStatusFolder, [&](std::string_view name, const CataloguedFile& record) {
      if (is_dpkg_record(name)) {
        take_packages(parse_dpkg_status(*record.contents()), inventory_.dpkg_packages);
      } else if (name.ends_with(".md5sums")) {
        for_each_summed_file(*record.contents(), [&](std::string_view owned) { own(owned, record.layer); });
      }
    });
  }

  // The files in a folder that the catalogue has kept the contents of.
  template <class Visit>
  void for_each_record(std::string_view folder, const Visit& visit) const {
    const auto prefix = catalogue_.tree().resolve(folder) + "/";
    const auto& files = catalogue_.files();
    for (auto file = files.lower_bound(prefix); file != files.end() && file->first.starts_with(prefix); ++file) {
      const auto name = std::string_view(file->first).substr(prefix.size());
      if (name.find('/') == std::string_view::npos && file->second.contents() != nullptr) visit(name, file->second);
    }
  }

  // `layer` wrote the record: what a later one puts at the path is not the package's any more.
  void own(std::string_view path, std::uint32_t layer) {
    catalogue_.own(catalogue_.tree().resolve_parent(path), layer);
  }

  static bool is_owned(const std::string& path, const CataloguedFile& file) {
    if (file.owned != 0 && file.layer <= file.owned) return true;
    return std::any_of(kManagersFolders.begin(), kManagersFolders.end(),
                       [&](auto folder) { return path.starts_with(folder) && path[folder.size()] == '/'; });
  }

  static void sort_packages(std::vector<Package>& packages) {
    const auto key = [](const Package& package) {
      return std::tie(package.name, package.version, package.architecture, package.source_name, package.source_version);
    };
    std::sort(packages.begin(), packages.end(),
              [&](const Package& left, const Package& right) { return key(left) < key(right); });
    const auto is_same = [&](const Package& left, const Package& right) { return key(left) == key(right); };
    packages.erase(std::unique(packages.begin(), packages.end(), is_same), packages.end());
  }

  void take_files() {
    // Each leaves the catalogue as it comes in here: there may be a million.
    auto files = catalogue_.take_files();
    while (!files.empty()) {
      auto taken = files.extract(files.begin());
      auto& file = taken.mapped();
      if (auto build = file.build()) {
        inventory_.programs.push_back(
            {std::move(taken.key()), *file.digest, std::move(build), file.findings->functions});
        continue;
      }
      if (file.findings && file.findings->is_opaque) inventory_.opaque_programs.push_back(taken.key());
      if (!is_owned(taken.key(), file)) {
        inventory_.unowned.push_back({std::move(taken.key()), *file.digest});
      }
    }
  }

  FileCatalogue& catalogue_;
  Inventory& inventory_;
};

}  // namespace

std::shared_ptr<const Inventory> read_inventory(const Image& image, const std::stop_token& stop,
                                                const InventoryOptions& options) {
  auto cache = open_record_cache(options.cache_folder, options.warn);
  if (!cache) return read_inventory(image, stop, options, nullptr);
  LayerRecords records(std::move(cache));
  return read_inventory(image, stop, options, &records);
}

std::shared_ptr<const Inventory> read_inventory(const Image& image, const std::stop_token& stop,
                                                const InventoryOptions& options, LayerRecords* records) {
  FileCatalogue catalogue(records, options.kept_layers,
                          options.with_functions ? ProgramReading::functions : ProgramReading::build);
  catalogue.read(image, stop);
  auto inventory = std::make_shared<Inventory>(Inventory{.image = image});
  inventory->has_functions = options.with_functions;
  Sorter(catalogue, *inventory).sort();
  return inventory;
}

std::size_t count_broken_records(const Inventory& inventory) { return inventory.broken_records; }

}  // namespace ociassemble
