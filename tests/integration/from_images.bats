#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Files that are taken from other images, as COPY --from=IMAGE does.
# shellcheck disable=SC2154  # variables that lib.bash sets
load lib

# An image with a bundle of certificates, a folder and links, in $REGISTRY and as a layout.
set_up() {
  mkdir -p tools/etc/ssl/certs tools/usr/share/zone/Europe tools/bin
  echo bundle >tools/etc/ssl/certs/ca-certificates.crt
  ln -s /etc/ssl/certs/ca-certificates.crt tools/etc/ssl/cert.pem
  echo rome >tools/usr/share/zone/Europe/Rome
  ln -s Europe/Rome tools/usr/share/zone/home
  printf '#!/bin/sh\n' >tools/bin/probe
  chmod 0755 tools/bin/probe
  tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C tools -cf tools.tar .
  image=$REGISTRY/from-$BATS_TEST_NUMBER:1
  push_base "$PWD/tools.tar" "${image#"$REGISTRY/"}"
  make_base_layout "$PWD/tools.tar" "$PWD/layout"
}

build() { ociassemble build -q --binary "$server" "$@"; }

# LAYOUT: the files of its only image, made by umoci.
unpack() {
  rm -rf bundle
  umoci unpack --rootless --image "$1:v1" bundle
}

@test "files, links and folders of an image in a registry go in, with the build's own metadata" {
  build --add-from "$image:/etc/ssl/cert.pem:/etc/ssl/cert.pem" --add-from "$image:/usr/share/zone:/zone" \
    --add-from "$image:/bin/probe:/usr/bin/,mode=0500,owner=65532" -o oci:out:v1
  ociassemble verify oci:out
  unpack out
  cmp tools/etc/ssl/certs/ca-certificates.crt bundle/rootfs/etc/ssl/cert.pem
  [ ! -L bundle/rootfs/etc/ssl/cert.pem ]
  [ "$(readlink bundle/rootfs/zone/home)" = Europe/Rome ]
  cmp tools/usr/share/zone/Europe/Rome bundle/rootfs/zone/Europe/Rome
  layer=$(jq -r '.layers[1].digest' "$(blob out "$(digest_in out)")")
  tar -tvzf "$(blob out "$layer")" --numeric-owner >list
  grep -qE '^-r-x------ 65532/65532 .* usr/bin/probe$' list
  grep -qE '^-r--r--r-- 0/0 .* zone/Europe/Rome$' list
}

@test "the same files come from a layout, archives and a root file system, with one digest" {
  skopeo copy --quiet oci:layout:base oci-archive:archive.tar:base
  skopeo copy --quiet oci:layout:base docker-archive:docker.tar:from:1
  digests=()
  for from in "$image" oci:layout:base oci-archive:archive.tar docker-archive:docker.tar rootfs:tools rootfs:tools.tar; do
    build --add-from "$from:/usr/share/zone:/zone" -o oci:out:v1
    digests+=("$(digest_in out)")
  done
  [ "$(printf '%s\n' "${digests[@]}" | sort -u | wc -l)" -eq 1 ]
}

@test "a recipe takes files from an image, and its lock pins each file" {
  cat >ociassemble.json <<JSON
{
  "base": "scratch",
  "args": {"SOURCE": "$image"},
  "binaries": {"/server": "$server"},
  "files": {
    "/etc/ssl/certs/ca-certificates.crt": {"from": "\${SOURCE}", "source": "/etc/ssl/cert.pem"},
    "/zone": {"from": "\${SOURCE}", "source": "/usr/share/zone", "owner": "65532"}
  },
  "profiles": {"dev": {"files": {"/probe": {"from": "oci:layout:base", "source": "/bin/probe"}}}}
}
JSON
  run --separate-stderr -3 ociassemble build -q --locked -o oci:out:v1
  [[ "$stderr" = *"cannot take files from $image: the lock file does not pin it"* ]]
  run --separate-stderr -0 ociassemble lock -q
  [ "$output" = "$image@$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$image")" ]
  sum=$(sha256sum <tools/usr/share/zone/Europe/Rome | cut -d' ' -f1)
  jq -e --arg line "file sha256:$sum 5 Europe/Rome" \
    '[.images[].platforms[].files[] | select(.path == "/usr/share/zone").entries[]] | index($line)' ociassemble.lock
  ociassemble lock --check
  ociassemble build -q --locked -o oci:out:v1
  ociassemble build -q --locked --profile dev -o oci:dev:v1
  before=$(digest_in out)

  # Another image under the tag changes nothing.
  echo other >tools/etc/ssl/certs/ca-certificates.crt
  tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C tools -cf tools.tar .
  rm -rf "$BATS_TEST_TMPDIR/base-"*
  push_base "$PWD/tools.tar" "${image#"$REGISTRY/"}"
  ociassemble build -q --locked --no-cache -o oci:again:v1
  [ "$(digest_in again)" = "$before" ]
  run --separate-stderr -3 ociassemble lock --check
  [[ "$output" = "$image moved: "* ]]
  ociassemble lock -q --update
  ociassemble build -q --locked -o oci:updated:v1
  [ "$(digest_in updated)" != "$before" ]

  # A digest in the lock that is not the file's.
  sed -i "s/file sha256:$sum/file sha256:${sum//[0-9]/0}/" ociassemble.lock
  run --separate-stderr -3 ociassemble build -q --locked -o oci:bad:v1
  [[ "$stderr" = *"cannot take /usr/share/zone/Europe/Rome from $image: sha256:"* ]]
  [ "$(jq ".manifests | length" bad/index.json)" -eq 0 ]
}

@test "once the files are in the cache, a locked build needs no network" {
  need_root
  ociassemble lock -q --add-from "$image:/usr/share/zone:/zone" --add-from "$image:/bin/probe:/probe"
  build --locked --add-from "$image:/usr/share/zone:/zone" --add-from "$image:/bin/probe:/probe" -o oci:first:v1
  # Into another layout, where the layer is made again.
  unshare -n ociassemble build -q --locked --binary "$server" --add-from "$image:/usr/share/zone:/zone" \
    --add-from "$image:/bin/probe:/probe" -o oci:second:v1
  [ "$(digest_in first)" = "$(digest_in second)" ]
}

@test "an unlocked tag is warned of, and what cannot be taken is an error" {
  run --separate-stderr -0 ociassemble build --progress=none --binary "$server" --add-from "$image:/bin/probe:/probe" -o oci:out:v1
  [ "$(grep -c "$image, from which files are taken, is a tag and may change" <<<"$stderr")" -eq 1 ]
  run --separate-stderr -1 build --add-from "$image:/etc/nothing:/x" -o oci:none:v1
  [[ "$stderr" = *"cannot take /etc/nothing from $image: there is no such file in the image"* ]]
  run --separate-stderr -2 build --add-from "$image:/etc/nothing" -o oci:none:v1
  [[ "$stderr" = *'write --add-from IMAGE:/PATH:/DEST'* ]]
  run --separate-stderr -2 build --add-from "$image:/bin/probe:/x,ignore=none" -o oci:none:v1
  run --separate-stderr -2 build --add-from scratch:/a:/b -o oci:none:v1
}

@test "a second assembly takes the same files from a root file system with a relative path" {
  build --twice --add-from rootfs:tools:/usr/share/zone:/zone -o oci:out:v1
}

# WORDS…: how many bytes they read of tools.tar and of tools/ as a layer.
bytes_read() {
  strace -f -e trace=openat,read,pread64 -y "$@" 2>&1 >/dev/null |
    awk -v file="<$PWD/tools" '/^(\[pid +[0-9]+\] )?p?read/ && index($0, file) && $NF ~ /^[0-9]+$/ { sum += $NF } END { print sum + 0 }'
}

@test "an unchanged build reads nothing of a root file system that it takes files from" {
  command -v strace >/dev/null || skip "no strace here"
  sleep 0.1 # what was changed just now is not remembered
  for from in rootfs:tools rootfs:tools.tar; do
    first=$(bytes_read ociassemble build -q --binary "$server" --add-from "$from:/bin/probe:/probe" -o oci:out:v1)
    [ "$first" -gt 0 ] || skip "strace cannot trace here"
    build --add-from "$from:/bin/probe:/probe" -o oci:out:v1
    [ "$(bytes_read ociassemble build -q --binary "$server" --add-from "$from:/bin/probe:/probe" -o oci:out:v1)" -eq 0 ]
  done
}
