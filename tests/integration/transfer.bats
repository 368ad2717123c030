#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154  # variables of lib.bash
# push, pull, copy, tags, login and logout against Debian's docker-registry, with skopeo as the second client.
load lib

set_up() {
  start_registry "$BATS_TEST_TMPDIR/registry"
  ociassemble build -q --binary "$server" -o oci:image:v1 >/dev/null
}

tear_down() {
  stop_registry "$BATS_TEST_TMPDIR/registry"
  if [ -e "$BATS_TEST_TMPDIR/locked/pid" ]; then stop_registry "$BATS_TEST_TMPDIR/locked"; fi
}

# A registry that wants alice's password; its host:port in the variable locked.
start_locked_registry() {
  local folder=$BATS_TEST_TMPDIR/locked tries
  mkdir -p "$folder/data"
  htpasswd -Bbn alice 'correct horse' >"$folder/htpasswd"
  locked=127.0.0.1:$(free_port)
  cat >"$folder/config.yml" <<YAML
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $folder/data}}
http: {addr: "$locked"}
auth: {htpasswd: {realm: test, path: $folder/htpasswd}}
YAML
  docker-registry serve "$folder/config.yml" >"$folder/log" 2>&1 </dev/null 3>&- &
  echo $! >"$folder/pid"
  for ((tries = 0; tries < 100; tries++)); do
    if curl --silent --noproxy '*' "http://$locked/v2/" >/dev/null; then return 0; fi
    sleep 0.1
  done
  return 1
}

# An OCI layout "two" whose index names two platforms' images.
make_two_platforms() {
  local arch
  for arch in amd64 arm64; do
    ociassemble build -q --any-binary --platform "linux/$arch" --label "arch=$arch" --binary "$server" -o "oci:two:$arch" >/dev/null
  done
  jq -cn --slurpfile index two/index.json '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [$index[0].manifests[] | del(.annotations)]}' | tr -d '\n' >list
  local entry
  entry=$(put_blob two list application/vnd.oci.image.index.v1+json)
  jq -c --argjson entry "$entry" '.manifests += [$entry + {annotations: {"org.opencontainers.image.ref.name": "all"}}]' \
    two/index.json >index.new && mv index.new two/index.json
}

@test "an image goes to a registry and comes back with the same digest, and skopeo reads it" {
  local digest
  digest=$(digest_in image v1)
  run -0 --separate-stderr ociassemble push oci:image:v1 "$REGISTRY/team/app:v1"
  [ "$output" = "$REGISTRY/team/app:v1@$digest" ]
  [ "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$REGISTRY/team/app:v1")" = "$digest" ]
  run -0 --separate-stderr ociassemble pull "$REGISTRY/team/app:v1" oci:back:v1
  [ "$output" = "oci:back:v1@$digest" ]
  ociassemble verify oci:back:v1
  run -0 --separate-stderr ociassemble copy -q "$REGISTRY/team/app:v1" oci-archive:back.tar:v1
  [ "$output" = "oci-archive:back.tar:v1@$digest" ]
  ociassemble copy -q "$REGISTRY/team/app:v1" docker-archive:docker.tar
  tar -xOf docker.tar manifest.json | grep -F "$REGISTRY/team/app:v1"
  run -0 --separate-stderr ociassemble copy -q docker-archive:docker.tar oci:again:v1
  [ "$output" = "oci:again:v1@$digest" ]
  ociassemble verify oci:again:v1
}

@test "a second push is one request, seen by --trace-http" {
  ociassemble push -q oci:image:v1 "$REGISTRY/app:v1"
  run -0 ociassemble push -q --trace-http oci:image:v1 "$REGISTRY/app:v1"
  [ "$(grep -c '^> ' <<<"$output")" -eq 1 ]
  grep -F "> HEAD http://$REGISTRY/v2/app/manifests/v1" <<<"$output"
}

@test "--trace writes what took how long, without secrets, also when the command fails" {
  run -0 --separate-stderr ociassemble build -q --binary "$server" --trace trace.json --push "$REGISTRY/app:traced"
  [ "$(jq -r '[.traceEvents[] | select(.ph == "X") | .name] | contains(["build", "find base", "make layer", "publish"])' trace.json)" = true ]
  [ "$(jq -r '[.traceEvents[] | select(.ph == "b")] | length' trace.json)" -eq "$(jq -r '[.traceEvents[] | select(.ph == "e")] | length' trace.json)" ]
  [ "$(jq -r '[.traceEvents[] | select(.ph == "b" and (.name | startswith("PUT ")))] | length' trace.json)" -ge 3 ]
  OCIASSEMBLE_USERNAME=alice OCIASSEMBLE_PASSWORD=very-secret run -1 ociassemble push -q --trace failed.json oci:image:v1 127.0.0.1:9/app:v1
  [ "$(jq -r '.traceEvents[0].name' failed.json)" != null ]
  run ! grep -F very-secret failed.json
  run -1 ociassemble build -q --binary "$server" --trace "$PWD" -o oci:traced:v1
  grep -F 'it is a folder' <<<"$output"
}

@test "a large layer goes to the registry while it is made, and comes back as it was" {
  head -c 40000000 /dev/urandom >data
  sleep 0.1  # what is younger than the clock's grain is not remembered
  run -0 ociassemble build -q --trace-http --cache-dir cache --base scratch --add data:/data --push "$REGISTRY/large:v1"
  [ "$(grep -c '^> PATCH ' <<<"$output")" -eq 1 ]
  ociassemble pull -q "$REGISTRY/large:v1" oci:large:v1
  ociassemble verify oci:large:v1
  # What is known is not sent again, whatever else changes.
  run -0 ociassemble build -q --trace-http --cache-dir cache --base scratch --add data:/data --label a=b --push "$REGISTRY/large:v1"
  run ! grep '^> PATCH ' <<<"$output"
}

@test "a dry run says what a push would send, and writes nothing" {
  run -0 --separate-stderr ociassemble push --dry-run --json --trace-http oci:image:v1 "$REGISTRY/app:v1"
  [ "$(jq -r '.plans[0].upToDate' <<<"$output")" = false ]
  [ "$(jq -r '[.plans[0].steps[] | select(.action == "send") | .size] | add' <<<"$output")" -eq "$(jq '.plans[0].bytes' <<<"$output")" ]
  # shellcheck disable=SC2154  # of run
  run ! grep -E '^> (POST|PUT|PATCH|DELETE)' <<<"$stderr"
  run -1 skopeo inspect --tls-verify=false "docker://$REGISTRY/app:v1"
  ociassemble push -q oci:image:v1 "$REGISTRY/app:v1"
  run -0 --separate-stderr ociassemble push --dry-run oci:image:v1 "$REGISTRY/app:v1"
  grep -F 'up to date' <<<"$output"
  run -0 --separate-stderr ociassemble build --binary "$server" --push "$REGISTRY/other:v1" --dry-run
  grep -F 'to send' <<<"$output"
  run -1 skopeo inspect --tls-verify=false "docker://$REGISTRY/other:v1"
}

@test "an index is copied whole with --all-platforms, else one image of it" {
  make_two_platforms
  local list
  list=$(digest_in two all)
  run -0 --separate-stderr ociassemble push -q --all-platforms oci:two:all "$REGISTRY/multi:v1"
  [ "$output" = "$REGISTRY/multi:v1@$list" ]
  run -0 --separate-stderr ociassemble copy -q --all-platforms "$REGISTRY/multi:v1" "$REGISTRY/elsewhere:v1"
  [ "$output" = "$REGISTRY/elsewhere:v1@$list" ]
  run -0 --separate-stderr ociassemble pull -q --all-platforms "$REGISTRY/elsewhere:v1" oci:back:v1
  [ "$output" = "oci:back:v1@$list" ]
  ociassemble verify oci:back
  run -0 --separate-stderr ociassemble pull -q --platform linux/arm64 "$REGISTRY/multi:v1" oci:arm:v1
  [ "$output" = "oci:arm:v1@$(digest_in two arm64)" ]
  run -0 --separate-stderr ociassemble copy -q --all-platforms "$REGISTRY/multi:v1" docker-archive:both.tar
  [ "${output##*@}" = "$list" ]
  [ "$(ociassemble inspect --json docker-archive:both.tar | jq -r .digest)" = "$list" ]
}

@test "tags lists what was pushed" {
  ociassemble push -q oci:image:v1 "$REGISTRY/app:v1"
  ociassemble push -q oci:image:v1 "$REGISTRY/app:v2"
  run -0 --separate-stderr ociassemble tags "$REGISTRY/app"
  [ "$output" = $'v1\nv2' ]
  [ "$(ociassemble tags --json "$REGISTRY/app" | jq -c .)" = '["v1","v2"]' ]
}

@test "login is verified and kept as docker does, never shown, and logout forgets it" {
  start_locked_registry
  echo '{"auths": {"other.example": {"auth": "YTpi"}}, "proxies": {"default": {}}}' >"$DOCKER_CONFIG/config.json"
  run -1 ociassemble push -q oci:image:v1 "$locked/app:v1"
  run -1 ociassemble login -u alice --password-stdin "$locked" <<<'wrong horse'
  [ "$(jq -r '.auths | keys[]' "$DOCKER_CONFIG/config.json")" = other.example ]
  run -0 ociassemble login -u alice --password-stdin --trace-http "$locked" <<<'correct horse'
  [[ $output != *'correct horse'* && $output != *"$(printf 'alice:correct horse' | base64)"* ]]
  [ "$(stat -c %a "$DOCKER_CONFIG/config.json")" = 600 ]
  [ "$(jq -r --arg host "$locked" '.auths[$host].auth' "$DOCKER_CONFIG/config.json" | base64 -d)" = 'alice:correct horse' ]
  [ "$(jq -c '[.auths["other.example"].auth, .proxies]' "$DOCKER_CONFIG/config.json")" = '["YTpi",{"default":{}}]' ]
  ociassemble push -q oci:image:v1 "$locked/app:v1"
  skopeo inspect --tls-verify=false --authfile "$DOCKER_CONFIG/config.json" "docker://$locked/app:v1" >/dev/null
  ociassemble logout "$locked"
  [ "$(jq -r '.auths | keys[]' "$DOCKER_CONFIG/config.json")" = other.example ]
  run -1 ociassemble push -q oci:image:v1 "$locked/app:v2"
}

@test "a helper that docker's file names keeps the password instead" {
  start_locked_registry
  mkdir helpers
  cat >helpers/docker-credential-box <<'SH'
#!/bin/sh
case $1 in
  store) cat >"$BOX" ;;
  get) cat >/dev/null; [ -e "$BOX" ] && cat "$BOX" ;;
  erase) cat >/dev/null; rm "$BOX" ;;
esac
SH
  chmod +x helpers/docker-credential-box
  export PATH=$PWD/helpers:$PATH BOX=$PWD/box
  echo '{"credsStore": "box"}' >"$DOCKER_CONFIG/config.json"
  ociassemble login -u alice --password-stdin "$locked" <<<'correct horse'
  [ "$(jq -r .Secret box)" = 'correct horse' ]
  [ "$(jq -c --arg host "$locked" '.auths[$host]' "$DOCKER_CONFIG/config.json")" = '{}' ]
  ociassemble push -q oci:image:v1 "$locked/app:v1"
  ociassemble logout "$locked"
  [ ! -e box ]
}

@test "a mirror is asked first, and the registry where it does not help" {
  ociassemble push -q oci:image:v1 "$REGISTRY/app:v1"
  run -0 ociassemble pull -q --trace-http --registry-mirror "nowhere.example=http://$REGISTRY" nowhere.example/app:v1 oci:back:v1
  [[ $output != *'> '*nowhere.example* ]]
  run -0 ociassemble pull -q --registry-mirror "http://127.0.0.1:$(free_port)" "$REGISTRY/app:v1" oci:other:v1
  [ "$(digest_in other v1)" = "$(digest_in image v1)" ]
}
