#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Engines and tools load our archives, and say which digest they keep. With ENGINES_CHROOT=DIR the engines are those of
# another root file system: tests/nightly tries Debian sid's.
load lib

# What engines keep and see: a folder of their own, and its path for them.
set_up() {
  root=${ENGINES_CHROOT-}
  if [ -n "$root" ]; then engine_folder=$(mktemp -d "$root/engines-XXXXXX"); else engine_folder=$(mktemp -d); fi
  inside=${engine_folder#"$root"}
  ociassemble build -q --binary "$server" -o oci:image:v1 -o "docker-archive:$engine_folder/app.tar:registry.example.com/team/app:v1"
  digest=$(digest_in image v1)
  config=$(jq -r .config.digest "$(blob image "$digest")")
}

tear_down() {
  if [ -n "${engine_process-}" ]; then
    kill "$engine_process" 2>/dev/null || true
    wait "$engine_process" 2>/dev/null || true
  fi
  # A daemon that was ended leaves its folders mounted.
  awk -v folder="$engine_folder/" 'index($5, folder) == 1 { print $5 }' /proc/self/mountinfo | sort -r | xargs -r umount -l
  rm -rf "$engine_folder"
}

# WORDS…: in the other root file system, which gets this machine's /proc, /dev and /sys for as long as the command runs.
engine() (exec_engine "$@")

# The same in the place of this shell: what is started in the background is then the process that can be ended.
exec_engine() {
  if [ -z "$root" ]; then exec "$@"; fi
  export root
  # shellcheck disable=SC2016  # for the inner shell
  exec unshare --mount sh -c 'mount --rbind "$root" "$root" && cd "$root" || exit
    for folder in proc dev sys; do mount --rbind "/$folder" "$folder" || exit; done
    exec chroot . "$@"' sh "$@"
}

# PROGRAM: skips the test where it is not installed.
need_engine() {
  engine sh -c "PATH=\$PATH:/usr/sbin:/sbin command -v $1" >/dev/null || skip "no $1 on this machine"
}

# PROBE COMMAND…: starts a daemon, and skips the test where the probe, a function, does not find it ready.
start_engine() {
  local probe=$1 tries
  shift
  PATH=$PATH:/usr/sbin:/sbin exec_engine "$@" >"$engine_folder/log" 2>&1 </dev/null 3>&- &
  engine_process=$!
  for ((tries = 0; tries < 300; tries++)); do
    if "$probe" >/dev/null 2>&1; then return; fi
    kill -0 "$engine_process" 2>/dev/null || break
    sleep 0.2
  done
  skip "$1 does not run here: $(tail -n 1 "$engine_folder/log")"
}

# CONFIG WORDS…: dockerd without networks.
start_docker() {
  echo "$1" >"$engine_folder/daemon.json"
  docker_answers() { docker_api --fail http://docker/_ping; }
  start_engine docker_answers dockerd --config-file "$inside/daemon.json" --data-root "$inside/data" \
    --exec-root "$inside/exec" --pidfile "$inside/pid" -H "unix://$inside/docker.sock" --iptables=false --bridge=none "${@:2}"
}

docker_api() { curl --max-time 300 --silent --show-error --noproxy '*' --unix-socket "$engine_folder/docker.sock" "$@"; }

# ARCHIVE: as `docker load`, whose answer is a stream of objects, and 200 when it fails.
docker_load() {
  docker_api -X POST -H 'Content-Type: application/x-tar' -T "$1" 'http://docker/images/load?quiet=1' >answer
  cat answer
  ! grep errorDetail answer
}

start_containerd() {
  cat >"$engine_folder/containerd.toml" <<TOML
version = 2
root = "$inside/data"
state = "$inside/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "$inside/containerd.sock"
TOML
  start_engine containerd_answers containerd --config "$inside/containerd.toml"
}

ctr() { engine timeout 300 ctr --address "$inside/containerd.sock" "$@"; }
containerd_answers() { ctr images ls; }

@test "Docker's graph drivers load it under its name, with the config's digest as the ID" {
  need_root
  need_engine dockerd
  start_docker '{}' --storage-driver=vfs
  docker_load "$engine_folder/app.tar"
  docker_api http://docker/images/registry.example.com/team/app:v1/json >image.json
  [ "$(jq -r .Id image.json)" = "$config" ]
  [ "$(jq -r .Config.User image.json)" = 65532:65532 ]
}

@test "Docker's containerd store keeps the manifest's digest" {
  need_root
  need_engine dockerd
  start_docker '{"features": {"containerd-snapshotter": true}}' --storage-driver=native
  docker_api http://docker/info | jq -e '.DriverStatus | tostring | contains("io.containerd.snapshotter.v1")' ||
    skip "this dockerd has no containerd store"
  docker_load "$engine_folder/app.tar"
  [ "$(docker_api http://docker/images/registry.example.com/team/app:v1/json | jq -r .Id)" = "$digest" ]
}

@test "containerd imports it under its name with the manifest's digest, and an index whole" {
  need_root
  need_engine containerd
  start_containerd
  ctr images import --no-unpack "$inside/app.tar"
  ctr images ls | grep -F 'registry.example.com/team/app:v1 ' | grep -F "$digest"

  two_platforms
  ctr images import --no-unpack --all-platforms "$inside/two.tar"
  ctr images ls | grep -F 'registry.example.com/team/two:v1 ' | grep -F "$index"
}

@test "podman loads it under its name with the manifest's digest" {
  need_root
  need_engine podman
  local words=(podman --root "$inside/data" --runroot "$inside/run" --storage-driver vfs --cgroup-manager cgroupfs)
  PATH=$PATH:/usr/sbin:/sbin engine "${words[@]}" load --quiet --input "$inside/app.tar"
  [ "$(engine "${words[@]}" image inspect --format '{{.Digest}}' registry.example.com/team/app:v1)" = "$digest" ]
}

@test "an archive of two platforms is linux/amd64's to Docker's graph drivers" {
  need_root
  need_engine dockerd
  two_platforms
  start_docker '{}' --storage-driver=vfs
  docker_load "$engine_folder/two.tar"
  [ "$(docker_api http://docker/images/registry.example.com/team/two:v1/json | jq -r .Architecture)" = amd64 ]
}

@test "skopeo reads it as either kind of archive, and keeps the digest of the layout" {
  need_engine skopeo
  [ "$(skopeo inspect --format '{{.Digest}}' "oci-archive:$engine_folder/app.tar:v1")" = "$digest" ]
  skopeo inspect --config "docker-archive:$engine_folder/app.tar:registry.example.com/team/app:v1" >config.json
  [ "$(jq -c .rootfs config.json)" = "$(jq -c .rootfs "$(blob image "$config")")" ]
}

@test "umoci unpacks the layout that is in it" {
  need_root
  need_engine umoci
  mkdir layout
  tar -xf "$engine_folder/app.tar" -C layout
  umoci unpack --image layout:v1 bundle
  cmp bundle/rootfs/usr/local/bin/server "$server"
}

two_platforms() {
  mkdir two
  GOARCH=arm64 ociassemble build -q --platform linux/arm64,linux/amd64 --base scratch --add "$server:/readme,mode=644" \
    --entrypoint /readme -o "docker-archive:$engine_folder/two.tar:registry.example.com/team/two:v1" --digest-file two/digest
  index=$(cat two/digest)
}
