# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154  # variables that tests and fixtures set and read
# What every integration test uses. A test file begins with: load lib
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/fixtures.bash
. "$(dirname "${BASH_SOURCE[0]}")/../support/fixtures.bash"

# Each test has an empty folder of its own as working directory, and nobody's configuration.
setup() {
  cd "$BATS_TEST_TMPDIR" || return 1
  export HOME=$BATS_TEST_TMPDIR/home XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache DOCKER_CONFIG=$BATS_TEST_TMPDIR/docker
  mkdir "$HOME" "$DOCKER_CONFIG"
  echo '{}' >"$DOCKER_CONFIG/config.json"
  unset SOURCE_DATE_EPOCH REGISTRY_AUTH_FILE XDG_RUNTIME_DIR XDG_CONFIG_HOME
  server=$(go_server)
  if declare -F set_up >/dev/null; then set_up; fi
}

teardown() {
  if declare -F tear_down >/dev/null; then tear_down; fi
  if [ -n "${server_process-}" ]; then stop_server "$container_name"; fi
}

# OPTIONS WORDS…: as bats' run, for a build that is refused: with an empty cache, then with the test's own, which the builds
# before it filled, then with what it left there itself. Status and words must be the same each time.
refused() {
  local folder first='' words
  for folder in "$BATS_TEST_TMPDIR/$(mktemp -u cold-XXXXXX)" "$XDG_CACHE_HOME" "$XDG_CACHE_HOME"; do
    XDG_CACHE_HOME=$folder run "$@"
    # Only an empty cache has layers to wait for.
    words=$status:$(grep -v '^reading layer ' <<<"$output${stderr-}" || true)
    if [ "${first:=$words}" != "$words" ]; then
      printf 'with an empty cache:\n%s\nwith a filled one:\n%s\n' "$first" "$words"
      return 1
    fi
  done
}

# ARGUMENTS…: the command; what it prints with --json, a lock that it makes here and a recipe that it builds are kept for
# check_documents.
# In the background `command ociassemble` is meant: so $! is the tool itself.
ociassemble() {
  local seen='' status=0
  case " $* " in
    *" --json "*) seen=$(mktemp "$BATS_SUITE_TMPDIR/documents/XXXXXX") ;;
    " lock "* | " build "*) ;;
    *)
      command ociassemble "$@"
      return
      ;;
  esac
  if [ -n "$seen" ]; then
    command ociassemble "$@" >"$seen" || status=$?
    cat "$seen"
    printf '%s\n' "$@" >"$seen.arguments"
  else
    command ociassemble "$@" || status=$?
  fi
  if [[ " $* " = *" lock "* && $status -eq 0 && -f ociassemble.lock ]]; then
    seen=$(mktemp "$BATS_SUITE_TMPDIR/documents/XXXXXX")
    cp ociassemble.lock "$seen"
    printf '%s\n' LOCK-FILE "$@" >"$seen.arguments"
  fi
  if [ "$status" -eq 0 ] && [ "$1" = build ]; then keep_recipe "$@"; fi
  return "$status"
}

# ARGUMENTS…: of a build that was done.
keep_recipe() {
  local recipe=ociassemble.json words=("$@") i seen
  for i in "${!words[@]}"; do
    case ${words[i]} in
      -f | --file) recipe=${words[i + 1]} ;;
      --file=*) recipe=${words[i]#*=} ;;
    esac
  done
  if [ ! -f "$recipe" ]; then return 0; fi
  seen=$(mktemp "$BATS_SUITE_TMPDIR/documents/XXXXXX")
  cp "$recipe" "$seen"
  printf '%s\n' RECIPE "$@" >"$seen.arguments"
}

# A port of loopback that nobody listens on.
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# Ends what has written its process number to a file NAME.pid of the test.
stop_servers() {
  local pid
  for pid in "$BATS_TEST_TMPDIR"/*.pid; do
    if [ -s "$pid" ]; then kill "$(cat "$pid")" 2>/dev/null || true; fi
  done
}

# FOLDER: Debian's docker-registry on a free port of loopback, its data and its access log (FOLDER/log) under FOLDER. Sets
# REGISTRY to host:port; to be ended by stop_registry FOLDER.
start_registry() {
  local folder=$1 port attempt tries
  mkdir -p "$folder/data"
  for attempt in 1 2 3; do
    port=$(free_port)
    cat >"$folder/config.yml" <<YAML
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: $folder/data}, delete: {enabled: true}}
http: {addr: "127.0.0.1:$port"}
YAML
    docker-registry serve "$folder/config.yml" >"$folder/log" 2>&1 </dev/null 3>&- &
    echo $! >"$folder/pid"
    for ((tries = 0; tries < 100; tries++)); do
      if curl --silent --fail --noproxy '*' "http://127.0.0.1:$port/v2/" >/dev/null; then
        export REGISTRY=127.0.0.1:$port
        return 0
      fi
      kill -0 "$(cat "$folder/pid")" 2>/dev/null || break
      sleep 0.1
    done
    stop_registry "$folder"
  done
  echo "docker-registry did not come up ($attempt tries): $(tail -n 3 "$folder/log")" >&2
  return 1
}

stop_registry() {
  local pid
  pid=$(cat "$1/pid")
  kill "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}

# PORT: waits until somebody listens there.
wait_for_port() {
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    if (exec 4<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return 0; fi
    sleep 0.1
  done
  echo "nobody listens on port $1" >&2
  return 1
}

# HTTP-LINES SERVER-LINES [ssl]: nginx with them in front of $REGISTRY. Sets front to host:port.
start_nginx() {
  local port
  port=$(free_port)
  mkdir -p nginx
  cat >nginx.conf <<CONF
daemon off;
user $(id -un) $(id -gn);
pid $PWD/nginx/pid;
error_log $PWD/nginx/error.log;
events {}
http {
  log_format counted '\$request_method \$uri \$status';
  access_log $PWD/nginx/access.log counted;
  proxy_request_buffering off;
  proxy_buffering off;
  client_body_temp_path $PWD/nginx/body;
  proxy_temp_path $PWD/nginx/proxy;
  fastcgi_temp_path $PWD/nginx/fastcgi;
  uwsgi_temp_path $PWD/nginx/uwsgi;
  scgi_temp_path $PWD/nginx/scgi;
  $1
  server {
    listen 127.0.0.1:$port ${3-};
    $2
    location / {
      proxy_pass http://$REGISTRY;
      proxy_set_header Host \$http_host;
      proxy_set_header X-Forwarded-Proto \$scheme;
    }
  }
}
CONF
  PATH="$PATH:/usr/sbin" nginx -p "$PWD/nginx" -c "$PWD/nginx.conf" >nginx.log 2>&1 </dev/null 3>&- &
  echo $! >nginx.pid
  wait_for_port "$port" || {
    cat nginx.log nginx/error.log >&2
    return 1
  }
  front=127.0.0.1:$port
}

# A private authority (ca.crt), a certificate of 127.0.0.1 by it (server.crt, server.key), and alice's (client.cert, client.key).
make_certificates() {
  {
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=test authority' -keyout ca.key -out ca.crt
    local name
    for name in server client; do
      openssl req -newkey rsa:2048 -nodes -subj "/CN=$name" -keyout "$name.key" -out "$name.csr"
      openssl x509 -req -in "$name.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out "$name.crt" \
        -extfile <(echo 'subjectAltName=IP:127.0.0.1')
    done
    mv client.crt client.cert
  } >openssl.log 2>&1
}

# LINES: for start_nginx: TLS with them.
server_tls() { echo "ssl_certificate $PWD/server.crt; ssl_certificate_key $PWD/server.key; $1"; }

# skopeo, with the machine's policy ignored.
skopeo() { command skopeo --insecure-policy "$@"; }

# Podman with storage of this test's own, able to run where cgroups and limits are odd, and to unpack in a chroot.
podman() {
  on_a_mount "$(type -P podman)" --root "$BATS_TEST_TMPDIR/podman" --runroot "$BATS_TEST_TMPDIR/podman-run" \
    --storage-driver vfs --cgroup-manager cgroupfs "$@"
}
podman_run() { podman run --rm --runtime runc --network host --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 "$@"; }

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

# ROOTFS NAME:TAG: pushes an image of one layer, as a base, to $REGISTRY by skopeo; nothing of ours is in its making.
push_base() {
  local rootfs=$1 name=$2 layout
  layout=$BATS_TEST_TMPDIR/base-${name//[:\/]/-}
  make_base_layout "$rootfs" "$layout" || return 1
  skopeo copy --quiet --dest-tls-verify=false "oci:$layout:base" "docker://$REGISTRY/$name"
}

# ROOTFS LAYOUT [ARCHITECTURE]: an OCI layout of one gzip layer, tag "base", written by hand.
make_base_layout() {
  local rootfs=$1 layout=$2 arch=${3:-$(go env GOARCH)} layer diff_id config manifest
  mkdir -p "$layout/blobs/sha256"
  case $rootfs in
    *.gz) cp "$rootfs" "$layout/layer" ;;
    *) gzip -n -1 <"$rootfs" >"$layout/layer" ;;
  esac
  diff_id=$(gzip -dc <"$layout/layer" | sha256sum | cut -d' ' -f1)
  layer=$(put_blob "$layout" "$layout/layer" application/vnd.oci.image.layer.v1.tar+gzip)
  jq -cnj --arg arch "$arch" --arg diff_id "sha256:$diff_id" '{architecture: $arch, os: "linux",
    config: {Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], Cmd: ["/bin/sh"]},
    rootfs: {type: "layers", diff_ids: [$diff_id]}}' >"$layout/config"
  config=$(put_blob "$layout" "$layout/config" application/vnd.oci.image.config.v1+json)
  jq -cnj --argjson config "$config" --argjson layer "$layer" '{schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json", config: $config, layers: [$layer]}' >"$layout/manifest"
  manifest=$(put_blob "$layout" "$layout/manifest" application/vnd.oci.image.manifest.v1+json)
  jq -cn --argjson manifest "$manifest" --arg arch "$arch" '{schemaVersion: 2, manifests: [$manifest +
    {platform: {architecture: $arch, os: "linux"},
     annotations: {"org.opencontainers.image.ref.name": "base"}}]}' >"$layout/index.json"
  echo '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
}

# NAME AMD64-ROOTFS ARM64-ROOTFS: one index over both in the registry, made by skopeo and jq alone. Leaves its descriptor
# in the variable index, and those of its manifests in amd64.json and arm64.json.
push_index() {
  local name=$1 base=$BATS_TEST_TMPDIR/index-${1//[:\/]/-} arch
  mkdir -p "$base/blobs/sha256"
  make_base_layout "$2" "$base-amd64" amd64
  make_base_layout "$3" "$base-arm64" arm64
  for arch in amd64 arm64; do
    cp "$base-$arch"/blobs/sha256/* "$base/blobs/sha256/"
    jq '.manifests[0] | del(.annotations)' "$base-$arch/index.json" >"$arch.json"
  done
  jq -cnj --slurpfile a amd64.json --slurpfile b arm64.json '{schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [$a[0], ($b[0] | .platform.variant = "v8")]}' >"$base/index"
  index=$(put_blob "$base" "$base/index" application/vnd.oci.image.index.v1+json)
  jq -cn --argjson index "$index" '{schemaVersion: 2, manifests: [$index +
    {annotations: {"org.opencontainers.image.ref.name": "base"}}]}' >"$base/index.json"
  echo '{"imageLayoutVersion":"1.0.0"}' >"$base/oci-layout"
  skopeo copy --quiet --all --dest-tls-verify=false "oci:$base:base" "docker://$REGISTRY/$name"
}

# LAYOUT FILE MEDIA-TYPE: moves the file into the layout's blobs; prints its descriptor.
put_blob() {
  local layout=$1 file=$2 type=$3 sum size
  sum=$(sha256sum "$file" | cut -d' ' -f1)
  size=$(stat -c %s "$file")
  mv "$file" "$layout/blobs/sha256/$sum"
  jq -cn --arg type "$type" --arg digest "sha256:$sum" --argjson size "$size" '{mediaType: $type, digest: $digest, size: $size}'
}

# LAYOUT [NAME]: the manifest's digest, as the index has it.
digest_in() {
  jq -r --arg name "${2-}" '.manifests[] |
    select($name == "" or .annotations["org.opencontainers.image.ref.name"] == $name) | .digest' "$1/index.json"
}

# LAYOUT DIGEST: a blob's path.
blob() { echo "$1/blobs/${2/://}"; }

# LAYOUT: the config of its only image.
config_in() {
  local manifest
  manifest=$(blob "$1" "$(digest_in "$1")")
  cat "$(blob "$1" "$(jq -r .config.digest "$manifest")")"
}

# LAYOUT: the tar of its only image's last layer, plain; only for gzip layers.
last_layer_in() {
  local manifest
  manifest=$(blob "$1" "$(digest_in "$1")")
  gzip -dc <"$(blob "$1" "$(jq -r '.layers[-1].digest' "$manifest")")"
}

# Every file under a folder with its bytes' digest: to see that nothing has changed.
snapshot() { (cd "$1" && find . -type f -print0 | sort -z | xargs -0 --no-run-if-empty sha256sum && find . | sort); }

# Lets every user come through to this test's folder; the runner's own folders are its user's.
open_to_others() {
  local folder=$BATS_TEST_TMPDIR
  while [ "$folder" != / ]; do
    [ "$(stat -c %a "$folder")" != 700 ] || chmod a+x "$folder"
    folder=$(dirname "$folder")
  done
}

# WORDS…: as a user who is not root.
as_nobody() { HOME=/ setpriv --reuid=65533 --regid=65533 --clear-groups "$@"; }

# LAYOUT: a build that failed left no image there, if perhaps an empty layout.
no_image_in() { [ ! -e "$1/index.json" ] || [ "$(jq '.manifests | length' "$1/index.json")" -eq 0 ]; }

need_root() { [ "$(id -u)" -eq 0 ] || skip "needs root"; }

# LAYOUT: the image's server answers from inside a container; its answer in the variable answer.
ask_container() {
  find_container_runtime || skip "no container can be started here: $container_problem"
  container_name=ociassemble-test-$$-$BATS_TEST_NUMBER
  make_bundle "$1" "$BATS_TEST_TMPDIR/bundle"
  start_server "$BATS_TEST_TMPDIR/bundle" "$container_name"
  # shellcheck disable=SC2034  # for the caller
  answer=$(curl --silent --fail --max-time 10 --noproxy '*' "$server_url/")
}
