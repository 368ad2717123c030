#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The same inputs give the same digest, whoever builds, when and where.
load lib

set_up() {
  mkdir -p data/sub
  for name in b a C sub/z sub/é; do echo "$name" >"data/$name"; done
  ociassemble build -q --binary "$server" --add data:/srv/data --compression gzip -o oci:reference:v1 --digest-file digest
  reference=$(cat digest)
}

# WORDS…: the same build, run through these words, from a copy of the inputs.
same_as_reference() {
  "$@" ociassemble build -q --binary "$server" --add data:/srv/data --compression gzip -o oci:again:v1 --digest-file again.digest
  diff digest again.digest
}

@test "whatever the umask" {
  umask 077
  same_as_reference
  umask 000
  rm -rf again
  same_as_reference
}

@test "whatever the time zone" { same_as_reference env TZ=Pacific/Kiritimati; }

@test "whatever the locale" {
  same_as_reference env LC_ALL=C LANG=C
  same_as_reference env LC_ALL=tr_TR.UTF-8 LANG=tr_TR.UTF-8
  same_as_reference env -u LC_ALL -u LANG
}

@test "whatever the working directory and the way that the paths are written" {
  cp -r data /tmp/ociassemble-data-$$
  (cd / && ociassemble build -q --binary "$server" --add "tmp/../tmp/ociassemble-data-$$:/srv/data" \
    -o "oci:$BATS_TEST_TMPDIR/again:v1")
  rm -r /tmp/ociassemble-data-$$
  [ "$(digest_in again)" = "$reference" ]
}

@test "whatever the files' times and modes" {
  find data -exec touch -d 2001-02-03T04:05:06 {} +
  chmod -R go-rwx data
  same_as_reference
}

@test "whatever the order in which the files were made" {
  mv data old
  mkdir -p data/sub
  for name in sub/é sub/z C a b; do cp "old/$name" "data/$name"; done
  same_as_reference
}

@test "whoever builds" {
  need_root
  chmod -R a+rX "$BATS_TEST_TMPDIR"
  mkdir -m 0777 users
  cp "$server" users/server
  chmod 0755 users/server
  open_to_others
  as_nobody ociassemble build -q --binary users/server --add data:/srv/data -o oci:users/image:v1
  [ "$(digest_in users/image)" = "$reference" ]
}

@test "whatever the number of threads" {
  for jobs in 1 2 3 8; do
    rm -rf again
    ociassemble build -q --jobs "$jobs" --binary "$server" --add data:/srv/data -o oci:again:v1
    [ "$(digest_in again)" = "$reference" ]
  done
}

@test "whatever the number of threads, with zstd" {
  for jobs in 1 2 3; do
    ociassemble build -q --jobs "$jobs" --compression zstd --binary "$server" -o "oci:again-$jobs:v1"
  done
  [ "$(digest_in again-1)" = "$(digest_in again-2)" ]
  [ "$(digest_in again-1)" = "$(digest_in again-3)" ]
}

@test "through a layout, an archive or a registry" {
  ociassemble build -q --binary "$server" --add data:/srv/data --push "$REGISTRY/identity:v1" -o oci-archive:image.tar:v1
  [ "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$REGISTRY/identity:v1")" = "$reference" ]
  [ "$(skopeo inspect --format '{{.Digest}}' oci-archive:image.tar:v1)" = "$reference" ]
}
