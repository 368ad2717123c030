#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What an image says of where it comes from and how it is run, and what it takes from its base.
load lib

build() { ociassemble build -q --platform linux/amd64 --add f:/f "$@"; }
layers_in() { jq -c '[.layers[].digest]' "$(blob "$1" "$(digest_in "$1")")"; }
annotation_in() { jq -r ".annotations[\"org.opencontainers.image.base.$2\"]" "$(blob "$1" "$(digest_in "$1")")"; }
set_up() { echo hello >f; }

@test "SOURCE_DATE_EPOCH and --created move the config, and no layer" {
  build -o oci:one:v1
  SOURCE_DATE_EPOCH=1700000000 build -o oci:two:v1
  build --created 2023-11-14T23:13:20+01:00 -o oci:three:v1
  SOURCE_DATE_EPOCH=1 build --created 1700000000 -o oci:four:v1
  for image in two three four; do
    [ "$(layers_in $image)" = "$(layers_in one)" ]
    [ "$(digest_in $image)" = "$(digest_in two)" ]
    config_in $image | jq -e '.created == "2023-11-14T22:13:20Z" and .history[-1].created == .created'
  done
  refused -2 build --created yesterday -o oci:five:v1
  refused -2 build --created 2023-02-30T00:00:00Z -o oci:five:v1
}

@test "--file-times sets the times of files, and of nothing else" {
  build --file-times 2023-11-14T22:13:20Z -o oci:image:v1
  [ "$(config_in image | jq -r .created)" = 1970-01-01T00:00:00Z ]
  for layer in $(jq -r '.layers[].digest' "$(blob image "$(digest_in image)")"); do
    run ! grep -v '2023-11-14 22:13:20' <(TZ=UTC tar --full-time -tvf "$(blob image "$layer")")
  done
}

@test "--created vcs is the time of the program's commit" {
  command -v go >/dev/null || skip "no Go here"
  printf 'package main\n\nfunc main() {}\n' >main.go
  printf 'module example.com/x\ngo 1.19\n' >go.mod
  git init -q . && git add main.go go.mod
  GIT_AUTHOR_DATE='2022-03-04T05:06:07Z' GIT_COMMITTER_DATE='2022-03-04T05:06:07Z' \
    git -c user.name=a -c user.email=a@example.com commit -qm one
  GOCACHE=$FIXTURES/go-cache CGO_ENABLED=0 go build -buildvcs=true -o program . || skip "Go cannot build here"
  ociassemble build -q --binary program --created vcs -o oci:image:v1
  [ "$(config_in image | jq -r .created)" = 2022-03-04T05:06:07Z ]
  echo '{"binaries": {"/program": "program"}, "created": "vcs", "fileTimes": "1"}' >ociassemble.json
  SOURCE_DATE_EPOCH=5 ociassemble build -q -o oci:recipe:v1
  [ "$(config_in recipe | jq -r .created)" = 2022-03-04T05:06:07Z ]
  refused -3 build --base scratch --created vcs -o oci:none:v1
  [[ $output == *"no program has the time of its commit"* ]]
}

@test "labels that describe the base are left out, and others stay" {
  build --label org.opencontainers.image.title=base --label org.opencontainers.image.version=1 --label team=blue -o oci:base:v1
  build --base oci:base:v1 --add f:/g --label org.opencontainers.image.version=2 -o oci:image:v1
  config_in image | jq -e '.config.Labels | ."org.opencontainers.image.version" == "2" and .team == "blue" and
    has("org.opencontainers.image.title") == false'
  build --base oci:base:v1 --add f:/g --inherit-labels -o oci:kept:v1
  config_in kept | jq -e '.config.Labels."org.opencontainers.image.title" == "base"'
  echo '{"base": "oci:base:v1", "files": {"/g": "f"}, "inheritLabels": true}' >ociassemble.json
  ociassemble build -q --platform linux/amd64 -o oci:recipe:v1
  config_in recipe | jq -e '.config.Labels."org.opencontainers.image.version" == "1"'
}

@test "--base-name names the base for all who reach it otherwise, and none names none" {
  build -o oci:base:v1
  build --base oci:base:v1 --add f:/g --base-name example.com/base:1 -o oci:one:v1
  build --base oci:base:v1 --add f:/g --base-name example.org/base:1 -o oci:two:v1
  build --base oci:base:v1 --add f:/g --base-name none -o oci:three:v1
  [ "$(annotation_in one name)" = example.com/base:1 ]
  [ "$(annotation_in one digest)" = "$(digest_in base)" ]
  [ "$(annotation_in three name)" = null ]
  run -3 ociassemble diff oci:one:v1 oci:two:v1
  [[ $output == *"base named otherwise"* ]]
  [[ $output != *"base moved"* ]]
  echo '{"base": "oci:base:v1", "files": {"/g": "f"}, "baseName": "example.com/base:1"}' >ociassemble.json
  ociassemble build -q --platform linux/amd64 -o oci:recipe:v1
  [ "$(annotation_in recipe name)" = example.com/base:1 ]
}

@test "the read-only contract of a base of ours is continued, or ended as a whole" {
  build --writable /var/a --label RUN=mine -o oci:base:v1
  build --base oci:base:v1 --add f:/g --writable /var/b -o oci:image:v1
  config_in image | jq -e '.config | .Labels."dev.ociassemble.writable-paths" == "/var/a,/var/b" and
    (.Volumes | keys) == ["/var/a", "/var/b"] and .Labels.RUN != "mine"'
  build --base oci:base:v1 --add f:/g --no-readonly -o oci:open:v1
  config_in open | jq -e '.config | .Labels == null and (.Volumes | keys) == ["/var/a"]'
}

@test "what a program needs a capability for is not dropped by what the image says of its running" {
  ociassemble build -q --binary "$server" --cap CAP_NET_BIND_SERVICE -o oci:image:v1
  config_in image | jq -e '.config.Labels | ."dev.ociassemble.capabilities" == "net_bind_service" and
    .RUN == "podman run --read-only --cap-drop=all --cap-add=net_bind_service IMAGE"'
  run -0 ociassemble inspect oci:image:v1
  [[ $output == *"docker run --read-only --tmpfs /tmp --cap-drop=all --cap-add=net_bind_service IMAGE"* ]]
  [[ $output == *"capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}"* ]]
  [[ $output != *"no-new-privileges"* && $output != *"allowPrivilegeEscalation"* ]]
  ociassemble build -q --base oci:image:v1 --add f:/f -o oci:over:v1
  config_in over | jq -e '.config.Labels."dev.ociassemble.capabilities" == "net_bind_service"'
  ociassemble build -q --binary "$server" -o oci:plain:v1
  run -0 ociassemble inspect oci:plain:v1
  [[ $output == *"docker run --read-only --tmpfs /tmp --cap-drop=all --security-opt=no-new-privileges IMAGE"* ]]
  config_in plain | jq -e '.config.Labels.RUN == "podman run --read-only --cap-drop=all --security-opt=no-new-privileges IMAGE"'
}

@test "a recipe gives programs a mode and an owner" {
  cp "$server" program
  echo '{"binaries": {"/app/program": {"source": "program", "mode": "0500", "owner": "1001:1002"}}, "user": "1001:1002"}' >ociassemble.json
  ociassemble build -q -o oci:image:v1
  tar --numeric-owner -tvf "$(blob image "$(jq -r '.layers[-1].digest' "$(blob image "$(digest_in image)")")")" |
    grep -E '^-r-x------ 1001/1002 .* app/program$'
}
