#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Real registries as people run them: open, with passwords, behind nginx with TLS and limits; other clients beside us.
# shellcheck disable=SC2016,SC2094,SC2154  # nginx's own variables; a config that names a file; what bats and lib set
load lib

set_up() {
  unset OCIASSEMBLE_USERNAME OCIASSEMBLE_PASSWORD OCIASSEMBLE_REGISTRY
  unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
}

tear_down() { stop_servers; }

# A docker-registry that wants alice's password. Sets locked to host:port.
start_locked_registry() {
  local port
  port=$(free_port)
  htpasswd -Bbn -C 4 alice 'correct horse' >htpasswd
  cat >locked.yml <<YAML
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $PWD/locked}}
http: {addr: "127.0.0.1:$port"}
auth: {htpasswd: {realm: test, path: $PWD/htpasswd}}
YAML
  docker-registry serve locked.yml >locked.log 2>&1 </dev/null 3>&- &
  echo $! >locked.pid
  wait_for_port "$port"
  locked=127.0.0.1:$port
}

push_to() { ociassemble build -q --binary "$server" --push "$@"; }

# NAME: the digest that skopeo sees there.
seen() { skopeo inspect --tls-verify=false --format '{{.Digest}}' "$@"; }

@test "an open registry: what is pushed is what skopeo and podman see" {
  name=$(push_to "$REGISTRY/registries/open:v1")
  [ "$(seen "docker://$REGISTRY/registries/open:v1")" = "${name##*@}" ]
  podman pull --quiet --tls-verify=false "$REGISTRY/registries/open:v1"
  [ "$(podman image inspect --format '{{.Digest}}' "$REGISTRY/registries/open:v1")" = "${name##*@}" ]
}

@test "what skopeo and podman push is pulled whole, in OCI's format and in Docker's" {
  local repository=$REGISTRY/registries name format
  name=$(push_to "$repository/ours:v1")
  ociassemble pull -q "$repository/ours:v1" oci:ours:v1
  for format in oci v2s2; do
    skopeo copy --quiet --dest-tls-verify=false --format "$format" oci:ours:v1 "docker://$repository/skopeo-$format:v1"
    ociassemble pull -q "$repository/skopeo-$format:v1" "oci:skopeo-$format:v1"
    [ "$(digest_in "skopeo-$format" v1)" = "$(seen "docker://$repository/skopeo-$format:v1")" ]
  done
  [ "$(digest_in skopeo-oci v1)" = "${name##*@}" ]
  podman pull --quiet --tls-verify=false "$repository/ours:v1"
  podman push --quiet --tls-verify=false "$repository/ours:v1" "$repository/podman:v1"
  ociassemble pull -q "$repository/podman:v1" oci:from-podman:v1
  local from
  for from in skopeo-oci skopeo-v2s2 from-podman; do
    ociassemble verify -q "oci:$from:v1"
    [ "$(config_in "$from" | jq -c .rootfs.diff_ids)" = "$(config_in ours | jq -c .rootfs.diff_ids)" ]
  done
}

@test "a registry with passwords: none, a wrong one, one of the environment, one that skopeo stored" {
  start_locked_registry
  run --separate-stderr push_to "$locked/app:v1"
  [ "$status" -eq 1 ]
  [[ $stderr == *"401 (unauthorized)"*"ociassemble login $locked"* ]]
  OCIASSEMBLE_USERNAME=alice OCIASSEMBLE_PASSWORD='wrong horse' run --separate-stderr push_to "$locked/app:v1"
  [ "$status" -eq 1 ]
  [[ $stderr != *horse* ]]
  OCIASSEMBLE_USERNAME=alice OCIASSEMBLE_PASSWORD='correct horse' push_to "$locked/app:v1"
  skopeo login --tls-verify=false --authfile auth.json --username alice --password-stdin "$locked" <<<'correct horse'
  name=$(REGISTRY_AUTH_FILE=$PWD/auth.json push_to "$locked/app:v2")
  [ "$(seen --creds 'alice:correct horse' "docker://$locked/app:v2")" = "${name##*@}" ]
}

@test "no password is in what is printed, nor in the process list" {
  start_locked_registry
  export OCIASSEMBLE_USERNAME=alice OCIASSEMBLE_PASSWORD='correct horse'
  command ociassemble build --binary "$server" --push "$locked/app:v1" >out 2>&1 &
  local pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    tr '\0' ' ' <"/proc/$pid/cmdline" >>words 2>/dev/null || true
    sleep 0.02
  done
  wait "$pid"
  OCIASSEMBLE_PASSWORD='wrong horse' run ociassemble build --binary "$server" --push "$locked/app:v2"
  [ "$status" -eq 1 ]
  echo "$output" >>out
  run ! grep -E 'horse|Y29ycmVjdCBob3JzZQ|Authorization' out words
}

@test "a private authority: refused, then trusted by --ca-file, then by certs.d" {
  make_certificates
  start_nginx '' "$(server_tls '')" ssl
  run --separate-stderr push_to "$front/registries/tls:v1"
  [ "$status" -eq 1 ]
  [[ $stderr == *certificate* && $stderr == *"CA file"* ]]
  name=$(push_to "$front/registries/tls:v1" --ca-file ca.crt)
  [ "$(seen "docker://$REGISTRY/registries/tls:v1")" = "${name##*@}" ]
  push_to "$front/registries/tls:v2" --insecure-skip-tls-verify
  need_root
  mkdir -p "/etc/docker/certs.d/$front"
  cp ca.crt "/etc/docker/certs.d/$front/"
  push_to "$front/registries/tls:v3" || failed=1
  rm -r "/etc/docker/certs.d/$front"
  rmdir --ignore-fail-on-non-empty /etc/docker/certs.d
  [ -z "${failed-}" ]
}

@test "a server that wants a certificate of ours gets the one in certs.d" {
  need_root
  make_certificates
  start_nginx '' "$(server_tls "ssl_client_certificate $PWD/ca.crt; ssl_verify_client on;")" ssl
  run push_to "$front/registries/client:v1" --ca-file ca.crt
  [ "$status" -eq 1 ]
  mkdir -p "/etc/containers/certs.d/$front"
  cp ca.crt client.cert client.key "/etc/containers/certs.d/$front/"
  push_to "$front/registries/client:v1" || failed=1
  rm -r "/etc/containers/certs.d/$front"
  [ -z "${failed-}" ]
}

# CONTENT: the user's registries.conf, for us and for skopeo.
write_registries_conf() {
  export HOME=$PWD/home
  mkdir -p "$HOME/.config/containers"
  cat >"$HOME/.config/containers/registries.conf"
}

@test "the user's registries.conf means to a pull what it means to skopeo" {
  name=$(push_to "$REGISTRY/registries/mirrored/team/app:v1")
  write_registries_conf <<TOML
unqualified-search-registries = ["127.0.0.1:1"]
[[registry]]
prefix = "moved.invalid/of"
location = "$REGISTRY/registries/mirrored"
insecure = true
[[registry]]
prefix = "*.invalid"
[[registry.mirror]]
location = "$REGISTRY/registries/nothing"
insecure = true
[[registry.mirror]]
location = "$REGISTRY/registries/mirrored"
insecure = true
[[registry]]
location = "blocked.invalid"
blocked = true
TOML
  for image in moved.invalid/of/team/app:v1 any.invalid/team/app:v1 "any.invalid/team/app@${name##*@}"; do
    [ "$(skopeo inspect --no-tags --format '{{.Digest}}' "docker://$image")" = "${name##*@}" ]
    run -0 ociassemble pull -q "$image" "oci:pulled:v1"
    [[ $output == *"@${name##*@}" ]]
    rm -r pulled
  done
  run ! skopeo inspect --no-tags docker://blocked.invalid/team/app:v1
  run -1 ociassemble pull -q blocked.invalid/team/app:v1 oci:pulled:v1
  [[ $output == *"registries.conf blocks the registry"* && $output == *--no-system-mirrors* ]]
  # A name that is asked for itself does not exist; a build's base comes from the mirror.
  run -1 ociassemble pull -q --no-system-mirrors any.invalid/team/app:v1 oci:pulled:v1
  run -0 ociassemble build -q --base "any.invalid/team/app@${name##*@}" --binary "$server" -o oci:built:v1
  # Nothing is pushed there.
  run -1 push_to any.invalid/team/app:v2
}

@test "a registries.conf that is broken is a warning with its line, and the pull goes on" {
  push_to "$REGISTRY/registries/broken:v1"
  write_registries_conf <<TOML
[[registry]]
location = "$REGISTRY"
mirror = 5
TOML
  run -0 --separate-stderr ociassemble pull -q "$REGISTRY/registries/broken:v1" oci:pulled:v1
  [[ $stderr == *"warning: $HOME/.config/containers/registries.conf:3: mirror is not an array of tables"* ]]
  rm "$HOME/.config/containers/registries.conf"
  mkfifo "$HOME/.config/containers/registries.conf"
  run -0 --separate-stderr timeout 20 ociassemble pull -q "$REGISTRY/registries/broken:v1" oci:other:v1
  [[ $stderr == *warning:*registries.conf* ]]
}

@test "a mirror with a certificate that nobody knows is used where the files of the system say so" {
  make_certificates
  name=$(push_to "$REGISTRY/registries/own-tls:v1")
  start_nginx '' "$(server_tls '')" ssl
  write_registries_conf <<TOML
[[registry]]
location = "tls.invalid"
[[registry.mirror]]
location = "$front"
TOML
  pull() { ociassemble pull -q --trace-http "$1/registries/own-tls:v1" "oci:pulled-$2:v1"; }
  run -1 pull tls.invalid strict
  [[ $output == *certificate* ]]
  echo 'insecure = true' >>"$HOME/.config/containers/registries.conf"
  run -0 pull tls.invalid insecure
  [[ $output == *"registries.conf names $front for pulls, with any certificate or over plain HTTP"* ]]
  local hosts=$HOME/.config/containerd/certs.d/containerd.invalid
  mkdir -p "$hosts"
  cp ca.crt "$hosts/own.crt"
  printf '[host."https://%s"]\n  capabilities = ["pull", "resolve"]\n' "$front" >"$hosts/hosts.toml"
  run -1 pull containerd.invalid strict
  echo '  ca = "own.crt"' >>"$hosts/hosts.toml"
  run -0 pull containerd.invalid ca
  [[ $output == *"${name##*@}"* ]]
  sed -i 's/ca = .*/skip_verify = true/' "$hosts/hosts.toml"
  run -0 pull containerd.invalid unverified
  [[ $output == *"hosts.toml names $front for pulls, with any certificate"* ]]
}

# STATUS: pushes through an nginx that lets 5 requests a second through, and answers the others so.
push_at_a_limited_rate() {
  start_nginx 'limit_req_zone $binary_remote_addr zone=r:1m rate=5r/s;' "limit_req zone=r burst=2 nodelay; limit_req_status $1;"
  name=$(push_to "$front/registries/limited-$1:v1")
  [ "$(seen "docker://$REGISTRY/registries/limited-$1:v1")" = "${name##*@}" ]
  sort nginx/access.log | uniq -c
  refused=$(grep -c " $1\$" nginx/access.log)
  [ "$refused" -ge 1 ]
  [ "$refused" -lt "$(grep -vc " $1\$" nginx/access.log)" ]
}

@test "a proxy that limits the rate by 429 is waited for, and not stormed" { push_at_a_limited_rate 429; }

@test "a proxy that limits the rate by 503 is waited for, and not stormed" { push_at_a_limited_rate 503; }

@test "a proxy that limits the size of a request is sent smaller ones" {
  start_nginx '' 'client_max_body_size 1m;'
  name=$(push_to "$front/registries/small:v1")
  [ "$(seen "docker://$REGISTRY/registries/small:v1")" = "${name##*@}" ]
}

# LOG: "METHOD PATH STATUS" of the registry's requests by ociassemble; uploads without their session.
requests_in() {
  awk -F'"' '$6 ~ /^ociassemble/ { split($2, request, " "); split($3, answer, " "); sub(/\?.*/, "", request[2])
    sub(/blobs\/uploads\/.*/, "blobs/uploads/", request[2]); print request[1], request[2], answer[1] }' "$1"
}

@test "200 images pushed by 8 processes at once are all there, and nothing is asked for over and over" {
  start_registry "$PWD/many"
  cp many/pid registry.pid
  seq 200 | tee numbers | while read -r number; do echo "$number" >"file-$number"; done
  # shellcheck disable=SC2016  # for the inner shell
  xargs -P 8 -I{} ociassemble build -q --any-binary --binary 'file-{}:/number' --push "$REGISTRY/many:v{}" <numbers >names
  [ "$(wc -l <names)" -eq 200 ]
  [ "$(sort -u names | wc -l)" -eq 200 ]
  requests_in many/log >requests
  # Each image: HEAD of its tag, POST and PUT of its layer and its config, which are new, PUT of its manifest. The base's
  # layers are asked for by all but those that made them, and sent only until they are there: once by each process at
  # the most. While another process sends a blob again, docker-registry 2.8 may not see it; then a HEAD is answered with
  # 500 and made once more, or the manifest is refused, and all is asked for again.
  base=$(ociassemble build -q --any-binary --binary 'file-1:/number' -o oci:one:v1 >&2 && jq '.layers | length - 1' "$(blob one "$(digest_in one)")")
  cut -d' ' -f1,3 requests | sort | uniq -c
  [ "$(grep -cE '^HEAD /v2/many/manifests/v[0-9]+ 404$' requests)" -eq 200 ]
  [ "$(grep -cE '^PUT /v2/many/manifests/v[0-9]+ 201$' requests)" -eq 200 ]
  refused=$(grep -cE '^PUT /v2/many/manifests/v[0-9]+ 400$' requests || true)
  [ "$refused" -le 8 ]
  [ "$(grep -c ' 500$' requests || true)" -le 8 ]
  asked=$(grep -cE '^HEAD /v2/many/blobs/[^ ]* (200|404)$' requests)
  [ "$asked" -le $((200 * base + refused * (2 + base))) ]
  [ "$asked" -ge $((192 * base)) ]
  [ "$(grep -c '^POST /v2/many/blobs/uploads/ 202$' requests)" -le $((200 * 2 + (8 + refused) * base)) ]
  [ "$(grep -c '^PUT /v2/many/blobs/uploads/ 201$' requests)" -eq "$(grep -c '^POST ' requests)" ]
  run ! grep -vE '^(HEAD /v2/many/(manifests|blobs)/|POST /v2/many/blobs/|PUT /v2/many/(manifests|blobs)/)' requests
  verify_all
}

# That each name in the file "names" is in $REGISTRY, as its digest says, with all that it names.
verify_all() {
  local repository=http://$REGISTRY/v2/many type=application/vnd.oci.image.manifest.v1+json
  get() { sed "s|.*|url=$repository/$1/&\noutput=$1/&|" | curl --silent --fail --noproxy '*' --create-dirs -H "Accept: $type" -K -; }
  sed 's/.*@//' names | sort -u | get manifests
  jq -r '.config.digest, .layers[].digest' manifests/* | sort -u | get blobs
  [ "$(find manifests -type f | wc -l)" -eq 200 ]
  [ "$(find blobs -type f | wc -l)" -ge 400 ]
  sha256sum manifests/* blobs/* | awk '{ sub(/.*sha256:/, "", $2) } $1 != $2 { print "wrong", $2; wrong = 1 } END { exit wrong }'
  curl --silent --fail --noproxy '*' "$repository/tags/list" | jq -e '.tags | length == 200'
  skopeo inspect --tls-verify=false "docker://$REGISTRY/many:v77" >/dev/null
}
