#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154  # variables of lib.bash
# A layer of 1 GiB over connections that break, in little memory.
load lib

mib=$((1 << 20))
# A blob over 256 MiB goes in chunks of 64 MiB (docs/registries.md); what else is sent is a few KiB.
chunk=$((64 * mib))
slack=$((1 * mib))

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return 1
  truncate -s 1G zeros
  ociassemble build -q --base scratch --add zeros:/zeros --compression none -o oci:image:v1 >/dev/null
  start_registry "$PWD/registry"
  export LARGE_REGISTRY=$REGISTRY
}

teardown_file() { stop_registry "$BATS_FILE_TMPDIR/registry"; }

set_up() {
  REGISTRY=$LARGE_REGISTRY
  image=oci:$BATS_FILE_TMPDIR/image:v1
  digest=$(digest_in "$BATS_FILE_TMPDIR/image" v1)
}

tear_down() {
  stop_servers
  rm -rf "$BATS_TEST_TMPDIR/back"
}

# DIRECTION TARGET: cuts at three places what goes there. Sets front to host:port.
start_proxy() {
  : >proxy.out
  "$source_root/tests/support/cutting_proxy" "$2" "$1" 200 555 900 >proxy.out 2>proxy.err </dev/null 3>&- &
  echo $! >proxy.pid
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    front=$(head -n 1 proxy.out)
    [ -z "$front" ] || return 0
    sleep 0.1
  done
  return 1
}

# Sets moved to the bytes that went through, once three cuts were made.
stop_proxy() {
  local cuts
  kill "$(cat proxy.pid)"
  wait "$(cat proxy.pid)" || true
  rm proxy.pid
  read -r moved cuts < <(tail -n 1 proxy.out)
  echo "$((moved / mib)) MiB went through, $cuts cuts"
  [ "$cuts" -eq 3 ]
}

# WORDS…: in less than 96 MiB of memory.
in_little_memory() {
  local peak
  peak=$(peak_memory "$@")
  echo "peak $peak MiB"
  [ "$peak" -lt 96 ]
}

@test "a push of 1 GiB that is cut at three places is resumed, and sends less than a chunk again for each" {
  # docker-registry itself gives up a session when a chunk breaks off; nginx hands it whole chunks, as is usual.
  start_nginx '' 'proxy_request_buffering on; client_max_body_size 0;'
  start_proxy up "$front"
  in_little_memory ociassemble push -q "$image" "$front/large:v1"
  stop_proxy
  [ "$moved" -lt $((1024 * mib + 3 * chunk + slack)) ]
  [ "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$LARGE_REGISTRY/large:v1")" = "$digest" ]
}

@test "a pull of 1 GiB that is cut at three places is resumed, and reads nothing twice" {
  ociassemble push -q "$image" "$LARGE_REGISTRY/large:v1"
  start_proxy down "$LARGE_REGISTRY"
  in_little_memory ociassemble pull -q "$front/large:v1" oci:back:v1
  stop_proxy
  # What was on its way to us when the connection broke is lost: a few MiB of sockets' buffers.
  [ "$moved" -lt $((1024 * mib + 3 * 16 * mib + slack)) ]
  [ "$(digest_in back v1)" = "$digest" ]
  ociassemble verify -q oci:back:v1
}

@test "a copy of 1 GiB from registry to registry takes as little memory, and no disk" {
  ociassemble push -q "$image" "$LARGE_REGISTRY/large:v1"
  start_registry "$BATS_TEST_TMPDIR/other"
  TMPDIR=$BATS_TEST_TMPDIR/nowhere in_little_memory ociassemble copy -q "$LARGE_REGISTRY/large:v1" "$REGISTRY/large:v1" || failed=1
  found=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$REGISTRY/large:v1")
  stop_registry "$BATS_TEST_TMPDIR/other"
  rm -rf "$BATS_TEST_TMPDIR/other"
  [ -z "${failed-}" ]
  [ "$found" = "$digest" ]
}
