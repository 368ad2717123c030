#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# One index for several platforms, on real root file systems of both.
# shellcheck disable=SC2154  # variables that lib.bash sets
load lib

set_up() {
  for arch in amd64 arm64; do
    GOARCH=$arch go_server >/dev/null
    mkdir -p "bin/linux-$arch"
    ln -s "$(GOARCH=$arch go_server)" "bin/linux-$arch/server"
  done
  both=linux/amd64,linux/arm64
}

# NAME: Alpine for both platforms as one index in the registry.
push_both() { push_index "$1" "$(alpine_rootfs x86_64)" "$(alpine_rootfs aarch64)"; }

build() { ociassemble build -q --binary 'bin/{os}-{arch}/server' "$@"; }
raw() { skopeo inspect --raw --tls-verify=false "docker://$1"; }

@test "two platforms are pushed as one index that skopeo and podman take" {
  push_both platforms-base:1
  run --separate-stderr -0 build --base "$REGISTRY/platforms-base:1" --platform linux/amd64 --platform linux/arm64 \
    --push "$REGISTRY/platforms-app:v1"
  raw "$REGISTRY/platforms-app:v1" >index.json
  [ "$output" = "$REGISTRY/platforms-app:v1@sha256:$(sha256sum <index.json | cut -d' ' -f1)" ]
  [ "$(jq -r .mediaType index.json)" = application/vnd.oci.image.index.v1+json ]
  [ "$(jq -r '[.manifests[].platform | .os + "/" + .architecture] | join(" ")' index.json)" = 'linux/amd64 linux/arm64' ]
  [ "$(jq -r '.annotations["org.opencontainers.image.base.digest"]' index.json)" = "$(jq -r .digest <<<"$index")" ]
  for arch in amd64 arm64; do
    run -0 skopeo inspect --tls-verify=false --override-arch "$arch" "docker://$REGISTRY/platforms-app:v1"
    [ "$(jq -r .Architecture <<<"$output")" = "$arch" ]
  done
  need_root
  podman pull --quiet --tls-verify=false --arch arm64 "$REGISTRY/platforms-app:v1"
  [ "$(podman image inspect --format '{{.Architecture}}' "$REGISTRY/platforms-app:v1")" = arm64 ]
}

@test "each manifest names its platform's base, and each image holds its platform's program" {
  push_both platforms-each:1
  build --base "$REGISTRY/platforms-each:1" --platform "$both" -o oci:image:v1
  ociassemble verify oci:image
  for arch in amd64 arm64; do
    ociassemble inspect --manifest --platform "linux/$arch" oci:image:v1 >manifest
    [ "$(jq -r '.annotations["org.opencontainers.image.base.digest"]' manifest)" = "$(jq -r .digest "$arch.json")" ]
    gzip -dc <"$(blob image "$(jq -r '.layers[-1].digest' manifest)")" | tar -xO usr/local/bin/server |
      cmp - "bin/linux-$arch/server"
  done
}

@test "a locked index is predicted offline, has the pushed one's digest, and lacks the base's layers" {
  need_root
  push_both platforms-locked:1
  base=$REGISTRY/platforms-locked:1
  ociassemble lock -q --base "$base" --platform "$both"
  build --locked --base "$base" --platform "$both" --push "$REGISTRY/platforms-predicted:v1"
  unshare -n ociassemble build -q --binary 'bin/{os}-{arch}/server' --locked --no-cache --base "$base" --platform "$both" \
    -o oci:predicted:v1 --shallow
  [ "$(digest_in predicted)" = "sha256:$(raw "$REGISTRY/platforms-predicted:v1" | sha256sum | cut -d' ' -f1)" ]
  for arch in amd64 arm64; do
    ociassemble inspect --manifest --platform "linux/$arch" oci:predicted:v1 >manifest
    [ ! -e "$(blob predicted "$(jq -r '.layers[0].digest' manifest)")" ]
    [ -e "$(blob predicted "$(jq -r '.layers[-1].digest' manifest)")" ]
    [ -e "$(blob predicted "$(jq -r .config.digest manifest)")" ]
  done
}

@test "the order of platforms is that of the command line, and one platform is a plain manifest" {
  build --platform linux/arm64,linux/amd64 -o oci:image:v1
  [ "$(jq -r '[.manifests[].platform.architecture] | join(" ")' "$(blob image "$(digest_in image)")")" = 'arm64 amd64' ]
  build --platform linux/arm64 -o oci:one:v1
  [ "$(jq -r .mediaType "$(blob one "$(digest_in one)")")" = application/vnd.oci.image.manifest.v1+json ]
}

@test "a platform that the base lacks is an error that names those that it has" {
  push_both platforms-lacks:1
  run --separate-stderr -1 ociassemble build -q --any-binary --binary "$server" --base "$REGISTRY/platforms-lacks:1" \
    --platform linux/amd64,linux/s390x -o oci:image:v1
  [[ "$stderr" = *'linux/s390x'*'platforms there: linux/amd64, linux/arm64'* ]]
  no_image_in image
}

@test "a program of another platform, or a platform that is named twice, is refused" {
  run --separate-stderr -3 ociassemble build -q --binary bin/linux-amd64/server --platform "$both" -o oci:image:v1
  [[ "$stderr" = *'it is built for amd64, and the image is for linux/arm64'* ]]
  run --separate-stderr -2 build --platform linux/arm64,linux/arm64/v8 -o oci:image:v1
  [[ "$stderr" = *'the platform is named twice'* ]]
}

@test "the index is the same with other jobs, folders and caches" {
  build --platform "$both" -o oci:one:v1 --jobs 1
  mkdir elsewhere
  cp -rL bin elsewhere/bin
  (cd elsewhere && umask 077 && build --platform "$both" -o oci:two:v1 --jobs 7 --no-cache)
  [ "$(digest_in one)" = "$(digest_in elsewhere/two)" ]
}

@test "shallow is for layouts" {
  run --separate-stderr -2 build -o oci-archive:image.tar:v1 --shallow
  [[ "$stderr" = *'--shallow is for layouts'* ]]
}
