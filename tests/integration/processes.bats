#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a shell, a supervisor or somebody else's file can do to the process.
load lib

# Ends what would wait for ever; 124 is a test that failed.
bounded() { timeout --foreground -k 5 60 "$@"; }

@test "closed standard streams do not get into files" {
  bounded ociassemble build --binary "$server" -o oci:image:v1 <&- >&- 2>&-
  ociassemble verify -q oci:image:v1
  bounded ociassemble build --binary "$server" -o oci-archive:image.tar:v1 2>&-
  ociassemble verify -q oci-archive:image.tar:v1
}

@test "a limit on the size of files is an error, and leaves nothing behind" {
  run --separate-stderr bash -c 'ulimit -f 8; exec "$@"' sh ociassemble build -q --no-cache --binary "$server" -o oci-archive:image.tar:v1
  [ "$status" -eq 1 ]
  [[ $stderr == *"File too large"* ]]
  [ -z "$(find . -name '*.tar' -o -name '.ociassemble-tmp-*')" ]
}

@test "signals that the caller ignores stay ignored" {
  mkfifo recipe
  (
    trap '' HUP INT
    exec ociassemble build -q -f recipe -o oci:image:v1
  ) 3>&- &
  build=$!
  # Until its signal handling is in place, which the blocked SIGTERM shows.
  for _ in $(seq 500); do
    grep -q '^SigBlk:.*4[0-9a-f]\{3\}$' "/proc/$build/status" && break
    sleep 0.02
  done
  kill -HUP "$build"
  kill -INT "$build"
  printf '{"binaries":{"/server":"%s"}}' "$server" >recipe
  wait "$build"
  ociassemble verify -q oci:image:v1
}

@test "SIGTERM ends the wait for a layout's lock, and the wait is told" {
  ociassemble build -q --binary "$server" -o oci:image:v1
  before=$(snapshot image)
  flock image sleep 1000 3>&- &
  holder=$!
  command ociassemble build -q --binary "$server" --label a=b -o oci:image:v2 2>err 3>&- &
  build=$!
  for _ in $(seq 1000); do
    grep -q 'waiting for the lock of OCI layout image' err && break
    sleep 0.02
  done
  kill -TERM "$build"
  status=0
  wait "$build" || status=$?
  pkill -P "$holder" || true
  kill "$holder" || true
  [ "$status" -eq 143 ]
  grep -q 'waiting for the lock of OCI layout image, which another process holds' err
  ociassemble inspect oci:image:v1 >/dev/null
}

# Takes connections at the socket and says nothing; tells by a file beside it that one came.
silent_socket='
import socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
taken = []
while True:
    taken.append(listener.accept()[0])
    open(sys.argv[1] + ".asked", "w").close()
'

@test "SIGTERM ends the wait for an engine that takes the connection and says nothing" {
  ociassemble build -q --binary "$server" -o oci:image:v1
  timeout 120 python3 -c "$silent_socket" "$PWD/engine" >/dev/null 2>&1 3>&- &
  engine=$!
  for _ in $(seq 500); do
    [ -S engine ] && break
    sleep 0.02
  done
  for command in "build --binary $server --load app:v1" "inspect docker-daemon:app:v1" "copy oci:image:v1 docker-daemon:app:v1" \
    "run-spec --for docker docker-daemon:app:v1" "run --engine docker oci:image:v1"; do
    rm -f engine.asked
    # shellcheck disable=SC2086  # words of a command
    DOCKER_HOST=unix://$PWD/engine command ociassemble $command >/dev/null 2>err 3>&- &
    tool=$!
    for _ in $(seq 500); do
      [ -e engine.asked ] && break
      sleep 0.02
    done
    [ -e engine.asked ]
    kill -TERM "$tool"
    for _ in $(seq 500); do
      kill -0 "$tool" 2>/dev/null || break
      sleep 0.02
    done
    status=0
    kill -KILL "$tool" 2>/dev/null && echo "$command still waits"
    wait "$tool" || status=$?
    [ "$status" -eq 143 ]
  done
  kill "$engine"
}

@test "a pipe in a layout or a folder is an error, not a wait" {
  ociassemble build -q --binary "$server" -o oci:one:v1
  cp -r one two
  rm one/index.json two/oci-layout
  mkfifo one/index.json two/oci-layout
  mkdir web
  echo x >web/x
  mkfifo web/.dockerignore
  for arguments in "verify oci:one" "verify oci:two" "inspect web --why x" "build -q --add web:/srv -o oci:out:v1"; do
    # shellcheck disable=SC2086  # several words
    run --separate-stderr bounded ociassemble $arguments
    [ "$status" -eq 1 ]
    [[ $stderr == *"is not a regular file"* ]]
  done
}

@test "a file that the user names may be a pipe" {
  printf '{"binaries":{"/server":"%s"}}' "$server" >recipe.json
  bounded ociassemble build -q -f <(cat recipe.json) -o oci:image:v1
  ociassemble verify -q oci:image:v1
  printf 'FROM scratch\nCOPY server /server\nENTRYPOINT ["/server"]\n' | bounded ociassemble import /dev/stdin >imported.json
  grep -q '"/server"' imported.json
}

@test "results that nobody reads end the command without a word" {
  mkdir many
  (cd many && seq -f 'a-file-with-a-rather-long-name-so-that-the-listing-is-longer-than-a-pipe-%g' 3000 | xargs touch)
  ociassemble build -q --add many:/many -o oci:image:v1
  ociassemble inspect --files oci:image:v1 2>err | head -n 1 >/dev/null
  [ ! -s err ]
}

@test "with one process and no thread to be had a command ends with an ordinary error or does its work" {
  [ "$(id -u)" -eq 0 ] || skip "needs root to become a user without processes"
  chmod 777 .
  cp "$(type -P ociassemble)" "$server" .
  chmod 755 ociassemble
  for limit in 1 2; do
    rm -rf out
    status=0
    setpriv --reuid 61234 --regid 61234 --clear-groups prlimit --nproc="$limit" --core=0 env HOME="$PWD" \
      ./ociassemble build -q --no-cache --binary "./$(basename "$server")" -o oci:out:v1 >said 2>&1 || status=$?
    cat said
    [ "$status" -le 1 ]
    ! grep -E 'internal|terminate' said
    [ "$status" -eq 1 ] || ociassemble verify -q oci:out:v1
  done
}

@test "names in an added folder are names for make, too" {
  mkdir assets
  mkdir assets/$'a=\ninclude\tassets'
  echo >assets/$'a=\ninclude\tassets/evil.mk'
  # shellcheck disable=SC2016  # for make
  echo '$(shell touch PWNED)' >assets/evil.mk
  echo x >'assets/x;touch PWNED'
  echo x >'assets/$(shell touch PWNED)'
  printf 'all: image.tar\n-include image.d\n' >Makefile
  ociassemble build -q --add assets:/s -o oci-archive:image.tar:v1 --depfile image.d
  make all
  make -B all || true
  [ ! -e PWNED ]
}

@test "make builds again for a new file in an added folder, and once after a touch" {
  mkdir web
  echo a >web/a
  printf '#!/bin/sh\n' >program
  chmod 755 program
  # shellcheck disable=SC2016  # for make
  printf 'stamp: program\n\tociassemble build -q --any-binary --binary program --add web:/srv -o oci-archive:out.tar:v1 --stamp $@ --depfile out.d\n-include out.d\n' >Makefile
  make
  make | grep -q 'up to date'
  touch -d '+2 seconds' stamp
  echo b >web/b
  touch -d '+4 seconds' web
  make
  [ "$(ociassemble inspect --files oci-archive:out.tar | grep -c 'srv/b')" -eq 1 ]
  touch web program
  make
  make | grep -q 'up to date'
}

@test "what a policy judges by and the key that signs are prerequisites, and no output is written over them" {
  cp "$server" program
  mkdir osv
  echo '{"id": "GO-2026-0001", "modified": "2026-01-01T00:00:00Z", "affected": [{"package": {"ecosystem": "Go", "name": "m"}}]}' >osv/one.json
  printf '{"schemaVersion": "2.0.0", "fileExistenceTests": [{"name": "it", "path": "/program", "shouldExist": true}]}' >tests.json
  echo '{"structure-tests": {"files": ["tests.json"]}, "vulnerabilities": {"level": "warn", "databases": ["osv"]}, "budget": {"imageGrowth": "100MB"}}' >policy.json
  ociassemble generate-key release --no-passphrase
  ociassemble build -q --base scratch --binary program -o oci-archive:older.tar:v1
  echo '{"base": "scratch", "binaries": {"/program": "program"}, "policy": "policy.json", "sign": "release.key"}' >ociassemble.json
  ociassemble build -q -o oci:image:v1 --against oci-archive:older.tar --stamp stamp --depfile image.d
  for file in program ociassemble.json policy.json tests.json osv/one.json release.key older.tar; do
    grep -qE "^  $file( |$)" image.d
  done
  # An index of the database is written into its folder.
  [ -z "$(grep -E '^  osv( |$)|ociassemble-index' image.d)" ]
  make -f <(printf 'stamp:\n\tfalse\n-include image.d\n') stamp
  touch -d '+1 hour' tests.json
  run ! make -f <(printf 'stamp:\n\tfalse\n-include image.d\n') stamp
  for file in policy.json tests.json osv/one.json release.key; do
    run -2 ociassemble build -q -o oci:image:v1 --digest-file "$file"
    [[ "$output" = *"$file would be overwritten"* ]]
  done
  # The older image may be the one that is replaced.
  ociassemble build -q -o oci-archive:older.tar:v1 --sign-key none --against oci-archive:older.tar --depfile older.d
  run ! grep -qE '^  older.tar' older.d
}

@test "a working folder that was removed is an ordinary error" {
  ociassemble build -q --binary "$server" -o oci:image:v1
  image=$PWD/image
  mkdir gone
  for command in "build -q --binary $server -o oci:new:v1" "build -q --binary $server -o oci:$image:v1 --digest-file file" \
    "sbom oci:$image:v1 -o file" "lock"; do
    # shellcheck disable=SC2086,SC2016  # words of a command, for a shell that begins in the folder
    run -1 bash -c 'cd gone && rmdir "$OLDPWD/gone" && command ociassemble "$@"' _ $command
    mkdir gone
    echo "$command: $output"
    [[ "$output" = *"cannot tell where "*" is: No such file or directory"* ]]
  done
}
