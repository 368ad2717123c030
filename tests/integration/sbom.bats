#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Bills of materials (docs/evidence.md), held against what the package managers and Go say themselves.
# shellcheck disable=SC2154  # variables that lib.bash sets
load lib

set_up() {
  debian=$(debian_rootfs) || skip "no Debian root file system: $debian"
}

# FILE: "NAME VERSION ARCHITECTURE" of each package of that purl type, sorted.
packages_in() {
  jq -r --arg type "pkg:$2/" '.packages[] | . as $package | (.externalRefs // [])[] | select(.referenceLocator | startswith($type))
    | [$package.name, $package.versionInfo, (.referenceLocator | capture("arch=(?<a>[^&]*)").a)] | join(" ")' "$1" | LC_ALL=C sort
}

@test "Debian's packages are those of dpkg-query, their sources too" {
  need_root
  ociassemble build -q --binary "$server" --base "rootfs:$debian" -o oci:image:v1
  ociassemble sbom -q oci:image:v1 -o image.spdx.json
  mkdir root
  tar -xf "$debian" -C root
  # shellcheck disable=SC2016  # for dpkg-query
  chroot root dpkg-query -W -f '${Package} ${Version} ${Architecture}\n' | LC_ALL=C sort >expected
  [ "$(wc -l <expected)" -gt 50 ]
  packages_in image.spdx.json deb | diff expected -
  # shellcheck disable=SC2016  # for dpkg-query
  chroot root dpkg-query -W -f 'built package from: ${source:Package} ${source:Version}\n' | LC_ALL=C sort >sources
  jq -r '.packages[].sourceInfo // empty' image.spdx.json | LC_ALL=C sort | diff sources -
  # What no package owns: dpkg-query knows none of them.
  jq -r '.packages[] | select(.primaryPackagePurpose == "FILE").name' image.spdx.json >unowned
  grep -qx /etc/ld.so.cache unowned
  run ! sh -c "chroot root xargs dpkg-query -S <unowned 2>/dev/null | grep -v '^diversion'"
}

# ARCHITECTURE: "NAME VERSION PURL LICENSE" of each package, from what Alpine's own apk printed.
packages_of_apk() {
  sed -E 's/^(.+)-([^-]+-r[0-9]+) (\S+) \{(.+)\} \((.+)\) \[installed\]$/\1\t\2\t\3\t\4\t\5/' "$alpine/packages-$1" |
    awk -F '\t' '{ upstream = $4 == $1 ? "" : "&upstream=" $4
      printf "%s %s pkg:apk/alpine/%s@%s?arch=%s&distro=alpine-3.20.3%s %s\n", $1, $2, $1, $2, $3, upstream, $5 }' | LC_ALL=C sort
}

@test "Alpine's packages are those that apk lists: names, versions, architectures, sources, licences" {
  alpine=$BATS_TEST_DIRNAME/../fixtures/alpine-3.20.3
  for pair in x86_64:amd64 aarch64:arm64; do
    arch=${pair%:*}
    mkdir -p "$arch/lib/apk/db" "$arch/etc"
    cp "$alpine/installed-$arch" "$arch/lib/apk/db/installed"
    cp "$alpine/os-release" "$arch/etc/os-release"
    ociassemble build -q --base "rootfs:$arch" --platform "linux/${pair#*:}" --any-binary --binary "$server" -o "oci:image:$arch"
    ociassemble sbom -q "oci:image:$arch" -o "$arch.spdx.json"
    jq -r '.packages[] | . as $package | (.externalRefs // [])[] | select(.referenceLocator | startswith("pkg:apk/"))
      | [$package.name, $package.versionInfo, .referenceLocator, $package.licenseDeclared] | join(" ")' "$arch.spdx.json" | LC_ALL=C sort >made
    packages_of_apk "$arch" | diff - made
    [ "$(wc -l <made)" = 14 ]
  done
}

@test "a program's modules are those of go version -m" {
  ociassemble build -q --binary "$server" -o oci:image:v1
  ociassemble sbom -q oci:image:v1 >image.spdx.json
  [ "$(jq -r '.name' image.spdx.json)" = server ]
  version=$(go version "$server" | sed 's/.*: go//')
  [ "$(jq -r '.packages[] | select(.name == "stdlib").versionInfo' image.spdx.json)" = "$version" ]
  path=$(go version -m "$server" | awk '$1 == "mod" {print $2}')
  jq -e --arg path "$path" 'any(.packages[]; .name == $path)' image.spdx.json
  sum=$(sha256sum "$server" | cut -d' ' -f1)
  [ "$(jq -r '.packages[] | select(.packageFileName == "/usr/local/bin/server").checksums[0].checksumValue' image.spdx.json)" = "$sum" ]
}

@test "the same bytes whoever makes them, wherever and whenever" {
  ociassemble build -q --binary "$server" --base "rootfs:$debian" -o oci:image:v1
  ociassemble sbom -q oci:image:v1 --format cyclonedx >here
  cp -r image "$BATS_TEST_TMPDIR/elsewhere"
  TZ=Asia/Tokyo LC_ALL=C SOURCE_DATE_EPOCH=1000000000 HOME=/nonexistent \
    ociassemble sbom -q "oci:$BATS_TEST_TMPDIR/elsewhere:v1" --format cyclonedx >there
  cmp here there
}

@test "one document a platform, in a folder" {
  for arch in amd64 arm64; do
    mkdir -p "bin/linux-$arch"
    ln -s "$(GOARCH=$arch go_server)" "bin/linux-$arch/server"
  done
  ociassemble build -q --binary 'bin/{os}-{arch}/server' --platform linux/amd64,linux/arm64 -o oci:image:v1
  run -2 ociassemble sbom oci:image:v1
  [[ "$output" = *"it has 2 platforms"* ]]
  run -0 ociassemble sbom -q oci:image:v1 -o sboms/
  [ "$output" = "sboms/linux-amd64.spdx.json
sboms/linux-arm64.spdx.json" ]
  ociassemble sbom -q oci:image:v1 --platform linux/arm64 | cmp - sboms/linux-arm64.spdx.json
}

@test "a damaged layer gives no document" {
  ociassemble build -q --binary "$server" --compression none -o oci:image:v1
  layer=$(jq -r '.layers[-1].digest | sub("sha256:"; "")' "image/blobs/sha256/$(jq -r '.manifests[0].digest | sub("sha256:"; "")' image/index.json)")
  printf X | dd of="image/blobs/sha256/$layer" bs=1 seek=2000 conv=notrunc status=none
  run -1 ociassemble sbom -q oci:image:v1 -o image.spdx.json
  [ ! -e image.spdx.json ]
}

@test "records that cannot be read are warned of, in a folder too" {
  mkdir -p root/lib/apk/db
  printf 'P:musl\nV:1.2.5-r0\nA:x86_64\n\nP:nameless\n\n' >root/lib/apk/db/installed
  ociassemble build -q --base rootfs:root --platform linux/amd64 --any-binary --binary "$server" -o oci:image:v1
  for output in image.spdx.json sboms/; do
    run --separate-stderr -0 ociassemble sbom -q oci:image:v1 -o "$output"
    [[ $stderr == *"1 record"*"the list of packages is not complete"* ]]
  done
}
