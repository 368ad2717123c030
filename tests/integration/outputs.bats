#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Where outputs go: nothing is written over what is read, or twice, and no name is an image of Docker Hub by mistake.
# shellcheck disable=SC2154  # variables that lib.bash sets
load lib

set_up() { cp "$server" server; }

# TEXT ARGUMENTS…: a usage error that says so, and changes no file that was there.
refused() {
  local text=$1
  shift
  sha256sum -- * 2>/dev/null >"$BATS_FILE_TMPDIR/before" || true
  echo "ociassemble $*"
  run --separate-stderr -2 ociassemble "$@"
  echo "$stderr"
  [[ "$stderr" = *"$text"* ]]
  sha256sum --quiet --check "$BATS_FILE_TMPDIR/before"
}

@test "two outputs that are one file or one name in a layout are refused" {
  refused 'cannot write oci-archive:./a.tar: it is the same file as oci-archive:a.tar' \
    build --binary server -o oci-archive:a.tar -o oci-archive:./a.tar
  refused 'it is the same file as' build --binary server -o oci-archive:a.tar:v1 -o docker-archive:a.tar:app:v1
  refused 'it is the same place as oci:image:v1' build --binary server -o oci:image:v1 -o "oci:$PWD/image:v1"
  refused 'it lies in the layout oci:image:v1' build --binary server -o oci:image:v1 -o oci-archive:image/a.tar
  refused 'it lies in the layout oci:image:v1' build --binary server -o oci-archive:image/a.tar -o oci:image:v1
  refused 'it is named twice' build --binary server --push "$REGISTRY/twice:v1" --push "$REGISTRY/twice:v1"
  refused 'it is the same file as --digest-file out' build --binary server -o oci:image:v1 --digest-file out --stamp ./out
  ln server hard
  refused 'the input server would be overwritten' build --binary server -o oci-archive:hard
  [ ! -e image ]
  # Names of one archive, and of one layout, are no contradiction.
  ociassemble build -q --binary server -o docker-archive:d.tar:app:v1 -o docker-archive:d.tar:app:v2 -o oci:image:v1 -o oci:image:v2
  [ "$(skopeo list-tags docker-archive:d.tar | jq -c .Tags)" = '["docker.io/library/app:v1","docker.io/library/app:v2"]' ]
}

@test "files beside the image are not written over inputs, outputs, or into a layout" {
  echo text >added
  echo '{"base": "static", "binaries": {"/server": "server"}, "files": {"/added": "added"}}' >ociassemble.json
  ociassemble lock -q
  ln -s server link
  for option in --digest-file --depfile --stamp; do
    refused "cannot write $option server: the input" build -o oci:image:v1 "$option" server
    refused "cannot write $option link: the input" build -o oci:image:v1 "$option" link
    refused "cannot write $option added: the input" build -o oci:image:v1 "$option" added
    refused "cannot write $option ociassemble.json: the recipe would be overwritten" build -o oci:image:v1 "$option" ociassemble.json
    refused "cannot write $option ./ociassemble.lock: the lock would be overwritten" build -o oci:image:v1 "$option" ./ociassemble.lock
    refused "cannot write $option a.tar: it is the same file as oci-archive:a.tar" build -o oci-archive:a.tar "$option" a.tar
    refused "cannot write $option image/index.json: it lies in the layout" build -o oci:image:v1 "$option" image/index.json
  done
  mkdir folder
  echo x >folder/file
  refused 'the input folder/file would be overwritten' build --add folder:/folder -o oci:image:v1 --stamp folder/file
  ociassemble build -q -o oci:image:v1 --digest-file /dev/null --depfile /dev/null --stamp /dev/null
  refused 'the recipe would be overwritten' lock -f ociassemble.json --lock-file ociassemble.json
}

@test "no command writes its result or its trace over what it reads" {
  mkdir -p osv
  echo '{"id": "GO-2026-0001", "modified": "2026-01-01T00:00:00Z", "affected": [{"package": {"ecosystem": "Go", "name": "m"}}]}' >osv/one.json
  echo '{"rules": {}}' >policy.json
  echo '{"a": 1}' >predicate.json
  echo '{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "x", "author": "a", "timestamp": "2026-01-01T00:00:00Z", "version": 1, "statements": []}' >vex.json
  ociassemble generate-key release --no-passphrase
  ociassemble build -q --base scratch --binary server -o oci:image:v1 -o oci-archive:a.tar:v1 -o docker-archive:d.tar:app:v1
  ociassemble build -q --base scratch --binary server --provenance -o oci:provenance:v1
  refused 'cannot write -o a.tar: oci-archive:a.tar would be overwritten' sbom oci-archive:a.tar -o a.tar
  refused 'docker-archive:d.tar would be overwritten' sbom docker-archive:d.tar -o ./d.tar
  refused 'it lies in the layout oci:image:v1' sbom oci:image:v1 -o image/index.json
  refused 'it lies in the layout oci:image:v1' sbom oci:image:v1 -o image
  refused '--policy policy.json would be overwritten' check --policy policy.json oci:image:v1 -o policy.json
  refused '--against oci-archive:a.tar would be overwritten' check oci:image:v1 --against oci-archive:a.tar -o a.tar
  refused '--vex vex.json would be overwritten' vulnerabilities oci:image:v1 --db osv --vex vex.json -o vex.json
  refused 'a file of --db osv would be overwritten' vulnerabilities oci:image:v1 --db osv -o osv/one.json
  refused '--db osv/one.json would be overwritten' check oci:image:v1 --db osv/one.json -o osv/one.json
  refused 'oci-archive:a.tar would be overwritten' run-spec --for docker oci-archive:a.tar --image app:v1 -o a.tar
  refused 'server would be overwritten' rebuild oci:provenance:v1 --summary server
  refused '--key release.key would be overwritten' sign oci:image:v1 --key release.key --trace release.key
  refused '--predicate predicate.json would be overwritten' attest oci:image:v1 --type https://example.com/a \
    --predicate predicate.json --trace predicate.json
  refused 'it lies in the layout oci:image' verify oci:image --trace image/index.json
  refused 'oci-archive:a.tar would be overwritten' inspect oci-archive:a.tar --trace a.tar
  refused '--sign-key release.key would be overwritten' build --binary server -o oci:out:v1 --sign-key release.key \
    --digest-file release.key
  refused 'it is the same file as --digest-file out' build --binary server -o oci:new:v1 --digest-file out --trace out
  echo '{"base": "scratch", "binaries": {"/server": "server"}}' >ociassemble.json
  for command in "build -o oci:out:v1 --trace" "check -o" "check --trace" "run --engine runc --trace"; do
    # shellcheck disable=SC2086  # words of a command
    refused 'the recipe would be overwritten' $command ociassemble.json
    # shellcheck disable=SC2086
    refused 'the input server would be overwritten' $command server
  done
  refused 'the name after --output is empty' sbom oci:image:v1 -o ''
  refused 'the name after --stamp is empty' build -o oci:out:v1 --stamp ''
}

@test "what goes to /dev/stdout, to a descriptor or to - is added to what is there" {
  ociassemble build -q --base scratch --binary server -o oci:image:v1
  echo first >log
  command ociassemble build -q --base scratch --binary server -o oci:image:v1 --digest-file /dev/stdout >>log
  command ociassemble build -q --base scratch --binary server -o oci:image:v1 --digest-file /dev/fd/4 4>>log
  [ "$(sed -n 1p log)" = first ]
  [ "$(grep -c '^sha256:' log)" -eq 2 ]
  [ "$(grep -c '^oci:image:v1@sha256:' log)" -eq 1 ]
  {
    echo first
    command ociassemble sbom -q oci:image:v1 -o -
  } >document
  [ "$(head -n 1 document)" = first ]
  tail -n +2 document | jq -e '.spdxVersion == "SPDX-2.3"'
  [ ! -e ./- ]
}

@test "import does not overwrite its Dockerfile, nor its rules" {
  printf 'FROM scratch\nCOPY server /server\n' >Dockerfile
  echo '*.log' >.dockerignore
  printf 'FROM scratch\n' >Dockerfile.dev
  refused 'Dockerfile would be overwritten' import Dockerfile -o ./Dockerfile
  refused 'would be overwritten' import Dockerfile -o .dockerignore
  refused 'Dockerfile.dev would be overwritten' import Dockerfile --profile dev=Dockerfile.dev -o Dockerfile.dev
  ociassemble import Dockerfile -o recipe.json
  ociassemble import Dockerfile -o recipe.json
}

@test "a registry without a repository, an unknown kind and a bare name are no images of Docker Hub" {
  ociassemble build -q --binary server -o oci:image:v1
  refused 'it names a registry and no repository' push oci:image:v1 "$REGISTRY"
  refused 'it names no registry' push oci:image:v1 app:v1
  refused 'it names neither a kind of place nor a registry' pull "$REGISTRY/app:v1" image
  refused 'it names neither a kind of place nor a registry' copy oci:image:v1 app:v1
  refused 'it is neither a layout nor an archive' pull "$REGISTRY/app:v1" "$REGISTRY/other:v1"
  refused 'it names a registry and no repository' build --binary server --push "$REGISTRY"
  refused 'there is no kind of place "oci-layout"' build --binary server --base oci-layout:image -o oci:out:v1
  refused 'there is no kind of place "dockerd"' inspect dockerd:app:v1
  refused 'cannot write docker-archive:' copy docker-archive:a.tar docker-archive:./a.tar
}

@test "a failed build into a new layout leaves a layout without images" {
  head -c 300000 /dev/zero >big
  run -1 ociassemble build -q --binary server --add big:/big --base "$REGISTRY/not-there:1" -o oci:early:v1
  [ ! -e early ]
  run -1 ociassemble build -q --binary server --add big:/big -o oci:late:v1 --push 127.0.0.1:1/app:v1
  [ ! -e late ] || ociassemble inspect oci:late
}
