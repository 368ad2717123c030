#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Real bases, Alpine and Debian, in a real registry; what comes out is accepted by other people's tools.
load lib

setup_file() {
  load lib
  skopeo list-tags --tls-verify=false "docker://$REGISTRY/alpine" >/dev/null 2>&1 ||
    BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR push_base "$(alpine_rootfs)" alpine:3.20
  if rootfs=$(debian_rootfs); then
    BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR push_base "$rootfs" debian:bookworm
    export DEBIAN_BASE=$REGISTRY/debian:bookworm
  fi
}

need_debian() { [ -n "${DEBIAN_BASE-}" ] || skip "no Debian root file system can be made here"; }

# BASE NAME: built, pushed, pulled by skopeo, run.
through_the_registry() {
  local base=$1 name=$2
  run --separate-stderr -0 ociassemble build --binary "$server" --base "$base" --push "$REGISTRY/$name:v1"
  local digest=${output##*@}
  [ "$output" = "$REGISTRY/$name:v1@$digest" ]
  [ "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$REGISTRY/$name:v1")" = "$digest" ]
  skopeo copy --quiet --src-tls-verify=false "docker://$REGISTRY/$name:v1" oci:pulled:v1
  ociassemble verify oci:pulled:v1
  need_root
  ask_container pulled:v1
  echo "$answer"
  [[ "$answer" = *'uid 65532, gid 65532, root read-only'* ]]
}

@test "on Alpine: pushed, pulled and running" { through_the_registry "$REGISTRY/alpine:3.20" on-alpine; }

@test "on Debian: pushed, pulled and running" {
  need_debian
  through_the_registry "$DEBIAN_BASE" on-debian
}

@test "the base's layers keep their digests, and its manifest is named in the annotations" {
  ociassemble build -q --binary "$server" --base "$REGISTRY/alpine:3.20" -o oci:image:v1
  base=$(skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/alpine:3.20" | jq -r '.layers[0].digest')
  manifest=$(blob image "$(digest_in image)")
  [ "$(jq -r '.layers[0].digest' "$manifest")" = "$base" ]
  [ "$(jq -r '.annotations["org.opencontainers.image.base.digest"]' "$manifest")" = \
    "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$REGISTRY/alpine:3.20")" ]
  [ "$(jq -r '.annotations["org.opencontainers.image.base.name"]' "$manifest")" = "$REGISTRY/alpine:3.20" ]
}

@test "setting the entrypoint clears the base's cmd" {
  ociassemble build -q --binary "$server" --base "$REGISTRY/alpine:3.20" -o oci:image:v1
  config_in image | jq -e '.config.Cmd == null and .config.Entrypoint == ["/usr/local/bin/server"]'
}

@test "podman pulls from the registry and runs, in OCI and in Docker format" {
  need_root
  for format in oci docker; do
    ociassemble build -q --binary "$server" --base "$REGISTRY/alpine:3.20" --format "$format" \
      --entrypoint '/bin/busybox id' --push "$REGISTRY/podman:$format"
    podman pull --quiet --tls-verify=false "$REGISTRY/podman:$format"
    if ! podman_run "$REGISTRY/podman:$format" >out 2>err; then
      # Where podman cannot run even the base, its word counts for nothing.
      podman pull --quiet --tls-verify=false "$REGISTRY/alpine:3.20"
      if ! podman_run "$REGISTRY/alpine:3.20" true; then skip "podman cannot run a container here"; fi
      cat err
      false
    fi
    grep -q 'uid=65532' out
  done
}

@test "umoci unpacks an image on Debian, whose /bin stays a symlink" {
  need_debian
  need_root
  ociassemble build -q --binary "$server:/bin/app" --base "$DEBIAN_BASE" -o oci:image:v1
  umoci unpack --image image:v1 bundle
  [ "$(readlink bundle/rootfs/bin)" = usr/bin ]
  cmp "$server" bundle/rootfs/usr/bin/app
  [ -x bundle/rootfs/bin/sh ]
}

@test "a file in /tmp leaves /tmp its sticky bit" {
  need_root
  echo hello >file
  for base in "$REGISTRY/alpine:3.20" ${DEBIAN_BASE-}; do
    ociassemble build -q --binary "$server" --add file:/tmp/file --base "$base" -o oci:image:v1
    rm -rf bundle
    umoci unpack --image image:v1 bundle
    [ "$(stat -c %a bundle/rootfs/tmp)" = 1777 ]
    [ "$(cat bundle/rootfs/tmp/file)" = hello ]
  done
}

@test "the parents that the base has keep its metadata" {
  need_root
  ociassemble build -q --binary "$server" --add "$server:/root/tool" --base "$REGISTRY/alpine:3.20" -o oci:image:v1
  umoci unpack --image image:v1 bundle
  [ "$(stat -c %a bundle/rootfs/root)" = 700 ]
}

@test "a user is looked up by name in the base and written as numbers" {
  ociassemble build -q --binary "$server" --user nobody --base "$REGISTRY/alpine:3.20" -o oci:image:v1
  [ "$(config_in image | jq -r .config.User)" = 65534:65534 ]
}

@test "the same image from a registry, a layout, archives and a root file system as base" {
  make_base_layout "$(alpine_rootfs)" base
  skopeo copy --quiet oci:base:base oci-archive:base.tar:base
  skopeo copy --quiet oci:base:base docker-archive:base-docker.tar:alpine:3.20
  for base in oci:base:base oci-archive:base.tar:base docker-archive:base-docker.tar rootfs:"$(alpine_rootfs)"; do
    rm -rf image
    ociassemble build -q --binary "$server" --base "$base" -o oci:image:v1
    ociassemble verify oci:image:v1
    config_in image | jq -c .rootfs >>diff-ids
  done
  [ "$(head -n 3 diff-ids | sort -u | wc -l)" -eq 1 ]
}

@test "a base is not downloaded when it is pushed back to where it came from" {
  ociassemble build -q --binary "$server" --base "$REGISTRY/alpine:3.20" --push "$REGISTRY/other/place:v1"
  skopeo copy --quiet --src-tls-verify=false "docker://$REGISTRY/other/place:v1" oci:pulled:v1
  ociassemble verify oci:pulled:v1
}

@test "the platform of another architecture is taken where it is asked for" {
  rootfs=$(alpine_rootfs aarch64) || skip "no Alpine for arm64 here"
  make_base_layout "$rootfs" base arm64
  arm_server=$(GOARCH=arm64 go_server)
  ociassemble build -q --binary "$arm_server" --base oci:base:base -o oci:image:v1
  [ "$(config_in image | jq -r .architecture)" = arm64 ]
}

@test "a dynamic program is refused on a base without its loader, and taken on one that has it" {
  printf '#include <stdio.h>\nint main(void) { return puts("hi") < 0; }\n' >hello.c
  g++ -x c hello.c -o hello
  run --separate-stderr -3 ociassemble build -q --binary hello --base "$REGISTRY/alpine:3.20" -o oci:image:v1
  [[ "$stderr" = *ld-linux* ]]
  need_debian
  ociassemble build -q --binary hello --base "$DEBIAN_BASE" -o oci:image:v1
}
