#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What earlier versions wrote is read by this one (tests/fixtures/compatibility).
# shellcheck disable=SC2154  # variables that lib.bash sets
load lib

# The entry of that name in the fixture's layout.
digest_of_entry() {
  jq -r --arg name "$2" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $name).digest' "$1/index.json"
}

set_up() {
  cp -r "$source_root/tests/fixtures/compatibility/." .
}

@test "a recipe, a lock of format 1 and a cache of 0.1 give the layers and digests of 0.1, offline" {
  cd 0.1
  for profile in prod dev; do
    run --separate-stderr -0 ociassemble build -q --profile "$profile" --locked --cache-dir cache --shallow -o "oci:out:$profile"
    [[ "$stderr" = *"ociassemble.lock has lock format 1; \`ociassemble lock\` writes it in format 2 and keeps what it pins"* ]]
  done
  [ "$(digest_of_entry out prod)" = "$(digest_of_entry layout prod)" ]
  # 0.1 left the base's read-only labels in an image that is not read-only; the layers are the same.
  layers() { jq -c '[.layers[].digest]' "$1/blobs/sha256/$(digest_of_entry "$1" dev | cut -d : -f 2)"; }
  [ "$(layers out)" = "$(layers layout)" ]
}

@test "a layout of 0.1 is read, as a base and as an image" {
  cd 0.1
  ociassemble verify oci:layout:prod
  ociassemble build -q --cache-dir cache --base oci:layout:prod --any-binary --binary app:/usr/bin/second \
    --platform linux/amd64 -o oci:second:v1
  ociassemble verify oci:second:v1
  ociassemble diff oci:layout:prod oci:layout:prod
}

@test "lock writes a lock of format 1 in format 2, and keeps what it pins" {
  cd 0.1
  # The platforms are there already, so that nothing is asked.
  run -0 ociassemble lock -q
  [ "$(jq .lockFormat ociassemble.lock)" = 2 ]
  old=$source_root/tests/fixtures/compatibility/0.1/ociassemble.lock
  [ "$(jq -r '.bases[].platforms[].digest' ociassemble.lock)" = "$(jq -r '.bases[].platforms[].digest' "$old")" ]
  [ "$(jq -r '.bases[].platforms[].facts.files' ociassemble.lock)" = "$(jq -r '.bases[].platforms[].facts' "$old")" ]
  run --separate-stderr -0 ociassemble build -q --profile prod --locked --no-cache --shallow -o oci:out:prod
  [ -z "$stderr" ]
  [ "$(digest_of_entry out prod)" = "$(digest_of_entry layout prod)" ]
}

@test "a lock of a format that is not known yet is refused by name and number, with a remedy" {
  cd 0.1
  sed -i 's/"lockFormat": 1/"lockFormat": 3/' ociassemble.lock
  run --separate-stderr -1 ociassemble build -q --profile prod --locked -o oci:out:prod
  [[ "$stderr" = *"lockFormat 3, and ociassemble 0.1.0 reads formats 1 to 2"*"ociassemble lock --update"* ]]
}
