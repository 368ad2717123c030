#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What tools/make-deb made, in a Debian that has nothing of a developer's: installed, used, purged. PACKAGES is the folder of
# the packages, PACKAGES_AGAIN that of a second build:
# PACKAGES=build-deb bats tests/packaging/packages.bats
load ../integration/lib

setup_file() {
  compgen -G "${PACKAGES-}/*.deb" >/dev/null || skip "needs PACKAGES, a folder that tools/make-deb filled"
  [ "$(id -u)" -eq 0 ] || skip "needs root, for a chroot"
  export PACKAGES
  PACKAGES=$(realpath "$PACKAGES")
  start_registry "$BATS_FILE_TMPDIR/registry"
}
teardown_file() { if [ -e "$BATS_FILE_TMPDIR/registry/pid" ]; then stop_registry "$BATS_FILE_TMPDIR/registry"; fi; }

# NAME: the file of that package.
package() { echo "$PACKAGES/$1"_*.deb; }

# A bare Debian with apt, unpacked in root.
make_root() {
  root=$BATS_TEST_TMPDIR/root
  mkdir "$root"
  tar -C "$root" -xf "$(debian_rootfs)"
  local setting
  for setting in /etc/apt/apt.conf.d/*; do
    if [ -f "$setting" ] && grep -qE '^ *Acquire::' "$setting"; then cp "$setting" "$root/etc/apt/apt.conf.d/"; fi
  done
  cp /etc/resolv.conf /etc/hosts "$root/etc/"
  mkdir "$root/packages"
  cp "$PACKAGES"/*.deb "$root/packages/"
  cp "$server" "$root/server"
  cp "$source_root/docs/example_build.cpp" "$root/"
  inside 'apt-get -q update'
}

# SCRIPT: in the chroot, with mounts that end with it.
inside() {
  # shellcheck disable=SC2016  # for the inner shell
  unshare --mount sh -c 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" &&
    exec env -i HOME=/root DEBIAN_FRONTEND=noninteractive PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin chroot "$0" sh -e -c "$1"' "$root" "$1"
}

@test "two builds, in other folders, by other users, at other times, give the same bytes" {
  [ -n "${PACKAGES_AGAIN-}" ] || skip "needs PACKAGES_AGAIN, the folder of a second build"
  for name in ociassemble libociassemble0 libociassemble-dev; do cmp "$(package "$name")" "$PACKAGES_AGAIN/$(basename "$(package "$name")")"; done
}

@test "lintian finds nothing" {
  make_root
  inside 'apt-get -q -y install --no-install-recommends lintian'
  # The project has no address of its own yet.
  inside 'lintian --allow-root --fail-on error,warning --suppress-tags bogus-mail-host /packages/*.deb'
}

@test "programs that are linked with the library ask for it below the next minor version" {
  run -0 dpkg-deb --info "$(package libociassemble0)" shlibs
  [[ $output =~ ^libociassemble\ 0\ libociassemble0\ \(\>=\ 0\.[0-9]+\.[^\)]*\),\ libociassemble0\ \(\<\<\ 0\.[0-9]+~\)$ ]]
}

@test "man pages and completions are where Debian's man, bash, zsh and fish look" {
  dpkg-deb --contents "$(package ociassemble)" | awk '{print $6}' >files
  for file in man/man1/ociassemble.1.gz man/man1/ociassemble-build.1.gz man/man5/ociassemble.json.5.gz man/man5/ociassemble.lock.5.gz \
    bash-completion/completions/ociassemble zsh/vendor-completions/_ociassemble fish/vendor_completions.d/ociassemble.fish; do
    grep -qxF "./usr/share/$file" files || { echo "no $file" && cat files && return 1; }
  done
}

@test "installed, used, purged: the command, the library, the headers, and nothing is left" {
  make_root
  # As apt does it without recommends, and what then is missing says so.
  inside 'apt-get -q -y install --no-install-recommends /packages/ociassemble_*.deb'
  inside 'ociassemble build -q --binary /server -o oci:/image:v1 && ociassemble verify oci:/image:v1'
  run -1 inside "ociassemble build -q --binary /server --push $REGISTRY/packages/app:v1"
  [[ $output = *libcurl.so.4*"libcurl4"* ]]
  inside "apt-get -q -y install --no-install-recommends libcurl4 && ociassemble build -q --binary /server --push $REGISTRY/packages/app:v1"
  [ "$(digest_in "$root/image")" = "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$REGISTRY/packages/app:v1")" ]

  printf 'schemaVersion: 2.0.0\nfileExistenceTests:\n- {name: server, path: /usr/local/bin/server, shouldExist: true}\n' >"$root/tests.yaml"
  echo '{"version": 1, "rules": {"structure-tests": {"files": ["tests.yaml"]}}}' >"$root/policy.json"
  run ! inside 'ociassemble check --policy /policy.json oci:/image:v1'
  [[ $output = *libfyaml.so.0*"libfyaml0"* ]]
  inside 'apt-get -q -y install --no-install-recommends libfyaml0 && ociassemble check --policy /policy.json oci:/image:v1'

  inside 'apt-get -q -y install --no-install-recommends /packages/libociassemble0_*.deb /packages/libociassemble-dev_*.deb g++ pkg-config'
  for kind in ociassemble ociassemble-static; do
    inside "g++ -std=c++20 /example_build.cpp \$(pkg-config --cflags --libs $kind) -o /example && /example /server $REGISTRY/packages/$kind:v1"
  done

  inside 'apt-get -q -y purge ociassemble libociassemble0 libociassemble-dev'
  run inside 'find / -xdev -path /proc -prune -o -path /packages -prune -o -name "*ociassemble*" -print | grep -v "^/var/cache/apt\|^/root/.cache"'
  [ -z "$output" ]
}

@test "the image that the package's command made runs" {
  find_container_runtime || skip "$container_problem"
  make_root
  inside 'apt-get -q -y install --no-install-recommends /packages/ociassemble_*.deb && ociassemble build -q --binary /server -o oci:/image:v1'
  make_bundle "$root/image:v1" bundle
  container_name=packages-$BATS_TEST_NUMBER
  start_server bundle "$container_name"
  curl --silent --fail --noproxy '*' "$server_url/" | grep -q 'uid 65532'
}
