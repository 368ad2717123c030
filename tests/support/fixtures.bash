# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the quick start and the integration tests share: a real Go server, root file systems, and containers. Each
# fixture prints its path, is made once, and is kept under $FIXTURES (build/fixtures unless set). To be sourced.

source_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
FIXTURES=${FIXTURES:-$source_root/build/fixtures}

# Calls MAKER TEMPORARY-PATH and moves what it made to PATH, unless PATH is there; prints PATH.
fixture_file() {
  local path=$1 maker=$2
  if [ ! -e "$path" ]; then
    mkdir -p "$(dirname "$path")"
    local temporary=$path.new.$BASHPID
    "$maker" "$temporary" >&2 || {
      rm -rf "$temporary"
      return 1
    }
    mv "$temporary" "$path"
  fi
  echo "$path"
}

# Static programs without a trace of this machine, for $GOARCH: the service, what runs it while it is developed, and one
# that says what it may do.
go_server() { go_program server; }
go_probe() { go_program probe; }
go_watcher() { go_program watcher; }

go_program() {
  local name=$1 arch sources=$source_root/tests/support/$1 sum
  arch=$(go env GOARCH)
  sum=$(cat "$sources/main.go" "$sources/go.mod" <(go version) <(declare -f build_go_program) | sha256sum | cut -c1-12)
  fixture_file "$FIXTURES/$name-$arch-$sum/$name" "build_go_$name"
}

build_go_server() { build_go_program server "$1"; }
build_go_probe() { build_go_program probe "$1"; }
build_go_watcher() { build_go_program watcher "$1"; }

build_go_program() {
  local -x CGO_ENABLED=0 GOOS=linux GO111MODULE=on GOFLAGS=-mod=mod GOPROXY=off GOTOOLCHAIN=local
  local -x GOCACHE=${GOCACHE:-$FIXTURES/go-cache}
  (cd "$source_root/tests/support/$1" && go build -buildvcs=false -trimpath -ldflags '-s -w -buildid=' -o "$2" .)
}

# A Debian root file system as one tarball; needs root or user namespaces, and Debian's archive or a mirror.
debian_rootfs() { fixture_file "$FIXTURES/debian-bookworm-rootfs.tar" build_debian_rootfs; }

# The same for arm64, of few packages, which are unpacked and not set up, since its programs may not run here.
debian_arm64_rootfs() { fixture_file "$FIXTURES/debian-bookworm-arm64-rootfs.tar" build_debian_arm64_rootfs; }

build_debian_rootfs() { run_mmdebstrap "$1" --variant=minbase; }

build_debian_arm64_rootfs() {
  # shellcheck disable=SC2016  # for mmdebstrap's shell
  local copy='cp "$1/usr/share/base-passwd/passwd.master" "$1/etc/passwd"; cp "$1/usr/share/base-passwd/group.master" "$1/etc/group"'
  run_mmdebstrap "$1" --variant=extract --architectures=arm64 --include=base-files,base-passwd,dash,libc6 \
    --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr --customize-hook="$copy"
}

# TARBALL OPTIONS…
run_mmdebstrap() {
  local -x SOURCE_DATE_EPOCH=1700000000
  local tarball=$1 options=(--quiet --format=tar "${@:2}")
  # A machine's own sources and settings of apt know the way to the archive: a proxy, a mirror.
  local sources=()
  if [ -e /etc/os-release ] && grep -q '^VERSION_CODENAME=bookworm$' /etc/os-release; then
    local list
    for list in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do
      if [ -s "$list" ]; then sources+=("$list"); fi
    done
  fi
  local setting
  for setting in /etc/apt/apt.conf /etc/apt/apt.conf.d/*; do
    if [ -f "$setting" ] && grep -qE '^ *Acquire::' "$setting"; then options+=(--aptopt="$setting"); fi
  done
  mmdebstrap "${options[@]}" bookworm "$tarball" "${sources[@]}" </dev/null
}

# [ARCHITECTURE]: the Alpine project's own archive, where it is there.
alpine_project_rootfs() {
  local given
  for given in "$source_root"/../shared/rootfs/alpine-minirootfs-*-"${1:-$(uname -m)}".tar.gz; do
    if [ -e "$given" ]; then
      realpath "$given"
      return
    fi
  done
  return 1
}

# An Alpine root file system as one tarball: the Alpine project's own archive where a folder "shared/rootfs" beside the
# checkout has it, else one that is like it, of Debian's musl and busybox; for another architecture than this machine's
# without programs. Architecture as uname says it.
alpine_rootfs() {
  local arch=${1:-$(uname -m)} sum
  if alpine_project_rootfs "$arch"; then return; fi
  sum=$(declare -f make_musl_rootfs with_programs | sha256sum | cut -c1-12)
  if [ "$arch" = "$(uname -m)" ]; then
    fixture_file "$FIXTURES/musl-busybox-rootfs-$arch-$sum.tar.gz" build_musl_rootfs
  else
    fixture_file "$FIXTURES/musl-rootfs-without-programs-$arch-$sum.tar.gz" build_rootfs_without_programs
  fi
}

build_musl_rootfs() { make_musl_rootfs "$1" with_programs; }
build_rootfs_without_programs() { make_musl_rootfs "$1" without_programs; }

with_programs() {
  local applet
  cp /bin/busybox "$1/bin/busybox"
  cp -L "/lib/ld-musl-$(uname -m).so.1" "$1/lib/"
  ln -s "ld-musl-$(uname -m).so.1" "$1/lib/libc.musl-$(uname -m).so.1"
  for applet in sh ls cat echo id sleep mkdir rm cp mv chmod chown ln grep sed test true false env wget; do
    ln -s /bin/busybox "$1/bin/$applet"
  done
}
without_programs() { :; }

# TARBALL PROGRAMS
make_musl_rootfs() (
  set -e
  root=$(mktemp -d)
  trap 'rm -rf "$root"' EXIT
  umask 022
  mkdir -p "$root"/{bin,sbin,dev,etc,home,lib,proc,root,run,sys,tmp,usr/bin,usr/lib,usr/local/bin,usr/sbin,var/tmp}
  chmod 0755 "$root"
  chmod 1777 "$root/tmp" "$root/var/tmp"
  chmod 0700 "$root/root"
  "$2" "$root"
  printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'nobody:x:65534:65534:nobody:/:/sbin/nologin' >"$root/etc/passwd"
  printf '%s\n' 'root:x:0:root' 'nobody:x:65534:' >"$root/etc/group"
  printf 'ID=alpine\nNAME="Alpine Linux"\nVERSION_ID=3.20.3\nPRETTY_NAME="Alpine Linux v3.20"\n' >"$root/etc/os-release"
  tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C "$root" -czf "$1" .
)

# The container runtime of this machine that really starts a container, with the options it needs, in the array
# container_runtime. Where there is none: fails, with the reason in container_problem.
# shellcheck disable=SC2034  # container_problem is for the caller
find_container_runtime() {
  container_runtime=()
  container_problem="it takes root"
  [ "$(id -u)" -eq 0 ] || return 1
  container_problem="neither runc nor crun is installed"
  local probe candidate runtime options output
  probe=$(mktemp -d)
  mkdir "$probe/rootfs"
  cp "$(go_server)" "$probe/rootfs/server"
  bundle_config '["/server","-help"]' 65532 65532 >"$probe/config.json"
  # --no-pivot: where the root is a RAM disk or a chroot, pivot_root(2) may be refused.
  for candidate in runc "runc --no-pivot" crun "crun --no-pivot"; do
    read -r runtime options <<<"$candidate"
    PATH="$PATH:/usr/sbin:/sbin" command -v "$runtime" >/dev/null || continue
    # shellcheck disable=SC2206  # words
    container_runtime=("$runtime" run $options)
    if output=$(run_bundle "$probe" "probe-$BASHPID" 2>&1 </dev/null); then break; fi
    container_problem="$runtime: $(tail -n 1 <<<"$output" | sed 's/.*level=error msg=//')"
    container_runtime=()
  done
  rm -rf "$probe"
  [ ${#container_runtime[@]} -gt 0 ]
}

# WORDS…: the runtime, its state in a folder of its own.
runtime_command() {
  PATH="$PATH:/usr/sbin:/sbin" on_a_mount "${container_runtime[0]}" --root "${TMPDIR:-/tmp}/ociassemble-containers" "$@"
}

# WORDS…: a command that finds what container runtimes demand: a root folder that is a mount point, and control groups.
# A chroot may lack both; then the command gets a mount namespace of its own, with the root mounted once more over /proc
# (a mount point that can be made private first, so that nothing is seen outside), and the control groups where they
# belong.
on_a_mount() {
  if mountpoint -q / && grep -q ' - cgroup' /proc/self/mountinfo; then
    "$@"
  else
    # shellcheck disable=SC2016  # for the inner shell
    here=$PWD unshare --mount --propagation unchanged sh -c 'mount --make-rprivate /proc && mount --rbind / /proc &&
      mount --make-rprivate /proc && exec chroot /proc sh -c "$0" "$@"' '
      [ -d /sys/fs/cgroup ] || mount -t sysfs sysfs /sys
      grep -q " - cgroup" /proc/self/mountinfo || mount -t cgroup2 cgroup2 /sys/fs/cgroup
      cd "$here" && exec "$@"' sh "$@"
  fi
}

# BUNDLE NAME: in the foreground.
run_bundle() { runtime_command "${container_runtime[@]:1}" --bundle "$(realpath "$1")" "$2"; }

# COMMAND (a JSON array) UID GID: an OCI runtime configuration: read-only root, this machine's network, no privileges.
bundle_config() {
  jq -n --argjson args "$1" --argjson uid "$2" --argjson gid "$3" '{
    ociVersion: "1.0.2",
    process: {
      terminal: false, user: {uid: $uid, gid: $gid}, args: $args, cwd: "/", noNewPrivileges: true,
      env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
    },
    root: {path: "rootfs", readonly: true},
    mounts: [
      {destination: "/proc", type: "proc", source: "proc"},
      {destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "strictatime", "mode=755", "size=65536k"]}
    ],
    linux: {namespaces: [{type: "pid"}, {type: "ipc"}, {type: "uts"}, {type: "mount"}]}
  }'
}

# LAYOUT:TAG BUNDLE: unpacks the image by umoci, and takes from its config what a container engine would: command, user,
# environment, working directory, and a writable mount for each volume, which begins as the image's folder; the root
# read-only where the image's label asks for it.
make_bundle() {
  local image=$1 bundle=$2 unpacked rootfs volumes
  umoci unpack --image "$image" "$bundle" >/dev/null || return 1
  rootfs=$(realpath "$bundle/rootfs")
  unpacked=$(cat "$bundle/config.json")
  # umoci mounts an empty folder for a volume; its other mounts of that kind are below /dev.
  volumes=$(jq -r '.mounts[] | select(.type == "tmpfs").destination | select(startswith("/dev") | not)' <<<"$unpacked")
  xargs --no-run-if-empty -I{} mkdir -p "$rootfs{}" <<<"$volumes"
  bundle_config "$(jq -c .process.args <<<"$unpacked")" "$(jq .process.user.uid <<<"$unpacked")" \
    "$(jq .process.user.gid <<<"$unpacked")" |
    jq --argjson from "$unpacked" --arg rootfs "$rootfs" --arg volumes "$volumes" '
      .process.env = ($from.process.env + ["PORT=0"]) | .process.cwd = $from.process.cwd |
      .root.readonly = ($from.annotations["dev.ociassemble.readonly-rootfs"] == "true") |
      .mounts += [$volumes | split("\n")[] | {destination: ., type: "bind", source: ($rootfs + .), options: ["rbind", "rw"]}]' \
      >"$bundle/config.json.new" && mv "$bundle/config.json.new" "$bundle/config.json"
}

# BUNDLE NAME: starts the bundle's server in the background, waits until it listens, and sets server_url. To be ended by
# stop_server NAME; find_container_runtime must have succeeded.
start_server() {
  local bundle=$1 name=$2
  : >"$bundle/log"
  run_bundle "$bundle" "$name" >"$bundle/log" 2>&1 </dev/null 3>&- &
  server_process=$!
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    server_url=$(sed -n 's/^listening on //p' "$bundle/log")
    [ -z "$server_url" ] || return 0
    kill -0 "$server_process" 2>/dev/null || break
    sleep 0.1
  done
  echo "the container did not come up: $(tail -n 3 "$bundle/log")" >&2
  return 1
}

stop_server() {
  local tries
  # One that has just been started has no container yet that could be killed.
  for ((tries = 0; tries < 50; tries++)); do
    runtime_command kill "$1" KILL >/dev/null 2>&1 || true
    kill -0 "$server_process" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL "$server_process" 2>/dev/null || true
  wait "$server_process" 2>/dev/null || true
  runtime_command delete --force "$1" >/dev/null 2>&1 || true
}
