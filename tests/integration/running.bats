#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Images are loaded into engines and run, and what run-spec prints is what its readers accept; run_matrix.bats executes it.
load lib

# shellcheck source=tests/integration/running.bash
. "$BATS_TEST_DIRNAME/running.bash"

places=(/tmp /var/lib/app /etc / /usr/local/bin)

set_up() {
  probe=$(go_probe)
  forget_engines
}

tear_down() {
  stop_docker
  if [ -n "${run_process-}" ]; then kill "$run_process" 2>/dev/null || true; fi
  if [ -n "${user_folder-}" ]; then rm -rf "$user_folder"; fi
}

plain_image() { ociassemble build -q --binary "$probe:/usr/local/bin/app" --writable /var/lib/app --expose 8080 "$@"; }
port_image() { plain_image --expose 80 --cap net_bind_service "$@"; }

# What a program of that image may do everywhere. CAPABILITIES: of the image, as the kernel prints them.
expected() {
  printf '%s\n' 'user 65532:65532' "CapEff $1" "CapBnd $1" "NoNewPrivs $2" 'Seccomp 2' 'root read-only true' \
    'writes /tmp true' 'writes /var/lib/app true' 'writes /etc false' 'writes / false' 'writes /usr/local/bin false'
}

@test "run says the same through docker, podman and runc, and passes on arguments, variables and the exit status" {
  local engine
  plain_image -o oci:image:v1
  for engine in docker podman runc; do
    (
      case $engine in
        docker)
          start_docker
          options=(--engine-option=--network=host)
          ;;
        podman)
          use_podman
          options=("${podman_options[@]/#/--engine-option=}")
          ;;
        runc)
          need_root
          use_runc
          options=()
          ;;
      esac
      same "$(expected $none 1)" "$(ociassemble run --engine "$engine" "${options[@]}" oci:image:v1 -- "${places[@]}")" || exit 1
      run -7 ociassemble run --engine "$engine" "${options[@]}" -e STATUS=1234567 oci:image:v1
      stop_docker
    ) || return 1
  done
}

@test "run builds a recipe first, and a signal reaches the program" {
  need_root
  use_runc
  cp "$server" server
  echo '{"binaries": {"/usr/local/bin/server": "server"}, "writable": ["/data"]}' >ociassemble.json
  local port tries
  port=$(free_port)
  command ociassemble run -q --engine runc -- -listen "127.0.0.1:$port" >log 2>&1 3>&- &
  local process=$!
  wait_for_port "$port" || { cat log; false; }
  [ "$(curl --silent --fail --noproxy '*' "http://127.0.0.1:$port/healthz")" = ok ]
  kill -TERM "$process"
  for ((tries = 0; tries < 100; tries++)); do
    kill -0 "$process" 2>/dev/null || break
    sleep 0.1
  done
  run ! kill -0 "$process"
}

@test "a profile mounts folders when it runs, and its image is the same without them" {
  need_root
  use_runc
  cp "$probe" app
  mkdir given taken
  chmod 777 given taken
  cat >ociassemble.json <<'JSON'
{ "binaries": {"/usr/local/bin/app": "app"},
  "profiles": {"plain": {}, "dev": {"mounts": {"/given": "given", "/taken": {"source": "taken", "writable": true}}}} }
JSON
  run -0 --separate-stderr ociassemble run -q --engine runc --profile dev -- /given /taken
  [[ "$output" = *'writes /given false'*'writes /taken true'* ]]
  ociassemble build -q --all-profiles -o 'oci:{profile}:v1'
  [ "$(digest_in plain v1)" = "$(digest_in dev v1)" ]
  rm -r given
  run -1 ociassemble run -q --engine runc --profile dev
  [[ "$output" = *'ociassemble.json:2:58: profiles.dev.mounts["/given"]: cannot mount '"$PWD/given: it does not exist"* ]]
}

@test "who is not root runs an image, too, and is told what the system does not give" {
  need_root
  use_runc
  # The test's own folder is closed to others.
  user_folder=$(mktemp -d)
  plain_image -o "oci:$user_folder/image:v1"
  cp "$(type -P ociassemble)" "$user_folder"
  chown -R 65534:65534 "$user_folder"
  as_nobody() {
    HOME=$user_folder XDG_CACHE_HOME=$user_folder/cache PATH=$PATH:/usr/sbin setpriv --reuid=65534 --regid=65534 --clear-groups \
      "$user_folder/ociassemble" run --engine runc "oci:$user_folder/image:v1" -- "${places[@]}" :80
  }
  if ! as_nobody >seen 2>told && grep -qE 'user namespace|operation not permitted|permission denied' told; then
    skip "no user namespaces here: $(tail -n 1 told)"
  fi
  grep -F 'runs as user 0 of a user namespace, which is you outside' told
  same "$(expected $none 1 | sed 's/^user .*/user 0:0/'; echo 'listens :80 false')" "$(cat seen)"
}

@test "a pod passes the restricted profile, and a patch has only what is about security and volumes" {
  python3 -c 'import yaml' 2>/dev/null || skip "no python3-yaml on this machine"
  plain_image --healthcheck "CMD /usr/local/bin/app /tmp" -o oci:image:v1
  port_image -o oci:port:v1
  local image
  for image in image port; do
    ociassemble run-spec --for kubernetes "oci:$image:v1" --image registry.example.com/team/app -e A=b -o pod.yaml
    [ "$("$source_root/tests/support/restricted_profile" pod.yaml)" = restricted ]
    ociassemble run-spec --for kubernetes --probe-path /healthz "oci:$image:v1" --image registry.example.com/team/app -o pod.yaml
    [ "$("$source_root/tests/support/restricted_profile" pod.yaml)" = restricted ]
  done
  # The judge itself sees a fault.
  sed 's/allowPrivilegeEscalation: false/allowPrivilegeEscalation: true/' pod.yaml >bad.yaml
  run -1 "$source_root/tests/support/restricted_profile" bad.yaml
  [ "$output" = 'app: allowPrivilegeEscalation' ]

  ociassemble run-spec --for kubernetes --patch oci:image:v1 --name web >patch.yaml
  python3 - patch.yaml <<'PY'
import sys, yaml
patch = yaml.safe_load(open(sys.argv[1]))
assert patch["metadata"] == {"name": "web"}, patch
spec = patch["spec"]["template"]["spec"]
assert set(spec) == {"automountServiceAccountToken", "securityContext", "containers", "volumes"}, spec
assert set(spec["containers"][0]) == {"name", "securityContext", "volumeMounts"}, spec
PY
  if command -v kubectl >/dev/null; then
    echo '{"resources": ["pod.yaml"]}' >kustomization.yaml
    kubectl kustomize . >rendered.yaml
    [ "$("$source_root/tests/support/restricted_profile" rendered.yaml)" = restricted ]
  fi
}

@test "a compose file and a unit are what their own tools accept" {
  plain_image --healthcheck "CMD /usr/local/bin/app /tmp" -o oci:image:v1
  # shellcheck disable=SC2016  # for the program
  ociassemble run-spec --for compose oci:image:v1 --image registry.example.com/team/app -e 'A=$B' -p 8080 -o compose.yaml
  python3 - compose.yaml <<'PY'
import sys, yaml
service = yaml.safe_load(open(sys.argv[1]))["services"]["app"]
assert service["read_only"] is True and service["user"] == "65532:65532" and service["cap_drop"] == ["ALL"], service
assert service["healthcheck"]["test"] == ["CMD", "/usr/local/bin/app", "/tmp"], service
assert service["environment"] == {"A": "$$B"}, service
PY
  if docker compose version >/dev/null 2>&1; then docker compose -f compose.yaml config -q; fi
  command -v systemd-analyze >/dev/null || skip "no systemd-analyze on this machine"
  mkdir -p rootfs/usr/local/bin
  cp "$probe" rootfs/usr/local/bin/app
  ociassemble run-spec --for systemd oci:image:v1 --rootfs "$PWD/rootfs" -o app.service
  # It looks for the program in this machine's root, whatever RootDirectory= says.
  run systemd-analyze verify --man=no "$PWD/app.service"
  [ "$(grep -v 'usr/local/bin/app is not executable' <<<"$output")" = '' ]
}

@test "podman's generator makes a unit of a quadlet that runs what run-spec says" {
  local root=${ENGINES_CHROOT-} place generator='' folder
  for place in /usr/libexec/podman/quadlet /usr/lib/podman/quadlet; do
    if [ -x "$root$place" ]; then generator=$place; fi
  done
  [ -n "$generator" ] || skip "no quadlet on this machine: podman 4.4 or later"
  plain_image --healthcheck "CMD /usr/local/bin/app /tmp" -o oci:image:v1
  folder=$(mktemp -d "$root/tmp/quadlet-XXXXXX")
  # shellcheck disable=SC2016  # for the program
  ociassemble run-spec --for quadlet oci:image:v1 --image registry.example.com/team/app -p 8080:8080 -e 'A=50% $B' \
    -o "$folder/app.container" -- 'two words'
  if [ -n "$root" ]; then
    chroot "$root" env "QUADLET_UNIT_DIRS=${folder#"$root"}" "$generator" --dryrun >unit 2>said
  else
    QUADLET_UNIT_DIRS=$folder "$generator" --dryrun >unit 2>said
  fi
  rm -r "$folder"
  run ! grep -i 'unsupported\|error' said
  local start word
  start=$(grep '^ExecStart=' unit)
  # shellcheck disable=SC2016  # as systemd reads it
  for word in '--read-only ' '--read-only-tmpfs=false' '--cap-drop all' '--security-opt=no-new-privileges' '--user 65532:65532' \
    '--publish 8080:8080' '--pids-limit=256' '--memory=256m' 'app-var-lib-app:/var/lib/app' 'A=50%%' '$$B' 'two\x20words'; do
    [[ "$start" = *"$word"* ]] || { echo "$start has no $word"; return 1; }
  done
}

@test "an image that contradicts what it declares is refused with status 3" {
  ociassemble build -q --binary "$probe:/app" --expose 80 -o oci:image:v1
  run -3 ociassemble run-spec --for docker oci:image:v1 --image registry.example.com/app
  [[ "$output" = *'may not listen on port 80/tcp'*'--cap net_bind_service'* ]]
  run -3 ociassemble run --engine runc oci:image:v1
  run -2 ociassemble run-spec --for pods oci:image:v1
  plain_image -o oci:good:v1
  run -2 ociassemble run-spec --for docker oci:good:v1
  [[ "$output" = *'--image REGISTRY/REPOSITORY'* ]]
}

@test "docker's refusals and absence are clear errors" {
  plain_image -o oci:image:v1
  DOCKER_HOST=unix://$PWD/none.sock run -1 ociassemble copy oci:image:v1 docker-daemon:app:v1
  [[ "$output" = *"docker: cannot reach $PWD/none.sock: No such file or directory"*DOCKER_HOST* ]]
  DOCKER_HOST=tcp://127.0.0.1:2375 run -1 ociassemble copy oci:image:v1 docker-daemon:app:v1
  [[ "$output" = *'tcp addresses are not supported'* ]]
  DOCKER_CONTEXT=work run -1 ociassemble copy oci:image:v1 docker-daemon:app:v1
  [[ "$output" = *'docker has no context "work"'* ]]

  # An engine that says 200 and means a failure, one that dies in the middle, and one that refuses.
  answer_once "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"errorDetail\":{\"message\":\"no space left on device\"},\"error\":\"no space left on device\"}"
  run -1 ociassemble copy oci:image:v1 docker-daemon:app:v1
  [[ "$output" = *'docker cannot load the image: no space left on device'* ]]
  answer_once "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"stream\":"
  run -1 ociassemble copy oci:image:v1 docker-daemon:app:v1
  [[ "$output" = *'docker: cannot read from'*'may have ended'* ]]
  answer_once "HTTP/1.1 500 Oops\r\nConnection: close\r\n\r\n{\"message\":\"wrong format\"}\n"
  run -1 ociassemble copy oci:image:v1 docker-daemon:app:v1
  [[ "$output" = *'docker refused, with status 500: wrong format'* ]]
}

# TEXT: a socket that answers one request with it, in DOCKER_HOST.
answer_once() {
  rm -f engine.sock
  python3 - engine.sock "$1" 3>&- <<'PY' &
import socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen(1)
connection = server.accept()[0]
head = b""
while b"\r\n\r\n" not in head:
    head += connection.recv(65536)
length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0)
got = len(head) - head.index(b"\r\n\r\n") - 4
while got < length:
    got += len(connection.recv(65536))
connection.sendall(sys.argv[2].encode().decode("unicode_escape").encode())
connection.close()
PY
  export DOCKER_HOST=unix://$PWD/engine.sock
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    if [ -S engine.sock ]; then return; fi
    sleep 0.1
  done
}

@test "an image is loaded into docker under its names, and read back" {
  start_docker
  plain_image -o docker-daemon:registry.example.com/team/app:v1 --load app:v2
  [ "$(docker image inspect --format '{{.Config.User}}' registry.example.com/team/app:v1)" = 65532:65532 ]
  docker image inspect app:v2 >/dev/null
  ociassemble inspect --json docker-daemon:app:v2 | jq -e '.platform == "linux/amd64"' || ociassemble inspect --json docker-daemon:app:v2
  run -1 ociassemble inspect docker-daemon:nothing:v1
  [[ "$output" = *'there is no image docker-daemon:docker.io/library/nothing:v1'* ]]
  ociassemble build -q --binary "$server" --base docker-daemon:app:v2 -o oci:over:v1
}

@test "docker's containerd store keeps the digest, by which an image is run and read back" {
  start_docker containerd
  plain_image -o docker-daemon:registry.example.com/team/app:v1 -o oci:image:v1
  [ "$(docker image inspect --format '{{.Id}}' registry.example.com/team/app:v1)" = "$(digest_in image v1)" ]
  ociassemble run-spec --for docker docker-daemon:registry.example.com/team/app:v1 -- "${places[@]}" >line.sh
  grep -F " $(digest_in image v1)" line.sh
  sed -i 's/^docker run/docker run --network=host/' line.sh
  same "$(expected $none 1)" "$(sh line.sh)"
  ociassemble copy docker-daemon:registry.example.com/team/app:v1 oci:back:v1
  [ "$(config_in back)" = "$(config_in image)" ]
  # What is there already is not sent again.
  same "$(expected $none 1)" "$(ociassemble run -q --engine docker --engine-option=--network=host oci:image:v1 -- "${places[@]}")"
  ociassemble run -q --engine docker --engine-option=--network=host --trace again.json oci:image:v1 >/dev/null
  jq -e '[.traceEvents[].name] | contains(["contract", "load", "run"])' again.json
  docker image inspect localhost/ociassemble/app:run >/dev/null
}

# The service of podman's API, of the other root file system where there is one.
start_podman_service() {
  local root=${ENGINES_CHROOT-} inside tries
  need_root
  (exec_in_chroot sh -c 'command -v podman') >/dev/null || skip "no podman on this machine"
  docker_folder=$(mktemp -d "$root/tmp/podman-XXXXXX")
  inside=${docker_folder#"$root"}
  PATH=$PATH:/usr/sbin exec_in_chroot podman --root "$inside/data" --runroot "$inside/run" --storage-driver vfs \
    --cgroup-manager cgroupfs system service --time=0 "unix://$inside/podman.sock" >"$docker_folder/log" 2>&1 </dev/null 3>&- &
  docker_process=$!
  export CONTAINER_HOST=unix://$docker_folder/podman.sock
  for ((tries = 0; tries < 100; tries++)); do
    if curl --silent --fail --noproxy '*' --unix-socket "$docker_folder/podman.sock" http://podman/_ping >/dev/null; then return; fi
    kill -0 "$docker_process" 2>/dev/null || break
    sleep 0.1
  done
  skip "podman's service does not run here: $(tail -n 1 "$docker_folder/log")"
}

@test "podman's service takes an image, keeps its digest, and gives it back" {
  start_podman_service
  plain_image -o podman:registry.example.com/team/app:v1 -o oci:image:v1
  curl --silent --fail --noproxy '*' --unix-socket "$docker_folder/podman.sock" \
    http://podman/v4.0.0/libpod/images/registry.example.com/team/app:v1/json >image.json
  [ "$(jq -r .Digest image.json)" = "$(digest_in image v1)" ]
  [ "sha256:$(jq -r .Id image.json)" = "$(jq -r .config.digest "$(blob image "$(digest_in image v1)")")" ]
  ociassemble copy podman:registry.example.com/team/app:v1 oci:back:v1
  [ "$(config_in back)" = "$(config_in image)" ]
  run -1 ociassemble inspect podman:nothing:v1
  [[ "$output" = *'there is no image podman:docker.io/library/nothing:v1'* ]]
}

start_containerd() {
  local root=${ENGINES_CHROOT-} inside tries
  need_root
  (exec_in_chroot sh -c 'PATH=$PATH:/usr/sbin command -v containerd') >/dev/null || skip "no containerd on this machine"
  command -v ctr >/dev/null || skip "no ctr on this machine"
  docker_folder=$(mktemp -d "$root/tmp/containerd-XXXXXX")
  inside=${docker_folder#"$root"}
  printf 'version = 2\nroot = "%s/data"\nstate = "%s/state"\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\naddress = "%s/containerd.sock"\n' \
    "$inside" "$inside" "$inside" >"$docker_folder/config.toml"
  PATH=$PATH:/usr/sbin exec_in_chroot containerd --config "$inside/config.toml" >"$docker_folder/log" 2>&1 </dev/null 3>&- &
  docker_process=$!
  export CONTAINERD_ADDRESS=$docker_folder/containerd.sock
  for ((tries = 0; tries < 100; tries++)); do
    if ctr images ls >/dev/null 2>&1; then return; fi
    kill -0 "$docker_process" 2>/dev/null || break
    sleep 0.2
  done
  skip "containerd does not run here: $(tail -n 1 "$docker_folder/log")"
}

@test "containerd imports an image into the namespace that is named, and gives it back" {
  start_containerd
  plain_image -o containerd:k8s.io/registry.example.com/team/app:v1 -o oci:image:v1
  ctr -n k8s.io images ls >listed
  ociassemble copy containerd:k8s.io/registry.example.com/team/app:v1 oci:back:v1
  grep -F 'registry.example.com/team/app:v1 ' listed | grep -F "$(digest_in image v1)"
  [ "$(digest_in back v1)" = "$(digest_in image v1)" ]
  run -1 ociassemble inspect containerd:k8s.io/registry.example.com/nothing:v1
  [[ "$output" = *'nothing:v1'*'not found'* ]]
}

@test "an engine whose disk is full, or that may not be asked, is a clear error" {
  start_docker
  plain_image -o oci:image:v1
  # Not for everybody.
  open_to_others
  chmod 755 "$docker_folder"
  user_folder=$(mktemp -d)
  cp -r image "$(type -P ociassemble)" "$user_folder"
  chown -R 65533:65533 "$user_folder"
  chmod 600 "$docker_folder/docker.sock"
  run -1 as_nobody "$user_folder/ociassemble" copy "oci:$user_folder/image:v1" docker-daemon:app:v1
  [[ "$output" = *"cannot reach $docker_folder/docker.sock: Permission denied"*'join the group'* ]]
  # Its own words.
  stop_docker
  DOCKER_DATA_SIZE=3m start_docker
  head -c 6000000 /dev/urandom >big
  ociassemble build -q --binary "$probe:/usr/local/bin/app" --add big:/etc/big -o oci:large:v1
  run -1 ociassemble copy oci:large:v1 docker-daemon:big:v1
  [[ "$output" = *'docker'*'no space left on device'* ]]
}

@test "an image for another machine is refused, or said to need emulation" {
  GOARCH=arm64 ociassemble build -q --platform linux/arm64 --any-binary --binary "$probe:/usr/local/bin/app" -o oci:image:v1
  run -1 ociassemble run oci:image:v1
  [[ "$output" = *'is for linux/arm64'*'this machine is linux/'* ]]
}

@test "a full disk ends the unpacking with a clear error, and leaves nothing behind" {
  need_root
  use_runc
  plain_image -o oci:image:v1
  mkdir small
  mount -t tmpfs -o size=1m tmpfs small || skip "no tmpfs can be mounted here"
  run -1 ociassemble run --engine runc --cache-dir small oci:image:v1
  local left
  left=$(find small -name '*.part')
  umount small
  [[ "$output" = *'cannot write the file usr/local/bin/app of the image: No space left on device'* ]]
  [ -z "$left" ]
}

@test "a hostile base as a bundle: nothing outside the root is touched" {
  need_root
  use_runc
  mkdir -p outside
  echo untouched >outside/file
  python3 - "$PWD/outside" <<'PY'
import io, sys, tarfile
outside = sys.argv[1]
with tarfile.open("base.tar", "w") as tar:
    def add(name, kind=tarfile.REGTYPE, link="", mode=0o755, data=b""):
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.mode, info.size = kind, link, mode, len(data)
        tar.addfile(info, io.BytesIO(data))
    add("abs", tarfile.SYMTYPE, outside)
    add("up", tarfile.SYMTYPE, "../../../../../.." + outside)
    add("abs/file", data=b"evil")
    add("up/new", data=b"evil")
    add("su", mode=0o4755, data=b"#!")
    add("pipe", tarfile.FIFOTYPE)
    info = tarfile.TarInfo("device"); info.type, info.devmajor, info.devminor = tarfile.CHRTYPE, 1, 3
    tar.addfile(info)
PY
  ociassemble build -q --base rootfs:base.tar --platform linux/amd64 --binary "$probe:/usr/local/bin/app" -o oci:image:v1
  run -0 --separate-stderr ociassemble run --engine runc oci:image:v1 -- /tmp /etc
  [[ "$output" = *'writes /tmp true'* ]]
  [[ "$stderr" = *'2 devices and pipes'*'1 programs'*'set-user-ID'* ]]
  [ "$(cat outside/file)" = untouched ]
  [ "$(ls outside)" = file ]
  [ -z "$(find "$XDG_CACHE_HOME" -perm /6000 -o -type p -o -type c -o -type b)" ]
}

@test "links where a runtime mounts file systems and volumes lead nowhere outside" {
  need_root
  use_runc
  local name
  mkdir outside
  for name in dev proc sys tmp; do
    python3 - "$name" "$PWD/outside" <<'PY'
import sys, tarfile
with tarfile.open("base.tar", "w") as tar:
    info = tarfile.TarInfo(sys.argv[1])
    info.type, info.linkname = tarfile.SYMTYPE, sys.argv[2]
    tar.addfile(info)
PY
    ociassemble build -q --base rootfs:base.tar --platform linux/amd64 --binary "$probe:/usr/local/bin/app" -o "oci:image:$name"
    run -3 ociassemble run --engine runc "oci:image:$name"
    [[ "$output" = *"/$name is no folder, and runtimes mount a file system there"* ]]
    [ -z "$(ls outside)" ]
  done
  # A volume is mounted where its link leads inside.
  python3 - "$PWD/outside" <<'PY'
import sys, tarfile
with tarfile.open("base.tar", "w") as tar:
    for name, target in (("data", sys.argv[1]), ("up", "../../../../.." + sys.argv[1])):
        info = tarfile.TarInfo(name)
        info.type, info.linkname = tarfile.SYMTYPE, target
        tar.addfile(info)
PY
  ociassemble build -q --base rootfs:base.tar --platform linux/amd64 --binary "$probe:/usr/local/bin/app" \
    --volume /data --volume /up -o oci:image:volumes
  run -0 --separate-stderr ociassemble run -q --engine runc oci:image:volumes -- /tmp "$PWD/outside"
  [[ "$output" = *"writes $PWD/outside "* ]]
  [ -z "$(ls outside)" ]
}

# shellcheck disable=SC2016  # JSON
@test "a debug profile carries the same application, but for what same-app lists" {
  cp "$probe" app
  cp "$server" dlv
  echo '{"binaries": {"/usr/local/bin/app": "app"}, "profiles": {"plain": {},
    "debug": {"binaries": {"/usr/local/bin/dlv": "dlv"}, "debug": true}}}' >ociassemble.json
  ociassemble build -q --all-profiles -o 'oci:{profile}:v1'
  run -0 ociassemble verify --same-app oci:plain:v1 oci:debug:v1
  [[ "$output" = *'the same application'*'allowed '*'/usr/local/bin/dlv'*'40000/tcp'*'XDG_CONFIG_HOME'*'config.Entrypoint'* ]]
  ociassemble verify --same-app --strict --allow files:/usr/local/bin/dlv --allow entrypoint --allow env --allow ports \
    oci:plain:v1 oci:debug:v1
  run -3 ociassemble verify --same-app --strict --allow entrypoint --allow env --allow ports oci:plain:v1 oci:debug:v1
}

@test "delve stops a program that run starts by a debug profile" {
  need_root
  use_runc
  command -v dlv >/dev/null || skip "no dlv on this machine: the package delve"
  mkdir source
  printf 'module example.test/steps\n\ngo 1.19\n' >source/go.mod
  cat >source/main.go <<'GO'
package main

import (
	"fmt"
	"time"
)

func step(n int) int { return n + 1 }

func main() {
	for n := 0; ; n = step(n) {
		fmt.Println("step", n)
		time.Sleep(100 * time.Millisecond)
	}
}
GO
  (cd source && CGO_ENABLED=0 GOFLAGS=-mod=mod GOPROXY=off go build -buildvcs=false -gcflags 'all=-N -l' -o ../app .)
  cp "$(type -P dlv)" dlv
  # Debian's delve is linked with glibc.
  echo "{\"base\": \"rootfs:$(debian_rootfs)\", \"platforms\": [\"linux/$(go env GOARCH)\"],
    \"binaries\": {\"/usr/local/bin/app\": \"app\", \"/usr/local/bin/dlv\": \"dlv\"}, \"debug\": true}" >ociassemble.json
  command ociassemble run -q --engine runc >log 2>&1 3>&- &
  run_process=$!
  wait_for_port 40000 || { cat log; false; }
  printf 'break main.step\ncontinue\nprint n\nclear 1\nquit -c\n' >commands
  timeout 60 script -qec "dlv connect :40000 --init commands" /dev/null </dev/null >said 2>&1 || true
  kill "$run_process"
  grep -F 'Breakpoint 1 set at' said && grep -F 'main.step' said || { cat said log; false; }
}

@test "runs of one image at once unpack it once" {
  need_root
  use_runc
  plain_image -o oci:image:v1
  local number processes=() process
  for number in 1 2 3 4; do
    command ociassemble run -q --engine runc oci:image:v1 -- "${places[@]}" >"said-$number" 2>&1 3>&- &
    processes+=($!)
  done
  for process in "${processes[@]}"; do wait "$process"; done
  for number in 1 2 3 4; do same "$(expected $none 1)" "$(cat "said-$number")"; done
  [ -z "$(find "$XDG_CACHE_HOME" -name '*.part')" ]
  [ "$(find "$XDG_CACHE_HOME/ociassemble/run/roots" -maxdepth 1 -type d | wc -l)" -le 3 ]
}
