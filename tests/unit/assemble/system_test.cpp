// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/system.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "ociassemble/assemble.hpp"
#include "test_folder.hpp"

using namespace ociassemble;

namespace {

// The system of an image whose base is the folder "root".
ImageSystem system_of(const test::TestFolder& folder) {
  AssembleOptions options;
  options.base = Location::parse("rootfs:" + (folder / "root").string());
  AddInput add;
  add.source = folder.write("added", "text");
  add.destination = "/srv/added";
  options.contents.adds = {add};
  Workplace workplace;
  workplace.store = make_memory_store();
  return read_system(assemble(options, workplace).image, workplace);
}

std::vector<std::string> names_of(const std::vector<InstalledPackage>& packages) {
  std::vector<std::string> names;
  for (const auto& package : packages) names.push_back(package.manager + ":" + package.name);
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("an image without a system has none") {
  const test::TestFolder folder;
  folder.write("root/srv/data", "text");
  const auto system = system_of(folder);
  CHECK(system.name.empty());
  CHECK(system.libc.empty());
  CHECK(system.package_managers.empty());
  CHECK(system.packages.empty());
  CHECK_FALSE(system.certificates);
  CHECK_FALSE(system.has_time_zones);
}

TEST_CASE("what a system says of itself is read through its symlinks, and each database once") {
  const test::TestFolder folder;
  folder.write("root/usr/lib/os-release", "ID=alpine\nVERSION_ID=3.20.3\nPRETTY_NAME=\"Alpine Linux v3.20\"\n");
  folder.write("root/usr/lib/apk/db/installed", "P:musl\nV:1.2.5-r0\nA:x86_64\no:musl\nL:MIT\n\nP:broken\n");
  folder.write("root/etc/ssl/certs/ca-certificates.crt",
               "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n");
  folder.write("root/etc/passwd", "root:x:0:0::/root:/bin/sh\napp:x:7:7::/:/bin/false\n");
  folder.write("root/usr/share/zoneinfo/UTC", "TZif");
  folder.write("root/usr/bin/busybox", "program");
  std::filesystem::create_symlink("usr/lib", folder / "root/lib");
  std::filesystem::create_symlink("usr/bin", folder / "root/bin");
  std::filesystem::create_symlink("busybox", folder / "root/usr/bin/sh");
  const auto system = system_of(folder);
  CHECK(system.name == "Alpine Linux v3.20");
  CHECK(system.id == "alpine");
  CHECK(system.version_id == "3.20.3");
  CHECK(system.certificates == 1);
  CHECK(system.has_time_zones);
  CHECK(system.shells == Names{"/bin/sh"});
  CHECK(system.users == Names{"root", "app"});
  CHECK(system.package_managers == Names{"apk"});
  CHECK(system.packages ==
        std::vector<InstalledPackage>{{"apk", "musl", "1.2.5-r0", "x86_64", "musl", "1.2.5-r0", "MIT"}});
  CHECK(system.broken_records == 1);
}

TEST_CASE("dpkg's packages are those that are installed, in status or in a file each") {
  const test::TestFolder folder;
  folder.write("root/var/lib/dpkg/status",
               "Package: bash\nStatus: install ok installed\nVersion: 5.2\n\n"
               "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n");
  folder.write("root/var/lib/dpkg/status.d/libc6", "Package: libc6\nVersion: 2.36-9\nArchitecture: amd64\n");
  folder.write("root/var/lib/dpkg/status.d/libc6.md5sums", "0 usr/lib/libc.so.6\n");
  const auto system = system_of(folder);
  CHECK(names_of(system.packages) == Names{"dpkg:bash", "dpkg:libc6"});
  CHECK(system.package_managers == Names{"dpkg"});
  CHECK(system.broken_records == 0);
}
