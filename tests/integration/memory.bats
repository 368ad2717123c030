#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Memory does not grow with the input.
load lib

@test "a binary of 1 GiB becomes an image in less than 128 MiB of memory" {
  cp "$server" big
  chmod u+w big
  head -c 200000000 /dev/urandom >>big
  truncate -s 1G big
  peak=$(peak_memory ociassemble build -q --binary big -o oci:image:v1)
  echo "peak $peak MiB"
  [ "$peak" -lt 128 ]
}
