#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What an unchanged build leaves alone, and what no cache may ever hide.
load lib

build() { ociassemble build -q --binary "$server" --digest-file digest "$@"; }
layers() { jq -c '[.layers[].digest]' "$(blob "$1" "$(digest_in "$1")")"; }

# What a build opens and reads: nothing of the program but its head.
bytes_read_from() {
  local file=$1
  shift
  strace -f -e trace=openat,read,pread64 -y "$@" 2>&1 >/dev/null |
    awk -v file="<$file>" 'index($0, file) && / = [0-9]+$/ { total += $NF } END { print total + 0 }'
}

@test "an unchanged build gives the same digest and touches no file of the layout" {
  sleep 0.1
  build -o oci:image:v1
  before=$(find image -type f -printf '%p %T@ %i\n' | sort)
  build -o oci:image:v1
  [ "$(find image -type f -printf '%p %T@ %i\n' | sort)" = "$before" ]
}

@test "an unchanged program is not read again" {
  command -v strace >/dev/null || skip "no strace here"
  cp "$server" program
  sleep 0.1
  ociassemble build -q --binary program -o oci:image:v1
  first=$(bytes_read_from "$PWD/program" ociassemble build -q --no-cache --binary program -o oci:other:v1) || skip "strace cannot trace here"
  [ "$first" -gt 1000000 ] || skip "strace cannot trace here"
  again=$(bytes_read_from "$PWD/program" ociassemble build -q --binary program -o oci:image:v1)
  [ "$again" -lt 100000 ]
}

@test "a changed build flushes its three blobs, their names, the index and its name: six times" {
  command -v strace >/dev/null || skip "no strace here"
  cp "$server" program
  ociassemble build -q --binary program --base scratch -o oci:image:v1
  echo changed >>program
  strace -f -e trace=fsync,fdatasync,syncfs,sync -o trace ociassemble build -q --binary program --base scratch -o oci:image:v1 ||
    skip "strace cannot trace here"
  [ "$(grep -cE '^[0-9]+ +(fsync|fdatasync|syncfs|sync)\(' trace)" -eq 6 ]
}

# The system calls of an unchanged build on the base in `base`, by their names, one a line.
unchanged_calls() {
  strace -f -o trace ociassemble build -q --binary "$server" --base oci:base:v1 -o oci:image:v1 >/dev/null &&
    sed -nE 's/^[0-9]+ +([a-z0-9_]+)\(.*/\1/p' trace
}

@test "an unchanged build opens the same few files on a base of a thousand files as on one of three, and syncs none" {
  command -v strace >/dev/null || skip "no strace here"
  sleep 0.1
  for files in 3 1000; do
    rm -rf tree base image
    mkdir tree
    (cd tree && seq "$files" | xargs touch)
    ociassemble build -q --base static --add tree:/srv -o oci:base:v1
    ociassemble build -q --binary "$server" --base oci:base:v1 -o oci:image:v1
    unchanged_calls >"calls-$files" || skip "strace cannot trace here"
    [ "$(grep -cE '^(fsync|fdatasync|rename|renameat|renameat2|unlink|unlinkat|write)$' "calls-$files")" -le 1 ]
    grep -c '^openat$' "calls-$files" >"opened-$files"
    # The libraries aside.
    [ "$(grep openat trace | grep -vcE '\.so|/proc/|/sys/|/etc/|/usr/')" -le 25 ]
    # A heap that grows by a page at a time, each with a call, is what a thread has unless told otherwise.
    [ "$(grep -cE '^(brk|mprotect)$' "calls-$files")" -le 100 ]
  done
  cmp opened-3 opened-1000
}

@test "the base's blobs that the layout has already are neither read nor written again" {
  command -v strace >/dev/null || skip "no strace here"
  make_base_layout "$(alpine_rootfs)" "$PWD/base"
  cp "$server" program
  ociassemble build -q --base oci:base:base --binary program -o oci:image:v1
  layer=$(jq -r '.layers[0].digest' "$(blob image "$(digest_in image)")")
  before=$(stat -c '%i %Y %Z' "$(blob image "$layer")")
  echo changed >>program
  strace -f -y -e trace=openat,linkat,copy_file_range,ioctl -o trace \
    ociassemble build -q --any-binary --base oci:base:base --binary program -o oci:image:v2 || skip "strace cannot trace here"
  [ "$(stat -c '%i %Y %Z' "$(blob image "$layer")")" = "$before" ]
  run ! grep -F "${layer#sha256:}" trace
  [ "$(jq '.manifests | length' image/index.json)" -eq 2 ]
}

@test "a program that changed without changing size or mtime gives another layer" {
  printf '#!/bin/sh\necho one\n' >program
  touch -d '2001-01-01 00:00:00.5' program
  sleep 0.1
  ociassemble build -q --any-binary --binary program -o oci:image:v1
  one=$(layers image)
  printf '#!/bin/sh\necho two\n' >program
  touch -d '2001-01-01 00:00:00.5' program
  ociassemble build -q --any-binary --binary program -o oci:image:v1
  [ "$(layers image)" != "$one" ]
}

@test "with the cache, without it, and with a damaged one the digest is the same" {
  sleep 0.1
  build -o oci:one:v1
  first=$(cat digest)
  build --no-cache -o oci:two:v1
  [ "$(cat digest)" = "$first" ]
  find "$XDG_CACHE_HOME/ociassemble" -type f | grep -q .
  find "$XDG_CACHE_HOME/ociassemble" -type f -exec sh -c 'printf rubbish | dd of="$1" conv=notrunc bs=1 seek=40 status=none' _ {} \;
  build -o oci:three:v1
  [ "$(cat digest)" = "$first" ]
  ociassemble verify -q oci:three:v1
}

@test "a known layer that is no longer in the layout is made again" {
  sleep 0.1
  build -o oci:image:v1
  rm -r image
  build -o oci:image:v1
  ociassemble verify -q oci:image:v1
}

@test "a push of what the registry has makes no layer, and one that it lacks is made on demand" {
  sleep 0.1
  build --push "$REGISTRY/cached:v1"
  rm -rf tmp && mkdir tmp
  TMPDIR=$PWD/tmp build --push "$REGISTRY/cached:v1"
  TMPDIR=$PWD/tmp build --push "$REGISTRY/cached-elsewhere:v1"
  [ "$(ls -A tmp)" = "" ]
  ociassemble verify -q "$REGISTRY/cached-elsewhere:v1"
}

@test "--no-cache and --cache-dir mean what they say" {
  sleep 0.1
  build --no-cache -o oci:image:v1
  [ ! -e "$XDG_CACHE_HOME/ociassemble" ]
  build --cache-dir here -o oci:image:v1
  [ ! -e "$XDG_CACHE_HOME/ociassemble" ]
  find here -type f | grep -q .
}

@test "eight processes share one cache and one layout" {
  sleep 0.1
  for i in 1 2 3 4 5 6 7 8; do
    command ociassemble build -q --binary "$server" -o "oci:image:v$i" >"out$i" 3>&- &
  done
  wait
  [ "$(sed 's/.*@//' out? | sort -u | wc -l)" -eq 1 ]
  [ "$(jq '.manifests | length' image/index.json)" -eq 8 ]
  ociassemble verify -q oci:image
}
