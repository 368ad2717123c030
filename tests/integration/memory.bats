#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Memory does not grow with the input.
load lib

# WORDS…: the peak of resident memory, in MiB.
peak_memory() {
  python3 - "$@" <<'PYTHON'
import resource
import subprocess
import sys

subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
PYTHON
}

@test "a binary of 1 GiB becomes an image in less than 128 MiB of memory" {
  cp "$server" big
  chmod u+w big
  head -c 200000000 /dev/urandom >>big
  truncate -s 1G big
  peak=$(peak_memory ociassemble build -q --binary big -o oci:image:v1)
  echo "peak $peak MiB"
  [ "$peak" -lt 128 ]
}
