#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A binary becomes an image on the built-in base.
load lib

@test "build prints the name with the digest, alone, on the standard output" {
  run --separate-stderr -0 ociassemble build --binary "$server" -o oci:image:v1
  [ "$output" = "oci:image:v1@$(digest_in image v1)" ]
}

@test "the manifest's bytes have the digest that is printed and written to the digest file" {
  ociassemble build -q --binary "$server" -o oci:image:v1 --digest-file digest
  digest=$(cat digest)
  [ "sha256:$(sha256sum <"$(blob image "$digest")" | cut -d' ' -f1)" = "$digest" ]
}

@test "skopeo reads what was made, and umoci unpacks it" {
  ociassemble build -q --binary "$server" -o oci:image:v1
  run -0 skopeo inspect --format '{{.Os}}/{{.Architecture}} {{len .Layers}}' oci:image:v1
  [[ "$output" = linux/* ]]
  need_root
  umoci unpack --image image:v1 bundle
  cmp "$server" bundle/rootfs/usr/local/bin/server
  [ "$(stat -c '%a %u:%g %Y' bundle/rootfs/usr/local/bin/server)" = '555 0:0 0' ]
  [ "$(stat -c %a bundle/rootfs/tmp)" = 1777 ]
}

@test "the config is non-root, starts the binary, and says that its root is read-only" {
  ociassemble build -q --binary "$server" -o oci:image:v1
  config_in image >config
  [ "$(jq -r .config.User config)" = 65532:65532 ]
  [ "$(jq -c .config.Entrypoint config)" = '["/usr/local/bin/server"]' ]
  [ "$(jq -r '.config.Labels["dev.ociassemble.readonly-rootfs"]' config)" = true ]
  [ "$(jq -r .created config)" = 1970-01-01T00:00:00Z ]
  [ "$(jq '.rootfs.diff_ids | length' config)" = "$(jq '[.history[] | select(.empty_layer | not)] | length' config)" ]
}

@test "the layer is a tar of the binary and its parents, as written by hand" {
  mkdir -p expected/usr/local/bin
  cp "$server" expected/usr/local/bin/server
  chmod 0555 expected/usr/local/bin/server
  ociassemble build -q --binary "$server" -o oci:image:v1
  last_layer_in image >layer.tar
  tar -tf layer.tar | sed 's,/$,,' >names
  sort -c names
  tail -n 1 names | grep -qx usr/local/bin/server
  tar -xOf layer.tar usr/local/bin/server | cmp - "$server"
  # Exactly two zero blocks at the end: the archive's length is the entries' blocks and these.
  blocks=$(($(wc -l <names) + ($(stat -c %s "$server") + 511) / 512 + 2))
  [ "$(stat -c %s layer.tar)" = $((blocks * 512)) ]
}

@test "the gzip layer is one member that gzip and pigz read" {
  ociassemble build -q --binary "$server" -o oci:image:v1
  layer=$(blob image "$(jq -r '.layers[-1].digest' "$(blob image "$(digest_in image)")")")
  gzip -t <"$layer"
  pigz -t <"$layer"
  [ "$(head -c 10 "$layer" | od -An -tx1 | tr -d ' ')" = 1f8b08000000000000ff ] ||
    [ "$(head -c 4 "$layer" | od -An -tx1 | tr -d ' ')" = 1f8b0800 ]
  python3 - "$layer" <<'PYTHON'
import sys, zlib
decoder = zlib.decompressobj(wbits=31)
with open(sys.argv[1], "rb") as file:
    decoder.decompress(file.read())
assert decoder.eof and not decoder.unused_data, "more than one member"
PYTHON
}

@test "zstd and plain layers have the same diff IDs as gzip layers" {
  for kind in gzip zstd none; do
    ociassemble build -q --binary "$server" --compression "$kind" -o "oci:$kind:v1"
    skopeo inspect --raw "oci:$kind:v1" | jq -e '.layers | length > 0'
  done
  [ "$(config_in gzip | jq -c .rootfs)" = "$(config_in zstd | jq -c .rootfs)" ]
  [ "$(config_in gzip | jq -c .rootfs)" = "$(config_in none | jq -c .rootfs)" ]
  zstd -t <"$(blob zstd "$(jq -r '.layers[-1].digest' "$(blob zstd "$(digest_in zstd)")")")"
}

@test "every output at once: layout, archives and registry have one digest" {
  run --separate-stderr -0 ociassemble build --binary "$server" -o oci:image:v1 -o oci-archive:image.tar:v1 \
    -o docker-archive:docker.tar:app:v1 --push "$REGISTRY/every-output:v1"
  [ "${#lines[@]}" -eq 4 ]
  digest=$(digest_in image v1)
  [ "$(skopeo inspect --format '{{.Digest}}' oci-archive:image.tar:v1)" = "$digest" ]
  [ "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$REGISTRY/every-output:v1")" = "$digest" ]
  skopeo inspect docker-archive:docker.tar >/dev/null
  [ "$(skopeo inspect --format '{{.Digest}}' oci-archive:docker.tar:v1)" = "$digest" ]
  [ "${lines[3]}" = "$REGISTRY/every-output:v1@$digest" ]
}

@test "the docker format is Docker's schema 2 whole, and skopeo reads it from the registry" {
  ociassemble build -q --binary "$server" --format docker --push "$REGISTRY/docker-format:v1"
  skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/docker-format:v1" >manifest
  [ "$(jq -r .mediaType manifest)" = application/vnd.docker.distribution.manifest.v2+json ]
  [ "$(jq -r .config.mediaType manifest)" = application/vnd.docker.container.image.v1+json ]
  jq -e '[.layers[].mediaType] | all(. == "application/vnd.docker.image.rootfs.diff.tar.gzip")' manifest
}

@test "podman loads the docker archive, and the image has its name" {
  need_root
  ociassemble build -q --binary "$server" -o docker-archive:docker.tar:localhost/app:v1
  podman load --quiet --input docker.tar
  [ "$(podman image inspect --format '{{.Config.User}}' localhost/app:v1)" = 65532:65532 ]
}

@test "the server answers from inside a container as 65532 on a read-only root" {
  need_root
  ociassemble build -q --binary "$server" -o oci:image:v1
  ask_container image:v1
  echo "$answer"
  [[ "$answer" = *'uid 65532, gid 65532, root read-only'* ]]
}

@test "two images live in one layout, and one of the same name is replaced" {
  ociassemble build -q --binary "$server" -o oci:image:v1
  ociassemble build -q --binary "$server" --env A=1 -o oci:image:v2
  ociassemble build -q --binary "$server" --env A=2 -o oci:image:v2
  [ "$(jq '.manifests | length' image/index.json)" -eq 2 ]
  ociassemble inspect --config oci:image:v2 | jq -e '.config.Env | index("A=2")'
}

@test "eight builds into one layout at once all succeed" {
  for number in 1 2 3 4 5 6 7 8; do
    command ociassemble build -q --binary "$server" --env "NUMBER=$number" -o "oci:image:v$number" 3>&- &
    builds+=($!)
  done
  for build in "${builds[@]}"; do wait "$build"; done
  [ "$(jq '.manifests | length' image/index.json)" -eq 8 ]
  ociassemble verify oci:image
}

@test "an unchanged build does not touch its outputs" {
  build() { ociassemble build -q --binary "$server" -o oci:image:v1 -o oci-archive:image.tar:v1 --digest-file digest --depfile deps; }
  build
  find image image.tar digest deps -type f -printf '%p %i %T@\n' | sort >before
  build
  find image image.tar digest deps -type f -printf '%p %i %T@\n' | sort | diff before -
}

@test "the depfile names what was read" {
  echo hello >file
  ociassemble build -q --binary "$server" --add file:/etc/file -o oci-archive:image.tar:v1 --depfile deps
  printf 'all: image.tar\n\ninclude deps\nimage.tar:\n\tfalse\n' >Makefile
  make -q image.tar
  grep -q file deps
  touch -d '1 minute' file
  run ! make -q image.tar
}

@test "files and folders are added with modes and owners" {
  need_root
  mkdir -p folder/sub
  echo one >folder/one
  echo two >folder/sub/two
  chmod 0600 folder/one
  ln -s one folder/link
  ociassemble build -q --binary "$server" --add folder:/srv/data --add folder/one:/etc/app.conf,mode=0640,owner=7:8 \
    -o oci:image:v1
  umoci unpack --image image:v1 bundle
  cd bundle/rootfs
  [ "$(stat -c '%a %u:%g' srv/data/one)" = '444 0:0' ]
  [ "$(stat -c '%a %u:%g' etc/app.conf)" = '640 7:8' ]
  [ "$(cat srv/data/sub/two)" = two ]
  [ "$(readlink srv/data/link)" = one ]
}

@test "CA certificates and zone data are layers of their own" {
  printf -- '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n' >ca.pem
  mkdir -p zones/Europe
  printf 'TZif2' >zones/Europe/Berlin
  ociassemble build -q --binary "$server" -o oci:without:v1
  ociassemble build -q --binary "$server" --ca-certificates ca.pem --tzdata zones -o oci:with:v1
  [ "$(config_in with | jq '.rootfs.diff_ids | length')" -eq $(($(config_in without | jq '.rootfs.diff_ids | length') + 2)) ]
  ociassemble inspect --files oci:with:v1 | grep -q 'usr/share/zoneinfo/Europe/Berlin'
}

@test "inspect shows the config's and the manifest's bytes as they are" {
  ociassemble build -q --binary "$server" -o oci:image:v1
  ociassemble inspect --manifest oci:image:v1 | cmp - "$(blob image "$(digest_in image)")"
  ociassemble inspect --config oci:image:v1 | cmp - <(config_in image)
  [ "$(ociassemble inspect --json oci:image:v1 | jq -r .digest)" = "$(digest_in image)" ]
}

@test "verify accepts what was made, and says no to a changed byte" {
  ociassemble build -q --binary "$server" -o oci:image:v1
  ociassemble verify oci:image:v1
  layer=$(blob image "$(jq -r '.layers[-1].digest' "$(blob image "$(digest_in image)")")")
  chmod u+w "$layer"
  printf 'X' | dd of="$layer" bs=1 seek=1000 conv=notrunc status=none
  run -3 ociassemble verify oci:image:v1
}

@test "version names the layer format and the codecs" {
  ociassemble version --json | jq -e '.layerFormat == 1 and (.codecs | has("libdeflate") and has("zstd"))'
}

@test "layouts and archives take full references as names" {
  echo hi >f
  build() { ociassemble build -q --base scratch --add "f:/$1" --entrypoint "/$1" -o "$2"; }
  build a oci:lay:registry.example.com/a/app:v1
  build b oci:lay:registry.example.com/b/app:v1
  build a oci-archive:y.tar:registry.example.com/team/app:v1
  [ "$(tar -xOf y.tar index.json | jq -r '.manifests[0].annotations["org.opencontainers.image.ref.name"]')" = registry.example.com/team/app:v1 ]
  run -1 ociassemble inspect oci:lay
  [[ $output = *"there are: registry.example.com/a/app:v1, registry.example.com/b/app:v1"* ]]
  ociassemble copy -q oci:lay:registry.example.com/b/app:v1 docker-archive:x.tar:b:v1
  digest=$(jq -r '.manifests[1].digest' lay/index.json)
  for location in oci:lay:registry.example.com/b/app:v1 "oci:lay@$digest" oci:lay@1 oci:lay:@1; do
    [ "$(ociassemble inspect --json "$location" | jq -r .digest)" = "$digest" ]
  done
  ociassemble inspect docker-archive:x.tar:@0 >/dev/null
  run -1 ociassemble inspect oci:lay@2
  refused -2 build a oci:lay@0
}

@test "entries that have one tag are told apart by their full names" {
  echo hi >f
  ociassemble build -q --base scratch --add f:/a --entrypoint /a -o oci:lay:v1
  ociassemble build -q --base scratch --add f:/b --entrypoint /b -o oci:lay:v2
  jq -c '.manifests[0].annotations["io.containerd.image.name"] = "r.example.com/a:v1" |
         .manifests[1].annotations = {"org.opencontainers.image.ref.name": "v1", "io.containerd.image.name": "r.example.com/b:v1"}' \
    lay/index.json >index
  cp index lay/index.json
  run -1 ociassemble inspect oci:lay:v1
  [[ $output = *"there are: r.example.com/a:v1, r.example.com/b:v1"* ]]
  ociassemble inspect oci:lay:r.example.com/b:v1 >/dev/null
}

@test "a path without its kind is no output, and is named where no registry has it" {
  echo hi >f
  refused -2 ociassemble build -q --base scratch --add f:/f --entrypoint /f -o image.tar
  [[ $output = *"oci-archive:image.tar"* ]]
  mkdir img
  refused -2 ociassemble build -q --base scratch --add f:/f --entrypoint /f -o img
  [[ $output = *"oci:img"* ]]
  run -1 ociassemble inspect --registry-mirror "docker.io=$REGISTRY" img
  [[ $output = *"there is a folder img here: oci:img"* ]]
}

@test "a docker archive has all tags of the recipe, and each is published" {
  echo hi >f
  echo '{"base": "scratch", "files": {"/f": "f"}, "entrypoint": ["/f"], "tags": ["v1", "latest"]}' >ociassemble.json
  run --separate-stderr -0 ociassemble build -q --json -o docker-archive:x.tar:team/app -o docker-archive:image.tar -o oci:lay
  [ "$(tar -xOf x.tar manifest.json | jq -c '.[0].RepoTags')" = '["docker.io/team/app:v1","docker.io/team/app:latest"]' ] ||
    [ "$(tar -xOf x.tar manifest.json | jq -c '.[0].RepoTags')" = '["team/app:v1","team/app:latest"]' ]
  [ "$(tar -xOf image.tar manifest.json | jq -r '.[0].RepoTags | length')" -eq 2 ]
  [ "$(jq -r '.published[] | sub("@.*"; "")' <<<"$output" | tr '\n' ' ')" = \
    "docker-archive:x.tar:docker.io/team/app:v1 docker-archive:x.tar:docker.io/team/app:latest docker-archive:image.tar:docker.io/library/image:v1 docker-archive:image.tar:docker.io/library/image:latest oci:lay:v1 oci:lay:latest " ]
}

@test "old layers of a tag that was built again are pruned when asked to, and not before" {
  echo one >f
  ociassemble build -q --base scratch --add f:/f --entrypoint /f -o oci:lay:v1
  echo two >f
  ociassemble build -q --base scratch --add f:/f --entrypoint /f -o oci:lay:v1
  [ "$(find lay/blobs -type f | wc -l)" -eq 6 ]
  run -0 ociassemble prune --dry-run oci:lay
  [[ ${lines[-1]} = "would remove 3 blobs, "* ]]
  [ "$(find lay/blobs -type f | wc -l)" -eq 6 ]
  [ "$(ociassemble prune --json oci:lay | jq '.blobs | length')" -eq 3 ]
  [ "$(find lay/blobs -type f | wc -l)" -eq 3 ]
  ociassemble verify oci:lay
  run -2 ociassemble prune oci:lay:v1
  run -2 ociassemble prune alpine:3.20
}
