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
  [ ! -e image/index.json ]
}

@test "an added library is found where the loader looks" {
  need_root
  ociassemble build -q --binary "$files/by_name" --add "$files/libraries/libtwice.so.1:/usr/lib/" "${glibc[@]}"
  starts by_name
  refused -3 ociassemble build -q --binary "$files/by_name" --add "$files/libraries/libtwice.so.1:/opt/" "${glibc[@]}"
  ociassemble build -q --binary "$files/by_name" --add "$files/libraries/libtwice.so.1:/opt/" --env LD_LIBRARY_PATH=/opt \
    "${glibc[@]}"
}

@test "\$ORIGIN is followed into added folders" {
  ociassemble build -q --binary "$files/by_runpath" --add "$files/libraries:/usr/local/lib/twice" "${glibc[@]}"
  refused -3 ociassemble build --binary "$files/by_runpath" --add "$files/libraries:/usr/local/lib/other" "${glibc[@]}"
  [[ "$output" = *"libtwice.so.1 is not in the image"* ]]
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
