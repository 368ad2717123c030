#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The README's example: one recipe, two profiles, two platforms, on Alpine and on Debian, as indexes in a registry.
# shellcheck disable=SC2154  # variables that lib.bash sets
load lib

set_up() {
  local arch
  for arch in amd64 arm64; do
    mkdir -p "service/bin/linux-$arch"
    cp "$(GOARCH=$arch go_server)" "service/bin/linux-$arch/server"
    cp "$(GOARCH=$arch go_watcher)" "service/bin/linux-$arch/air"
  done
  mkdir service/config
  echo 'level: info' >service/config/server.yml
  # The first JSON of the README.
  awk '/^```json$/ { inside = 1; next } /^```$/ { if (inside) exit } inside' "$source_root/README.md" >service/ociassemble.json
}

push_alpine() { push_index "$1" "$(alpine_rootfs x86_64)" "$(alpine_rootfs aarch64)"; }
push_debian() {
  local amd64 arm64
  amd64=$(debian_rootfs) || skip "no Debian root file system can be made here"
  arm64=$(debian_arm64_rootfs) || skip "no Debian root file system for arm64 can be made here"
  push_index "$1" "$amd64" "$arm64"
}

# OPTIONS…: every profile of the service for both platforms, on $base.
build() { ociassemble build -q -f service/ociassemble.json --all-profiles --set BASE="$base" "$@"; }
raw() { skopeo inspect --raw --tls-verify=false "docker://$1"; }
digest_at() { echo "sha256:$(raw "$1" | sha256sum | cut -d' ' -f1)"; }

# IMAGE PLATFORM: the digests of its layers, one a line.
layers_at() { ociassemble inspect --manifest --platform "$2" "$1" | jq -r '.layers[].digest'; }
# FIRST SECOND: the first file's lines are the second's first ones, and not all of them.
begins_with() { cmp -n "$(stat -c %s "$1")" "$1" "$2" && [ "$(stat -c %s "$1")" -lt "$(stat -c %s "$2")" ]; }

# NAME: the recipe on $base, locked, pushed as two indexes; the proof that both are the same application, and that the
# development image is the production image and some layers over it.
example_holds() {
  local image=$REGISTRY/$1 platform
  ociassemble lock -q -f service/ociassemble.json --set BASE="$base"
  run --separate-stderr -0 build --locked --set VERSION=1.4.0 --push "$image"
  [ "${lines[0]}" = "$image:1.4.0@$(digest_at "$image:1.4.0")" ]
  [ "${lines[1]}" = "$image:1.4.0-dev@$(digest_at "$image:1.4.0-dev")" ]
  [ ${#lines[@]} -eq 2 ]
  for tag in 1.4.0 1.4.0-dev; do
    raw "$image:$tag" >index
    [ "$(jq -r '[.manifests[].platform | .os + "/" + .architecture] | join(" ")' index)" = 'linux/amd64 linux/arm64' ]
  done
  run -0 ociassemble verify --same-app "$image:1.4.0" "$image:1.4.0-dev"
  [ "$(grep -c ': the same application' <<<"$output")" -eq 2 ]
  for platform in linux/amd64 linux/arm64; do
    layers_at "$image:1.4.0" "$platform" >prod
    layers_at "$image:1.4.0-dev" "$platform" >dev
    begins_with prod dev
  done
}

# IMAGE: the production image of this machine runs as 1001 on a read-only root; the development image watches, and its
# root is writable.
profiles_run() {
  find_container_runtime || skip "no container can be started here: $container_problem"
  local arch
  arch=$(go env GOARCH)
  skopeo copy --quiet --src-tls-verify=false --override-arch "$arch" "docker://$1:1.4.0" oci:run:prod
  skopeo copy --quiet --src-tls-verify=false --override-arch "$arch" "docker://$1:1.4.0-dev" oci:run:dev
  ask_container run:prod
  [ "$answer" = "hello from linux/$arch: uid 1001, gid 1001, root read-only" ]
  [ "$(curl --silent --noproxy '*' "$server_url/writable?folder=/var/lib/server")" = true ]
  [ "$(curl --silent --noproxy '*' "$server_url/writable?folder=/etc/server")" = false ]
  stop_server "$container_name"
  container_name=ociassemble-dev-$$-$BATS_TEST_NUMBER
  make_bundle run:dev dev-bundle
  start_server dev-bundle "$container_name"
  grep -q '^watching /src as uid 0$' dev-bundle/log
  [ "$(curl --silent --noproxy '*' "$server_url/")" = "hello from linux/$arch: uid 0, gid 0, root writable" ]
  : >dev-bundle/log
  echo changed >dev-bundle/rootfs/src/main.go
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    ! grep -q '^listening on' dev-bundle/log || break
    sleep 0.1
  done
  grep -q '^/src changed$' dev-bundle/log
  grep -q '^listening on' dev-bundle/log
}

@test "on Alpine: two profiles for two platforms, pushed, proven the same application, and run" {
  base=$REGISTRY/profiles/alpine:3.20
  push_alpine profiles/alpine:3.20
  example_holds profiles/on-alpine
  profiles_run "$REGISTRY/profiles/on-alpine"
}

@test "on Debian: two profiles for two platforms, pushed, proven the same application, and run" {
  base=$REGISTRY/profiles/debian:bookworm
  push_debian profiles/debian:bookworm
  example_holds profiles/on-debian
  profiles_run "$REGISTRY/profiles/on-debian"
}

@test "development on Debian and production on Alpine carry the same application" {
  push_alpine profiles/mixed-alpine:3.20
  push_debian profiles/mixed-debian:bookworm
  base=$REGISTRY/profiles/mixed-alpine:3.20
  sed -i "s|\"readOnly\": false|\"base\": \"$REGISTRY/profiles/mixed-debian:bookworm\", &|" service/ociassemble.json
  run --separate-stderr -0 ociassemble lock -q -f service/ociassemble.json --set BASE="$base"
  [ ${#lines[@]} -eq 2 ]
  build --locked --push "$REGISTRY/profiles/mixed"
  run -0 ociassemble verify --same-app --json "$REGISTRY/profiles/mixed:latest" "$REGISTRY/profiles/mixed:latest-dev"
  [ "$(jq -c '[.platforms[] | .proven]' <<<"$output")" = '[true,true]' ]
  run -3 ociassemble diff --no-files "$REGISTRY/profiles/mixed:latest" "$REGISTRY/profiles/mixed:latest-dev"
  [ "$(grep -c 'base moved' <<<"$output")" -eq 2 ]
}

@test "whatever is perturbed, all profiles have the same index digests" {
  need_root
  push_alpine profiles/same:3.20
  base=$REGISTRY/profiles/same:3.20
  ociassemble lock -q -f service/ociassemble.json --set BASE="$base"
  open_to_others
  reference=$(build -o oci:reference --shallow | sed 's/.*@//')
  [ "$(wc -l <<<"$reference")" -eq 2 ]
  # OTHER WORDS…: a clone in a folder of its own, where the build runs through these words.
  same_as_reference() {
    local clone=$1
    mkdir -p "$clone/out"
    chmod 0777 "$clone/out"
    [ -e "$clone/service" ] || cp -r service "$clone/service"
    chmod -R a+rX "$clone/service"
    [ "$(cd "$clone" && "${@:2}" ociassemble build -q -f service/ociassemble.json --all-profiles --set BASE="$base" \
      -o oci:out/image --shallow ${jobs+--jobs "$jobs"} | sed 's/.*@//')" = "$reference" ]
    rm -rf "$clone"
  }
  same_as_reference 'another folder'
  same_as_reference another-user env HOME=/ XDG_CACHE_HOME=/nowhere setpriv --reuid=65533 --regid=65533 --clear-groups
  same_as_reference umask sh -c 'umask 077 && exec "$@"' sh
  same_as_reference time-zone env TZ=Pacific/Kiritimati
  same_as_reference locale env LC_ALL=tr_TR.UTF-8 LANG=tr_TR.UTF-8
  jobs=1 same_as_reference one-job
  jobs=7 same_as_reference jobs env XDG_CACHE_HOME=/nowhere
  mkdir times
  cp -r service times/service
  find times/service -exec touch -d 2001-02-03T04:05:06 {} +
  same_as_reference times
  mkdir order
  cp -r service order/service
  for file in order/service/config/* order/service/bin/*/*; do
    cp "$file" "$file.new" && mv "$file.new" "$file"
  done
  same_as_reference order
  # All at once, and checked once more by the build itself.
  find service -exec touch -d 1999-12-31T23:59:59 {} +
  jobs=3 same_as_reference all env HOME=/ XDG_CACHE_HOME=/nowhere TZ=Asia/Tokyo LC_ALL=C \
    sh -c 'umask 027 && exec "$@" --twice' sh setpriv --reuid=65533 --regid=65533 --clear-groups
}

@test "with a lock and no network the digests of all profiles are predicted as they were pushed" {
  need_root
  push_alpine profiles/offline:3.20
  base=$REGISTRY/profiles/offline:3.20
  ociassemble lock -q -f service/ociassemble.json --set BASE="$base"
  pushed=$(build --locked --push "$REGISTRY/profiles/offline-app" | sed 's/.*@//')
  predicted=$(unshare -n ociassemble build -q --locked --no-cache -f service/ociassemble.json --all-profiles \
    --set BASE="$base" -o oci:predicted --shallow | sed 's/.*@//')
  [ "$predicted" = "$pushed" ]
  [ "$(wc -l <<<"$pushed")" -eq 2 ]
}

@test "the recipe and its lock are among the dependencies, and digests are written for each profile" {
  push_alpine profiles/files:3.20
  base=$REGISTRY/profiles/files:3.20
  ociassemble lock -q -f service/ociassemble.json --set BASE="$base"
  run --separate-stderr -0 build --json --shallow -o oci:image --digest-file '{profile}.digest' --depfile '{profile}.d'
  [ "$(jq -r '.[].digest' <<<"$output")" = "$(cat prod.digest dev.digest)" ]
  [ "$(jq -c '[.[].images | length]' <<<"$output")" = '[2,2]' ]
  for profile in prod dev; do
    for input in ociassemble.json ociassemble.lock bin/linux-amd64/server bin/linux-arm64/server config/server.yml; do
      grep -q "service/$input" "$profile.d"
    done
  done
  run -1 grep /air prod.d
  grep -q service/bin/linux-arm64/air dev.d
}

@test "one platform of the recipe's makes plain manifests, and another is refused" {
  base=static
  build --platform linux/arm64 -o oci:image
  [ "$(jq -r .mediaType "$(blob image "$(digest_in image latest-dev)")")" = application/vnd.oci.image.manifest.v1+json ]
  run --separate-stderr -2 build --platform linux/s390x -o oci:other
  [[ "$stderr" = *'service/ociassemble.json does not name it'* ]]
}

@test "after a code change a push of both profiles sends the application's layer and no other" {
  push_alpine profiles/change:3.20
  printf -- '-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n' >service/ca.pem
  sed -i 's|"ports"|"caCertificates": "ca.pem", &|' service/ociassemble.json
  base=$REGISTRY/profiles/change:3.20
  ociassemble lock -q -f service/ociassemble.json --set BASE="$base"
  build --push "$REGISTRY/profiles/change"
  # Base, certificates, user, files, application.
  [ "$(layers_at "$REGISTRY/profiles/change:latest" linux/amd64 | wc -l)" -eq 5 ]
  # A byte after the program's end is another program to everybody but the kernel.
  for arch in amd64 arm64; do printf x >>service/bin/linux-$arch/server; done
  run --separate-stderr -0 build --dry-run --json --push "$REGISTRY/profiles/change"
  for plan in 0 1; do
    sent=$(jq -r --argjson plan "$plan" '.plans[$plan].steps[] | select(.action == "send") | .mediaType' <<<"$output")
    [ "$(grep -c 'layer' <<<"$sent")" -eq 2 ]
    [ "$(grep -c 'image.config' <<<"$sent")" -eq 2 ]
    [ "$(grep -c 'image.manifest' <<<"$sent")" -eq 2 ]
    [ "$(grep -c 'image.index' <<<"$sent")" -eq 1 ]
    [ "$(wc -l <<<"$sent")" -eq 7 ]
  done
}

@test "a checked build of all profiles for all platforms is as the unchecked one" {
  base=static
  checked=$(build --twice -o oci:checked | sed 's/.*@//')
  [ "$(build -o oci:unchecked | sed 's/.*@//')" = "$checked" ]
}
