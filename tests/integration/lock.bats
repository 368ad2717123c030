#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Bases that are pinned: a locked build needs neither the registry nor a network.
# shellcheck disable=SC2154  # variables that lib.bash sets
load lib

set_up() {
  base=$REGISTRY/lock-$BATS_TEST_NUMBER:3.20
  push_base "$(alpine_rootfs)" "${base#"$REGISTRY/"}"
}

# Another image under the base's tag.
move_tag() {
  mkdir -p other/etc
  echo other >other/etc/motd
  tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C other -cf other.tar .
  rm -rf "$BATS_TEST_TMPDIR/base-${base##*/}" "$BATS_TEST_TMPDIR/base-lock-$BATS_TEST_NUMBER-3.20"
  push_base "$PWD/other.tar" "${base#"$REGISTRY/"}"
}

build() { ociassemble build -q --base "$base" --binary "$server" "$@"; }
digest_of_push() { skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$1"; }

@test "lock pins a base, and prints what its tag stands for" {
  run --separate-stderr -0 ociassemble lock -q --base "$base"
  [ "$output" = "$base@$(digest_of_push "$base")" ]
  jq -e --arg base "$base" '.lockFormat == 2 and (.bases[$base].platforms | length == 1) and .codecs["gzip:4"].name == "ociassemble-deflate"' ociassemble.lock
  [[ "$(jq -r '.bases[].platforms[].system' ociassemble.lock)" = *Alpine*musl ]]
  run --separate-stderr -0 ociassemble lock --json --base "$base"
  [ "$(jq -r '.bases[0].platforms[0].platform' <<<"$output")" = "linux/$(go env GOARCH)" ]
  [ "$(jq -r '.bases[0].digest' <<<"$output")" = "$(digest_of_push "$base")" ]
  run --separate-stderr -3 ociassemble lock --check --json --base "$base" --platform linux/s390x
  [ "$(jq -c '.unlocked' <<<"$output")" = "[{\"base\":\"$base\",\"platform\":\"linux/s390x\"}]" ]
}

@test "a locked build has the unlocked one's digest, on every output" {
  build -o oci:unlocked:v1
  ociassemble lock -q --base "$base"
  build --locked --no-cache -o oci:locked:v1 -o oci:shallow:v1 -o oci-archive:locked.tar:v1 --push "$REGISTRY/lock-app:v1"
  [ "$(digest_in unlocked)" = "$(digest_in locked)" ]
  [ "$(digest_in unlocked)" = "$(digest_of_push "$REGISTRY/lock-app:v1")" ]
  ociassemble verify oci:locked
}

@test "without any network a locked build predicts the digest of what was pushed" {
  need_root
  ociassemble lock -q --base "$base"
  build --push "$REGISTRY/lock-offline:v1"
  unshare -n ociassemble build -q --locked --no-cache --base "$base" --binary "$server" -o oci:predicted:v1 --shallow
  [ "$(digest_in predicted)" = "$(digest_of_push "$REGISTRY/lock-offline:v1")" ]
  refused -1 unshare -n ociassemble build -q --no-cache --lock-file /dev/null --base "$base" --binary "$server" -o oci:none:v1
}

@test "after the tag has moved, check says so and the locked build stays as it is" {
  ociassemble lock -q --base "$base"
  run -0 ociassemble lock --check
  build -o oci:before:v1
  before=$(digest_of_push "$base")
  move_tag
  run --separate-stderr -3 ociassemble lock --check
  [ "$output" = "$base moved: locked $before, now $(digest_of_push "$base")" ]
  run --separate-stderr -3 ociassemble lock --check --json
  [ "$(jq -c . <<<"$output")" = \
    "{\"ok\":false,\"moved\":[{\"base\":\"$base\",\"locked\":\"$before\",\"now\":\"$(digest_of_push "$base")\"}],\"unlocked\":[]}" ]
  build --no-cache -o oci:after:v1 --shallow
  [ "$(digest_in before)" = "$(digest_in after)" ]
  ociassemble lock -q --base "$base"
  [ "$(jq -r '.bases[].digest' ociassemble.lock)" = "$before" ]
}

@test "update locks what the tag stands for now" {
  ociassemble lock -q --base "$base"
  move_tag
  ociassemble lock -q --update "$base"
  [ "$(jq -r '.bases[].digest' ociassemble.lock)" = "$(digest_of_push "$base")" ]
  run -0 ociassemble lock --check
}

@test "the lock file is not touched when nothing has changed, and is the same whoever makes it" {
  ociassemble lock -q --base "$base"
  stat -c '%i %y' ociassemble.lock >before
  ociassemble lock -q --update
  stat -c '%i %y' ociassemble.lock | cmp before -
  mkdir elsewhere
  (cd elsewhere && umask 077 && TZ=Asia/Tokyo LC_ALL=C XDG_CACHE_HOME=$PWD/cache ociassemble lock -q --base "$base")
  cmp ociassemble.lock elsewhere/ociassemble.lock
}

@test "locked refuses a base or a platform that is not locked, with status 3" {
  run --separate-stderr -3 build --locked -o oci:image:v1
  [[ "$stderr" = *"cannot use base $base: the lock file does not pin it"* ]]
  [ ! -e image ]
  run -0 ociassemble build -q --locked --binary "$server" -o oci:static:v1
}

@test "a tag without a lock warns once, and neither with -q nor when it is locked" {
  run --separate-stderr -0 ociassemble build --progress=none --base "$base" --binary "$server" -o oci:image:v1
  [ "$(grep -c 'warning: base .* is a tag and may change' <<<"$stderr")" -eq 1 ]
  run --separate-stderr -0 build -o oci:image:v1
  [ -z "$stderr" ]
  ociassemble lock -q --base "$base"
  run --separate-stderr -0 build -o oci:image:v1
  [ -z "$stderr" ]
}

@test "a damaged lock is an error that says how to make it anew, and update does" {
  ociassemble lock -q --base "$base"
  sed -i '3i <<<<<<< HEAD' ociassemble.lock
  run --separate-stderr -1 build -o oci:image:v1
  [[ "$stderr" = *'ociassemble.lock: line 3 is a conflict that git could not merge'* ]]
  [[ "$stderr" = *'ociassemble lock --update'* ]]
  run -0 ociassemble lock -q --update --base "$base"
  run -0 build --locked -o oci:image:v1
}

@test "a recipe's bases are locked beside it, for all profiles" {
  mkdir project
  cat >project/ociassemble.json <<JSON
{
  "base": "$base",
  "binaries": {"/usr/local/bin/server": "server"},
  "profiles": {"dev": {"base": "static"}}
}
JSON
  run --separate-stderr -0 ociassemble lock -q -f project/ociassemble.json
  [ "$output" = "$base@$(digest_of_push "$base")" ]
  [ -s project/ociassemble.lock ]
  run -0 ociassemble lock --check -f project/ociassemble.json
}

@test "an error about what a recipe names begins with its place there" {
  cat >ociassemble.json <<JSON
{
  "base": "$REGISTRY/not-there:1",
  "binaries": {"/usr/local/bin/server": "server"}
}
JSON
  run --separate-stderr -1 ociassemble lock -q
  [[ "$stderr" = "ociassemble: ociassemble.json:2:11: base: cannot pull $REGISTRY/not-there:1: "* ]]
  cat >ociassemble.json <<JSON
{
  "base": "$base",
  "platforms": ["linux/amd64", "linux/s390x"],
  "profiles": {"dev": {"base": "static"}}
}
JSON
  run --separate-stderr -1 ociassemble lock -q
  [[ "$stderr" = "ociassemble: ociassemble.json:2:11: base: "*s390x* ]]
  cat >ociassemble.json <<JSON
{
  "base": "static",
  "platforms": ["linux/amd64"],
  "files": {
    "/etc/one": {"from": "$base", "source": "/etc/passwd"},
    "/etc/two": {"from": "$base",
                 "source": "/etc/not-there"}
  }
}
JSON
  run --separate-stderr -1 ociassemble lock -q
  [[ "$stderr" = "ociassemble: ociassemble.json:7:28: files[\"/etc/two\"].source: cannot take /etc/not-there from $base: "* ]]
  run --separate-stderr -1 ociassemble build -o oci:image:v1
  [[ "$stderr" = *"ociassemble: ociassemble.json:7:28: files[\"/etc/two\"].source: cannot take /etc/not-there from $base: "* ]]
  [ ! -e ociassemble.lock ]
}

@test "an error while a recipe's lock is checked begins with the place of the image in the recipe" {
  cat >ociassemble.json <<JSON
{
  "base": "$base",
  "binaries": {"/server": "server"},
  "files": {
    "/etc/one": {"from": "$base", "source": "/etc/passwd"},
  },
}
JSON
  ociassemble lock -q >/dev/null
  # Nothing listens on port 1.
  sed -i "s#$REGISTRY#127.0.0.1:1#" ociassemble.json ociassemble.lock
  run --separate-stderr -1 ociassemble lock --check
  [[ "$stderr" = 'ociassemble: ociassemble.json:5:26: files["/etc/one"].from: cannot reach 127.0.0.1:1: '* ]]
  sed -i '/from/d' ociassemble.json
  run --separate-stderr -1 ociassemble lock --check
  [[ "$stderr" = 'ociassemble: ociassemble.json:2:11: base: cannot reach 127.0.0.1:1: '* ]]
  # Without a recipe the lock alone names the image.
  rm ociassemble.json
  run --separate-stderr -1 ociassemble lock --check
  [[ "$stderr" = 'ociassemble: cannot reach 127.0.0.1:1: '* ]]
}

@test "what cannot be locked is a usage error" {
  run --separate-stderr -2 ociassemble lock --base static
  [[ "$stderr" = *'cannot lock static: it is not in a registry'* ]]
  run --separate-stderr -2 ociassemble lock
  [[ "$stderr" = *'there is no recipe here and no --base'* ]]
  run -1 ociassemble lock --check
  run -1 ociassemble lock --base "$REGISTRY/not-there:1"
  [ ! -e ociassemble.lock ]
}

@test "a locked build whose codec is another version says so, and --allow-codec-change builds all the same" {
  ociassemble lock -q --base "$base"
  jq '.codecs["gzip:4"].version = "0.9"' ociassemble.lock >other && mv other ociassemble.lock
  run --separate-stderr -3 build --locked -o oci:refused:v1
  [[ "$stderr" = *"the lock pins ociassemble-deflate 0.9 for gzip:4, and this build has ociassemble-deflate 1."* ]]
  [[ "$stderr" = *"--allow-codec-change builds all the same"* ]]
  [ ! -e refused ]
  run --separate-stderr -0 build --locked --allow-codec-change -o oci:allowed:v1
  run --separate-stderr -0 build -o oci:warned:v1
  [[ "$stderr" = *warning*"pins ociassemble-deflate 0.9"* ]]
  ociassemble lock -q --update
  build --locked -o oci:updated:v1
  [ "$(digest_in allowed)" = "$(digest_in updated)" ]
}

@test "data of the host is pinned, and another bundle is refused" {
  ociassemble lock -q --base "$base"
  run --separate-stderr -3 build --locked --ca-certificates host -o oci:image:v1
  [[ "$stderr" = *"the lock does not pin the host's CA certificates"*"ociassemble lock --host-data"* ]]
  ociassemble lock -q --base "$base" --host-data
  build --locked --ca-certificates host -o oci:image:v1
  jq '.host.caCertificates = "sha256:'"$(printf 0%.0s {1..64})"'"' ociassemble.lock >other && mv other ociassemble.lock
  run --separate-stderr -3 build --locked --ca-certificates host -o oci:image:v1
  [[ "$stderr" = *"the lock pins other data than the host's CA certificates"* ]]
}

@test "the base's name is locked, from the option and from a recipe whose profiles agree" {
  name() { jq -r '.annotations["org.opencontainers.image.base.name"] // "none"' "$(blob "$1" "$(digest_in "$1")")"; }
  ociassemble lock -q --base "$base" --base-name docker.io/library/alpine:3.20
  build --locked -o oci:named:v1
  [ "$(name named)" = docker.io/library/alpine:3.20 ]
  run --separate-stderr -3 build --locked --base-name other -o oci:other:v1
  [[ "$stderr" = *'the lock pins the name docker.io/library/alpine:3.20'* ]]
  ociassemble lock -q --update
  [ "$(jq -r '.bases[].baseName' ociassemble.lock)" = docker.io/library/alpine:3.20 ]
  mkdir project
  cp "$server" project/server
  for dev in '{}' '{"baseName": "other"}'; do
    echo "{\"base\": \"$base\", \"baseName\": \"none\", \"binaries\": {\"/server\": \"server\"}, \"profiles\": {\"dev\": $dev}}" >project/ociassemble.json
    ociassemble lock -q -f project/ociassemble.json >/dev/null
    jq -r '.bases[].baseName' project/ociassemble.lock
    ociassemble build -q --locked -f project/ociassemble.json --profile dev -o oci:dev:v1 >/dev/null
  done >names
  [ "$(tr '\n' ' ' <names)" = 'none null ' ]
}
