# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034,SC2154  # words for inner shells; variables that tests set and read
# Engines of a test's own that run images, and what the probe (tests/support/probe) says in them. With ENGINES_CHROOT=DIR docker's
# daemon is that of another root file system.

none=0000000000000000
bind=0000000000000400

sorted_words() { grep -E '^(user|Cap|NoNew|Seccomp|root|writes|listens)' | sort; }
# EXPECTED SEEN
same() { diff <(sort <<<"$1") <(sorted_words <<<"$2"); }

forget_engines() { unset DOCKER_HOST DOCKER_CONTEXT CONTAINER_HOST; }

# WORDS…: in the other root file system, which gets this machine's /proc, /dev and /sys for as long as the command runs.
exec_in_chroot() {
  if [ -z "${ENGINES_CHROOT-}" ]; then exec "$@"; fi
  exec unshare --mount sh -c 'mount --rbind "$0" "$0" && cd "$0" || exit
    for folder in proc dev sys; do mount --rbind "/$folder" "$folder" || exit; done
    exec chroot . "$@"' "$ENGINES_CHROOT" "$@"
}

# [graph|containerd]: a daemon without networks; skips where it does not run here, or has no such store.
start_docker() {
  local store=${1-graph} root=${ENGINES_CHROOT-} tries inside options=(--storage-driver=vfs) config='{}'
  need_root
  (exec_in_chroot sh -c 'PATH=$PATH:/usr/sbin command -v dockerd') >/dev/null || skip "no dockerd on this machine"
  command -v docker >/dev/null || skip "no docker client on this machine"
  if [ "$store" = containerd ]; then
    config='{"features": {"containerd-snapshotter": true}}'
    options=(--storage-driver=native)
  fi
  docker_folder=$(mktemp -d "$root/tmp/docker-XXXXXX")
  inside=${docker_folder#"$root"}
  echo "$config" >"$docker_folder/daemon.json"
  if [ -n "${DOCKER_DATA_SIZE-}" ]; then
    mkdir "$docker_folder/data"
    mount -t tmpfs -o "size=$DOCKER_DATA_SIZE" tmpfs "$docker_folder/data" || skip "no tmpfs can be mounted here"
  fi
  PATH=$PATH:/usr/sbin:/sbin exec_in_chroot dockerd --config-file "$inside/daemon.json" --data-root "$inside/data" \
    --exec-root "$inside/exec" --pidfile "$inside/pid" -H "unix://$inside/docker.sock" \
    --iptables=false --bridge=none "${options[@]}" >"$docker_folder/log" 2>&1 </dev/null 3>&- &
  docker_process=$!
  export DOCKER_HOST=unix://$docker_folder/docker.sock
  for ((tries = 0; tries < 300; tries++)); do
    if docker version >/dev/null 2>&1; then
      if [ "$store" = containerd ] && ! docker info 2>/dev/null | grep -q 'io.containerd.snapshotter.v1'; then
        stop_docker
        skip "this dockerd has no containerd store"
      fi
      return
    fi
    kill -0 "$docker_process" 2>/dev/null || break
    sleep 0.2
  done
  skip "dockerd does not run here: $(tail -n 1 "$docker_folder/log")"
}

stop_docker() {
  if [ -z "${docker_process-}" ]; then return; fi
  kill "$docker_process" 2>/dev/null || true
  while kill -0 "$docker_process" 2>/dev/null; do sleep 0.1; done
  awk -v folder="$docker_folder/" 'index($5, folder) == 1 { print $5 }' /proc/self/mountinfo | sort -r | xargs -r umount -l
  rm -rf "$docker_folder"
  docker_process=''
}

# Options with which podman starts a container in a sandbox, and a store of the test's own.
use_podman() {
  need_root
  command -v podman >/dev/null || skip "no podman on this machine"
  podman_options=(--runtime=runc --ulimit=nofile=20000:20000 --ulimit=nproc=10000:10000 --network=none)
  mkdir -p containers
  cat >containers/storage.conf <<CONF
[storage]
driver = "vfs"
graphroot = "$PWD/containers/data"
runroot = "$PWD/containers/run"
CONF
  printf '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n' >containers/containers.conf
  export CONTAINERS_STORAGE_CONF=$PWD/containers/storage.conf CONTAINERS_CONF=$PWD/containers/containers.conf
  podman info >/dev/null 2>&1 || skip "podman does not run here"
}

use_runc() { find_container_runtime || skip "no container runtime works here: $container_problem"; }

# Podman may ask the tests' registry without TLS.
allow_registry() {
  printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$REGISTRY" >containers/registries.conf
  export CONTAINERS_REGISTRIES_CONF=$PWD/containers/registries.conf
}

has_compose() {
  docker compose version >/dev/null 2>&1 ||
    { [ -n "${ENGINES_CHROOT-}" ] && chroot "$ENGINES_CHROOT" docker compose version >/dev/null 2>&1; }
}

# Where docker's client has none, that of the other root file system, which sees this folder.
compose() {
  if docker compose version >/dev/null 2>&1; then
    docker compose "$@"
  else
    (
      exec unshare --mount sh -c 'mkdir -p "$0$1" && mount --bind "$1" "$0$1" && mount --rbind /proc "$0/proc" && shift &&
        exec chroot "$0" env "DOCKER_HOST=unix://${DOCKER_HOST#unix://$0}" docker compose "$@"' "$ENGINES_CHROOT" "$PWD" \
        --project-directory "$PWD" "$@"
    )
  fi
}

# Sets generator, or skips.
find_quadlet() {
  local root=${ENGINES_CHROOT-} place
  generator=''
  for place in /usr/libexec/podman/quadlet /usr/lib/podman/quadlet; do
    if [ -x "$root$place" ]; then generator=$place; fi
  done
  [ -n "$generator" ] || skip "no quadlet on this machine: podman 4.4 or later"
}

# The generator's command line, as words in `start`, without what only systemd gives it.
quadlet_words() {
  local root=${ENGINES_CHROOT-} folder
  folder=$(mktemp -d "$root/tmp/quadlet-XXXXXX")
  cp app.container "$folder"
  if [ -n "$root" ]; then
    chroot "$root" env "QUADLET_UNIT_DIRS=${folder#"$root"}" "$generator" --dryrun >unit 2>said
  else
    QUADLET_UNIT_DIRS=$folder "$generator" --dryrun >unit 2>said
  fi
  rm -r "$folder"
  mapfile -d '' start < <(python3 - unit <<'PY'
import re, shlex, sys
line = next(line for line in open(sys.argv[1]) if line.startswith("ExecStart="))
line = re.sub(r"\\x([0-9a-f]{2})", lambda found: {" ": "' '"}.get(chr(int(found[1], 16)), chr(int(found[1], 16))), line[10:])
words = shlex.split(line.replace("%%", "%").replace("$$", "$"))
left_out = ("-d", "--sdnotify=", "--sdnotify", "--cgroups=", "--cidfile=", "--replace", "--log-driver")
print("\0".join(word for word in words[1:] if not word.startswith(left_out) and word not in ("healthy", "conmon")), end="\0")
PY
  )
}
