#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The image holds what the file held, or the build fails (docs/security.md).
load lib

tear_down() {
  [ ! -d mounted ] || umount mounted 2>/dev/null || fusermount -u mounted 2>/dev/null || true
  [ ! -d lower ] || umount lower 2>/dev/null || true
}

build() { ociassemble build -q --base scratch --platform linux/amd64 "$@"; }

# The added file as the image in LAYOUT has it.
file_in() { tar -xOf "$(blob "$1" "$(jq -r '.layers[-1].digest' "$(blob "$1" "$(digest_in "$1")")")")" f; }

@test "a file that is written to in place while it is read fails the build" {
  command -v strace >/dev/null || skip "no strace here"
  head -c 8000000 /dev/zero | tr '\0' A >f
  sleep 0.1
  # The program stops after its first read of the file, and goes on when the file is another.
  strace -f -o trace -P "$PWD/f" -e trace=read -e inject=read:signal=SIGSTOP:when=1 \
    command ociassemble build -q --base scratch --platform linux/amd64 --compression none --add f:/f -o oci:image:v1 2>error &
  tracer=$!
  for _ in $(seq 100); do
    [ -s trace ] && break
    sleep 0.05
  done
  [ -s trace ] || skip "strace cannot trace here"
  head -c 8000000 /dev/zero | tr '\0' B | dd of=f conv=notrunc bs=1M status=none
  sleep 0.2
  kill -CONT "$(awk 'NR == 1 { print $1 }' trace)"
  status=0
  wait "$tracer" || status=$?
  [ "$status" -eq 1 ]
  grep -q 'cannot read f: it changed while it was read' error
  [ "$(jq '.manifests | length' image/index.json)" -eq 0 ]
}

@test "a few builds on each kind of file system of a file that changes meanwhile: the right image or an error" {
  run "$(dirname "$BATS_TEST_FILENAME")/../changing_builds" --builds 3
  echo "$output"
  [ "$status" -eq 0 ]
}

@test "a file system that gives mtime for ctime has no cache, and its file is what the image holds" {
  command -v bindfs >/dev/null || skip "no bindfs here"
  mkdir source mounted
  bindfs --ctime-from-mtime source mounted || skip "cannot mount FUSE file systems here"
  for content in one two; do
    echo "$content" >mounted/f
    touch -d 2020-01-01 mounted/f
    sleep 0.1
    build --add mounted/f:/f -o oci:image:v1
    [ "$(file_in image)" = "$content" ]
  done
}

@test "images with the same times, mounted at one place in turn, give each its own file" {
  command -v mksquashfs >/dev/null || skip "no mksquashfs here"
  mkdir source mounted
  for content in one two; do
    echo "$content" >source/f
    mksquashfs source "$content.squashfs" -all-time 0 -all-root -noappend -quiet >/dev/null
    mount -o loop,ro "$content.squashfs" mounted || skip "cannot mount images here"
    build --add mounted/f:/f -o oci:image:v1
    umount mounted
    [ "$(file_in image)" = "$content" ]
  done
}

@test "an overlay over images that differ in nothing but a file's bytes gives each its own file" {
  command -v mkfs.erofs >/dev/null || skip "no mkfs.erofs here"
  mkdir source lower upper work mounted
  for content in one two; do
    echo "$content" >source/f
    touch -d '2020-01-01 00:00:00.5' source/f
    mkfs.erofs "$content.erofs" source >/dev/null 2>&1
    mount -o loop,ro "$content.erofs" lower 2>/dev/null || skip "cannot mount images here"
    mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work mounted 2>/dev/null || skip "cannot mount overlays here"
    build --add mounted/f:/f -o oci:image:v1
    umount mounted lower
    [ "$(file_in image)" = "$content" ]
  done
}

@test "a damaged blob in the output is replaced by build, pull and copy" {
  seq 100000 >f
  build --add f:/f -o oci:image:v1
  layer=$(blob image "$(jq -r '.layers[0].digest' "$(blob image "$(digest_in image)")")")
  damage() { printf XXXX | dd of="$1/blobs/sha256/${layer##*/}" bs=1 seek=100 conv=notrunc status=none; }
  damage image
  build --no-cache --add f:/f -o oci:image:v1
  ociassemble verify -q oci:image:v1
  ociassemble copy -q oci:image:v1 oci:copy:v1
  damage copy
  ociassemble copy -q oci:image:v1 oci:copy:v1
  ociassemble verify -q oci:copy:v1
  damage image
  run -1 ociassemble copy -q oci:image:v1 oci:other:v1
}

@test "a base that lies about a diff ID is refused with an empty cache and with a filled one" {
  make_base_layout "$(alpine_rootfs)" "$PWD/base"
  seq 10 >f
  ociassemble build -q --base oci:base:base --user 7 --add f:/f --entrypoint /bin/true -o oci:image:v1
  cp -r base liar
  python3 - <<'END'
import gzip, hashlib, json
def blob(digest): return 'liar/blobs/sha256/' + digest.split(':')[1]
def put(data):
    digest = hashlib.sha256(data).hexdigest()
    open('liar/blobs/sha256/' + digest, 'wb').write(data)
    return {'digest': 'sha256:' + digest, 'size': len(data)}
index = json.load(open('liar/index.json'))
manifest = json.load(open(blob(index['manifests'][0]['digest'])))
# An empty tar under the diff ID of another.
manifest['layers'][0].update(put(gzip.compress(bytes(10240))))
index['manifests'][0].update(put(json.dumps(manifest).encode()))
json.dump(index, open('liar/index.json', 'w'))
END
  for cache in empty "$XDG_CACHE_HOME/ociassemble"; do
    run -1 ociassemble build -q --cache-dir "$cache" --base oci:liar:base --user 7 --add f:/f -o oci:lied:v1
    [[ $output == *"cannot trust layer"* ]]
  done
}
