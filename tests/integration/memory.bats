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

# WORDS…: the peak of resident memory in KiB, whatever the status.
peak_kib() {
  python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$@"
}

# BYTES WORDS…: each file of a base may take so many bytes of the command's memory, N being "few" and "many" in the words.
takes_per_file() {
  local limit=$1 few many
  shift
  few=$(peak_kib "${@//N/few}")
  many=$(peak_kib "${@//N/many}")
  echo "${*:2:3}: $few KiB, $many KiB: $(((many - few) * 1024 / 100000)) bytes for each file"
  [ $(((many - few) * 1024 / 100000)) -le "$limit" ]
}

# COUNT NAME: two images on bases of so many files and so many folders, and two of an application of so many files.
make_bases() {
  for kind in files folders; do
    python3 "$BATS_TEST_DIRNAME/../support/many_files.py" "$2-$kind" "$1" "$kind"
    ociassemble build -q --no-cache --platform linux/amd64 --base "oci:$2-$kind" --add text:/etc/app/text \
      --entrypoint /etc/app/text -o "oci:$2-$kind-app:v1"
  done
  for name in first second; do
    python3 "$BATS_TEST_DIRNAME/../support/many_files.py" "$2-$name" "$1" application "etc/$name"
  done
}

@test "memory grows little with the number of files" {
  echo text >text
  make_bases 20000 few
  make_bases 120000 many
  takes_per_file 200 ociassemble build -q --no-cache --platform linux/amd64 --base oci:N-files --add text:/etc/app/text \
    --entrypoint /etc/app/text -o oci:N-out:v1
  takes_per_file 200 ociassemble diff oci:N-files oci:N-folders
  takes_per_file 200 ociassemble diff --all oci:N-files oci:N-folders
  takes_per_file 200 ociassemble diff --json oci:N-files oci:N-folders
  takes_per_file 300 ociassemble sbom oci:N-files
  takes_per_file 300 ociassemble sbom --format cyclonedx oci:N-files
  takes_per_file 20 ociassemble inspect oci:N-files
  takes_per_file 20 ociassemble inspect --files oci:N-files
  takes_per_file 20 ociassemble inspect --json oci:N-files
  takes_per_file 180 ociassemble verify oci:N-files
  takes_per_file 220 ociassemble verify --same-app oci:N-files-app oci:N-folders-app
  takes_per_file 220 ociassemble verify --same-app --json oci:N-files-app oci:N-folders-app
  takes_per_file 240 ociassemble verify --same-app oci:N-first oci:N-second
  takes_per_file 240 ociassemble verify --same-app --json oci:N-first oci:N-second
}

@test "memory grows little with the files of an added folder" {
  python3 - <<'PYTHON'
import os

for name, count in ("few", 20000), ("many", 120000):
    for number in range(count):
        folder = f"{name}/{number // 1000}"
        if number % 1000 == 0:
            os.makedirs(folder)
        open(f"{folder}/file{number}.txt", "x").close()
PYTHON
  takes_per_file 600 ociassemble build -q --no-cache --base scratch --add N:/data -o oci:N-out:v1
  takes_per_file 600 ociassemble build -q --cache-dir cache --base scratch --add N:/data -o oci:N-out:v1
  takes_per_file 600 ociassemble build -q --cache-dir cache --base scratch --add N:/data -o oci:N-out:v1
}

@test "paths of many folders are refused before they take much memory" {
  python3 "$BATS_TEST_DIRNAME/../support/many_files.py" deep 300000 deep
  echo text >text
  build() { "$@" ociassemble build -q --no-cache --platform linux/amd64 --base oci:deep --add text:/t --entrypoint /t -o oci:out:v1; }
  run -1 build
  [[ $output = *"more files than fit into"* ]]
  [ "$(build peak_kib)" -lt 262144 ]
}

@test "of a compressed archive only the members of the image that is read are unpacked, and for documents no layer" {
  head -c 6000000 /dev/urandom >big
  head -c 7000000 /dev/urandom >junk
  ociassemble build -q --base scratch --add big:/big --entrypoint /big -o oci:layout:v1
  cp junk "layout/blobs/sha256/$(sha256sum junk | cut -d ' ' -f 1)"
  tar -czf all.tar.gz -C layout .
  # No file may grow over 5 MB, and then not over 6.5 MB: the layer has 6, and what belongs to no image 7.
  for words in --manifest --config; do
    bash -c "ulimit -f 5000; ociassemble inspect $words oci-archive:all.tar.gz" >/dev/null
  done
  for words in '' --json; do
    bash -c "ulimit -f 6500; ociassemble inspect $words oci-archive:all.tar.gz" >/dev/null
  done
  bash -c 'ulimit -f 6500; ociassemble inspect --files oci-archive:all.tar.gz' | grep '/big$'
  run ! bash -c 'ulimit -f 5000; ociassemble inspect --files oci-archive:all.tar.gz'
  ociassemble verify oci-archive:all.tar.gz
}
