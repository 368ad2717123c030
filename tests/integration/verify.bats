#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# verify: every byte that a document names; and what build refuses so that verify need not.
# shellcheck disable=SC2154  # variables that lib.bash sets
load lib

set_up() {
  mkdir root root/etc
  echo x >root/etc/x
}

# TYPE LAYOUT COMMAND…: a layout of one layer, whose media type ends in TYPE and whose bytes come out of the command
# that root's tar goes into.
base_layout() {
  local type=$1 layout=$2 digest config
  shift 2
  mkdir -p "$layout/blobs/sha256"
  tar -C root --owner=0 --group=0 -cf root.tar etc
  "$@" <root.tar >layer
  put() { digest=$(sha256sum <"$1" | cut -d' ' -f1) && cp "$1" "$layout/blobs/sha256/$digest"; }
  printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$(sha256sum <root.tar | cut -d' ' -f1)" >config
  put config
  config=$digest
  put layer
  printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:%s","size":%s},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar%s","digest":"sha256:%s","size":%s}]}' \
    "$config" "$(stat -c %s config)" "$type" "$digest" "$(stat -c %s layer)" >manifest
  put manifest
  printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%s,"annotations":{"org.opencontainers.image.ref.name":"v1"}}]}' \
    "$digest" "$(stat -c %s manifest)" >"$layout/index.json"
  echo '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
}

on_base() { ociassemble build -q --base "oci:$1:v1" --add root/etc/x:/y --entrypoint /etc/x -o "oci:out-$1:v1" "${@:2}"; }

@test "a base whose layer is not what its media type says is refused, with an empty and a filled cache" {
  base_layout +gzip right gzip -n
  on_base right
  base_layout +gzip plain cat
  base_layout +gzip packed zstd -q
  base_layout +gzip squeezed bzip2
  for layout in plain packed squeezed; do
    refused -1 on_base "$layout"
    [[ $output = *"layer sha256:"*" has the media type application/vnd.oci.image.layer.v1.tar+gzip, and its bytes are "* ]]
  done
  base_layout +zstd gzipped gzip -n
  refused -1 on_base gzipped
}

@test "the true media type is written where that is asked for" {
  base_layout +gzip plain cat
  base_layout "" packed zstd -q
  base_layout +gzip squeezed bzip2
  for layout in plain packed; do
    on_base "$layout" --fix-media-types
    ociassemble verify "oci:out-$layout:v1"
  done
  [ "$(ociassemble inspect --manifest oci:out-plain:v1 | jq -r '.layers[0].mediaType')" = application/vnd.oci.image.layer.v1.tar ]
  [ "$(ociassemble inspect --manifest oci:out-packed:v1 | jq -r '.layers[0].mediaType')" = application/vnd.oci.image.layer.v1.tar+zstd ]
  refused -1 on_base squeezed --fix-media-types
  refused -1 on_base plain
}

@test "a tarball with entries that engines cannot unpack is no base" {
  truncate -s 1M root/etc/sparse
  echo end >>root/etc/sparse
  tar -C root --format=gnu -S -cf sparse.tar etc
  gzip -nk sparse.tar
  tar -C root --format=pax --sparse-version=1.0 -S -cf pax.tar etc
  for file in sparse.tar sparse.tar.gz; do
    refused -1 ociassemble build -q --base "rootfs:$file" --add root/etc/x:/y --entrypoint /etc/x -o oci:out:v1
    [[ $output = *"entry etc/sparse is a sparse file"*"repack it"* ]]
  done
  ociassemble build -q --base rootfs:pax.tar --add root/etc/x:/y --entrypoint /etc/x -o oci:out:v1
  ociassemble verify oci:out:v1
}

@test "a base with diff IDs of sha512 is a base" {
  base_layout +gzip long gzip -n
  manifest=$(blob long "$(digest_in long v1)")
  sed "s/sha256:[0-9a-f]*/sha512:$(sha512sum <root.tar | cut -d' ' -f1)/" "$(blob long "$(jq -r .config.digest "$manifest")")" >config
  put() { digest=$(sha256sum <"$1" | cut -d' ' -f1) && cp "$1" "long/blobs/sha256/$digest"; }
  put config
  jq -c --arg digest "sha256:$digest" --argjson size "$(stat -c %s config)" '.config.digest = $digest | .config.size = $size' "$manifest" >document
  put document
  jq -c --arg digest "sha256:$digest" --argjson size "$(stat -c %s document)" '.manifests[0].digest = $digest | .manifests[0].size = $size' long/index.json >index
  cp index long/index.json
  ociassemble verify oci:long:v1
  for _ in once again; do
    on_base long
    ociassemble verify oci:out-long:v1
  done
}

@test "an artifact whose blobs are missing is not in order" {
  mkdir -p art/blobs/sha256
  printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/spdx+json","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:%064d","size":2},"layers":[{"mediaType":"application/spdx+json","digest":"sha256:%064d","size":99}]}' 1 2 >manifest
  digest=$(sha256sum <manifest | cut -d' ' -f1)
  cp manifest "art/blobs/sha256/$digest"
  printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%s}]}' \
    "$digest" "$(stat -c %s manifest)" >art/index.json
  echo '{"imageLayoutVersion":"1.0.0"}' >art/oci-layout
  run -3 ociassemble verify oci:art
  grep -q "config sha256:$(printf %064d 1)" <<<"$output"
  grep -q "layer sha256:$(printf %064d 2)" <<<"$output"
}

# FILE: one byte of it is another.
damage() { python3 -c 'import sys; f = open(sys.argv[1], "r+b"); b = f.read(); f.seek(9); f.write(bytes([b[9] ^ 1]))' "$1"; }

@test "what is damaged or missing in a layout is replaced from another place, and nothing else is" {
  base_layout +gzip base gzip -n
  on_base base
  cp -r out-base whole
  for blob in out-base/blobs/sha256/*; do
    cp -r whole image
    damage "image/blobs/sha256/${blob##*/}"
    run -3 ociassemble verify --repair oci:image:v1
    [[ $output = *"cannot repair sha256:${blob##*/}: no source was named"* ]]
    touch -d 2001-01-01 image/blobs/sha256/*
    ociassemble verify --repair --json --from oci:base:v1 --from oci:whole:v1 oci:image:v1 >report
    jq -e --arg digest "sha256:${blob##*/}" '.ok and (.repaired | length == 1 and .[0].digest == $digest) and .notRepaired == []' report
    diff -r whole image
    [ "$(find image/blobs -type f -newermt 2002-01-01)" = "image/blobs/sha256/${blob##*/}" ]
    rm "image/blobs/sha256/${blob##*/}"
    ociassemble verify --repair -q --from oci:whole oci:image
    diff -r whole image
    rm -r image
  done
}

@test "a source that has the wrong bytes repairs nothing, and the next is asked" {
  base_layout +gzip base gzip -n
  layer=$(blob base "$(jq -r '.layers[0].digest' "$(blob base "$(digest_in base v1)")")")
  cp -r base whole
  cp -r base liar
  damage "$layer"
  cp "$layer" before
  damage "liar/${layer#base/}"
  run -3 ociassemble verify --repair --from oci:liar:v1 --from oci:nowhere oci:base:v1
  [[ $output = *"cannot repair sha256:"*"oci:liar:v1: "*"; oci:nowhere: "* ]]
  cmp before "$layer"
  run -0 ociassemble verify --repair --from oci:liar:v1 --from oci:whole:v1 oci:base:v1
  [[ $output = *"repaired sha256:"*" from oci:whole:v1"* ]]
  run -2 ociassemble verify --from oci:whole:v1 oci:base:v1
  run -2 ociassemble verify --repair oci-archive:base.tar
}

@test "a shallow layout becomes whole from its base in a registry, where that is asked for" {
  start_registry "$PWD/registry"
  base_layout +gzip base gzip -n
  skopeo copy --quiet --dest-tls-verify=false oci:base:v1 "docker://$REGISTRY/base:v1"
  ociassemble build -q --base "$REGISTRY/base:v1" --add root/etc/x:/y --entrypoint /etc/x -o oci:image:v1 --shallow
  run -3 ociassemble verify --repair oci:image:v1
  run -0 ociassemble verify --repair --from-base oci:image:v1
  [[ $output = *"repaired sha256:"*" from $REGISTRY/base:v1"* ]]
  stop_registry "$PWD/registry"
}

@test "a machine without the memory to check finds nothing bad" {
  ociassemble build -q --base scratch --add root/etc/x:/x --entrypoint /x -o oci:image:v1
  ociassemble verify oci:image:v1
  # From too little to start to enough: never a verdict that is not the image's.
  for megabytes in 28 32 36 40 44 48 56 64 96; do
    status=0
    prlimit --as=$((megabytes << 20)) ociassemble verify oci:image:v1 >said 2>&1 || status=$?
    [ "$status" -ne 3 ]
    ! grep -q '^bad' said
  done
}
