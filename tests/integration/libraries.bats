#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What the program loads, and when.
# shellcheck disable=SC2154  # variables that lib.bash sets
load lib

# NAME: skips the test where the build links this library (-Dload_on_first_use=false).
need_loaded() {
  local program
  program=$(type -P ociassemble)
  if ! grep -qF "$1" "$program" || grep -qF "[$1]" <(readelf -d "$program"); then skip "$1 is linked here"; fi
}

# WORDS…: runs them; what the loader brought into memory for it is then in the file "loaded".
watched() {
  LD_DEBUG=files LD_DEBUG_OUTPUT=$PWD/watched "$@"
  cat watched.* >loaded
  rm watched.*
}

@test "libcurl is loaded by the first request, and by nothing else" {
  need_loaded libcurl.so.4
  watched ociassemble version
  run ! grep -q libcurl loaded
  watched ociassemble build -q --binary "$server" -o oci:image:v1
  run ! grep -q libcurl loaded
  watched ociassemble inspect oci:image:v1
  run ! grep -q libcurl loaded
  watched ociassemble push -q oci:image:v1 "$REGISTRY/libraries:v1"
  grep -q 'libcurl.*dynamically loaded by' loaded
}

@test "a locked build on a registry's base asks nobody, and loads no libcurl" {
  need_loaded libcurl.so.4
  push_base "$(alpine_rootfs)" libraries-base:3.20
  ociassemble lock -q --base "$REGISTRY/libraries-base:3.20"
  watched ociassemble build -q --locked --base "$REGISTRY/libraries-base:3.20" --binary "$server" -o oci:image:v1 --shallow
  run ! grep -q libcurl loaded
}

@test "without libcurl a push says what is missing, and a build works" {
  need_loaded libcurl.so.4
  mkdir without
  : >without/libcurl.so.4
  LD_LIBRARY_PATH=$PWD/without ociassemble build -q --binary "$server" -o oci:image:v1
  LD_LIBRARY_PATH=$PWD/without run -1 ociassemble push oci:image:v1 "$REGISTRY/libraries:v2"
  [[ "$output" = *"cannot load libcurl.so.4: "*"file too short"* ]]
  [[ "$output" = *"install libcurl 7.88 or later; Debian has it in the package libcurl4"* ]]
}

@test "a libcurl that lacks a function is refused" {
  need_loaded libcurl.so.4
  mkdir other
  echo 'int nothing;' | g++ -shared -fPIC -x c++ - -o other/libcurl.so.4
  ociassemble build -q --binary "$server" -o oci:image:v1
  LD_LIBRARY_PATH=$PWD/other run -1 ociassemble push oci:image:v1 "$REGISTRY/libraries:v2"
  [[ "$output" = *"cannot load libcurl.so.4: "*"undefined symbol: curl_"* ]]
}

@test "a libcurl that is too old is refused" {
  need_loaded libcurl.so.4
  mkdir old
  real=$(ldconfig -p | awk '$1 == "libcurl.so.4" { print $NF; exit }')
  # The functions of the real one, which do nothing but for the one that tells the version.
  nm --dynamic --defined-only "$real" | sed -nE 's/.* T (curl_[a-z_]+)(@.*)?$/extern "C" void \1() {}/p' |
    grep -v curl_version_info >old.cpp
  cat >>old.cpp <<'END'
struct VersionInfo { int age; const char* version; unsigned number; };
extern "C" const VersionInfo* curl_version_info() {
  static const VersionInfo info = {0, "7.70.0", 0x074600};
  return &info;
}
END
  g++ -shared -fPIC old.cpp -o old/libcurl.so.4
  ociassemble build -q --binary "$server" -o oci:image:v1
  LD_LIBRARY_PATH=$PWD/old run -1 ociassemble push oci:image:v1 "$REGISTRY/libraries:v2"
  [[ "$output" = *"cannot use libcurl 7.70.0: it is too old"* ]]
  [[ "$output" = *"install libcurl 7.88 or later"* ]]
}

@test "libarchive is loaded for a base that is compressed by xz, and for no other" {
  need_loaded libarchive.so.13
  mkdir root
  tar -cf root.tar root
  xz -k root.tar
  watched ociassemble build -q --no-cache --binary "$server" --base rootfs:root.tar -o oci:image:v1
  run ! grep -q libarchive loaded
  watched ociassemble build -q --no-cache --binary "$server" --base rootfs:root.tar.xz -o oci:image:v1
  grep -q 'libarchive.*dynamically loaded by' loaded
}

@test "without libarchive a build on an xz base says what is missing" {
  need_loaded libarchive.so.13
  mkdir without root
  : >without/libarchive.so.13
  tar -cJf root.tar.xz root
  LD_LIBRARY_PATH=$PWD/without refused -1 ociassemble build --no-cache --base rootfs:root.tar.xz --binary "$server" -o oci:image:v1
  [[ "$output" = *"cannot load libarchive.so.13: "*"file too short"* ]]
  [[ "$output" = *"install libarchive; Debian has it in the package libarchive13"* ]]
  LD_LIBRARY_PATH=$PWD/without ociassemble build -q --no-cache --binary "$server" -o oci:image:v1
}
