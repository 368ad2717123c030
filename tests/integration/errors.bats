#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Bad input: the exit status (1 the work failed, 2 usage, 3 a check said no), one line that names the subject, and the
# output as it was before.
load lib

set_up() {
  ociassemble build -q --binary "$server" --label state=former -o oci:image:v1
  before=$(snapshot image)
}

tear_down() {
  if mountpoint -q full; then umount full; fi
}

# STATUS PATTERN WORDS…: `build WORDS… -o oci:image:v1` ends so, says so in one line (and at most a hint), and changes
# nothing.
fails() {
  local status=$1 pattern=$2
  shift 2
  refused --separate-stderr "-$status" ${runner-} ociassemble build -q "$@" -o oci:image:v1
  echo "$stderr"
  [ -z "$output" ]
  [[ "${stderr_lines[0]}" = ociassemble:\ * ]]
  grep -qiE -- "$pattern" <<<"$stderr"
  [ "${#stderr_lines[@]}" -le 2 ]
  diff <(echo "$before") <(snapshot image)
}

@test "a binary that is not there" { fails 1 'nowhere/app: it does not exist' --binary nowhere/app; }

@test "a binary that cannot be read" {
  cp "$server" secret
  chmod 0 secret
  if [ "$(id -u)" -eq 0 ]; then
    # Root reads everything.
    open_to_others
    chown -R 65533 .
    runner=as_nobody
  fi
  fails 1 'secret.*Permission denied' --binary secret
}

@test "a folder as a binary" {
  mkdir folder
  fails 3 'folder.*directory' --binary folder
}

@test "an empty binary" {
  : >empty
  fails 3 'empty' --binary empty
}

@test "a truncated ELF file" {
  head -c 40 "$server" >short
  fails 3 'short' --binary short
}

@test "a script" {
  printf '#!/bin/sh\necho hi\n' >script
  chmod +x script
  fails 3 'script' --binary script
}

@test "a script is taken with --any-binary" {
  printf '#!/bin/sh\necho hi\n' >script
  ociassemble build -q --any-binary --binary script -o oci:other:v1
}

@test "a binary of another architecture" {
  fails 3 'arm64' --binary "$(GOARCH=arm64 go_server)" --platform linux/amd64
}

@test "a destination outside the root" { fails 2 '\.\./' --binary "$server:/../../etc/app"; }

@test "a relative destination" {
  echo hello >file
  fails 2 'file:etc/file' --binary "$server" --add file:etc/file
  # A colon may be part of a name.
  fails 1 'server:bin/app: it does not exist' --binary "$server:bin/app"
}

@test "two files at one destination" {
  echo hello >file
  fails 2 '/etc/file' --binary "$server" --add file:/etc/file --add file:/etc/file
}

@test "a file where another needs a folder" {
  echo hello >file
  fails 2 '/etc/file' --binary "$server" --add file:/etc/file --add file:/etc/file/below
}

@test "a user that the base does not have" { fails 1 'mallory' --binary "$server" --user mallory; }

@test "a malformed reference" {
  fails 2 'UPPER' --binary "$server" --base docker.io/library/UPPER
  fails 2 'app' --binary "$server" --push "localhost:5000/app:v1:v2"
}

@test "a malformed option" {
  fails 2 'zip' --binary "$server" --compression zip
  fails 2 'seventy' --binary "$server" --expose seventy
  fails 2 'no-such-option' --binary "$server" --no-such-option
  fails 2 'amd64' --binary "$server" --platform amd64/linux/x/y
}

@test "nothing to do" {
  refused -2 ociassemble build
  refused -2 ociassemble build --binary "$server"
  run -2 ociassemble
  run -2 ociassemble frobnicate
}

@test "a base's layer with another digest" {
  make_base_layout "$(alpine_rootfs)" base
  layer=$(blob base "$(jq -r '.layers[0].digest' "$(blob base "$(digest_in base)")")")
  printf X | dd of="$layer" bs=1 seek=$(($(stat -c %s "$layer") - 1)) conv=notrunc status=none
  fails 1 'sha256:' --binary "$server" --base oci:base:base
}

@test "a base's config with another digest" {
  make_base_layout "$(alpine_rootfs)" base
  config=$(blob base "$(jq -r .config.digest "$(blob base "$(digest_in base)")")")
  sed -i 's/linux/lunix/' "$config"
  fails 1 'sha256:' --binary "$server" --base oci:base:base
}

@test "a base's layer that is cut short" {
  make_base_layout "$(alpine_rootfs)" base
  layer=$(blob base "$(jq -r '.layers[0].digest' "$(blob base "$(digest_in base)")")")
  truncate -s -1000 "$layer"
  fails 1 'base' --binary "$server" --base oci:base:base
}

@test "a base whose layer is whole, and no whole gzip" {
  head -c 100000 "$(alpine_rootfs)" >short.tar.gz
  fails 1 'short.tar.gz' --binary "$server" --base rootfs:short.tar.gz
}

@test "a base without the platform names those that it has" {
  make_base_layout "$(alpine_rootfs)" base
  index=$(jq -c '{schemaVersion, mediaType: "application/vnd.oci.image.index.v1+json", manifests: [.manifests[0] | del(.annotations)]}' base/index.json)
  printf %s "$index" >base/index
  descriptor=$(put_blob base base/index application/vnd.oci.image.index.v1+json)
  jq -c --argjson descriptor "$descriptor" \
    '.manifests = [$descriptor + {annotations: {"org.opencontainers.image.ref.name": "base"}}]' base/index.json >new
  mv new base/index.json
  ociassemble build -q --binary "$server" --base oci:base:base -o oci:other:v1
  fails 1 "linux/$(go env GOARCH)" --any-binary --binary "$server" --platform linux/s390x --base oci:base:base
}

@test "a layout without an index" {
  make_base_layout "$(alpine_rootfs)" base
  rm base/index.json
  fails 1 'index.json' --binary "$server" --base oci:base:base
}

@test "a layout without that name lists the names that it has" {
  make_base_layout "$(alpine_rootfs)" base
  fails 1 'base' --binary "$server" --base oci:base:other
}

@test "an archive that is not one" {
  echo hello >file
  fails 1 'file' --binary "$server" --base oci-archive:file
  fails 1 'file' --binary "$server" --base docker-archive:file
  fails 1 'file' --binary "$server" --base rootfs:file
}

@test "a registry that cannot be reached" {
  port=$(free_port)
  fails 1 "127.0.0.1:$port" --binary "$server" --base "127.0.0.1:$port/app:v1"
}

@test "a repository or tag that is not there" {
  fails 1 'no-such' --binary "$server" --base "$REGISTRY/no-such/app:v1"
}

@test "a registry that wants credentials" {
  htpasswd -Bbn user correct >htpasswd
  mkdir closed
  port=$(free_port)
  cat >closed/config.yml <<YAML
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {inmemory: {}}
http: {addr: "127.0.0.1:$port"}
auth: {htpasswd: {realm: closed, path: $PWD/htpasswd}}
YAML
  docker-registry serve closed/config.yml >closed/log 2>&1 </dev/null 3>&- &
  echo $! >closed/pid
  for _ in $(seq 100); do
    [ "$(curl --silent --noproxy '*' --output /dev/null --write-out '%{http_code}' "http://127.0.0.1:$port/v2/")" = 401 ] && break
    sleep 0.1
  done
  fails 1 '401|unauthorized|credentials' --binary "$server" --base "127.0.0.1:$port/app:v1"
  export OCIASSEMBLE_USERNAME=user OCIASSEMBLE_PASSWORD=wrong-Secret-1
  fails 1 '401|unauthorized|credentials' --binary "$server" --base "127.0.0.1:$port/app:v1"
  [[ "$stderr" != *wrong-Secret-1* ]]
  export OCIASSEMBLE_PASSWORD=correct
  ociassemble build -q --binary "$server" --push "127.0.0.1:$port/app:v1"
  stop_registry closed
}

@test "an output that cannot be written" {
  echo 'a file' >plain
  run --separate-stderr -1 ociassemble build -q --binary "$server" -o oci:plain/below:v1
  run --separate-stderr -1 ociassemble build -q --binary "$server" -o oci-archive:no/such/folder/image.tar:v1
  [[ "$stderr" = *no/such/folder* ]]
  [ ! -e no ]
  mkdir strange
  echo mine >strange/mine
  run --separate-stderr -2 ociassemble build -q --binary "$server" -o oci:strange:v1
  [ "$(ls -A strange)" = mine ]
}

@test "a base as an output" {
  refused -2 ociassemble build --binary "$server" -o rootfs:folder
  refused -2 ociassemble build --binary "$server" -o scratch
}

@test "a full disk leaves the layout as it was" {
  need_root
  mkdir full
  mount -t tmpfs -o size=6m tmpfs full || skip "no tmpfs can be mounted here"
  echo small >small
  ociassemble build -q --any-binary --binary small -o oci:full/image:v1
  before=$(snapshot full/image)
  head -c 20000000 /dev/urandom >big
  run --separate-stderr -1 ociassemble build -q --any-binary --binary small --add big:/big -o oci:full/image:v1
  [[ "$stderr" = *'No space left'* ]]
  diff <(echo "$before") <(snapshot full/image)
  run --separate-stderr -1 ociassemble build -q --any-binary --binary small --add big:/big -o oci-archive:full/image.tar:v1
  [ ! -e full/image.tar ]
  diff <(echo "$before") <(snapshot full/image)
}

@test "a full standard output is a failure" {
  [ -e /dev/full ] || skip "no /dev/full"
  run -1 sh -c 'ociassemble version >/dev/full'
}

@test "credentials of the environment are for the registry that is pushed to, not for the base's" {
  port=$(free_port)
  # A base's registry that asks for a login and notes what it is told.
  cat >listen.py <<'PY'
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        print(self.headers.get("Authorization", "none"), file=sys.stderr, flush=True)
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="base"')
        self.send_header("Content-Length", "0")
        self.end_headers()
    do_HEAD = do_GET
    def log_message(self, *args): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
PY
  python3 listen.py "$port" 2>heard </dev/null 3>&- &
  listener=$!
  for _ in $(seq 100); do curl --silent --noproxy '*' "http://127.0.0.1:$port/" >/dev/null && break || sleep 0.1; done
  export OCIASSEMBLE_USERNAME=user OCIASSEMBLE_PASSWORD=secret-of-the-target
  refused -1 ociassemble build -q --binary "$server" --base "127.0.0.1:$port/base:v1" --push "$REGISTRY/app:v1"
  run ! grep -v none heard
  OCIASSEMBLE_REGISTRY=127.0.0.1:$port refused -1 ociassemble build -q --binary "$server" --base "127.0.0.1:$port/base:v1" --push "$REGISTRY/app:v1"
  kill "$listener"
  grep -q Basic heard
}
