#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The library as its users have it: installed, and found through pkg-config alone.
load lib

setup_file() {
  [ -n "${BUILD_DIR-}" ] || skip "needs BUILD_DIR, the build folder"
  DESTDIR=$BATS_FILE_TMPDIR/root meson install -C "$BUILD_DIR" --no-rebuild --quiet >/dev/null
  PKG_CONFIG_PATH=$(dirname "$(find "$BATS_FILE_TMPDIR/root" -name ociassemble.pc)")
  export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR=$BATS_FILE_TMPDIR/root
}

@test "a program of thirty lines assembles and pushes an image through the shared library" {
  # shellcheck disable=SC2046  # words
  g++ -std=c++20 "$source_root/docs/example_build.cpp" $(pkg-config --cflags --libs ociassemble) -o example
  export LD_LIBRARY_PATH
  LD_LIBRARY_PATH=$PKG_CONFIG_SYSROOT_DIR$(pkg-config --variable=libdir ociassemble | sed "s,^$PKG_CONFIG_SYSROOT_DIR,,")
  ldd example | grep -q 'libociassemble.so.0 => /'
  run --separate-stderr -0 ./example "$server" "$REGISTRY/example:v1"
  [[ "$stderr" = *"sent layer sha256:"* ]]
  skopeo copy --quiet --src-tls-verify=false "docker://$REGISTRY/example:v1" oci:pulled:v1
  [[ "$output" = *"@$(digest_in pulled)" ]]
  config_in pulled | jq -e '.config.Entrypoint == ["/usr/local/bin/app"] and (.config.Env | index("GOMAXPROCS=2"))'
}

@test "a program verifies and compares images of two places, and says what differs" {
  # shellcheck disable=SC2046  # words
  g++ -std=c++20 "$source_root/docs/example_compare.cpp" $(pkg-config --cflags --libs ociassemble-static) -o compare
  ociassemble build -q --binary "$server" -o oci:image:v1 --push "$REGISTRY/compare:v1"
  ociassemble build -q --binary "$server" --env A=b -o oci:other:v1
  run --separate-stderr -0 ./compare oci:image:v1 "$REGISTRY/compare:v1"
  [ -z "$output$stderr" ]
  run --separate-stderr -3 ./compare oci:image:v1 oci:other:v1
  [[ "$output" = *" config.Env"* ]]
  run --separate-stderr -1 ./compare oci:image:v1 oci:missing:v1
  [[ "$stderr" = *missing* ]]
}

@test "the same program through the static library" {
  # shellcheck disable=SC2046  # words
  g++ -std=c++20 "$source_root/docs/example_build.cpp" $(pkg-config --cflags --libs ociassemble-static) -o example
  run ! grep -q libociassemble <(ldd example)
  run -0 ./example "$server" "$REGISTRY/example:v2"
}

@test "the installed headers name no third party's" {
  run -1 grep -rhE '#include <[a-z_]+/' "$PKG_CONFIG_SYSROOT_DIR" --include='*.hpp'
}

@test "only the library's own names are exported" {
  library=$(find "$PKG_CONFIG_SYSROOT_DIR" -name 'libociassemble.so.0')
  run ! grep -E ' (T|W) (deflate|inflate|ZSTD_|archive_|curl_|main)' <(nm -D --defined-only "$library")
}

@test "what is loaded when it is needed is named by a note, and by nothing that is linked" {
  library=$(find "$PKG_CONFIG_SYSROOT_DIR" -name 'libociassemble.so.0')
  run -0 readelf -p .note.dlopen "$library"
  if [[ "$output" != *libcurl.so.4* ]]; then skip "libcurl is linked here"; fi
  [[ "$output" = *libarchive.so.13* ]]
  run ! grep -E 'libcurl|libarchive' <(readelf -d "$library")
  run ! grep -E 'libcurl|libarchive' "$PKG_CONFIG_PATH"/ociassemble*.pc
}
