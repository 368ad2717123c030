#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# docs/running.md as a newcomer walks it: from a recipe through a registry to a service that answers, by docker, compose, podman and
# quadlet's command line. Engines here have no networks of their own: containers get this machine's. With ENGINES_CHROOT=DIR
# docker, compose and quadlet are those of another root file system.
load lib
# shellcheck source=tests/integration/running.bash
. "$BATS_TEST_DIRNAME/running.bash"

set_up() {
  forget_engines
  port=$(free_port)
  cp "$server" server
  echo '{"binaries": {"/usr/local/bin/server": "server"}, "writable": ["/data"], "ports": ["8080"]}' >ociassemble.json
  image=$REGISTRY/walk/server:v1
  ociassemble build -q --push "$image"
}

tear_down() {
  if [ -n "${run_process-}" ]; then kill "$run_process" 2>/dev/null || true; fi
  stop_docker
}

# Answers, from a container that runs by the registry's digest.
answers() {
  wait_for_port "$port" || { cat log; return 1; }
  [ "$(curl --silent --fail --noproxy '*' "http://127.0.0.1:$port/healthz")" = ok ]
}

@test "docker runs it by what run-spec prints" {
  start_docker "${DOCKER_STORE-graph}"
  ociassemble run-spec --for docker "$image" -- -listen "127.0.0.1:$port" >line.sh
  grep -F " $REGISTRY/walk/server@sha256:" line.sh
  sed 's/^docker run/exec docker run --network=host/' line.sh | sh >log 2>&1 3>&- &
  run_process=$!
  answers
}

@test "compose runs it by the file that run-spec writes" {
  has_compose || skip "no docker compose on this machine"
  start_docker "${DOCKER_STORE-graph}"
  ociassemble run-spec --for compose "$image" -o compose.yaml -- -listen "127.0.0.1:$port"
  printf 'services: {server: {network_mode: host}}\n' >more.yaml
  compose -f "$PWD/compose.yaml" -f "$PWD/more.yaml" up --detach >log 2>&1
  answers
  compose -f "$PWD/compose.yaml" -f "$PWD/more.yaml" down --volumes >/dev/null 2>&1
}

@test "podman runs it by what run-spec prints" {
  use_podman
  allow_registry
  ociassemble run-spec --for podman "$image" -- -listen "127.0.0.1:$port" >line.sh
  sed "s/^podman run/exec podman run ${podman_options[*]}/" line.sh | sed 's/--network=none/--network=host/' | sh >log 2>&1 3>&- &
  run_process=$!
  answers
}

@test "quadlet's command line runs it" {
  find_quadlet
  use_podman
  allow_registry
  ociassemble run-spec --for quadlet "$image" -o app.container -- -listen "127.0.0.1:$port"
  quadlet_words
  command podman run "${podman_options[@]/--network=none/--network=host}" "${start[@]:1}" >log 2>&1 3>&- &
  run_process=$!
  answers
}

@test "run builds it and runs it as a bundle" {
  use_runc
  command ociassemble run -q --engine runc -- -listen "127.0.0.1:$port" >log 2>&1 3>&- &
  run_process=$!
  answers
}

@test "a Deployment of one's own takes the patch by kustomize" {
  command -v kubectl >/dev/null || skip "no kubectl on this machine"
  cat >deployment.yaml <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: registry.example.com/walk/server:v1
          env: [{name: LOG, value: debug}]
YAML
  ociassemble run-spec --for kubernetes --patch "$image" --name web -o security.yaml
  printf 'resources: [deployment.yaml]\npatches: [{path: security.yaml}]\n' >kustomization.yaml
  kubectl kustomize . >rendered.yaml
  [ "$("$source_root/tests/support/restricted_profile" rendered.yaml)" = restricted ]
  grep -F 'value: debug' rendered.yaml
  grep -F 'mountPath: /data' rendered.yaml
}
