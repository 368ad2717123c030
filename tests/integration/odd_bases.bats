#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Bases that other tools run, odd as they are; programs that no Linux image runs.
load lib

layout() { python3 "$source_root/tests/support/odd_layout.py" "$@"; }
build() { ociassemble build -q --platform linux/amd64 --add f:/f "$@"; }
set_up() { echo hello >f; }

@test "a base whose config names no platform is the platform that was asked for, with a warning" {
  layout lone '{"layers": [[["etc/x", "file", "x"]]], "config": {"os": null, "architecture": null}}'
  layout half '{"layers": [[["etc/x", "file", "x"]]], "config": {"os": null}}'
  layout named '{"layers": [[["etc/x", "file", "x"]]], "config": {"os": null, "architecture": null},
    "platform": {"os": "linux", "architecture": "amd64"}}'
  for base in lone half named; do
    run --separate-stderr -0 build --base "oci:$base:v1" -o "oci:out-$base:v1"
    [[ $stderr == *"does not say which platform it is for; it is taken for linux/amd64"* ]]
    config_in "out-$base" | jq -e '.os == "linux" and .architecture == "amd64"'
  done
  refused -1 ociassemble build -q --platform linux/arm64 --add f:/f --base oci:named:v1 -o oci:out:v1
  [[ $output == *"no such platform"* ]]
  refused -1 ociassemble build -q --platform linux/arm64 --add f:/f --base oci:half:v1 -o oci:out:v1
}

@test "over 125 layers draw a warning, 125 do not" {
  layers() { python3 -c "import json; print(json.dumps({'layers': [[['n/%d' % i, 'file', str(i)]] for i in range($1)]}))"; }
  layout many "$(layers 125)"
  layout few "$(layers 124)"
  run --separate-stderr -0 build --base oci:many:v1 -o oci:out:v1
  [[ $stderr == *"the image has 126 layers, and Docker takes no more than 125"* ]]
  run --separate-stderr -0 build --base oci:few:v1 -o oci:out:v2
  [ -z "$stderr" ]
}

passwd='root:x:0:0::/root:/bin/sh\napp:x:77:88::/:/bin/sh\n'
group='root:x:0:\napp:x:88:\n'

@test "a user is looked up where /etc/passwd leads to, as docker run does" {
  layout links "{\"layers\": [[[\"etc/passwd\", \"symlink\", \"../usr/lib/passwd\"], [\"etc/group\", \"symlink\", \"/usr/lib/group\"],
    [\"usr/lib/passwd\", \"file\", \"$passwd\"], [\"usr/lib/group\", \"file\", \"$group\"]]]}"
  layout hard "{\"layers\": [[[\"usr/passwd\", \"file\", \"$passwd\"]], [[\"usr/group\", \"file\", \"$group\"],
    [\"etc/passwd\", \"hardlink\", \"usr/passwd\"], [\"etc/group\", \"hardlink\", \"usr/group\"]]]}"
  for base in links hard; do
    for user in app 77 app:app 77:88; do
      build --base "oci:$base:v1" --user "$user" -o oci:out:v1
      [ "$(config_in out | jq -r .config.User)" = 77:88 ]
    done
    build --base "oci:$base:v1" --user 78 -o oci:out:v1
    [ "$(config_in out | jq -r .config.User)" = 78:0 ]
  done
}

@test "a user is created in the file that /etc/passwd leads to" {
  layout links "{\"layers\": [[[\"etc/passwd\", \"symlink\", \"../usr/lib/passwd\"], [\"etc/group\", \"symlink\", \"/usr/lib/group\"],
    [\"usr/lib/passwd\", \"file\", \"$passwd\"], [\"usr/lib/group\", \"file\", \"$group\"]]]}"
  cat >ociassemble.json <<'END'
{"base": "oci:links:v1", "files": {"/f": "f"}, "user": {"name": "svc", "uid": 500, "create": true}}
END
  ociassemble build -q --platform linux/amd64 -o oci:out:v1
  layer=$(blob out "$(jq -r '.layers[1].digest' "$(blob out "$(digest_in out)")")")
  [ "$(tar -xOf "$layer" usr/lib/passwd)" = "$(printf "${passwd}svc:x:500:500::/nonexistent:/sbin/nologin")" ]
  ! tar -tf "$layer" | grep -q etc/passwd
}

@test "an entrypoint that is not in the image is refused" {
  for words in /usr/local/bin/helo sh /bin/sh ./nothing /f/below; do
    refused -3 build --base scratch --entrypoint "$words" -o oci:out:v1
    [[ $output == *"cannot start the image with $words: there is no such file in it"* ]]
  done
  refused -3 build --entrypoint /bin/sh -o oci:out:v1
  cp f hello
  chmod +x hello
  refused -3 build --base scratch --add hello:/usr/local/bin/hello --entrypoint /usr/local/bin/helo -o oci:out:v1
  [[ $output == *"did you mean /usr/local/bin/hello?"* ]]
  refused -3 build --base scratch --cmd /bin/sh -o oci:out:v1
}

@test "an entrypoint is found as a runtime finds it" {
  layout linked '{"layers": [[["usr/bin/sh", "file", "x"], ["bin", "symlink", "usr/bin"], ["usr/bin/ash", "symlink", "/bin/sh"]]],
    "config": {"config": {"Env": ["PATH=/sbin:/bin"], "WorkingDir": "/usr"}}}'
  for words in /bin/sh /bin/ash sh ash bin/sh ./bin/../bin/ash /f /usr/../bin/sh; do
    build --base oci:linked:v1 --entrypoint "$words" -o oci:out:v1
  done
  build --base scratch --volume /data --entrypoint /data/program -o oci:out:v1
  mkdir folder
  ln -s /f folder/link
  build --base scratch --add folder:/srv --entrypoint /srv/link -o oci:out:v1
}

@test "a program of another system, or of a newer ARM, is refused with the way to build it" {
  command -v go >/dev/null || skip "no Go here"
  printf 'package main\n\nfunc main() { println("hello") }\n' >main.go
  printf 'module example.com/x\ngo 1.19\n' >go.mod
  export GOCACHE=$FIXTURES/go-cache GOFLAGS=-buildvcs=false CGO_ENABLED=0
  for system in freebsd dragonfly; do
    GOOS=$system GOARCH=amd64 go build -o program . || skip "Go cannot build here"
    refused -3 ociassemble build -q --binary program -o oci:out:v1
    [[ $output == *"it is built for $system/amd64"*"build it with GOOS=linux"* ]]
  done
  GOARCH=arm GOARM=7 go build -o program .
  refused -3 ociassemble build -q --binary program --platform linux/arm/v6 -o oci:out:v1
  [[ $output == *"it is built for linux/arm/v7"*"GOARM=6"* ]]
  ociassemble build -q --binary program -o oci:out:v1
  config_in out | jq -e '.architecture == "arm" and .variant == "v7"'
  GOARCH=amd64 go build -buildmode=pie -o program .
  refused -3 ociassemble build -q --binary program -o oci:out:v1
  [[ $output == *"build without -buildmode=pie, or link it with -extldflags=-static-pie"* ]]
}

@test "a base whose tar lacks its last padding is taken, with a warning" {
  layout cut '{"layers": [[["etc/x", "file", "x"]]], "cut": 513}'
  run --separate-stderr -0 build --base oci:cut:v1 -o oci:out:v1
  [[ $stderr == *"ends without the zeros that fill a tar's last block"* ]]
  layout truncated '{"layers": [[["etc/x", "file", "xxx"]]], "cut": 514}'
  refused -1 build --base oci:truncated:v1 -o oci:out:v1
  [[ $output == *"it is truncated"* ]]
}

@test "names that are one file elsewhere, and folders whose modes are made up, draw a warning" {
  mkdir -p names modes mixed
  touch names/Readme names/README names/other
  printf a >modes/a
  printf b >modes/b
  chmod 755 modes/*
  run --separate-stderr -0 build --add names:/names -o oci:out:v1
  [[ $stderr == *"/names/README and /names/Readme differ in case or in the form of their letters alone"* ]]
  run --separate-stderr -0 build --add modes:/modes -o oci:out:v1
  [[ $stderr == *"every file in modes is executable and none is a program"* ]]
  run --separate-stderr -0 build --add modes:/modes,mode=0444 -o oci:out:v1
  [ -z "$stderr" ]
  printf '#!/bin/sh\n' >modes/c
  chmod 755 modes/c
  run --separate-stderr -0 build --add modes:/modes -o oci:out:v1
  [ -z "$stderr" ]
}
