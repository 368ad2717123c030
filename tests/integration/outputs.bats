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
