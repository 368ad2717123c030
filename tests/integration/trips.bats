#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# How many round trips and requests a build that is pushed makes; a proxy counts them (tests/support/trips.py).
# shellcheck disable=SC2154  # what bats and lib set
load lib

set_up() {
  unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
  cp "$server" app
  mkdir -p content/etc
  echo 'root:x:0:0:root:/root:/bin/sh' >content/etc/passwd
  ociassemble build -q --base scratch --add content:/ --push "$REGISTRY/trips/base-$BATS_TEST_NUMBER:v1"
  start_proxy 500
}

# HOLD [token]: for how many milliseconds each answer is held, and whether it takes a token.
start_proxy() {
  : >port
  python3 "$BATS_TEST_DIRNAME/../support/trips.py" "${REGISTRY##*:}" "$PWD/log" "$@" >port 2>/dev/null 3>&- &
  echo $! >proxy.pid
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    if [ -s port ]; then break; fi
    sleep 0.1
  done
  proxy=127.0.0.1:$(cat port)
  base=$proxy/trips/base-$BATS_TEST_NUMBER:v1
  target=$proxy/trips/app-$BATS_TEST_NUMBER:v1
}

tear_down() { kill "$(cat proxy.pid)" 2>/dev/null || true; }

build() { ociassemble build -q --plain-http "$proxy" --cache-dir cache --base "$base" --binary app "$@" --push "$target" 2>/dev/null; }

# Changes the program, and forgets what was asked so far. A file younger than the clock's grain is not trusted.
change() {
  echo "$RANDOM" >>app
  sleep 0.05
  stop_counting
}

stop_counting() { : >log; }

# TRIPS REQUESTS: that the log has no more of either.
costs() {
  cat log
  local first last
  first=$(head -n 1 log | cut -d' ' -f1)
  last=$(cut -d' ' -f1 log | sort -n | tail -n 1)
  [ $((last - first + 1)) -le "$1" ]
  [ "$(wc -l <log)" -le "$2" ]
}

@test "a changed program on a base by tag: three trips, and nothing is asked of what is new" {
  build
  change
  build
  costs 3 8
  run ! grep 'HEAD .*/blobs/.* 404' log
  run ! grep GET log
}

@test "an unchanged build on a base by tag: one trip, two requests" {
  build
  stop_counting
  build
  costs 1 2
}

@test "a first build: the base's manifest, config and layer, then what a changed one costs" {
  build
  costs 6 12
}

@test "a changed program on a locked base: three trips" {
  ociassemble lock -q --plain-http "$proxy" --base "$base" --lock-file lock >/dev/null
  build --locked --lock-file lock
  change
  build --locked --lock-file lock
  costs 3 8
  run ! grep "base-$BATS_TEST_NUMBER" log
}

@test "an unchanged build on a locked base: one request" {
  ociassemble lock -q --plain-http "$proxy" --base "$base" --lock-file lock >/dev/null
  build --locked --lock-file lock
  stop_counting
  build --locked --lock-file lock
  costs 1 1
}

@test "a changed program in a repository that is new: its base is mounted, in one trip more" {
  build
  local target=$proxy/trips/new-$BATS_TEST_NUMBER:v1
  change
  build
  costs 4 9
  [ "$(grep -c 'POST .*/blobs/uploads/ 201' log)" -eq 1 ]
  run ! grep GET log
}

# Of files, whose uploads are opened when the base is known; the manifests of the platforms go together, and the index is last.
@test "two platforms go beside each other, in a trip more than one: five for changed files, one for nothing" {
  local both=linux/amd64,linux/arm64
  ociassemble build -q --platform "$both" --base scratch --add content:/ --push "$REGISTRY/trips/base-$BATS_TEST_NUMBER:v1"
  build_both() {
    ociassemble build -q --plain-http "$proxy" --cache-dir cache --base "$base" --platform "$both" --add app:/srv/app --push "$target" 2>/dev/null
  }
  build_both
  costs 8 18
  change
  build_both
  costs 5 12
  stop_counting
  build_both
  costs 1 2
}

@test "a lock of thirty bases: six trips at most, and its check one" {
  # All have to arrive while the first is held, however busy the machine is.
  tear_down
  start_proxy 2000
  local number bases=()
  for number in $(seq 30); do
    cp content/etc/passwd "content/etc/passwd-$number"
    ociassemble build -q --base scratch --add content:/ --push "$REGISTRY/trips/many:v$number" >/dev/null
    bases+=(--base "$proxy/trips/many:v$number")
  done
  ociassemble lock -q --cache-dir locking --plain-http "$proxy" "${bases[@]}" --lock-file lock >/dev/null
  costs 6 90
  [ "$(jq '.bases | length' lock)" -eq 30 ]
  stop_counting
  ociassemble lock --check --plain-http "$proxy" --lock-file lock
  costs 1 30
}

@test "with a token service: two trips more, one where it is known, and a token for each repository" {
  tear_down
  start_proxy 1000 token
  build
  change
  build
  costs 4 10
  [ "$(grep -c 'GET /token' log)" -eq 2 ]
  run ! grep 401 log
  stop_counting
  build
  costs 2 4
  rm -r cache/hosts
  change
  build
  costs 5 14
}

@test "a first build with an SBOM fetches the base's layer once, with and without a cache" {
  layer=$(ociassemble inspect --json --plain-http "$proxy" "$base" | jq -r '.layers[0].digest')
  for cache in "--cache-dir cache" --no-cache; do
    stop_counting
    read -ra words <<<"$cache"
    ociassemble build -q --plain-http "$proxy" "${words[@]}" --base "$base" --binary app --sbom --push "$target" 2>/dev/null
    [ "$(grep -c "GET .*/blobs/$layer" log)" = 1 ]
  done
}

# docker-registry 2.8 has no referrers API: what refers to the image is listed under one tag, by three requests for all four.
@test "a signed push with an SBOM and a provenance: what goes along goes at once, and unchanged nothing is sent again" {
  ociassemble generate-key -q --no-passphrase release
  signed() { build --sbom --provenance --sign-key release.key; }
  signed
  change
  signed
  costs 11 34
  [ "$(grep -c 'PUT .*/manifests/sha256:' log)" = 5 ]
  [ "$(grep 'PUT .*/manifests/sha256:' log | cut -d' ' -f1 | sort -u | wc -l)" = 2 ]
  [ "$(grep -c 'PUT .*/manifests/sha256-[0-9a-f]* ' log)" = 1 ]
  stop_counting
  signed
  costs 3 8
  run ! grep -E 'PUT|POST' log
}

@test "a push of a ready image: four trips, and the uploads are opened beside the questions for its blobs" {
  ociassemble build -q --base scratch --binary app -o oci:ready:v1
  stop_counting
  ociassemble push -q --plain-http "$proxy" oci:ready:v1 "$target" >/dev/null
  costs 4 8
  [ "$(grep -c POST log)" = 2 ]
  run ! grep DELETE log
}

@test "a push under another tag: the uploads that turned out needless are given back together" {
  ociassemble build -q --base scratch --binary app -o oci:ready:v1
  ociassemble push -q --plain-http "$proxy" oci:ready:v1 "$target" >/dev/null
  stop_counting
  ociassemble push -q --plain-http "$proxy" oci:ready:v1 "$target-again" >/dev/null
  costs 4 8
  run ! grep 'PUT .*/blobs/' log
  [ "$(grep -c DELETE log)" = 2 ]
  stop_counting
  ociassemble push -q --plain-http "$proxy" oci:ready:v1 "$target-again" >/dev/null
  costs 1 1
}
