#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a build says of its images, and puts beside them (docs/evidence.md): SBOMs, checksums, annotations from facts.
# shellcheck disable=SC2154  # variables that lib.bash sets
load lib

set_up() { app=$REGISTRY/evidence-$BATS_TEST_NUMBER; }

build() { ociassemble build -q --binary "$server" "$@"; }

two_platforms() {
  local arch
  for arch in amd64 arm64; do
    mkdir -p "bin/linux-$arch"
    ln -sf "$(GOARCH=$arch go_server)" "bin/linux-$arch/server"
  done
}
build_two() { ociassemble build -q --binary 'bin/{os}-{arch}/server' --platform linux/amd64,linux/arm64 "$@"; }

# IMAGE: the artifact types of what refers to it and to what it names, in order.
types_at() { ociassemble referrers --json "$1" | jq -r '.[].artifactType'; }
# LAYOUT DIGEST
blob() { cat "$1/blobs/sha256/${2#sha256:}"; }
# LAYOUT: the digest of its first entry, the image or index; what refers to it comes after.
root_of() { jq -r '.manifests[0].digest' "$1/index.json"; }
# LAYOUT: annotations of the manifest or index that it has.
annotations_in() { blob "$1" "$(jq -r '.manifests[0].digest' "$1/index.json")" | jq -c '.annotations // {}'; }

@test "an SBOM lies beside the image: in a layout, an archive and a registry, the image as it was" {
  build -o oci:plain:v1
  build --sbom=spdx,cyclonedx -o oci:image:v1 -o oci-archive:image.tar:v1 --push "$app:v1"
  [ "$(root_of plain)" = "$(root_of image)" ]
  for place in oci:image:v1 oci-archive:image.tar:v1 "$app:v1"; do
    [ "$(types_at "$place" | sort | xargs)" = 'application/spdx+json application/vnd.cyclonedx+json' ]
  done
  ociassemble verify -q oci:image
  # The document is the one that `sbom` prints, as the only layer, of the artifact's own type.
  referrer=$(ociassemble referrers --json oci:image:v1 | jq -r '.[] | select(.artifactType == "application/spdx+json").digest')
  [ "$(blob image "$referrer" | jq -r '[.artifactType, .config.mediaType, (.layers | length | tostring), .layers[0].mediaType, .subject.digest] | join(" ")')" = \
    "application/spdx+json application/vnd.oci.empty.v1+json 1 application/spdx+json $(root_of image)" ]
  blob image "$(blob image "$referrer" | jq -r '.layers[0].digest')" | cmp - <(ociassemble sbom -q oci:image:v1)
  # The same again changes nothing.
  before=$(sha256sum image/index.json image.tar)
  build --sbom=spdx,cyclonedx -o oci:image:v1 -o oci-archive:image.tar:v1 --push "$app:v1"
  [ "$(sha256sum image/index.json image.tar)" = "$before" ]
}

@test "engines and tools take an archive with an SBOM as one without" {
  build --sbom -o oci-archive:image.tar:docker.io/team/app:v1
  skopeo copy -q "oci-archive:image.tar:docker.io/team/app:v1" oci:copied:v1
  [ "$(root_of copied)" = "$(ociassemble inspect --json oci-archive:image.tar | jq -r .digest)" ]
  skopeo copy -q docker-archive:image.tar oci:old:v1
  if command -v podman >/dev/null && podman info >/dev/null 2>&1; then
    [[ "$(podman load -q -i image.tar)" = *docker.io/team/app:v1* ]]
    podman rmi -f docker.io/team/app:v1
  fi
}

@test "referrers go into an archive and out of it" {
  build --sbom --push "$app:v1"
  tag=$(ociassemble inspect --json "$app:v1" | jq -r .digest | tr : -).sig
  ociassemble build -q --binary "$server" --label signature=1 --push "$app:$tag"
  [ "$(ociassemble copy --json -q --referrers "$app:v1" oci-archive:mirror.tar:v1 | jq .referrers)" = 2 ]
  ociassemble copy -q --referrers oci-archive:mirror.tar:v1 "$app-copied:v1"
  [ "$(types_at "$app-copied:v1" | sort)" = "$(types_at "$app:v1" | sort)" ]
  [ "$(ociassemble tags "$app-copied" | grep -c 'sig$')" = 1 ]
  run -2 ociassemble copy --referrers "$app:v1" docker-archive:mirror.tar
  [[ "$output" = *'a docker archive holds no referrers'*'oci-archive:FILE'* ]]
}

@test "a docker archive goes without, where another place has the SBOM" {
  run -2 build --sbom -o docker-archive:image.tar
  [[ "$output" = *'a docker archive holds only images'*'oci-archive:FILE'* ]]
  [ ! -e image.tar ]
  run --separate-stderr -0 build --sbom -o docker-archive:image.tar:app:v1 -o oci:image:v1
  [[ "$stderr" = *'holds no SBOM'* ]]
  [ "$(tar -xOf image.tar index.json | jq '.manifests | length')" = 1 ]
}

@test "each platform's image has its own, in the folder too" {
  two_platforms
  build_two --sbom --sbom-dir sboms -o oci:image:v1 --push "$app:v1"
  index=$(blob image "$(root_of image)")
  for place in oci:image:v1 "$app:v1"; do
    [ "$(ociassemble referrers --json "$place" | jq -r '.[].subject' | sort)" = "$(jq -r '.manifests[].digest' <<<"$index" | sort)" ]
  done
  for arch in amd64 arm64; do
    ociassemble sbom -q oci:image:v1 --platform "linux/$arch" | cmp - "sboms/linux-$arch.spdx.json"
  done
}

@test "in BuildKit's form the SBOMs lie in the index" {
  two_platforms
  build_two -o oci:plain:v1
  build_two --sbom --attestations index -o oci:image:v1 --push "$app:v1"
  [ "$(root_of plain)" != "$(root_of image)" ]
  index=$(blob image "$(root_of image)")
  [ "$(jq -r '.manifests[:2][].digest' <<<"$index")" = "$(blob plain "$(root_of plain)" | jq -r '.manifests[].digest')" ]
  [ "$(jq -r '.manifests[2:][].annotations["vnd.docker.reference.digest"]' <<<"$index")" = "$(jq -r '.manifests[:2][].digest' <<<"$index")" ]
  [ "$(jq -r '.manifests[2].platform | .os + "/" + .architecture' <<<"$index")" = unknown/unknown ]
  ociassemble verify -q oci:image
  [ "$(types_at oci:image:v1)" = '' ] || [ "$(types_at oci:image:v1 | sort -u)" = application/vnd.docker.attestation.manifest.v1+json ]
  # One image becomes an index, which others read.
  build --sbom --attestations index -o oci:one:v1 --push "$app:one"
  [ "$(skopeo inspect --raw --tls-verify=false "docker://$app:one" | jq '.manifests | length')" = 2 ]
  skopeo copy -q --src-tls-verify=false "docker://$app:one" oci:copied:v1
  [ "$(root_of copied)" = "$(ociassemble inspect --json oci:one:v1 --platform "linux/$(go env GOARCH)" | jq -r .digest)" ]
  run -2 build --sbom --attestations index --format docker --push "$app:docker"
  [[ "$output" = *"Docker's format"* ]]
}

@test "docker buildx imagetools sees the SBOMs of an index" {
  buildx=${BUILDX:-$(command -v docker-buildx || ls /usr/libexec/docker/cli-plugins/docker-buildx 2>/dev/null || true)}
  [ -x "$buildx" ] || skip "no docker-buildx"
  two_platforms
  build_two --sbom --attestations index --push "$app:v1"
  "$buildx" imagetools inspect "$app:v1" --format '{{json .SBOM}}' >seen
  [ "$(jq -r '."linux/arm64".SPDX.name' seen)" = server ]
}

@test "a dry run plans the SBOM and writes nothing" {
  run -0 build --sbom --dry-run --push "$app:v1"
  [[ "$output" = *manifest* ]]
  run -1 ociassemble inspect "$app:v1"
  planned=$(build --sbom --dry-run --json --push "$app:v1" | jq '[.. | .descriptor? // . | select(type == "object") | .mediaType? | select(. == "application/spdx+json")] | length')
  [ "$planned" = 1 ]
  build --sbom --push "$app:v1"
  # The tag stands, and one question for the SBOM.
  [ "$(build --sbom --dry-run --json --push "$app:v1" | jq '.. | .requests? // empty' | sort -n | tail -1)" = 2 ]
}

@test "what was made is said, and a second assembly makes the same SBOM" {
  build --sbom --twice --json -o oci:image:v1 >made.json
  [ "$(jq -r '.referrers[0] | .artifactType + " " + .subject' made.json)" = "application/spdx+json $(root_of image)" ]
  [ "$(jq -r '.referrers[0].digest' made.json)" = "$(ociassemble referrers --json oci:image:v1 | jq -r '.[0].digest')" ]
  build --json -o oci:image:v2 | jq -e 'has("referrers") | not'
}

@test "the same SBOM for another user, time, locale and folder" {
  need_root
  build --sbom -o oci:image:v1
  mkdir elsewhere && chmod 755 . elsewhere && chown 65533:65533 elsewhere
  cp "$server" elsewhere/server
  (cd elsewhere && HOME=/nonexistent TZ=Asia/Tokyo LC_ALL=tr_TR.UTF-8 \
    setpriv --reuid=65533 --regid=65533 --clear-groups "$(type -P ociassemble)" build -q --no-cache --binary server --sbom -o oci:image:v1)
  cmp image/index.json elsewhere/image/index.json
}

@test "an emulated processor makes the same image and the same SBOM" {
  emulator=$(command -v "qemu-$(uname -m)-static" || command -v "qemu-$(uname -m)") || skip "no qemu-$(uname -m) (qemu-user-static)"
  [ "$(uname -m)" != x86_64 ] || export QEMU_CPU=qemu64
  build --no-cache --sbom=spdx,cyclonedx -o oci:image:v1
  "$emulator" "$(type -P ociassemble)" build -q --no-cache --binary "$server" --sbom=spdx,cyclonedx -o oci:emulated:v1
  cmp image/index.json emulated/index.json
  diff <(cd image && find blobs -type f | sort) <(cd emulated && find blobs -type f | sort)
}

@test "a recipe asks for SBOMs, and a profile for others or none" {
  cat >ociassemble.json <<JSON
{ "binaries": {"/app/server": "$server"}, "annotate": ["github"],
  "sbom": {"formats": ["cyclonedx"], "supplier": "Organization: Example"},
  "profiles": {"dev": {"sbom": null}, "prod": {"sbom": {"formats": ["spdx"]}}, "index": {"sbom": {"attestations": "index"}}} }
JSON
  GITHUB_SERVER_URL=https://github.com GITHUB_REPOSITORY=team/app GITHUB_SHA=0123 GITHUB_REF_NAME=main \
    ociassemble build -q --all-profiles -o 'oci:{profile}:v1' --sbom-dir 'sboms-{profile}'
  [ ! -e sboms-dev ]
  [ "$(types_at oci:dev:v1)" = '' ]
  [ "$(types_at oci:prod:v1)" = application/spdx+json ]
  [ "$(jq -r '.packages[] | select(.primaryPackagePurpose == "CONTAINER").supplier' sboms-prod/*.spdx.json)" = 'Organization: Example' ]
  [ "$(jq '.manifests | length' <<<"$(blob index "$(root_of index)")")" = 2 ]
  [ "$(annotations_in dev | jq -r '."org.opencontainers.image.source"')" = https://github.com/team/app ]
  # The command line goes over it.
  ociassemble build -q --sbom=none -o oci:none:v1 2>/dev/null
  [ "$(types_at oci:none:v1)" = '' ]
  sed -i 's/"cyclonedx"/"xml"/' ociassemble.json
  run -2 ociassemble build -q -o oci:none:v1
  [[ "$output" = *'ociassemble.json:2:24: sbom.formats[0]:'*spdx* ]]
}

@test "checksums of all files that are handed on" {
  two_platforms
  mkdir dist
  build_two --sbom=spdx,cyclonedx --sbom-dir dist/sboms -o oci-archive:dist/image.tar -o docker-archive:dist/docker.tar:app:v1 \
    --digest-file dist/digest --checksums dist/SHA256SUMS 2>/dev/null
  [ "$(wc -l <dist/SHA256SUMS)" = 7 ]
  (cd dist && sha256sum -c --strict SHA256SUMS)
  # Names that sha256sum escapes.
  build -o 'oci-archive:back\slash.tar' --digest-file $'two\nlines' --checksums sums
  [ "$(wc -l <sums)" = 2 ]
  sha256sum -c --strict sums
  run -2 build -o oci:image:v1 --checksums sums
  [[ "$output" = *'writes no file that it could be about'* ]]
  run -2 build -o oci-archive:image.tar --checksums image.tar
  [[ "$output" = *'same file'* ]]
}

@test "annotations say which commit the program is of, on the manifest and the index" {
  command -v git >/dev/null || skip "no git"
  mkdir service && cd service
  git init -q . && printf 'module example.com/service\n\ngo 1.19\n' >go.mod && printf 'package main\n\nfunc main() {}\n' >main.go
  git add . && GIT_COMMITTER_DATE=2024-05-06T09:08:09+02:00 git -c user.name=a -c user.email=a@example.com commit -qm first
  for arch in amd64 arm64; do CGO_ENABLED=0 GOARCH=$arch go build -o "../bin/linux-$arch/server" .; done
  revision=$(git rev-parse HEAD)
  cd ..
  build_two --annotate vcs -o oci:image:v1
  expected="{\"org.opencontainers.image.created\":\"2024-05-06T07:08:09Z\",\"org.opencontainers.image.revision\":\"$revision\"}"
  # Newer versions of Go give a work tree's module a version.
  without_version() { jq -c 'del(."org.opencontainers.image.version")'; }
  [ "$(annotations_in image | without_version)" = "$expected" ]
  [ "$(blob image "$(blob image "$(root_of image)" | jq -r '.manifests[1].digest')" | jq -c .annotations | without_version)" = "$expected" ]
  # What the user says goes before.
  build_two --annotate vcs --annotation org.opencontainers.image.revision=mine -o oci:mine:v1
  [ "$(annotations_in mine | jq -r '."org.opencontainers.image.revision"')" = mine ]
  run -3 build --annotate vcs -o oci:none:v1
  [[ "$output" = *'no program says which commit'* ]]
  (cd service && touch new && git add new && CGO_ENABLED=0 go build -o ../changed .)
  run -0 ociassemble build -q --binary changed --annotate vcs -o oci:dirty:v1
  [[ "$output" = *'a work tree with changes'* ]]
}

@test "annotations say what the CI says, and off unless asked" {
  export GITHUB_SERVER_URL=https://github.com GITHUB_REPOSITORY=team/app GITHUB_SHA=0123 GITHUB_REF_NAME=main
  export CI_PROJECT_URL=https://gitlab.com/team/app CI_COMMIT_SHA=4567 CI_COMMIT_REF_NAME=v1
  build -o oci:none:v1
  [ "$(annotations_in none)" = '{}' ]
  build --annotate github -o oci:github:v1
  [ "$(annotations_in github | jq -r 'to_entries[] | .key + " " + .value')" = 'org.opencontainers.image.ref.name main
org.opencontainers.image.revision 0123
org.opencontainers.image.source https://github.com/team/app
org.opencontainers.image.url https://github.com/team/app' ]
  build --annotate gitlab -o oci:gitlab:v1
  [ "$(annotations_in gitlab | jq -r 'to_entries[] | .value' | xargs)" = 'v1 4567 https://gitlab.com/team/app https://gitlab.com/team/app' ]
  unset GITHUB_SHA
  run -0 build --annotate github -o oci:github:v2
  [[ "$output" = *'GITHUB_SHA is not set'* ]]
  GITHUB_REPOSITORY=$'team/app\n' run -2 build --annotate github -o oci:github:v2
  [[ "$output" = *'GITHUB_REPOSITORY is not text'* ]]
  run -2 build --annotate jenkins -o oci:none:v2
  [[ "$output" = *'vcs, github and gitlab'* ]]
}

@test "a locked build needs no network for its SBOM where the layers are known, and else names the layer" {
  need_root
  base=$REGISTRY/evidence-base:1
  push_base "$(alpine_rootfs)" evidence-base:1
  ociassemble lock -q --base "$base"
  build --locked --base "$base" --sbom -o oci:image:v1
  layer=$(blob image "$(root_of image)" | jq -r '.layers[0].digest')
  offline() { unshare -n ociassemble build -q --locked --base "$base" --binary "$server" --sbom "$@"; }
  # The cache knows what is in the layer.
  offline --shallow -o oci:shallow:v1
  [ "$(ociassemble referrers --json oci:shallow:v1 | jq -r '.[].digest')" = "$(ociassemble referrers --json oci:image:v1 | jq -r '.[].digest')" ]
  # A layout has it.
  offline --no-cache -o oci:image:v1
  # Neither.
  run -1 offline --no-cache --shallow -o oci:none:v1
  [[ "$output" = *"layer $layer is not in the cache and cannot be read"* ]]
  no_image_in none
}

@test "oras sees and takes along what a build attached, and we what oras did" {
  oras=${ORAS:-$(command -v oras)} || true
  [ -x "$oras" ] || skip "no oras"
  two_platforms
  build_two --sbom -o oci:image:v1 --push "$app:v1"
  # In a layout of ours, and in a registry.
  manifest=$(blob image "$(root_of image)" | jq -r '.manifests[0].digest')
  [ "$("$oras" discover --oci-layout --platform linux/amd64 image:v1 --format json | jq -r '.referrers[].artifactType')" = application/spdx+json ]
  [ "$("$oras" discover --plain-http "$app@$manifest" --format json | jq -r '.referrers[].artifactType')" = application/spdx+json ]
  # From us by oras into a layout, and from there by us into another registry, and the other way.
  "$oras" cp -r --from-plain-http "$app@$manifest" --to-oci-layout theirs:v1 >/dev/null
  sbom=$(ociassemble referrers --json "$app@$manifest" | jq -r '.[].digest')
  [ "$(ociassemble referrers --json oci:theirs:v1 | jq -r '.[].digest')" = "$sbom" ]
  [ "$(ociassemble inspect --json oci:theirs | jq -r .digest)" = "$manifest" ]
  ociassemble copy -q --referrers oci:theirs:v1 "$app-ours:v1"
  [ "$("$oras" discover --plain-http "$app-ours:v1" --format json | jq -r '.referrers[].digest')" = "$sbom" ]
  "$oras" cp -r --platform linux/amd64 --from-oci-layout image:v1 --to-plain-http "$app-theirs:v1" >/dev/null
  [ "$(ociassemble referrers --json "$app-theirs:v1" | jq -r '.[].digest')" = "$sbom" ]
  # What oras attaches beside it is kept by our next build, in the registry's fallback tag and in the layout.
  echo signed >signature
  "$oras" attach --plain-http --artifact-type application/x-signature "$app@$manifest" signature:text/plain >/dev/null
  "$oras" attach --oci-layout --platform linux/amd64 --artifact-type application/x-signature image:v1 signature:text/plain >/dev/null
  build_two --sbom=spdx,cyclonedx -o oci:image:v1 --push "$app:v1"
  for place in oci:image:v1 "$app:v1"; do
    [ "$(types_at "$place" | sort | uniq -c | xargs)" = '2 application/spdx+json 2 application/vnd.cyclonedx+json 1 application/x-signature' ]
  done
  [ "$("$oras" discover --plain-http "$app@$manifest" --format json | jq '.referrers | length')" = 3 ]
}
