#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Binaries that a recipe builds: only with --compile, for each platform, and with the command's own output.
# shellcheck disable=SC2154  # variables that lib.bash sets
load lib

# MEMBERS: a recipe of one binary that a shell makes; the working directory is its folder.
write_recipe() {
  mkdir -p project/cmd
  cd project || return 1
  cat >ociassemble.json <<END
{
  $1
  "binaries": {
    "/app": {
      "source": "bin/{arch}/app",
      "anyBinary": true,
      "build": {
        "command": ["sh", "-c", "echo building; pwd; echo \"\$GOOS \$GOARCH \$GOARM \$MODE\" | tee {output}"],
        "directory": "cmd",
        "env": {"MODE": "fast"},
      },
    },
  },
}
END
}

# IMAGE: the text of /app in the layout.
app_of() {
  umoci unpack --rootless --image "$1" "bundle-$2" 2>umoci.log || skip "$(cat umoci.log)"
  cat "bundle-$2/rootfs/app"
}

@test "without --compile no program is run" {
  write_recipe '"platforms": ["linux/amd64"],'
  run --separate-stderr -1 ociassemble build -o oci:../image:v1
  [[ "$stderr" = *"add --compile"* ]]
  [ ! -e bin ]
  [ ! -e ../image/index.json ]
}

@test "the command runs in its folder, with its environment and the platform, and only the digest is on the output" {
  write_recipe '"platforms": ["linux/arm/v7"],'
  run --separate-stderr -0 ociassemble build -q --compile -o oci:../image:v1
  [ "${#lines[@]}" -eq 1 ]
  [[ "${lines[0]}" = oci:../image:v1@sha256:* ]]
  [ "${stderr_lines[0]}" = building ]
  [[ "${stderr_lines[1]}" = */project/cmd ]]
  [ "$(cat bin/arm/app)" = 'linux arm 7 fast' ]
  [ "$(app_of ../image:v1 arm)" = 'linux arm 7 fast' ]
}

@test "each platform's program is built" {
  write_recipe '"platforms": ["linux/amd64", "linux/arm64"],'
  ociassemble build -q --compile -o oci:../image:v1
  [ "$(cat bin/amd64/app)" = 'linux amd64  fast' ]
  [ "$(cat bin/arm64/app)" = 'linux arm64  fast' ]
}

@test "profiles share what is built" {
  write_recipe '"platforms": ["linux/amd64"], "profiles": {"dev": {"env": {"A": "b"}}, "prod": {}},'
  run --separate-stderr -0 ociassemble build -q --compile --all-profiles -o 'oci:../image:{profile}'
  [ "$(grep -c building <<<"$stderr")" -eq 1 ]
}

@test "two platforms do not build into one file" {
  write_recipe '"platforms": ["linux/amd64", "linux/arm64"],'
  sed -i 's|bin/{arch}/app|bin/app|' ociassemble.json
  run --separate-stderr -2 ociassemble build -q --compile -o oci:../image:v1
  [[ "$stderr" = *'ociassemble.json:8:20: binaries["/app"].build.command: cannot build bin/app: two commands or platforms would make it'* ]]
}

@test "a command that fails, makes nothing or is not there publishes nothing" {
  write_recipe '"platforms": ["linux/amd64"],'
  sed 's|echo building|exit 7|' ociassemble.json >fails.json
  run --separate-stderr -1 ociassemble build -q --compile -f fails.json -o oci:../image:v1
  [[ "$stderr" = *'ociassemble: fails.json:8:20: binaries["/app"].build.command: cannot build bin/amd64/app: sh ended with status 7'* ]]
  [[ "$stderr" = *'the lines above are what it printed'* ]]
  sed 's#| tee {output}##' ociassemble.json >nothing.json
  run --separate-stderr -1 ociassemble build -q --compile -f nothing.json -o oci:../image:v1
  [[ "$stderr" = *'ociassemble: nothing.json:8:20: binaries["/app"].build.command: cannot build bin/amd64/app: sh did not make it'* ]]
  sed 's|"sh", "-c"|"no-such-program"|' ociassemble.json >missing.json
  run --separate-stderr -1 ociassemble build -q --compile -f missing.json -o oci:../image:v1
  [[ "$stderr" = *'ociassemble: missing.json:8:20: binaries["/app"].build.command: cannot run no-such-program: No such file or directory'* ]]
  [[ "$stderr" = *'install it, or correct the command'* ]]
  sed 's|"directory": "cmd"|"directory": "no-such-folder"|' ociassemble.json >folder.json
  run --separate-stderr -1 ociassemble build -q --compile -f folder.json -o oci:../image:v1
  [[ "$stderr" = *'ociassemble: folder.json:9:22: binaries["/app"].build.directory: cannot build bin/amd64/app: no-such-folder is no folder'* ]]
  [ ! -e ../image/index.json ]
}

@test "check --compile builds the program before it judges the image" {
  write_recipe '"base": "scratch", "platforms": ["linux/amd64"], "entrypoint": ["/app"],'
  run --separate-stderr -1 ociassemble check -f ociassemble.json
  [[ "$stderr" = *"add --compile"* ]]
  run --separate-stderr ociassemble check --compile -f ociassemble.json
  [ "$status" -ne 1 ]
  [ "$status" -ne 2 ]
  [ "$(cat bin/amd64/app)" = 'linux amd64  fast' ]
}

@test "--compile without a build, or without a recipe, is an error" {
  echo '{"binaries": {"/app": "app"}}' >ociassemble.json
  run --separate-stderr -2 ociassemble build --compile -o oci:image:v1
  [[ "$stderr" = *'no binary of the recipe has a "build"'* ]]
  rm ociassemble.json
  run --separate-stderr -1 ociassemble build --compile -o oci:image:v1
}

@test "a Dockerfile becomes an image with two commands" {
  mkdir bin cmd
  printf '#!/bin/sh\n# a go of our own: go build -trimpath -o OUTPUT PACKAGE\necho "$PWD $*" >go.log\ncp "$SERVER" "$4"\n' >bin/go
  chmod +x bin/go
  printf '%s\n' 'FROM golang:1.22 AS build' 'WORKDIR /src' 'COPY . .' \
    'RUN CGO_ENABLED=0 go build -trimpath -o /out/shop ./cmd/shop' 'FROM scratch' 'ENV PATH=/opt:$PATH' \
    'COPY --from=build /out/shop /shop' 'ENTRYPOINT ["/shop"]' >Dockerfile
  ociassemble import - <Dockerfile >ociassemble.json
  SERVER=$server PATH=$PWD/bin:$PATH ociassemble build -q --compile -o oci:image:v1
  grep -q "^$PWD build -trimpath -o $PWD/shop ./cmd/shop\$" go.log
  [ "$(config_in image | jq -r '.config.Entrypoint[0]')" = /shop ]
  [ "$(config_in image | jq -r '.config.Env[0]')" = PATH=/opt:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin ]
}
