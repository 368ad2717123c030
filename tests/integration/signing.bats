#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Signatures by a key (docs/evidence.md): made here and checked by cosign and skopeo, made by cosign and checked here.
# shellcheck disable=SC2154,SC2030,SC2031  # variables that lib.bash sets; each test has its own
load lib

set_up() {
  start_registry "$BATS_TEST_TMPDIR/registry"
  export COSIGN_PASSWORD=hunter2
  ociassemble generate-key -q a
  ociassemble generate-key -q b
}

tear_down() { stop_registry "$BATS_TEST_TMPDIR/registry"; }

# TAG LABEL: an index of two platforms there.
push_index() {
  mkdir -p bin/linux-amd64 bin/linux-arm64
  cp "$server" bin/linux-amd64/server
  cp "$(GOARCH=arm64 go_server)" bin/linux-arm64/server
  ociassemble build -q --binary 'bin/{os}-{arch}/server' --platform linux/amd64 --platform linux/arm64 --label "l=$2" --push "$REGISTRY/app:$1"
}
push_image() { ociassemble build -q --binary "$server" --label "l=$2" --push "$REGISTRY/app:$1"; }
digest_of() { ociassemble digest "$REGISTRY/app:$1"; }

need_cosign() {
  cosign=${COSIGN:-$(type -P cosign || true)}
  [ -n "$cosign" ] || skip "cosign is not here (COSIGN=FILE names it)"
  "$cosign" version >/dev/null 2>&1 || skip "cosign does not run"
}
cosign_signs() {
  "$cosign" "$@" --use-signing-config=false --tlog-upload=false --allow-http-registry --yes
}
cosign_verifies() { "$cosign" "$1" --insecure-ignore-tlog=true --allow-http-registry "${@:2}"; }

@test "a signed index: its digest is printed for the deployment, and signing again adds nothing" {
  push_index v1 1
  first=$(ociassemble sign -q --key a.key "$REGISTRY/app:v1")
  [ "$(wc -l <<<"$first")" = 6 ]
  run -0 --separate-stderr ociassemble verify --key a.pub "$REGISTRY/app:v1"
  [ "$output" = "$REGISTRY/app@$(digest_of v1)" ]
  [[ "$stderr" = *"no transparency log was consulted"* ]]
  grep -c PUT registry/log >before
  [ "$(ociassemble sign -q --key a.key "$REGISTRY/app:v1")" = "$first" ]
  grep -c PUT registry/log >after
  cmp before after
}

@test "cosign takes our signatures, of both forms, by keys of both kinds, and our attestations" {
  need_cosign
  push_index v1 1
  ociassemble generate-key -q e --type ed25519
  for key in a e; do
    ociassemble sign -q --key "$key.key" "$REGISTRY/app:v1"
    for form in true false; do
      run -0 cosign_verifies verify --key "$key.pub" --new-bundle-format="$form" "$REGISTRY/app:v1"
      [[ "$output" = *"$(digest_of v1)"* ]]
    done
  done
  run -1 cosign_verifies verify --key b.pub "$REGISTRY/app:v1"
  echo '{"passed": true}' >results.json
  ociassemble attest -q --key a.key --type https://example.com/tests/v1 --predicate results.json "$REGISTRY/app:v1"
  run -0 cosign_verifies verify-attestation --key a.pub --type https://example.com/tests/v1 "$REGISTRY/app:v1"
}

@test "cosign takes signed SBOMs and provenances of a push, also where an index holds them" {
  need_cosign
  mkdir -p bin/linux-amd64 bin/linux-arm64
  cp "$server" bin/linux-amd64/server
  cp "$(GOARCH=arm64 go_server)" bin/linux-arm64/server
  for form in referrers index; do
    ociassemble build -q --binary 'bin/{os}-{arch}/server' --platform linux/amd64 --platform linux/arm64 --sbom --provenance --attestations "$form" \
      --sign-key a.key --push "$REGISTRY/app:$form"
    ociassemble verify -q --key a.pub --require signature,sbom,provenance "$REGISTRY/app:$form"
    image=$REGISTRY/app@$(ociassemble digest --platform linux/arm64 "$REGISTRY/app:$form")
    for type in slsaprovenance1 spdxjson; do
      run -0 cosign_verifies verify-attestation --key a.pub --type "$type" "$image"
      run -1 cosign_verifies verify-attestation --key b.pub --type "$type" "$image"
    done
    ociassemble rebuild -q "$REGISTRY/app:$form"
  done
}

@test "cosign 2 takes the form under a tag, and what it signs and attests is taken" {
  cosign=${COSIGN2:-}
  [ -n "$cosign" ] || skip "cosign 2 is not here (COSIGN2=FILE names it)"
  push_index v1 1
  ociassemble generate-key -q e --type ed25519
  for key in a e; do
    ociassemble sign -q --key "$key.key" "$REGISTRY/app:v1"
    run -0 cosign_verifies verify --key "$key.pub" "$REGISTRY/app:v1"
  done
  push_index v2 2
  for key in a e; do
    "$cosign" sign --key "$key.key" --tlog-upload=false --allow-http-registry --yes "$REGISTRY/app:v2"
    ociassemble verify -q --key "$key.pub" "$REGISTRY/app:v2"
  done
  echo '{"spdxVersion": "SPDX-2.3"}' >sbom.json
  "$cosign" attest --key a.key --type spdxjson --predicate sbom.json --tlog-upload=false --allow-http-registry --yes "$REGISTRY/app:v2"
  ociassemble verify -q --key a.pub --require signature,sbom "$REGISTRY/app:v2"
}

@test "cosign's signatures and attestations are taken, of both forms, by its key and by ours" {
  need_cosign
  "$cosign" generate-key-pair --output-key-prefix c
  for form in true false; do
    push_index "v-$form" "$form"
    run -3 ociassemble verify --key c.pub "$REGISTRY/app:v-$form"
    cosign_signs sign --key c.key --new-bundle-format="$form" "$REGISTRY/app:v-$form"
    ociassemble verify -q --key c.pub "$REGISTRY/app:v-$form"
    run -3 ociassemble verify --key a.pub "$REGISTRY/app:v-$form"
    cosign_signs sign --key a.key --new-bundle-format="$form" "$REGISTRY/app:v-$form"
    ociassemble verify -q --key a.pub "$REGISTRY/app:v-$form"
    echo '{"spdxVersion": "SPDX-2.3"}' >sbom.json
    cosign_signs attest --key c.key --type spdxjson --predicate sbom.json --new-bundle-format="$form" "$REGISTRY/app:v-$form"
    ociassemble verify -q --key c.pub --require signature,sbom "$REGISTRY/app:v-$form"
  done
  # What it signed stays beside ours, and its key signs here.
  ociassemble sign -q --key c.key "$REGISTRY/app:v-false"
  cosign_verifies verify --key a.pub --new-bundle-format=false "$REGISTRY/app:v-false"
}

@test "skopeo takes our signatures by its policy, and nothing that is not signed" {
  skopeo=${SKOPEO_WITH_SIGSTORE:-skopeo}
  # Debian 12's (1.9) takes what is not signed under the same policy.
  printf '1.10\n%s\n' "$("$skopeo" --version | awk '{print $3}')" | sort -VC || skip "this skopeo does not judge sigstore's signatures"
  mkdir registries.d
  echo "docker: {\"$REGISTRY\": {use-sigstore-attachments: true}}" >registries.d/default.yaml
  cat >policy.json <<JSON
{"default": [{"type": "reject"}], "transports": {"docker": {"$REGISTRY/app": [
  {"type": "sigstoreSigned", "keyPath": "$PWD/a.pub", "signedIdentity": {"type": "matchRepository"}}]}}}
JSON
  push_image v1 1
  push_image v2 2
  ociassemble sign -q --key a.key "$REGISTRY/app:v1"
  run "$skopeo" --policy policy.json --registries.d registries.d copy --src-tls-verify=false "docker://$REGISTRY/app:v1" dir:out1
  [[ "$output" != *"not supported"* && "$output" != *"unknown policy"* && "$output" != *"sigstore"*"disabled"* ]] || skip "this skopeo has no sigstore"
  [ "$status" = 0 ]
  run -1 "$skopeo" --policy policy.json --registries.d registries.d copy --src-tls-verify=false "docker://$REGISTRY/app:v2" dir:out2
  [[ "$output" = *"signature"* ]]
}

@test "what is not signed by the key is refused with status 3, and nothing goes to the standard output" {
  push_index v1 1
  push_image v2 2
  ociassemble sign -q --key a.key "$REGISTRY/app:v1"
  for arguments in "--key b.pub $REGISTRY/app:v1" "--key a.pub $REGISTRY/app:v2" "--key a.pub --require sbom $REGISTRY/app:v1" \
    "--key a.pub --require signature,provenance $REGISTRY/app:v1"; do
    # shellcheck disable=SC2086  # words
    run -3 --separate-stderr ociassemble verify $arguments
    [ -z "$output" ]
    [[ "$stderr" = *" has no "* ]]
  done
  run -3 ociassemble verify --json --key b.pub "$REGISTRY/app:v1"
  [ "$(jq -r '.missing[0].what' <<<"$output")" = signature ]
  [ "$(jq -r '.skipped | length' <<<"$output")" = 2 ]
}

@test "an SBOM's signature is no image's, a platform's no index's, and an index's counts for its images when it is named" {
  push_index v1 1
  root=$(digest_of v1)
  amd64=$(ociassemble digest --platform linux/amd64 "$REGISTRY/app:v1")
  echo '{"spdxVersion": "SPDX-2.3"}' >sbom.json
  ociassemble attest -q --key a.key --type spdx --predicate sbom.json "$REGISTRY/app:v1"
  run -3 ociassemble verify --key a.pub "$REGISTRY/app:v1"
  ociassemble verify -q --key a.pub --require sbom "$REGISTRY/app:v1"
  ociassemble sign -q --key a.key --platform linux/amd64 "$REGISTRY/app:v1"
  run -3 ociassemble verify --key a.pub "$REGISTRY/app:v1"
  ociassemble verify -q --key a.pub "$REGISTRY/app@$amd64"
  # The other way round: only the index is signed.
  ociassemble sign -q --key b.key --form bundle --print-payload "$REGISTRY/app:v1" >payload
  ociassemble generate-key -q --no-passphrase plain
  openssl dgst -sha256 -sign plain.key -out payload.sig payload
  ociassemble sign -q --key plain.pub --form bundle --signature payload.sig "$REGISTRY/app:v1"
  ociassemble verify -q --key plain.pub "$REGISTRY/app:v1"
  run -3 ociassemble verify --key plain.pub "$REGISTRY/app@$amd64"
  ociassemble verify -q --key plain.pub --through "$REGISTRY/app@$root" "$REGISTRY/app@$amd64"
  push_image other 7
  run -3 ociassemble verify --key plain.pub --through "$REGISTRY/app@$root" "$REGISTRY/app:other"
  [[ "$output" = *"the index does not name it"* ]]
}

@test "a signature from somewhere else is checked before it is attached" {
  push_image v1 1
  push_image v2 2
  ociassemble generate-key -q --no-passphrase plain
  for form in bundle tag; do
    ociassemble sign --form "$form" --print-payload "$REGISTRY/app:v1" >payload
    openssl dgst -sha256 -sign plain.key payload | base64 >payload.sig
    run -3 ociassemble sign -q --key plain.pub --form "$form" --signature payload.sig "$REGISTRY/app:v2"
    run -3 ociassemble sign -q --key a.pub --form "$form" --signature payload.sig "$REGISTRY/app:v1"
    ociassemble sign -q --key plain.pub --form "$form" --signature payload.sig "$REGISTRY/app:v1"
  done
  [ "$(ociassemble verify --json --key plain.pub "$REGISTRY/app:v1" | jq '.found | length')" = 2 ]
}

@test "a program signs: it gets the descriptor and answers with a layout" {
  push_image v1 1
  ociassemble build -q --binary "$server" --label l=1 -o oci:signer:v1
  cat >sign-here <<SH
#!/bin/sh
set -e
cd "$PWD"
jq -r .digest >asked
ociassemble sign -q --key a.key oci:signer:v1 >&2
tar -cf - -C signer .
SH
  chmod +x sign-here
  ociassemble sign -q --signer ./sign-here "$REGISTRY/app:v1"
  [ "$(cat asked)" = "$(digest_of v1)" ]
  ociassemble verify -q --key a.pub "$REGISTRY/app:v1"
  printf '#!/bin/sh\nexit 7\n' >sign-here
  run -3 ociassemble sign -q --signer ./sign-here "$REGISTRY/app:v1"
  [[ "$output" = *"ended with status 7"* ]]
}

@test "a push signs as it goes: image, SBOM and provenance, and pushing again sends nothing" {
  mkdir -p bin/linux-amd64 bin/linux-arm64
  cp "$server" bin/linux-amd64/server
  cp "$(GOARCH=arm64 go_server)" bin/linux-arm64/server
  build() {
    ociassemble build -q --binary 'bin/{os}-{arch}/server' --platform linux/amd64 --platform linux/arm64 --sbom --provenance --sign-key a.key \
      --push "$REGISTRY/app:v1" -o oci:out:v1 -o oci-archive:out.tar
  }
  build
  ociassemble verify -q --key a.pub --require signature,sbom,provenance "$REGISTRY/app:v1"
  ociassemble verify -q --key a.pub --require signature,sbom,provenance oci:out:v1
  ociassemble verify -q --key a.pub --require signature,sbom,provenance oci-archive:out.tar
  grep -c '"PUT\|"POST' registry/log >before
  build
  grep -c '"PUT\|"POST' registry/log >after
  cmp before after
  ociassemble copy -q --all-platforms --referrers "$REGISTRY/app:v1" "$REGISTRY/mirror:v1"
  ociassemble verify -q --key a.pub --require signature,sbom,provenance "$REGISTRY/mirror:v1"
}

@test "two users on two machines make the same signatures and the same provenance" {
  signed() {
    mkdir -p "$1/checkout" "$1/home"
    cp "$server" "$1/checkout/server"
    touch -d "$2" "$1/checkout/server"
    (cd "$1/checkout" && HOME=$PWD/../home TZ=$3 LANG=C ociassemble build -q --binary server --provenance --sbom --sign-key "$BATS_TEST_TMPDIR/a.key" \
      -o oci:../out:v1)
    jq -r '.manifests[].digest' "$1/out/index.json" | sort
  }
  [ "$(signed one 2001-01-01 UTC)" = "$(signed deep/two 2020-02-02 EAST-5)" ]
  run -1 grep -rlF "$BATS_TEST_TMPDIR" one/out deep/two/out
}

@test "keys: nothing is replaced, a wrong passphrase says so, and none comes as an argument" {
  [ "$(stat -c %a a.key)" = 600 ]
  run -2 ociassemble generate-key a
  [[ "$output" = *"a.key: there is such a file"* ]]
  push_image v1 1
  COSIGN_PASSWORD=wrong run -1 ociassemble sign --key a.key "$REGISTRY/app:v1"
  [[ "$output" = *"cannot decrypt a.key: the passphrase is wrong"* ]]
  echo hunter2 >passphrase
  env -u COSIGN_PASSWORD "$(type -P ociassemble)" sign -q --key a.key --passphrase-file passphrase "$REGISTRY/app:v1"
  KEY=$(cat a.key) ociassemble sign -q --key env:KEY "$REGISTRY/app:v1"
  # OpenSSL's own encryption, and forms that are refused.
  ociassemble generate-key -q --no-passphrase plain
  openssl pkcs8 -topk8 -v2 aes-256-cbc -passout pass:hunter2 -in plain.key -out encrypted.key
  ociassemble sign -q --key encrypted.key "$REGISTRY/app:v1"
  ociassemble verify -q --key plain.pub "$REGISTRY/app:v1"
  openssl ec -in plain.key -out sec1.key
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out p384.key
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit -out explicit.key
  openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key
  openssl req -x509 -new -key plain.key -subj /CN=x -days 1 -out certificate.pem
  for key in sec1.key p384.key explicit.key rsa.key certificate.pem plain.pub; do
    run -1 ociassemble sign --key "$key" "$REGISTRY/app:v1"
    [[ "$output" = *"cannot use the key $key: "* ]]
  done
  for key in certificate.pem plain.key; do
    run -1 ociassemble verify --key "$key" "$REGISTRY/app:v1"
  done
}

@test "no secret shows: not in traces, arguments or the memory that others may read" {
  push_image v1 1
  ociassemble sign --trace-http --key a.key "$REGISTRY/app:v1" >out 2>trace
  run -1 grep -F hunter2 out trace
  # A key from a pipe that does not end holds the command where the key is read.
  mkfifo pipe
  command ociassemble sign --key pipe "$REGISTRY/app:v1" >/dev/null 2>&1 &
  pid=$!
  exec 5>pipe
  for ((tries = 0; tries < 100; tries++)); do
    [ "$(stat -c %u:%g "/proc/$pid/environ")" = 0:0 ] && grep -q 'Max core file size *0 ' "/proc/$pid/limits" && break
    sleep 0.1
  done
  grep -q 'Max core file size *0 ' "/proc/$pid/limits"
  run -1 grep -aF hunter2 "/proc/$pid/cmdline"
  kill "$pid"
  exec 5>&-
}

@test "a base is locked where it is signed, and moves by another signature alone" {
  local base=$REGISTRY/app:base
  push_image base 1
  run -3 ociassemble lock -q --base "$base" --verify-key a.pub
  [[ "$output" = *"has no signature by this key"* ]]
  [ ! -e ociassemble.lock ]
  ociassemble sign -q --key a.key "$base"
  ociassemble lock -q --base "$base" --verify-key b.pub --verify-key a.pub
  [ "$(jq -r '.bases[].signedBy' ociassemble.lock)" = "sha256:$(openssl pkey -pubin -in a.pub -outform DER | sha256sum | cut -d' ' -f1)" ]
  ociassemble build -q --locked --base "$base" --binary "$server" -o oci:locked:v1
  cp ociassemble.lock before
  ociassemble lock -q --update
  cmp before ociassemble.lock
  # The tag moves to what nobody signed.
  push_image base 2
  run -3 ociassemble lock -q --update
  [[ "$output" = *"it was locked with a signature, and no key is given"* ]]
  run -3 ociassemble lock -q --update --verify-key a.pub
  cmp before ociassemble.lock
  ociassemble sign -q --key a.key "$base"
  ociassemble lock -q --update --verify-key a.pub
  [ "$(jq -r '.bases[].digest' ociassemble.lock)" = "$(digest_of base)" ]
}

@test "a recipe signs: by a file beside it or a variable, another key of the command line instead, and none" {
  cp "$server" server
  mkdir secrets
  mv b.key secrets/
  echo hunter2 >secrets/passphrase
  cat >ociassemble.json <<'JSON'
{
  "binaries": {"/server": "server"}, "sbom": ["spdx"], "provenance": true,
  "profiles": {
    "release": {"sign": {"key": "secrets/b.key", "passphraseFile": "secrets/passphrase"}},
    "ci": {"sign": "env:RELEASE_KEY"},
    "plain": {},
  },
}
JSON
  unset COSIGN_PASSWORD
  (mkdir elsewhere && cd elsewhere && command ociassemble build -q -f ../ociassemble.json --profile release --push "$REGISTRY/app:release")
  ociassemble verify -q --key b.pub --require signature,sbom,provenance "$REGISTRY/app:release"
  run -1 ociassemble build -q --profile ci --push "$REGISTRY/app:ci"
  [[ "$output" = *"the variable RELEASE_KEY is not set"* ]]
  RELEASE_KEY=$(cat secrets/b.key) COSIGN_PASSWORD=hunter2 ociassemble build -q --profile ci --push "$REGISTRY/app:ci"
  ociassemble verify -q --key b.pub --require signature,sbom,provenance "$REGISTRY/app:ci"
  # All profiles at once, each by its own key.
  ociassemble generate-key -q --no-passphrase c
  sed -i 's/"plain": {}/"plain": {"sign": "c.key", "labels": {"p": "1"}}/; s/"ci": {.*/"ci": {"labels": {"p": "2"}},/' ociassemble.json
  ociassemble build -q --all-profiles -o 'oci:out-{profile}:v1'
  ociassemble verify -q --key b.pub oci:out-release:v1
  ociassemble verify -q --key c.pub oci:out-plain:v1
  run -3 ociassemble verify -q --key c.pub oci:out-ci:v1
  # The command line's key takes the place of the recipe's.
  ociassemble build -q --profile release --sign-key c.key -o oci:out:v1
  ociassemble verify -q --key c.pub oci:out:v1
  run -3 ociassemble verify -q --key b.pub oci:out:v1
  ociassemble build -q --profile release --sign-key none --label l=1 -o oci:none:v1
  run -3 ociassemble verify -q --key b.pub oci:none:v1
  # Never the key itself.
  jq -n --arg key "$(cat c.key)" '{binaries: {"/server": "server"}, sign: $key}' >bad.json
  run -2 ociassemble build -q -f bad.json -o oci:bad:v1
  [[ "$output" = *"the key itself is written here"* && "$output" != *"$(sed -n 2p c.key)"* ]]
  echo '{"binaries": {"/server": "server"}, "sign": {"passphraseFile": "x"}}' >bad.json
  run -2 ociassemble build -q -f bad.json -o oci:bad:v1
  [[ "$output" = *"bad.json:1:"*"sign: no key"* ]]
}

@test "a policy demands that the base was signed by a key when it was locked" {
  local base=$REGISTRY/app:base
  push_image base 1
  ociassemble sign -q --key a.key "$base"
  id=sha256:$(openssl pkey -pubin -in a.pub -outform DER | sha256sum | cut -d' ' -f1)
  cp "$server" server
  recipe() { printf '{"base": "%s", "binaries": {"/server": "server"}, "policy": {"rules": {"base": {"signedBy": ["%s"]}}}}' "$base" "$1" >ociassemble.json; }
  recipe "$id"
  run -3 ociassemble build -q -o oci:out:v1
  [[ "$output" = *"the base $base is not locked with a signature"*"ociassemble lock --verify-key KEY.pub"* ]]
  [ ! -e out/index.json ]
  ociassemble lock -q
  run -3 ociassemble check -f ociassemble.json
  ociassemble lock -q --update --verify-key a.pub
  ociassemble build -q -o oci:out:v1
  ociassemble check -f ociassemble.json
  recipe "sha256:$(printf '%064d' 1)"
  run -3 ociassemble build -q -o oci:other:v1
  [[ "$output" = *"was signed by the key $id, which is not one of those wanted"* ]]
  recipe a.pub
  run -2 ociassemble build -q -o oci:other:v1
  [[ "$output" = *"a.pub, which is no key's SHA-256"* ]]
  # A finished image does not say who signed its base.
  printf '{"rules": {"base": {"level": "error", "signedBy": "%s"}}}' "$id" >policy.json
  run -3 ociassemble check --policy policy.json oci:out:v1
  [[ "$output" = *"is in the lock, which a finished image does not have"* ]]
}

@test "a passphrase without a terminal, and a key that everybody can read, are told" {
  push_image v1 1
  run -2 setsid -w env -u COSIGN_PASSWORD "$(type -P ociassemble)" sign -q --key a.key "$REGISTRY/app:v1"
  [[ "$output" = *"there is no terminal to ask"*"--passphrase-file FILE, or set COSIGN_PASSWORD"* ]]
  run -1 ociassemble sign -q --key env:NO_SUCH_KEY "$REGISTRY/app:v1"
  [[ "$output" = *"the variable NO_SUCH_KEY is not set"* ]]
  ociassemble generate-key -q --no-passphrase plain
  run -0 --separate-stderr ociassemble sign -q --key plain.key "$REGISTRY/app:v1"
  [ -z "$stderr" ]
  chmod 644 plain.key a.key
  run -0 --separate-stderr ociassemble sign -q --key plain.key "$REGISTRY/app:v1"
  [[ "$stderr" = *"warning: every user of this machine can read the key plain.key"*"chmod 600 plain.key"* ]]
  run -0 --separate-stderr ociassemble sign -q --key a.key "$REGISTRY/app:v1"
  [ -z "$stderr" ]
}

@test "a signature on one platform only is none for the others, nor for the index" {
  push_index v1 1
  ociassemble sign -q --key a.key --platform linux/arm64 "$REGISTRY/app:v1"
  for platform in linux/amd64 linux/arm64; do
    digest=$(ociassemble digest --platform "$platform" "$REGISTRY/app:v1")
    if [ "$platform" = linux/arm64 ]; then expected=0; else expected=3; fi
    run -"$expected" ociassemble verify -q --key a.pub "$REGISTRY/app@$digest"
  done
  run -3 ociassemble verify -q --key a.pub "$REGISTRY/app:v1"
  # An old signature does not follow the tag to another image.
  ociassemble sign -q --key a.key "$REGISTRY/app:v1"
  push_index v1 2
  run -3 ociassemble verify -q --key a.pub "$REGISTRY/app:v1"
}

@test "no system call carries a key or a passphrase out, and temporary folders have neither" {
  command -v strace >/dev/null || skip "strace is not here"
  strace -o /dev/null true 2>/dev/null || skip "strace may not trace here"
  cp "$server" server
  ociassemble generate-key -q --no-passphrase plain
  echo 'a rare passphrase' >passphrase
  openssl pkcs8 -topk8 -v2 aes-256-cbc -passout file:passphrase -in plain.key -out encrypted.key
  mkdir temporary
  secret=$(sed -n 2p plain.key)
  for words in "--sign-key plain.key" "--sign-key encrypted.key --passphrase-file passphrase"; do
    read -ra options <<<"$words"
    TMPDIR=$PWD/temporary strace -f -qq -e trace=write,pwrite64,writev,sendto,sendmsg,execve -s 100000 -o calls \
      "$(type -P ociassemble)" build --json --trace-http --binary server --label "w=${#words}" --sbom --provenance "${options[@]}" \
      --push "$REGISTRY/app:v1" -o oci:layout:v1 >out 2>err
    grep -q 'PUT ' calls
    run -1 grep -F -e "$secret" -e 'a rare passphrase' calls out err
    run -1 grep -rF -e "$secret" -e 'a rare passphrase' temporary layout "$XDG_CACHE_HOME"
  done
}

@test "once the key is read, the passphrase is nowhere in the memory" {
  [ "$(id -u)" = 0 ] || skip "reading the memory of a process takes root"
  cp "$server" server
  # A server that takes the connection and says nothing holds the build where its key is read.
  python3 - >port 3>&- <<'PYTHON' &
import socket, sys, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
print(s.getsockname()[1], flush=True)
c = s.accept(); print("connected", flush=True); time.sleep(60)
PYTHON
  silent=$!
  for ((tries = 0; tries < 100; tries++)); do if [ -s port ]; then break; fi; sleep 0.1; done
  python3 -c 'import hashlib; print("a" + hashlib.sha256(b"passphrase").hexdigest())' >passphrase
  env -u COSIGN_PASSWORD "$(type -P ociassemble)" generate-key -q --passphrase-file passphrase c
  env -u COSIGN_PASSWORD "$(type -P ociassemble)" build -q --binary server --sign-key c.key --passphrase-file passphrase \
    --plain-http "127.0.0.1:$(head -n 1 port)" --push "127.0.0.1:$(head -n 1 port)/app:v1" >out 2>&1 3>&- &
  builder=$!
  for ((tries = 0; tries < 300; tries++)); do if grep -q connected port; then break; fi; sleep 0.1; done
  # The path of the passphrase's file is there, so the search finds what is there.
  run -0 python3 - "$builder" passphrase <<'PYTHON'
import re, sys
pid, name = sys.argv[1], sys.argv[2]
secret = open(name).read().strip().encode()
found = {b"c.key": 0, secret: 0}
with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
    for line in maps:
        begin, end, access = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
        if not access.startswith("rw"):
            continue
        memory.seek(int(begin, 16))
        try:
            bytes_ = memory.read(int(end, 16) - int(begin, 16))
        except OSError:
            continue
        for text in found:
            found[text] += bytes_.count(text)
print(found[b"c.key"] > 0, found[secret])
PYTHON
  kill "$builder" "$silent"
  [ "$output" = "True 0" ]
}

# NAME: the block of that language below a heading of docs/evidence.md that holds the text.
evidence_snippet() {
  python3 - "$source_root/docs/evidence.md" "$1" "$2" <<'PYTHON'
import pathlib, re, sys
text = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
blocks = re.findall(rf"```{sys.argv[2]}\n(.*?)```", text, re.S)
print(next(block for block in blocks if sys.argv[3] in block), end="")
PYTHON
}

@test "the gate of a pipeline in docs/evidence.md deploys what is signed by its digest, and stops where something lacks" {
  mkdir tools
  printf '#!/bin/sh\necho "$@" >>"%s/deployed"\n' "$PWD" >tools/kubectl
  chmod +x tools/kubectl
  cp a.pub release.pub
  evidence_snippet sh 'kubectl set image' | sed "s|registry.example.com/team/server|$REGISTRY/app|" >gate
  grep -q "$REGISTRY/app:v1" gate
  ociassemble build -q --binary "$server" --sbom --provenance --sign-key a.key --push "$REGISTRY/app:v1"
  PATH=$PWD/tools:$PATH run -0 --separate-stderr bash gate
  [ "$(cat deployed)" = "set image deployment/server server=$REGISTRY/app@$(digest_of v1)" ]
  [ -z "$stderr" ]
  # No provenance, another key, no signature: nothing is deployed.
  rm deployed
  ociassemble build -q --binary "$server" --label l=2 --sbom --sign-key a.key --push "$REGISTRY/app:v1"
  PATH=$PWD/tools:$PATH run -3 bash gate
  [[ "$output" = *"has no signed provenance by this key"* ]]
  ociassemble build -q --binary "$server" --label l=3 --sbom --provenance --sign-key b.key --push "$REGISTRY/app:v1"
  PATH=$PWD/tools:$PATH run -3 bash gate
  push_image v1 4
  PATH=$PWD/tools:$PATH run -3 bash gate
  [ ! -e deployed ]
}

@test "the admission policies of docs/evidence.md are YAML, and name key and images" {
  python3 -c 'import yaml' 2>/dev/null || skip "no Python module yaml"
  for kind in ClusterPolicy ClusterImagePolicy; do
    evidence_snippet yaml "kind: $kind" | python3 -c 'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))' >"$kind.json"
  done
  # cosign's public key as generate-key writes it goes in their place.
  [ "$(jq -r '.spec.rules[0].verifyImages[0] | "\(.imageReferences[0]) \(.failureAction) \(.attestors[0].entries[0].keys.rekor.ignoreTlog)"' \
    ClusterPolicy.json)" = "registry.example.com/team/* Enforce true" ]
  jq -er '.spec.rules[0].verifyImages[0].attestors[0].entries[0].keys.publicKeys' ClusterPolicy.json >keys
  jq -er '.spec.authorities[0].key.data' ClusterImagePolicy.json >>keys
  [ "$(grep -ce "$(head -n 1 a.pub)" keys)" = 2 ]
}
