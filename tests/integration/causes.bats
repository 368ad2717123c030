#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Why two images differ: diff names the cause of each pair here, and only it. The programs are built by the system's Go.
load lib

set_up() {
  export GOFLAGS=-mod=mod GOPROXY=off GOTOOLCHAIN=local GO111MODULE=on CGO_ENABLED=0 GOWORK=off
  export GOCACHE=${GOCACHE:-$FIXTURES/go-cache}
  unset GOAMD64
  mkdir service
  cat >service/go.mod <<'MOD'
module example.com/service

go 1.18
MOD
  cat >service/main.go <<'GO'
package main

var version = "none"

func main() { println("hello", version) }
GO
}

# before|after ARGUMENTS…: builds the service, and an image of it with the tag "v1" in the folder of that name.
program() {
  local side=$1
  shift
  mkdir -p "bin-$side"
  (cd "${folder:-service}" && go build -buildvcs="${vcs:-false}" "$@" -o "$OLDPWD/bin-$side/server" .)
  image "$side"
}
image() { ociassemble build -q --any-binary --base "${base:-scratch}" --binary "bin-$1/server" "${@:2}" -o "oci:$1:v1"; }

# NAMES…: what diff names of the images (or of $other in place of the second), in JSON and as one sentence each above the layers; the sentences in $sentences.
causes_are() {
  run -3 ociassemble diff --json oci:before:v1 "${other:-oci:after:v1}"
  [ "$(jq -r '.images[0].causes[].cause' <<<"$output" | paste -sd' ')" = "$*" ] || {
    jq -c '.images[0].causes[]' <<<"$output" >&2
    return 1
  }
  facts=$output
  run -3 ociassemble diff oci:before:v1 "${other:-oci:after:v1}"
  [ "${lines[1]}" = Causes ]
  sentences=$(sed -n '/^Causes$/,/^[BL]/p' <<<"$output" | sed '1d;$d')
  [ "$(wc -l <<<"$sentences")" = $# ]
  [ "$(jq -r '.images[0].causes[] | "  " + .text' <<<"$facts")" = "$sentences" ]
}
says() { [[ $sentences = *"$1"* ]] || {
  echo "$sentences" >&2
  return 1
}; }

commit() {
  git -C service add . && GIT_AUTHOR_DATE=$2 GIT_COMMITTER_DATE=$2 git -C service -c user.name=a -c user.email=a@example.com \
    commit -q --allow-empty -m "$1"
}

# VERSION: the library in the service's vendor folder, of this version.
vendor() {
  mkdir -p service/vendor/example.com/lib
  printf 'module example.com/service\n\ngo 1.18\n\nrequire example.com/lib %s\n' "$1" >service/go.mod
  printf '# example.com/lib %s\n## explicit\nexample.com/lib\n' "$1" >service/vendor/modules.txt
  printf 'package lib\n\nconst Version = "%s"\n' "$1" >service/vendor/example.com/lib/lib.go
  printf 'package main\n\nimport "example.com/lib"\n\nfunc main() { println(lib.Version) }\n' >service/main.go
  export GOFLAGS=-mod=vendor
}

@test "another Go" {
  program before -trimpath
  # The next patch release, by the version in all its places.
  python3 - "$(go env GOVERSION)" <<'PYTHON'
import sys
old = sys.argv[1].encode()
new = old[:-1] + (b"7" if old[-1:] != b"7" else b"6")
data = open("bin-before/server", "rb").read()
assert old in data
open("bin-before/server", "wb").write(data.replace(old, new))
PYTHON
  image before
  program after -trimpath
  causes_are go-toolchain
  says "/usr/local/bin/server was built with another Go: "
  says "-> $(go env GOVERSION)"
}

@test "-trimpath" {
  program before
  program after -trimpath
  causes_are go-trimpath
  says "/usr/local/bin/server was built with -trimpath; before, without"
}

@test "flags of the linker that are recorded" {
  program before
  program after -ldflags '-s -w -X main.version=v2'
  causes_are go-link-flags
  says "-ldflags (none) -> -s -w -X main.version=v2"
}

@test "flags of the linker that -trimpath keeps from being recorded" {
  program before -trimpath -ldflags '-X main.version=v1'
  program after -trimpath -ldflags '-X main.version=v2'
  causes_are go-link-flags
  jq -e '.images[0].causes[0].certain' <<<"$facts"
}

@test "a package that is imported indirectly" {
  mkdir service/a service/b
  printf 'package b\n\n//go:noinline\nfunc B(n int) int { return n * 7 }\n' >service/b/b.go
  printf 'package a\n\nimport "example.com/service/b"\n\n//go:noinline\nfunc A(n int) int { return b.B(n) }\n' >service/a/a.go
  printf 'package main\n\nimport "example.com/service/a"\n\nfunc main() { println(a.A(3)) }\n' >service/main.go
  program before -trimpath
  sed -i 's/n \* 7/n*9 + 4000/' service/b/b.go
  program after -trimpath
  causes_are go-code
}

@test "tags" {
  program before -trimpath -tags one
  program after -trimpath -tags two
  causes_are go-tags
  says "one -> two"
}

@test "another commit" {
  git init -q service
  commit one 2024-05-01T10:00:00Z
  vcs=true program before -trimpath
  commit two 2024-05-02T10:00:00Z
  vcs=true program after -trimpath
  causes_are go-vcs-revision
  says "of 2024-05-01T10:00:00Z -> $(git -C service rev-parse HEAD | cut -c1-12) of 2024-05-02T10:00:00Z"
}

@test "changes that are not committed" {
  git init -q service
  commit one 2024-05-01T10:00:00Z
  vcs=true program before -trimpath
  echo '// more' >>service/main.go
  vcs=true program after -trimpath
  causes_are go-vcs-modified
  says "from a work tree with changes that are not committed"
}

@test "a commit that only one side names" {
  git init -q service
  commit one 2024-05-01T10:00:00Z
  program before -trimpath
  vcs=true program after -trimpath
  causes_are go-vcs-stamp
}

@test "modules that were added, removed and changed" {
  program before -trimpath
  vendor v1.0.0
  program after -trimpath
  causes_are go-module-added
  says "1 module added to /usr/local/bin/server: example.com/lib v1.0.0"
  rm -rf swap before.old && mv before swap && mv after before && mv swap after
  causes_are go-module-removed
  says "1 module removed from /usr/local/bin/server: example.com/lib v1.0.0"
  vendor v1.1.0
  program after -trimpath
  causes_are go-module-changed
  says "1 module changed in /usr/local/bin/server: example.com/lib v1.0.0 -> v1.1.0"
}

@test "a module that is replaced by another folder" {
  for fork in one two; do
    mkdir "$fork"
    printf 'module example.com/lib\n' >"$fork/go.mod"
    printf 'package lib\n\nconst Version = "same"\n' >"$fork/lib.go"
  done
  printf 'package main\n\nimport "example.com/lib"\n\nfunc main() { println(lib.Version) }\n' >service/main.go
  replaced_by() {
    printf 'module example.com/service\n\ngo 1.18\n\nrequire example.com/lib v1.0.0\n\nreplace example.com/lib => ../%s\n' "$1" \
      >service/go.mod
  }
  replaced_by one
  program before -trimpath
  replaced_by two
  program after -trimpath
  causes_are go-module-changed
  says "example.com/lib v1.0.0 => ../one -> v1.0.0 => ../two"
}

@test "a level of processors" {
  [ "$(go env GOARCH)" = amd64 ] || skip "needs amd64"
  program before -trimpath
  GOAMD64=v2 program after -trimpath
  causes_are go-level
  says "was built for other processors: GOAMD64 v1 -> v2"
}

@test "cgo, and a setting that is none of the others" {
  program before -trimpath
  CGO_ENABLED=1 program after -trimpath
  causes_are go-cgo
  says "CGO_ENABLED 0 -> 1"
  program after -trimpath -buildmode=pie
  causes_are go-setting
  says "-buildmode exe -> pie"
  program after -trimpath -gcflags=-l
  causes_are go-setting
  says "-gcflags (none) -> -l"
}

@test "nothing but the build ID" {
  program before -trimpath -ldflags '-buildid=one/two/three/four'
  program after -trimpath -ldflags '-buildid=six/two/three/five'
  cmp -l bin-before/server bin-after/server >bytes || true
  [ "$(wc -l <bytes)" -lt 20 ]
  causes_are go-build-id
  says "/usr/local/bin/server differs in the build ID only"
}

@test "symbols that strip took" {
  program before -trimpath
  mkdir bin-after
  strip -o bin-after/server bin-before/server
  image after
  causes_are go-stripped
  says "/usr/local/bin/server has other symbols: with symbols -> stripped"
}

@test "source code, and the folder that it was built in" {
  program before -trimpath
  sed -i 's/"hello"/"hello", "world", 1/' service/main.go
  program after -trimpath
  causes_are go-code
  program before
  cp -r service elsewhere
  folder=elsewhere program after
  causes_are go-folder
  says "$PWD/service -> $PWD/elsewhere"
}

@test "a program that was changed after it was linked" {
  program before -trimpath
  mkdir bin-after
  sed 's/hello/hallo/' bin-before/server >bin-after/server
  chmod +x bin-after/server
  run ! cmp -s bin-before/server bin-after/server
  image after
  causes_are go-edited
}

@test "another compressor, and another level" {
  program before -trimpath
  cp -r bin-before bin-after
  image before --compression gzip:9
  image after --compression zstd
  causes_are compressor
  says "gzip -> zstd"
  image after --compression gzip:1
  causes_are compression-level
  says "gzip:9 -> gzip:1"
  image before --compression zstd:3
  image after --compression zstd:12
  causes_are compression-level
  says "zstd:3 -> zstd:12"
  skopeo copy --quiet --dest-decompress oci:after:v1 dir:plain
  rm -rf before
  skopeo copy --quiet dir:plain oci:before:v1
  image after
  causes_are compressor
  says "another gzip -> ociassemble's gzip:"
}

@test "the environment's order, the creation time and the format" {
  program before -trimpath
  cp -r bin-before bin-after
  image before -e B=1 -e A=1
  image after -e A=1 -e B=1
  causes_are env-order
  image before
  SOURCE_DATE_EPOCH=1700000000 image after
  causes_are created
  says "1970-01-01T00:00:00Z -> 2023-11-14T22:13:20Z"
  ociassemble build -q --base scratch --binary bin-after/server --format docker --push "$REGISTRY/causes/docker:v1"
  other=$REGISTRY/causes/docker:v1 causes_are format
}

@test "a base by another name, and another base" {
  program before -trimpath
  cp -r bin-before bin-after
  root=$(alpine_rootfs)
  push_base "$root" causes/one:v1
  skopeo copy --quiet --src-tls-verify=false --dest-tls-verify=false "docker://$REGISTRY/causes/one:v1" \
    "docker://$REGISTRY/causes/two:v1"
  base=$REGISTRY/causes/one:v1 image before
  base=$REGISTRY/causes/two:v1 image after
  causes_are base-named-otherwise
  says "$REGISTRY/causes/one:v1 -> $REGISTRY/causes/two:v1"
  base=static image after
  causes_are base
}

@test "times, modes and owners of files" {
  mkdir data
  echo one >data/one
  echo two >data/two
  program before -trimpath
  cp -r bin-before bin-after
  image before --add data:/srv
  image after --add data:/srv --file-times 2024-01-01T00:00:00Z
  causes_are file-times
  image after --add data:/srv,mode=0400
  causes_are file-modes
  says "3 files differ in mode only: /srv, /srv/one and /srv/two"
  image after --add data:/srv,owner=5
  causes_are file-owners
}

@test "a release is told as a person would tell it" {
  vendor v1.4.0
  git init -q service
  commit one 2024-05-01T10:00:00Z
  vcs=true program before -trimpath -ldflags '-s -w -X main.version=v1'
  vendor v1.5.0
  sed -i 's/lib.Version/lib.Version, "and more"/' service/main.go
  commit two 2024-06-01T10:00:00Z
  vcs=true program after -trimpath -ldflags '-s -w -X main.version=v2'
  causes_are go-vcs-revision go-module-changed
  says "/usr/local/bin/server was built from another commit: "
  says "1 module changed in /usr/local/bin/server: example.com/lib v1.4.0 -> v1.5.0"
}

@test "inspect tells what a Go program records, as text and as JSON" {
  vendor v1.4.0
  git init -q service
  commit one 2024-05-01T10:00:00Z
  vcs=true program before -trimpath -tags netgo -ldflags '-s -w'
  run -0 ociassemble inspect oci:before:v1
  [[ $output = *"$(go env GOVERSION), example.com/service"*"commit $(git -C service rev-parse HEAD) of 2024-05-01T10:00:00Z"* ]]
  [[ $output = *"-tags=netgo"*"1 module"*"static, stripped"* ]]
  # As Go's own tool has it.
  ociassemble inspect --json oci:before:v1 | jq -r '.programs[0].go | .version, (.settings | to_entries[] | "\(.key)=\(.value)"),
    (.dependencies[] | "\(.path) \(.version)"), .buildId.text' | sort >ours
  {
    go env GOVERSION
    go version -m bin-before/server | awk '$1 == "build" { print $2 } $1 == "dep" { print $2, $3 }'
    go tool buildid bin-before/server
  } | sort >theirs
  diff ours theirs
  ociassemble inspect --json --programs none oci:before:v1 | jq -e 'has("programs") | not'
  ociassemble inspect --json --programs all oci:before:v1 | jq -e '.programs | length == 1'
  run -2 ociassemble inspect --files --programs all oci:before:v1
}
