#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Whether programs start on a base, decided before an image is made (docs/gates.md): what build says, and what a chroot does.
load lib

setup_file() {
  load lib
  cd "$BATS_FILE_TMPDIR" || return 1
  echo 'int twice(int x) { return 2 * x; }' >twice.c
  echo 'int twice(int); int main(void) { return twice(0); }' >main.c
  mkdir libraries
  gcc -shared -fPIC -Wl,-soname,libtwice.so.1 -o libraries/libtwice.so.1 twice.c
  gcc -o by_name main.c libraries/libtwice.so.1
  # shellcheck disable=SC2016  # for the loader
  gcc -o by_runpath main.c libraries/libtwice.so.1 '-Wl,-rpath,$ORIGIN/../lib/twice'
  # A base with this system's glibc, no more than programs of C need.
  mkdir -p glibc/lib64 glibc/lib/x86_64-linux-gnu
  cp -L /lib64/ld-linux-x86-64.so.2 glibc/lib64/
  cp -L /lib/x86_64-linux-gnu/libc.so.6 glibc/lib/x86_64-linux-gnu/
}

set_up() {
  [ "$(uname -m)" = x86_64 ] || skip "the programs are for amd64"
  files=$BATS_FILE_TMPDIR
  glibc=(--base "rootfs:$files/glibc" -o oci:image)
}

# NAME: what the loader says in a chroot of the image's files.
starts() {
  rm -rf unpacked root
  skopeo copy --quiet oci:image dir:unpacked 2>/dev/null
  mkdir root
  for layer in $(jq -r '.layers[].digest | sub("sha256:"; "")' unpacked/manifest.json); do
    tar -xf "unpacked/$layer" -C root
  done
  chroot root "/usr/local/bin/$1"
}

@test "a library that the base lacks is named, with what to do" {
  refused -3 ociassemble build --binary "$files/by_name" "${glibc[@]}"
  [[ "$output" = *"by_name: it does not start on this base"*"libtwice.so.1 is not in the image; the program needs it"* ]]
  [[ "$output" = *"add it"*"--add"* ]]
  no_image_in image
}

@test "an added library is found where the loader looks" {
  need_root
  ociassemble build -q --binary "$files/by_name" --add "$files/libraries/libtwice.so.1:/usr/lib/" "${glibc[@]}"
  starts by_name
  refused -3 ociassemble build -q --binary "$files/by_name" --add "$files/libraries/libtwice.so.1:/opt/" "${glibc[@]}"
  [[ "$output" = *"libtwice.so.1 is in /opt, where the loader does not look"*"--env LD_LIBRARY_PATH=/opt"* ]]
  ociassemble build -q --binary "$files/by_name" --add "$files/libraries/libtwice.so.1:/opt/" --env LD_LIBRARY_PATH=/opt \
    "${glibc[@]}"
}

@test "\$ORIGIN is followed into added folders" {
  ociassemble build -q --binary "$files/by_runpath" --add "$files/libraries:/usr/local/lib/twice" "${glibc[@]}"
  refused -3 ociassemble build --binary "$files/by_runpath" --add "$files/libraries:/usr/local/lib/other" "${glibc[@]}"
  [[ "$output" = *"libtwice.so.1 is in /usr/local/lib/other, where the loader does not look"* ]]
}

@test "a library that the image's user cannot read is refused, unless the user is root" {
  local add=$files/libraries/libtwice.so.1:/usr/lib/libtwice.so.1,mode=0600
  refused -3 ociassemble build --binary "$files/by_name" --add "$add" "${glibc[@]}"
  [[ "$output" = *"/usr/lib/libtwice.so.1 cannot be loaded: the image's user cannot read it"* ]]
  ociassemble build -q --binary "$files/by_name" --add "$add" --user 0:0 "${glibc[@]}"
}

@test "--any-binary takes a program that does not start" {
  ociassemble build -q --any-binary --binary "$files/by_name" "${glibc[@]}"
}

@test "a symbol version that glibc lacks is named with a base that has it" {
  # The version that main needs, __libc_start_main@GLIBC_2.34, under a name that no glibc has yet; its hash does not matter.
  sed 's/GLIBC_2\.34/GLIBC_2.99/' "$files/by_name" >newer && chmod +x newer
  cmp -s newer "$files/by_name" && skip "this system's programs do not need glibc 2.34"
  refused -3 ociassemble build --binary newer --add "$files/libraries/libtwice.so.1:/usr/lib/" "${glibc[@]}"
  [[ "$output" = *"libc.so.6 (glibc 2."*") has no GLIBC_2.99; the program needs it"* ]]
  [[ "$output" = *"choose a base with glibc 2.99 or later"* ]]
}

@test "on musl, a symbol that only glibc has is named" {
  mkdir -p musl/lib64 layer
  tar -xf "$(alpine_rootfs)" -C musl ./lib lib 2>/dev/null || tar -xf "$(alpine_rootfs)" -C musl
  ls musl/lib/ld-musl-x86_64.so.1 || skip "no musl here"
  ln -s ../lib/ld-musl-x86_64.so.1 musl/lib64/ld-linux-x86-64.so.2
  echo '#include <execinfo.h>
int main(void) { void *frames[4]; return backtrace(frames, 4) < 0; }' >trace.c
  gcc -o trace trace.c
  refused -3 ociassemble build --binary trace --base rootfs:musl -o oci:image
  [[ "$output" = *"musl has no backtrace, which the program needs"* ]]
  echo 'int main(void) { return 0; }' >plain.c
  gcc -o plain plain.c
  ociassemble build -q --binary plain --base rootfs:musl -o oci:image
}

@test "a loader that is added counts as one of the base" {
  need_root
  ociassemble build -q --binary "$files/by_name" --base scratch --add /lib64/ld-linux-x86-64.so.2:/lib64/ld-linux-x86-64.so.2 \
    --add "$files/libraries/libtwice.so.1:/usr/lib/" --add "$(realpath /lib/x86_64-linux-gnu/libc.so.6):/usr/lib/libc.so.6" -o oci:image
  starts by_name
}

# Writes a Go program of this body.
compile_go() {
  command -v go >/dev/null || skip "no Go here"
  cat >"$1.go"
  CGO_ENABLED=0 GO111MODULE=off GOCACHE=${GOCACHE:-$FIXTURES/go-cache} go build -trimpath -ldflags=-s -o "$1" "$1.go"
}

# The needs of a build's JSON, a line each.
needs() { jq -r '.gates[] | select(.gate == "needs") | "\(.need) \(.verdict)"'; }

@test "a TLS client is warned of without CA certificates, a server is not" {
  compile_go server <<<'package main
import "net/http"
func main() { http.ListenAndServe(":8080", nil) }'
  compile_go client <<<'package main
import "net/http"
func main() { http.Get("https://example.com") }'
  run -0 --separate-stderr ociassemble build --json --binary server --base scratch -o oci:image
  [ -z "$stderr" ]
  [ -z "$(needs <<<"$output")" ]
  run -0 --separate-stderr ociassemble build --json --binary client --base static -o oci:image
  [[ "$stderr" = *"client connects to servers over TLS, but the image has no CA certificates; add them with --ca-certificates host"* ]]
  [ "$(needs <<<"$output")" = "certificates fail" ]
  echo "-----BEGIN CERTIFICATE-----" >ca.pem
  run -0 --separate-stderr ociassemble build --json --binary client --ca-certificates "$PWD/ca.pem" -o oci:image
  [ -z "$stderr" ]
  [ "$(needs <<<"$output")" = "certificates pass" ]
}

@test "an unchanged build says the same of needs, and does not read the program again" {
  command -v strace >/dev/null || skip "no strace here"
  compile_go zone <<<'package main
import ("os/exec"; "os/user"; "time")
func main() { time.LoadLocation("Asia/Tokyo"); user.Current(); exec.Command("/bin/sh").Run() }'
  sleep 0.1
  ociassemble build -q --binary zone --user 7:7 -o oci:image 2>first
  [ "$(wc -l <first)" -eq 3 ]
  grep -F "has no user 7" first
  strace -f -y -e trace=read,pread64 -o trace ociassemble build -q --binary zone --user 7:7 -o oci:image 2>again || skip "strace cannot trace here"
  cmp first again
  [ "$(awk -v file="<$PWD/zone>" 'index($0, file) && / = [0-9]+$/ { total += $NF } END { print total + 0 }' trace)" -lt 100000 ]
}

@test "a user that the image creates, and a passwd that is added, are looked into" {
  compile_go whoami <<<'package main
import "os/user"
func main() { found, _ := user.Current(); println(found.Username) }'
  echo '{"base": "static", "binaries": {"/usr/local/bin/whoami": "whoami"}, "user": {"name": "app", "uid": 1001, "create": true}}' >ociassemble.json
  run -0 --separate-stderr ociassemble build -q -o oci:image
  [ -z "$stderr" ]
  rm ociassemble.json
  echo 'app:x:7:7::/:/bin/false' >passwd
  run -0 --separate-stderr ociassemble build -q --binary whoami --add passwd:/etc/passwd --base scratch --user 7:7 -o oci:image
  [ -z "$stderr" ]
  run -0 --separate-stderr ociassemble build -q --binary whoami --add passwd:/etc/passwd --base scratch --user 8:8 -o oci:image
  [[ "$stderr" = *"/etc/passwd has no user 8"* ]]
}

@test "a locked build says the same of needs as an unlocked one" {
  compile_go client <<<'package main
import ("net/http"; "time")
func main() { time.LoadLocation("Asia/Tokyo"); http.Get("https://example.com") }'
  mkdir -p base/etc/ssl base/usr/share/zoneinfo/Asia
  : >base/etc/ssl/cert.pem
  : >base/usr/share/zoneinfo/Asia/Tokyo
  ociassemble build -q --base scratch --add base:/ --push "$REGISTRY/gates:1" 2>/dev/null
  ociassemble build -q --binary client --base "$REGISTRY/gates:1" -o oci:image 2>unlocked
  ociassemble lock --base "$REGISTRY/gates:1"
  ociassemble build -q --locked --no-cache --binary client --base "$REGISTRY/gates:1" -o oci:image 2>locked
  grep -v "a tag and may change" unlocked >said
  cmp said locked
  [ "$(wc -l <locked)" -eq 1 ]
  grep -F "no CA certificates" locked
}

@test "GOAMD64 is warned of, of a static program too" {
  command -v go >/dev/null || skip "no Go here"
  echo 'package main
func main() {}' >fast.go
  GOAMD64=v3 GOARCH=amd64 CGO_ENABLED=0 GO111MODULE=off GOCACHE=${GOCACHE:-$FIXTURES/go-cache} go build -o fast fast.go
  run -0 ociassemble build -q --binary fast -o oci:image
  [[ "$output" = *"fast starts only on processors of level x86-64-v3 and above"* ]]
}

@test "the packages of an image are listed, and what is not known is said" {
  mkdir -p base/lib/apk/db
  printf 'C:Q1abc=\nP:busybox-binsh\nV:1.36.1-r29\nA:x86_64\no:busybox\nL:GPL-2.0-only\n\nP:broken\n\n' >base/lib/apk/db/installed
  ociassemble build -q --binary "$server" --base rootfs:base -o oci:image 2>/dev/null
  run -0 --separate-stderr ociassemble inspect --packages oci:image
  [ "$output" = "busybox-binsh 1.36.1-r29 x86_64 busybox 1.36.1-r29" ]
  [[ "$stderr" = *"1 record of the package database without a name or version"* ]]
  run -0 --separate-stderr ociassemble inspect --packages --json oci:image
  jq -e '.packageManagers == ["apk"] and .brokenRecords == 1 and .packages[0].license == "GPL-2.0-only"' <<<"$output"
  ociassemble build -q --binary "$server" -o oci:static 2>/dev/null
  run -0 --separate-stderr ociassemble inspect --packages oci:static
  [ -z "$output" ]
  [[ "$stderr" = *"no package database: which packages are in it is not known"* ]]
  run -2 ociassemble inspect --packages --files oci:static
}
