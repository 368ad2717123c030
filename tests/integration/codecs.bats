#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What we compress is read by everybody, and its bytes depend on nothing but input and level.
load lib

# LAYOUT: the path of its only image's last layer's blob.
last_blob() { blob "$1" "$(jq -r '.layers[-1].digest' "$(blob "$1" "$(digest_in "$1")")")"; }
last_diff_id() { config_in "$1" | jq -r '.rootfs.diff_ids[-1]'; }
sum() { echo "sha256:$(sha256sum | cut -d' ' -f1)"; }

@test "gzip, pigz, Python, libarchive and Go read every level, as one member" {
  mkdir gunzip
  cat >gunzip/main.go <<'GO'
package main

import (
	"bufio"
	"compress/gzip"
	"io"
	"log"
	"os"
)

func main() {
	in := bufio.NewReader(os.Stdin)
	r, err := gzip.NewReader(in)
	if err != nil {
		log.Fatal(err)
	}
	r.Multistream(false) // stops after the first member
	if _, err := io.Copy(os.Stdout, r); err != nil {
		log.Fatal(err)
	}
	if rest, _ := io.Copy(io.Discard, in); rest != 0 {
		log.Fatalf("%d bytes after the first member", rest)
	}
}
GO
  (cd gunzip && GOFLAGS=-mod=mod GO111MODULE=off go build -o ../gunzip-go main.go)
  for level in 1 2 3 4 5 6 7 8 9 10 11 12; do
    rm -rf image
    ociassemble build -q --no-cache --binary "$server" --compression "gzip:$level" -o oci:image:v1
    layer=$(last_blob image)
    diff_id=$(last_diff_id image)
    [ "$(gzip -dc <"$layer" | sum)" = "$diff_id" ]
    [ "$(pigz -dc <"$layer" | sum)" = "$diff_id" ]
    [ "$(python3 -c 'import gzip,sys; sys.stdout.buffer.write(gzip.decompress(sys.stdin.buffer.read()))' <"$layer" | sum)" = "$diff_id" ]
    [ "$(./gunzip-go <"$layer" | sum)" = "$diff_id" ]
    [ "$(bsdcat "$layer" | sum)" = "$diff_id" ]
    bsdtar -xOf "$layer" usr/local/bin/server | cmp - "$server"
  done
}

@test "zstd and libarchive read every level of zstd" {
  for level in $(seq 19); do
    rm -rf image
    ociassemble build -q --no-cache --binary "$server" --compression "zstd:$level" -o oci:image:v1
    [ "$(zstd -dcq <"$(last_blob image)" | sum)" = "$(last_diff_id image)" ]
    [ "$(bsdcat "$(last_blob image)" | sum)" = "$(last_diff_id image)" ]
  done
  skopeo copy --quiet oci:image:v1 dir:unpacked
}

@test "the bytes are the same for 1, 2, 3 and 8 threads" {
  for compression in gzip gzip:1 gzip:12 zstd zstd:1; do
    rm -rf one
    ociassemble build -q --no-cache -j 1 --binary "$server" --compression "$compression" -o oci:one:v1
    for jobs in 2 3 8; do
      rm -rf many
      ociassemble build -q --no-cache -j "$jobs" --binary "$server" --compression "$compression" -o oci:many:v1
      [ "$(digest_in many)" = "$(digest_in one)" ]
    done
  done
}

@test "the diff ID does not depend on the compression" {
  ociassemble build -q --binary "$server" -o oci:gzip:v1
  ociassemble build -q --binary "$server" --compression zstd -o oci:zstd:v1
  ociassemble build -q --binary "$server" --compression none -o oci:none:v1
  [ "$(last_diff_id gzip)" = "$(last_diff_id zstd)" ]
  [ "$(last_diff_id gzip)" = "$(last_diff_id none)" ]
  [ "$(sum <"$(last_blob none)")" = "$(last_diff_id none)" ]
}

@test "the layer's tar is what GNU tar makes of the same tree" {
  mkdir -p tree/usr/local/bin
  cp "$server" tree/usr/local/bin/server
  chmod 0755 tree/usr tree/usr/local tree/usr/local/bin
  chmod 0555 tree/usr/local/bin/server
  tar --create --format=ustar --blocking-factor=1 --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 \
    -C tree usr >expected.tar
  ociassemble build -q --binary "$server" --compression none -o oci:image:v1
  cmp expected.tar "$(last_blob image)"
}
