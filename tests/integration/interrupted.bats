#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A build that is stopped half-way: the output's former state stands, and nothing is left behind for long.
load lib

set_up() {
  ociassemble build -q --binary "$server" -o oci:image:v1
  before=$(snapshot image)
  # Enough to be stopped in the middle of.
  head -c 600000000 /dev/urandom >big
}

# SIGNAL: starts a build, sends the signal when it has begun to write, and waits; its status in status.
interrupt() {
  local signal=$1 build started=
  command ociassemble build -q --binary "$server" --add big:/big -o oci:image:v1 2>err 3>&- &
  build=$!
  for _ in $(seq 300); do
    if [ "$(find image -type f -newer big | wc -l)" -gt 0 ]; then
      started=yes
      break
    fi
    sleep 0.02
  done
  [ -n "$started" ]
  kill "-$signal" "$build"
  status=0
  wait "$build" || status=$?
}

@test "SIGINT: the layout as it was, no temporary file, and the shell sees the signal" {
  # A shell cannot set back what was ignored when it started, and who is told to ignore a signal does.
  [ $((0x$(awk '/^SigIgn/ { print $2 }' /proc/self/status) & 2)) -eq 0 ] || skip "whoever runs the tests has SIGINT ignored"
  # Job control off: a background process ignores SIGINT unless it is set back.
  set -m
  interrupt INT
  set +m
  [ "$status" -eq 130 ]
  diff <(echo "$before") <(snapshot image)
}

@test "SIGTERM: the layout as it was" {
  interrupt TERM
  [ "$status" -eq 143 ]
  diff <(echo "$before") <(snapshot image)
}

@test "SIGKILL: the layout is whole, and the next build cleans up" {
  interrupt KILL
  [ "$status" -eq 137 ]
  # What was there before is there still; a temporary file may be, too, until the next build.
  (cd image && sha256sum --quiet --check <(grep -E '^[0-9a-f]{64} ' <<<"$before"))
  ociassemble verify oci:image:v1
  ociassemble build -q --binary "$server" -o oci:image:v1
  diff <(echo "$before") <(snapshot image)
}

@test "SIGINT while an archive is written: no file, no temporary file" {
  set -m
  command ociassemble build -q --binary "$server" --add big:/big -o oci-archive:out/image.tar:v1 2>err 3>&- &
  set +m
  build=$!
  sleep 0.3
  kill -INT "$build"
  wait "$build" || true
  [ ! -e out/image.tar ]
  [ -z "$(find . -name '*tmp*' -not -path './image*')" ]
}
