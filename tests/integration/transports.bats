#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Ways to a registry that do not behave: connections that are sent away, an older HTTP, limits on a layer that is sent while it is made.
# shellcheck disable=SC2016,SC2154  # nginx's own variables; what bats and lib set
load lib

set_up() {
  unset OCIASSEMBLE_USERNAME OCIASSEMBLE_PASSWORD OCIASSEMBLE_REGISTRY
  unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
  start_registry "$PWD/registry"
  cp registry/pid registry.pid
  mkdir -p content/etc
  echo 'root:x:0:0:root:/root:/bin/sh' >content/etc/passwd
  ociassemble build -q --base scratch --add content:/ --push "$REGISTRY/base:v1"
}

tear_down() { stop_servers; }

# NAME WORDS…: a proxy of tests/support, which prints where it is. Sets front.
start_proxy() {
  local tries
  : >"$1.out"
  "$source_root/tests/support/$1" "${@:2}" >"$1.out" 2>"$1.err" </dev/null 3>&- &
  echo $! >"$1.pid"
  for ((tries = 0; tries < 100; tries++)); do
    front=$(head -n 1 "$1.out")
    [ -z "$front" ] || return 0
    sleep 0.1
  done
  cat "$1.err" >&2
  return 1
}

# TLS with HTTP/2 before the registry.
start_http_2() {
  make_certificates
  start_nginx "log_format connections '\$connection \$server_protocol \$request_method \$uri \$status';" \
    "$(server_tls "client_max_body_size 0; access_log $PWD/nginx/connections connections; $1")" 'ssl http2'
}

# A layer that is sent while it is made: more than 32 MiB, of which 12 cannot be compressed.
make_large() {
  python3 -c 'import random, sys
contents = random.Random(1)
for _ in range(34 << 10):
    sys.stdout.buffer.write(contents.randbytes(360) + bytes(664))' >large
  sleep 0.05  # a file younger than the clock's grain is not trusted
}

# TAG WORDS…: builds and pushes through $front; what skopeo then sees in the registry itself is that image.
push_through() {
  local name
  if [ -e ca.crt ]; then set -- "$@" --ca-file "$PWD/ca.crt"; fi
  name=$(ociassemble build -q --cache-dir "$PWD/cache" --base "$front/base:v1" "${@:2}" --push "$front/app:$1")
  [ "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$REGISTRY/app:$1")" = "${name##*@}" ]
  ociassemble pull -q "$REGISTRY/app:$1" "oci:seen:$1"
  ociassemble verify -q "oci:seen:$1"
}

# What writes, by the log of start_http_2, is there once; uploads by their session.
nothing_twice() {
  run ! grep -E ' (POST|PUT|PATCH) .* [45]..$' nginx/connections
  run -0 awk '$3 == "PUT" || $3 == "PATCH" { print $3, $4 }' nginx/connections
  [ -z "$(sort <<<"$output" | uniq -d)" ]
}

@test "a changed build over TLS takes three connections: one of HTTP/2 for what is small, one for each large body" {
  start_http_2 ''
  make_large
  push_through v1 --add large:/large
  : >nginx/connections
  echo change >>large
  sleep 0.05
  push_through v2 --add large:/large
  cat nginx/connections
  [ "$(cut -d' ' -f1 nginx/connections | sort -u | wc -l)" -le 3 ]
  [ "$(grep -c 'HTTP/1.1 PATCH .* 202$' nginx/connections)" -eq 1 ]
  nothing_twice
}

@test "connections of HTTP/2 that are ended after two requests each: all goes on by others, and nothing is sent twice" {
  start_http_2 'keepalive_requests 2;'
  make_large
  push_through v1 --add large:/large --add content:/srv
  [ "$(grep 'HTTP/2' nginx/connections | cut -d' ' -f1 | sort | uniq -c | awk '$1 == 2' | wc -l)" -ge 2 ]
  nothing_twice
}

@test "GOAWAY that leaves a request out: it is sent once more" {
  start_http_2 ''
  start_proxy goaway_proxy "$front" server.crt server.key 3
  push_through v1 --add content:/srv
  [ "$(grep -c GOAWAY goaway_proxy.err)" -ge 2 ]
  nothing_twice
}

@test "GOAWAY with an error, and the connection closed on what was under way: the work is done all the same" {
  start_http_2 ''
  start_proxy goaway_proxy "$front" server.crt server.key 4 abrupt
  push_through v1 --add content:/srv
  [ "$(grep -c GOAWAY goaway_proxy.err)" -ge 1 ]
}

@test "a proxy of HTTP/1.0 that refuses a body without a length is sent one with it, and asked once" {
  start_proxy http_1_0_proxy "$REGISTRY" log wants-length
  make_large
  push_through v1 --add large:/large
  [ "$(grep -c '^PATCH 411' log)" -eq 1 ]
  echo change >>large
  sleep 0.05
  : >log
  push_through v2 --add large:/large
  run ! grep PATCH log
  [ "$(grep -c '^PUT 201 [0-9]\{8\}$' log)" -eq 1 ]
}

@test "a proxy of HTTP/1.0 that does not see a body without a length loses nothing" {
  start_proxy http_1_0_proxy "$REGISTRY" log ignores-body
  make_large
  push_through v1 --add large:/large
  [ "$(grep -c '^PATCH ' log)" -eq 1 ]
  [ "$(grep -c '^PUT 201 [0-9]\{8\}$' log)" -eq 1 ]
  echo change >>large
  sleep 0.05
  : >log
  push_through v2 --add large:/large
  run ! grep PATCH log
}

@test "a limit on the size of a request that a layer meets while it is made: it goes in smaller ones, and is not tried again" {
  start_nginx '' 'client_max_body_size 4m;'
  make_large
  push_through v1 --add large:/large
  [ "$(grep -c '^PATCH .* 413$' nginx/access.log)" -le 2 ]
  echo change >>large
  sleep 0.05
  : >nginx/access.log
  push_through v2 --add large:/large
  cat nginx/access.log
  [ "$(grep -c ' 413$' nginx/access.log)" -le 2 ]
}
