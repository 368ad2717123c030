#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Ten images, and what run-spec prints of each executed by each runtime: a program inside says what it may do, which is the same
# everywhere, and what the image declares. With ENGINES_CHROOT=DIR docker, compose and quadlet are those of another root file
# system: tests/nightly tries Debian sid's.
load lib
# shellcheck source=tests/integration/running.bash
. "$BATS_TEST_DIRNAME/running.bash"

names=(plain folder folders port health programs alpine debian named open)

set_up() {
  probe=$(go_probe)
  forget_engines
}

tear_down() { stop_docker; }

# NAME: what goes into the image, in `options`, and what it declares.
describe() {
  options=(--binary "$probe:/usr/local/bin/app") user=65532:65532 capabilities=$none writable=() read_only=true listens=()
  case $1 in
    plain) options+=(--expose 8080) ;;
    folder) writable=(/var/lib/app) ;;
    folders) writable=(/data /var/cache/app/deep) ;;
    port)
      options+=(--expose 80 --cap net_bind_service)
      capabilities=$bind listens=(:80)
      ;;
    health)
      options+=(--healthcheck "CMD /usr/local/bin/app /tmp" --expose 8080)
      writable=(/data)
      ;;
    programs) options+=(--binary "$server:/usr/local/bin/server" --entrypoint /usr/local/bin/app) ;;
    alpine)
      options+=(--base "rootfs:$(alpine_rootfs)")
      writable=(/var/lib/app)
      ;;
    debian)
      options+=(--base "rootfs:$(debian_rootfs)" --healthcheck "CMD /usr/local/bin/app /tmp" --user 1001:2000)
      user=1001:2000 writable=(/srv/app)
      ;;
    named)
      options+=(--base "rootfs:$(alpine_rootfs)" --create-user app:1500 --user app --expose 80 --cap net_bind_service)
      user=1500:1500 capabilities=$bind listens=(:80) writable=(/data)
      ;;
    open)
      options+=(--no-readonly)
      read_only=false
      ;;
  esac
  local path
  for path in "${writable[@]}"; do options+=(--writable "$path"); done
  arguments=(/tmp "${writable[@]}" /etc / /usr/local/bin "${listens[@]}")
}

# NO-NEW-PRIVILEGES: what the probe says by the description.
declared() {
  local path
  printf '%s\n' "user $user" "CapEff $capabilities" "CapBnd $capabilities" "NoNewPrivs $1" 'Seccomp 2' "root read-only $read_only" \
    'writes /etc false' 'writes / false' 'writes /usr/local/bin false'
  for path in /tmp "${writable[@]}"; do echo "writes $path true"; done
  for path in "${listens[@]}"; do echo "listens $path true"; done
}

# Docker starts a program with an empty permitted set, so an image with a capability runs without no-new-privileges there.
docker_rules_out() { if [ "$capabilities" = "$none" ]; then echo 1; else echo 0; fi; }

# FORM NAME FILE: of the image in the layout, for whoever finds it as registry.example.com/team/app.
print_spec() {
  ociassemble run-spec -q --for "$1" "oci:images:$2" --image registry.example.com/team/app -o "$3" -- "${arguments[@]}"
}

# PLACE…: builds the image, also into the layout.
build_image() {
  local name=$1 place places=()
  for place in "${@:2}"; do places+=(-o "$place"); done
  ociassemble build -q --platform "linux/$(go env GOARCH)" "${options[@]}" -o "oci:images:$name" "${places[@]}"
}

@test "docker runs ten images as they declare" {
  start_docker "${DOCKER_STORE-graph}"
  local name
  for name in "${names[@]}"; do
    describe "$name"
    build_image "$name" docker-daemon:registry.example.com/team/app:v1
    print_spec docker "$name" line.sh
    # A graph driver keeps no manifest digest, by which the image is named.
    if [ "${DOCKER_STORE-graph}" = graph ]; then sed -i 's/app@sha256:[0-9a-f]*/app:v1/' line.sh; fi
    sed -i 's/^docker run/docker run --network=host/' line.sh
    same "$(declared "$(docker_rules_out)")" "$(sh line.sh 2>&1)" || { echo "$name by docker"; return 1; }
    docker volume ls -q | xargs -r docker volume rm >/dev/null
  done
}

@test "compose runs ten images as they declare" {
  has_compose || skip "no docker compose on this machine"
  start_docker "${DOCKER_STORE-graph}"
  local name
  for name in "${names[@]}"; do
    describe "$name"
    build_image "$name" docker-daemon:registry.example.com/team/app:v1
    print_spec compose "$name" compose.yaml
    if [ "${DOCKER_STORE-graph}" = graph ]; then sed -i 's/app@sha256:[0-9a-f]*/app:v1/' compose.yaml; fi
    printf 'services: {app: {network_mode: host, restart: "no"}}\n' >more.yaml
    compose -f "$PWD/compose.yaml" config -q
    same "$(declared "$(docker_rules_out)")" \
      "$(compose -f "$PWD/compose.yaml" -f "$PWD/more.yaml" up --no-color --no-log-prefix --abort-on-container-exit 2>&1)" ||
      { echo "$name by compose"; return 1; }
    compose -f "$PWD/compose.yaml" -f "$PWD/more.yaml" down --volumes >/dev/null 2>&1
  done
}

@test "podman runs ten images as they declare, by digest" {
  use_podman
  local name
  for name in "${names[@]}"; do
    describe "$name"
    build_image "$name" podman:registry.example.com/team/app:v1
    print_spec podman "$name" line.sh
    sed -i "s/^podman run/podman run ${podman_options[*]}/" line.sh
    same "$(declared 1)" "$(sh line.sh 2>&1)" || { echo "$name by podman"; return 1; }
    command podman volume prune --force >/dev/null
  done
}

@test "the command line that quadlet's generator makes runs ten images as they declare" {
  local name
  find_quadlet
  use_podman
  for name in "${names[@]}"; do
    describe "$name"
    build_image "$name" podman:registry.example.com/team/app:v1
    print_spec quadlet "$name" app.container
    quadlet_words
    [ "${start[0]}" = run ]
    same "$(declared 1)" "$(command podman run "${podman_options[@]}" "${start[@]:1}" 2>&1)" ||
      { echo "$name by quadlet: ${start[*]}"; return 1; }
    command podman volume prune --force >/dev/null
  done
}

@test "runc runs ten images as they declare, by the printed bundle and by run" {
  need_root
  use_runc
  local name
  for name in "${names[@]}"; do
    describe "$name"
    build_image "$name"
    rm -rf bundle
    mkdir bundle
    umoci raw unpack --image "images:$name" bundle/rootfs
    ociassemble run-spec -q --for bundle "oci:images:$name" -o bundle/config.json -- "${arguments[@]}"
    same "$(declared 1)" "$(run_bundle bundle "matrix-$BASHPID-$name" 2>&1)" || { echo "$name as a bundle"; return 1; }
    same "$(declared 1)" "$(ociassemble run -q --engine runc "oci:images:$name" -- "${arguments[@]}" 2>&1)" ||
      { echo "$name by run"; return 1; }
  done
}

@test "ten images as pods pass the restricted profile and a schema" {
  python3 -c 'import yaml' 2>/dev/null || skip "no python3-yaml on this machine"
  local name
  for name in "${names[@]}"; do
    describe "$name"
    build_image "$name"
    print_spec kubernetes "$name" "pod-$name.yaml"
    [ "$("$source_root/tests/support/restricted_profile" "pod-$name.yaml")" = restricted ] || { echo "$name"; return 1; }
  done
  if command -v kubectl >/dev/null && kubectl kustomize --help >/dev/null 2>&1; then
    for name in "${names[@]}"; do
      echo "{\"resources\": [\"pod-$name.yaml\"]}" >kustomization.yaml
      kubectl kustomize . >rendered.yaml
      [ "$("$source_root/tests/support/restricted_profile" rendered.yaml)" = restricted ]
    done
  fi
  validate_pods
}

@test "an image that others made, without our labels, is run as far as it says how" {
  make_base_layout "$(alpine_rootfs)" others
  run -0 --separate-stderr ociassemble run-spec --for docker oci:others:base --image registry.example.com/others
  [[ "$output" = *'# the program runs as root'*'--user=0:0'*'--cap-drop=ALL'* ]]
  [[ "$output" != *--read-only* ]]
  run -3 ociassemble run-spec --for kubernetes oci:others:base --image registry.example.com/others
  [[ "$output" = *'runs as root'* ]]
  use_runc
  [ "$(ociassemble run -q --engine runc oci:others:base -- /bin/sh -c 'id -u; echo made >/made && cat /made')" = $'0\nmade' ]
  [ "$(ociassemble run -q --engine runc oci:others:base -- /bin/sh -c 'chown 1:1 /etc/passwd 2>/dev/null || echo no')" = no ]
  ociassemble run -q --engine runc --cap-add chown oci:others:base -- /bin/sh -c 'chown 1:1 /etc/passwd'
}

# By the schemas of npm's kubernetes-models, where KUBERNETES_MODELS names a folder that has it and "yaml" in node_modules.
validate_pods() {
  [ -n "${KUBERNETES_MODELS-}" ] || skip "no schemas of Kubernetes: KUBERNETES_MODELS names none"
  local -x NODE_PATH=$KUBERNETES_MODELS/node_modules
  sed 's/replicas: 1/replicas: one/' pod-plain.yaml >bad.yaml
  run -1 node "$source_root/tests/support/validate_pods.js" bad.yaml
  node "$source_root/tests/support/validate_pods.js" pod-*.yaml
}
