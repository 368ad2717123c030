#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# One recipe, several profiles: what they share is the same bytes.
# shellcheck disable=SC2154  # variables that lib.bash sets
load lib

set_up() {
  mkdir -p clone/bin clone/config
  cp "$server" clone/bin/server
  cp /bin/busybox clone/bin/busybox
  echo 'level: info' >clone/config/server.yml
  echo 'FROM=dev' >clone/dev.env
  ln -s "$(alpine_rootfs)" clone/alpine.tar.gz
  cat >clone/ociassemble.json <<'JSON'
// The service "server", and what differs while it is developed.
{
  "base": "rootfs:alpine.tar.gz",
  "args": {"VERSION": "v1"},
  "binaries": {"/usr/local/bin/server": "bin/server"},
  "files": {"/etc/server/": {"source": "config", "owner": "app:app"}},
  "user": {"name": "app", "uid": 1001, "create": true},
  "writable": ["/var/lib/server"],
  "ports": ["8080"],
  "healthcheck": {"test": ["CMD", "/usr/local/bin/server", "-help"], "interval": "30s"},
  "profiles": {
    "prod": {"tags": ["${VERSION}"]},
    "dev": {
      "readOnly": false,
      "user": "0:0",
      "binaries": {"/usr/local/bin/busybox": {"source": "bin/busybox", "anyBinary": true}},
      "files": {"/etc/server.env": "dev.env"},
      "entrypoint": ["/usr/local/bin/busybox", "sh", "-c", "id -u; : >/written && echo writable"],
      "volumes": ["/src"],
      "tags": ["${VERSION}-dev"],
    },
  },
}
JSON
}

# LAYOUT TAG: the digests of the image's layers, one a line; its config.
layers_of() { jq -r '.layers[].digest' "$(blob "$1" "$(digest_in "$1" "$2")")"; }
config_of() {
  local manifest
  manifest=$(blob "$1" "$(digest_in "$1" "$2")")
  cat "$(blob "$1" "$(jq -r .config.digest "$manifest")")"
}
# LAYOUT TAG CREATED-BY: the digest of the layer that the history says this of.
layer_by() {
  local number
  number=$(config_of "$1" "$2" | jq --arg by "$3" '[.history[] | select(.empty_layer | not)] | map(.created_by // "") | index("ociassemble: " + $by)')
  layers_of "$1" "$2" | sed -n "$((number + 1))p"
}
# FIRST SECOND: the first file's lines are the second's first ones, and not all of them.
begins_with() { cmp -n "$(stat -c %s "$1")" "$1" "$2" && [ "$(stat -c %s "$1")" -lt "$(stat -c %s "$2")" ]; }

@test "the development image is the production image's layers and some over them" {
  cd clone
  run --separate-stderr ociassemble build -q --all-profiles -o oci:image
  [ "$status" -eq 0 ]
  [[ ${lines[0]} == oci:image:v1@sha256:* ]]
  [[ ${lines[1]} == oci:image:v1-dev@sha256:* ]]
  [ ${#lines[@]} -eq 2 ]
  layers_of image v1 >prod
  layers_of image v1-dev >dev
  begins_with prod dev
  [ "$(wc -l <prod)" -eq 4 ]
  [ "$(wc -l <dev)" -eq 6 ]
  [ "$(config_of image v1-dev | jq -r '.history[-1].created_by')" = "ociassemble: overlay binary /usr/local/bin/busybox" ]
  ociassemble verify oci:image
}

@test "shared files keep the recipe's modes, a profile's own follow the profile" {
  cd clone
  ociassemble build -q --profile dev -o oci:image
  umoci unpack --image image:v1-dev bundle 2>umoci.log || skip "$(cat umoci.log)"
  [ "$(stat -c %a bundle/rootfs/usr/local/bin/server)" = 555 ]
  [ "$(stat -c %a bundle/rootfs/etc/server/server.yml)" = 444 ]
  [ "$(stat -c %a:%u:%g bundle/rootfs/usr/local/bin/busybox)" = 755:0:0 ]
  [ "$(stat -c %a bundle/rootfs/etc/server.env)" = 644 ]
  [ "$(stat -c %u:%g bundle/rootfs/etc/server/server.yml)" = 1001:1001 ]
}

@test "a created user is one line after the base's own" {
  cd clone
  ociassemble build -q --profile prod -o oci:image
  mkdir base layer
  tar -C base -xzf alpine.tar.gz ./etc/passwd ./etc/group
  gzip -dc <"$(blob image "$(layer_by image v1 'user app')")" | tar -C layer -xf -
  { cat base/etc/passwd; echo 'app:x:1001:1001::/nonexistent:/sbin/nologin'; } | cmp - layer/etc/passwd
  { cat base/etc/group; echo 'app:x:1001:'; } | cmp - layer/etc/group
  [ "$(config_of image v1 | jq -r .config.User)" = 1001:1001 ]
}

@test "the health check is in the config as Docker writes it" {
  cd clone
  ociassemble build -q --profile prod -o oci:image
  [ "$(config_of image v1 | jq -cS .config.Healthcheck)" = \
    '{"Interval":30000000000,"Test":["CMD","/usr/local/bin/server","-help"]}' ]
}

@test "on another base the application layer is the same" {
  rootfs=$(debian_rootfs)
  cd clone
  ln -s "$rootfs" debian.tar
  sed -i 's|"readOnly": false,|"base": "rootfs:debian.tar", &|' ociassemble.json
  ociassemble build -q --all-profiles -o oci:image
  prod=$(layer_by image v1 'binary /usr/local/bin/server')
  [ -n "$prod" ]
  [ "$prod" = "$(layer_by image v1-dev 'binary /usr/local/bin/server')" ]
  [ "$(layers_of image v1 | head -n 1)" != "$(layers_of image v1-dev | head -n 1)" ]
}

@test "the production container runs as 1001 on a read-only root" {
  (cd clone && ociassemble build -q --profile prod -o oci:../image)
  ask_container image:v1
  grep -q 1001 <<<"$answer"
  [ "$(jq -r .root.readonly bundle/config.json)" = true ]
  config_of image v1 | jq -e '.config.Labels["dev.ociassemble.readonly-rootfs"] == "true"'
}

@test "the development container runs the watcher as root on a writable root" {
  find_container_runtime || skip "no container can be started here: $container_problem"
  (cd clone && ociassemble build -q --profile dev -o oci:../image)
  config_of image v1-dev | jq -e '.config | (.Labels // {})["dev.ociassemble.readonly-rootfs"] == null and .Volumes["/src"] == {}'
  make_bundle image:v1-dev bundle
  [ "$(jq .root.readonly bundle/config.json)" = false ]
  run run_bundle bundle "recipe-dev-$$"
  echo "$output"
  [ "$status" -eq 0 ]
  [[ $output == *0*writable* ]]
}

@test "the same digests, whoever builds, where, when and how" {
  need_root
  (cd clone && ociassemble build -q --all-profiles --jobs 1 -o oci:image >names)
  open_to_others
  mkdir -m 0777 elsewhere
  cp -rL clone/bin clone/config clone/dev.env clone/alpine.tar.gz clone/ociassemble.json elsewhere
  chmod -R a+rX elsewhere
  find elsewhere -exec touch -d 2001-02-03T04:05:06 {} +
  (umask 077 && TZ=Pacific/Kiritimati LC_ALL=tr_TR.UTF-8 \
    as_nobody ociassemble build -q --all-profiles --jobs 3 -f elsewhere/ociassemble.json -o oci:elsewhere/image >names)
  sed 's/oci:elsewhere/oci:/; s|oci:/|oci:|' names | diff - clone/names
}

@test "what a profile removes is not in its image, and the application layer stays" {
  cd clone
  sed -i 's|"readOnly": false,|&"files": {"/etc/server/": null},|; /"\/etc\/server.env"/d' ociassemble.json
  ociassemble build -q --all-profiles -o oci:image
  ociassemble inspect --files oci:image:v1-dev >files
  grep -q usr/local/bin/server files
  ! grep -q etc/server/ files || false
  [ "$(layer_by image v1 'binary /usr/local/bin/server')" = "$(layer_by image v1-dev 'binary /usr/local/bin/server')" ]
}

@test "tags complete a push, and --set fills them" {
  cd clone
  ociassemble build -q --all-profiles --set VERSION=2.0 --push "$REGISTRY/recipe/server"
  skopeo inspect --tls-verify=false "docker://$REGISTRY/recipe/server:2.0" >/dev/null
  skopeo inspect --tls-verify=false "docker://$REGISTRY/recipe/server:2.0-dev" >/dev/null
}

@test "places that profiles would share are refused before anything is made" {
  cd clone
  run ociassemble build -q --all-profiles -o oci-archive:image.tar:v1
  [ "$status" -eq 2 ]
  [[ $output == *"cannot write the profiles prod and dev both to oci-archive:image.tar"* ]]
  [ ! -e image.tar ]
  run ociassemble build -q --all-profiles -o oci:image --digest-file digest
  [ "$status" -eq 2 ]
  ociassemble build -q --all-profiles -o 'oci-archive:{profile}.tar:v1' --digest-file '{profile}.digest'
  [ -s prod.tar ] && [ -s dev.tar ] && [ -s dev.digest ]
}

@test "flags override the recipe, and inputs of their own leave it alone" {
  cd clone
  ociassemble build -q --profile prod --user 7:7 --env A=b --base static -o oci:image:over
  config_of image over | jq -e '.config.User == "7:7" and (.config.Env | index("A=b")) and (.config.ExposedPorts["8080/tcp"])'
  ociassemble build -q --binary bin/server -o oci:plain:v1
  config_in plain | jq -e '.config.User == "65532:65532"'
}

@test "a user that the base has as somebody else is refused" {
  cd clone
  sed -i 's/"name": "app", "uid": 1001/"name": "root", "uid": 1001/; s/app:app/root/' ociassemble.json
  run ociassemble build -q --profile prod -o oci:image
  [ "$status" -eq 2 ]
  [[ $output == *"cannot create user \"root\": the base's /etc/passwd has root:0:0"* ]]
}

@test "an error in a profile is found there" {
  cd clone
  sed -i 's/"readOnly": false/"readOnly": "no"/' ociassemble.json
  run ociassemble build -q --profile prod -o oci:image
  [ "$status" -eq 2 ]
  [ "${lines[0]}" = 'ociassemble: ociassemble.json:14:19: profiles.dev.readOnly: text where true or false is expected' ]
  [ ! -e image ]
}

@test "the dependencies of a recipe hold the recipe" {
  cd clone
  ociassemble build -q --profile prod -o oci:image --depfile image.d
  grep -q 'ociassemble.json' image.d
  grep -q 'bin/server' image.d
}

@test "a file that the recipe names and that is not there is told with its place" {
  cat >ociassemble.json <<'END'
{
  "binaries": {
    "/app": "bin/{os}-{arch}/app"
  },
  "files": {"/etc/app": "config"}
}
END
  refused -1 ociassemble build -q -o oci:image:v1
  arch=$(go env GOARCH)
  [[ $output == *"ociassemble.json:3:13: binaries[\"/app\"]: bin/linux-$arch/app does not exist"*"build it first"* ]]
  mkdir -p "bin/linux-$arch"
  cp "$server" "bin/linux-$arch/app"
  refused -1 ociassemble build -q -o oci:image:v1
  [[ $output == *'ociassemble.json:5:25: files["/etc/app"]: config does not exist'* ]]
  # What the command line puts in its place is not missed.
  ociassemble build -q -f ociassemble.json --add ociassemble.json:/etc/app -o oci:image:v1
}

@test "a recipe that is ignored is reported" {
  echo '{"base": "scratch", "files": {"/f": "ociassemble.json"}}' >ociassemble.json
  run --separate-stderr -0 ociassemble build -q --binary "$server" -o oci:image:v1
  [[ $stderr == *"the recipe ociassemble.json is ignored"* ]]
  run --separate-stderr -0 ociassemble build -q -f ociassemble.json --binary "$server" -o oci:image:v1
  [[ $stderr != *"is ignored"* ]]
}
