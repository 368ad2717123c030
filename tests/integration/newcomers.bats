#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Mistakes that newcomers make: each message names the cause, and the next step. tests/golden/newcomer_mistakes.txt has the
# commands and what they say; REWRITE_GOLDEN=1 writes it anew, to be read before it is kept.
load lib

golden=$BATS_TEST_DIRNAME/../golden/newcomer_mistakes.txt

set_up() {
  cp "$server" server
  cp "$(GOARCH=arm64 go_server)" server-arm64
  echo text >notes.txt
  ociassemble build -q --binary server -o oci:image:v1 --push "$REGISTRY/newcomer/app:v1" >/dev/null
  printf '{\n  "base": "static",\n  "binarys": {"/usr/local/bin/server": "server"}\n}\n' >member.json
  printf '{\n  "base": "static",\n  "binaries": {"/usr/local/bin/server": "shop"}\n}\n' >missing.json
  recipe_with user '"user": "nobdy"'
  recipe_with owner '"files": {"/etc/notes": {"source": "notes.txt", "owner": "ap:app"}}'
  recipe_with entrypoint '"entrypoint": ["/usr/local/bin/sever"]'
  recipe_with place '"files": {"/usr/local/bin/server": "notes.txt"}'
  recipe_with certificates '"caCertificates": "notes.txt"'
  recipe_with arch '"platforms": ["linux/arm64"]'
  recipe_with base '"base": "'"$REGISTRY"'/newcomer/app:v3"'
  recipe_with taken '"files": {"/etc/": {"from": "'"$REGISTRY"'/newcomer/app:v1", "source": "/etc/notes"}}'
  recipe_with mounts '"mounts": {"/srv": "site"}'
  recipe_with signing '"sign": "relase.key"'
  recipe_with tests '"policy": {"structure-tests": {"files": ["tests.yaml"]}}'
  recipe_with unreachable '"base": "127.0.0.1:1/team/base:v1"'
  recipe_with budget '"policy": {"usr": "error"}'
  printf '{\n  "binaries": {"/server": {"source": "server", "build": {"command": ["false"]}}}\n}\n' >compile.json
  printf '{\n  "version": 1,\n  "rules": {"usr": "error"}\n}\n' >policy.json
  printf '{\n  "version": 1,\n  "rules": {"user": "error"},\n}\n' >comma.json
  printf -- '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n' >ssh.key
  openssl ecparam -genkey -name prime256v1 -out sec1.key 2>/dev/null
  # A PATH with the tool and no engine.
  mkdir -p alone databases
  ln -sf "$(type -P ociassemble)" alone/
  COSIGN_PASSWORD=right ociassemble generate-key -q release >/dev/null
  COSIGN_PASSWORD=right ociassemble generate-key -q other >/dev/null
  ociassemble build -q --binary server --provenance -o oci:proven:v1 >/dev/null
}

# NAME MEMBER: a recipe of the server with one more member.
recipe_with() { printf '{\n  "binaries": {"/usr/local/bin/server": "server"},\n  %s\n}\n' "$2" >"$1.json"; }

tear_down() {
  if [ -e nginx.pid ]; then kill "$(cat nginx.pid)" || true; fi
}

@test "each mistake of a newcomer is told with its cause and the next step" {
  type htpasswd nginx >/dev/null 2>&1 || PATH=$PATH:/usr/sbin
  htpasswd -bc passwords alice right 2>/dev/null
  start_nginx "" "auth_basic secret; auth_basic_user_file $PWD/passwords;"
  local line command status
  : >silent
  while IFS= read -r line; do
    [ "${line:0:2}" = '$ ' ] || continue
    command=${line:2}
    status=0
    # In a shell of its own, so that nothing of the test shows in it.
    REGISTRY=$REGISTRY FRONT=$front bash -c "$command" >said 2>&1 </dev/null || status=$?
    printf '%s\nstatus %s\n' "$line" "$status"
    # Of a system folder that nobody can write to, systems say different things.
    sed -i -E 's#(cannot create /sys/image: ).*#\1Operation not permitted#' said
    sed -E -e "s#$REGISTRY#\$REGISTRY#g" -e "s#$front#\$FRONT#g" -e "s#$PWD/#\$PWD/#g" -e 's#sha256:[0-9a-f]{64}#sha256:…#g' said
    echo
    # A cause, and a line that says what to do.
    if [ "$status" -eq 0 ] || ! grep -q '^ociassemble: ' said || ! grep -q '^  ' said; then echo "$line" >>silent; fi
  done <"$golden" >made
  if [ -n "${REWRITE_GOLDEN-}" ]; then cp made "$golden"; fi
  diff -u "$golden" made
  cat silent
  [ ! -s silent ]
  [ "$(grep -c '^\$ ' made)" -ge 20 ]
}
