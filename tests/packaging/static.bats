#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The static program of tools/make-release, named by STATIC_TOOL, on root file systems that have little or nothing.
# RELEASE_AGAIN is the folder of a second build:
# STATIC_TOOL=build-release/ociassemble-0.1.0-linux-x86_64 bats tests/packaging/static.bats
load ../integration/lib

setup_file() {
  [ -x "${STATIC_TOOL-}" ] || skip "needs STATIC_TOOL, what tools/make-release made"
  [ "$(id -u)" -eq 0 ] || skip "needs root, for chroots"
  start_registry "$BATS_FILE_TMPDIR/registry"
}
teardown_file() { if [ -e "$BATS_FILE_TMPDIR/registry/pid" ]; then stop_registry "$BATS_FILE_TMPDIR/registry"; fi; }

set_up() {
  root=$BATS_TEST_TMPDIR/root
  mkdir -p "$root"/{tmp,etc}
  unset SSL_CERT_FILE SSL_CERT_DIR
  export HOME=/tmp PATH=$PATH:/usr/sbin
}

# ROOT: the tool and a program of Go in it.
put_in() { cp "$STATIC_TOOL" "$1/ociassemble" && cp "$server" "$1/server"; }
inside() { chroot "$root" /ociassemble "$@"; }

@test "it is one file without an interpreter and libraries, and its checksums fit" {
  run -0 readelf --program-headers --dynamic "$STATIC_TOOL"
  [[ $output != *INTERP* && $output != *"(NEEDED)"* ]]
  run -0 file -L "$STATIC_TOOL"
  [[ $output = *static-pie* && $output = *stripped* ]]
  (cd "$(dirname "$STATIC_TOOL")" && sha256sum --check --strict SHA256SUMS)
}

@test "two builds, in other folders, by other users, at other times, give the same bytes" {
  [ -n "${RELEASE_AGAIN-}" ] || skip "needs RELEASE_AGAIN, the folder of a second build"
  for file in "$(basename "$STATIC_TOOL")" "$(basename "$STATIC_TOOL").sources" "$(basename "$STATIC_TOOL").tar.gz" SHA256SUMS; do
    cmp "$(dirname "$STATIC_TOOL")/$file" "$RELEASE_AGAIN/$file"
  done
}

@test "in an empty root, on Alpine and on Debian it makes the same image, which runs" {
  alpine=$BATS_TEST_TMPDIR/alpine debian=$BATS_TEST_TMPDIR/debian
  mkdir "$alpine" "$debian"
  tar -C "$alpine" -xzf "$(alpine_rootfs)"
  tar -C "$debian" -xf "$(debian_rootfs)"
  digests=()
  for root in "$root" "$alpine" "$debian"; do
    put_in "$root"
    run -0 --separate-stderr inside build -q --binary /server -o oci:/image:v1
    digests+=("${output##*@}")
  done
  [ "${digests[0]}" = "${digests[1]}" ]
  [ "${digests[0]}" = "${digests[2]}" ]
  # Debian's sh would start Debian's libraries; Alpine's starts it as any program.
  chroot "$alpine" /bin/sh -c '/ociassemble verify oci:/image:v1'
  find_container_runtime || skip "$container_problem"
  make_bundle "$alpine/image:v1" bundle
  start_server bundle "static-$BATS_TEST_NUMBER"
  container_name=static-$BATS_TEST_NUMBER
  curl --silent --fail --noproxy '*' "$server_url/" | grep -q 'uid 65532'
}

@test "it finds the certificates where each distribution keeps them, and by SSL_CERT_FILE" {
  make_certificates
  start_nginx '' "$(server_tls '')" ssl
  put_in "$root"
  for place in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem \
    /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem /etc/ssl/cert.pem; do
    mkdir -p "$(dirname "$root$place")"
    cp ca.crt "$root$place"
    inside build -q --binary /server --push "$front/static/app:v1"
    rm "$root$place"
  done
  cp ca.crt "$root/own.pem"
  SSL_CERT_FILE=/own.pem inside tags "$front/static/app" | grep -qx v1
  run -1 inside tags "$front/static/app"
  [[ $output = *"no CA certificates in any known place"*"SSL_CERT_FILE"* ]]
  run -0 inside tags "$front/static/app" --insecure-skip-tls-verify
}

@test "without any certificates plain HTTP still works" {
  put_in "$root"
  inside build -q --binary /server --push "$REGISTRY/static/plain:v1"
}

@test "it loads no library, whatever nsswitch.conf and openssl.cnf name" {
  put_in "$root"
  mkdir -p "$root/usr/lib/ssl" "$root/lib/x86_64-linux-gnu"
  echo 'hosts: evil dns' >"$root/etc/nsswitch.conf"
  echo 'passwd: evil' >>"$root/etc/nsswitch.conf"
  printf 'openssl_conf = main\n[main]\nproviders = all\n[all]\nevil = evil\n[evil]\nmodule = /evil.so\nactivate = 1\n' \
    >"$root/usr/lib/ssl/openssl.cnf"
  echo 'not a library' >"$root/lib/x86_64-linux-gnu/libnss_evil.so.2"
  echo 'not a library' >"$root/evil.so"
  echo '127.0.0.1 registry.test' >"$root/etc/hosts"
  # Names of /etc/hosts are found all the same.
  run -0 strace -f -o trace -e trace=open,openat,execve chroot "$root" /ociassemble build -q --binary /server \
    --plain-http "registry.test:${REGISTRY##*:}" --push "registry.test:${REGISTRY##*:}/static/hosts:v1"
  run ! grep -E '\.so' <(sed -n '/execve("\/ociassemble"/,$p' trace)
}

@test "it says of YAML that JSON takes its place, and reads that" {
  put_in "$root"
  inside build -q --binary /server -o oci:/image:v1
  printf 'schemaVersion: 2.0.0\nfileExistenceTests:\n- {name: server, path: /usr/local/bin/server, shouldExist: true}\n' >"$root/tests.yaml"
  echo '{"version": 1, "rules": {"structure-tests": {"files": ["tests.yaml"]}}}' >"$root/policy.json"
  run ! inside check --policy /policy.json oci:/image:v1
  [[ $output = *"this build of ociassemble reads no YAML"*"write the file as JSON"* ]]
  echo '{"schemaVersion": "2.0.0", "fileExistenceTests": [{"name": "server", "path": "/usr/local/bin/server", "shouldExist": true}]}' \
    >"$root/tests.json"
  sed -i 's/tests.yaml/tests.json/' "$root/policy.json"
  inside check --policy /policy.json oci:/image:v1
}
