#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Provenance, and images that are made again from it (docs/provenance.md).
# shellcheck disable=SC2154  # variables that lib.bash sets
load lib

set_up() {
  mkdir -p project/bin/linux-amd64 project/bin/linux-arm64 project/assets/sub
  cd project || return 1
  cp "$server" bin/linux-amd64/server
  cp "$(GOARCH=arm64 go_server)" bin/linux-arm64/server
  echo hello >assets/page.html
  echo more >assets/sub/style.css
  ln -s page.html assets/link
  echo '*.log' >assets/.dockerignore
  echo setting >app.conf
  cat >ociassemble.json <<'JSON'
{
  "platforms": ["linux/amd64", "linux/arm64"],
  "provenance": true,
  "binaries": {"/usr/bin/server": {"source": "bin/{os}-{arch}/server"}},
  "files": {"/srv/assets": "assets", "/etc/": "app.conf"},
  "user": "1000",
  "env": {"MODE": "prod"},
  "labels": {"team": "a"},
  "healthcheck": {"test": ["CMD", "/usr/bin/server", "health"], "interval": "5s", "retries": 3},
  "writable": ["/data"],
  "profiles": {"dev": {"env": {"MODE": "dev"}, "files": {"/etc/dev.conf": "app.conf"}}}
}
JSON
}

build() { ociassemble build -q "$@"; }

@test "a recipe of two profiles and two platforms is made again to the same digest, elsewhere and with other threads" {
  build --all-profiles -o 'oci:../{profile}:v1'
  build -o oci:../plain:v1
  cp -r . ../elsewhere
  cd ../elsewhere
  touch -d 2001-01-01 app.conf bin/linux-amd64/server
  for name in dev plain; do
    run -0 --separate-stderr ociassemble rebuild -q "oci:../$name:v1"
    [ "$output" = "the same digest: $(ociassemble digest "oci:../$name:v1")" ]
    # From another folder, with the folder named.
    (cd / && command ociassemble rebuild -q "oci:$BATS_TEST_TMPDIR/$name:v1" --inputs "$BATS_TEST_TMPDIR/elsewhere")
  done
}

@test "each platform's image has a provenance of its own" {
  build -o oci:../out:v1
  run -0 ociassemble referrers --json oci:../out:v1
  [ "$(jq '[.[] | select(.artifactType == "application/vnd.in-toto+json")] | length' <<<"$output")" = 3 ]
  arm64=$(ociassemble digest --platform linux/arm64 oci:../out:v1)
  statement=$(jq -r --arg subject "$arm64" '.[] | select(.subject == $subject) | .digest' <<<"$output")
  layer=$(jq -r '.layers[0].digest' "../out/blobs/sha256/${statement#sha256:}")
  jq .predicate "../out/blobs/sha256/${layer#sha256:}" >predicate.json
  [ "$(jq -r '.buildDefinition.externalParameters.images | length' predicate.json)" = 1 ]
  # What it says is true: the SHA-256 of coreutils.
  [ "$(jq -r '.buildDefinition.resolvedDependencies[] | select(.name == "bin/linux-arm64/server") | .digest.sha256' predicate.json)" = \
    "$(sha256sum <bin/linux-arm64/server | cut -d' ' -f1)" ]
  ociassemble build -q -f ociassemble.json --platform linux/arm64 -o oci:../one:v1
  run -0 ociassemble rebuild -q oci:../one:v1 --provenance predicate.json
}

@test "one changed byte in any input is named, with status 3" {
  build -o oci:../out:v1
  check() {
    cp -r . ../changed
    (cd ../changed && eval "$2")
    run -3 ociassemble rebuild -q oci:../out:v1 --inputs ../changed
    [[ "$output" = *"the input $1 differs: its digest was "* ]]
    rm -r ../changed
  }
  check bin/linux-amd64/server 'printf x >>bin/linux-amd64/server'
  check bin/linux-arm64/server 'printf x >>bin/linux-arm64/server'
  check app.conf 'echo Setting >app.conf'
  check assets 'echo Hello >assets/page.html'
  check assets 'chmod +x assets/sub/style.css'
  check assets 'mv assets/sub/style.css assets/sub/Style.css'
  check assets 'ln -sf sub/style.css assets/link'
  check assets 'touch assets/new.html'
  # What is ignored does not count, nor do permissions that the image does not have.
  touch assets/some.log
  chmod 600 app.conf assets/page.html
  run -0 ociassemble rebuild -q oci:../out:v1
}

@test "an input that is missing is named with the option that gives it, also under another name" {
  build -o oci:../out:v1
  mv app.conf ../other.conf
  run -1 ociassemble rebuild -q oci:../out:v1
  [[ "$output" = *"the input app.conf is missing"*"--input app.conf=PATH"* ]]
  run -0 ociassemble rebuild -q oci:../out:v1 --input app.conf=../other.conf
  run -2 ociassemble rebuild -q oci:../out:v1 --input app.conf
}

@test "bases: by digest from a registry, from layouts and from root file systems" {
  start_registry "$BATS_TEST_TMPDIR/registry"
  local base root=$BATS_TEST_TMPDIR/root
  mkdir -p "$root/etc"
  echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
  tar -C "$root" -cf root.tar .
  ociassemble build -q --binary "$server" --base "rootfs:$root" -o oci:../base:v1
  ociassemble push -q oci:../base:v1 "$REGISTRY/base:v1"
  for base in "$REGISTRY/base:v1" oci:../base:v1 "rootfs:$root" rootfs:root.tar scratch static; do
    rm -rf ../out
    build --binary bin/linux-amd64/server --base "$base" --provenance -o oci:../out:v1
    local name=''
    case $base in
      oci:*) name=--input=base=../base ;;
      "rootfs:$root") name=--input=root=$root ;;
    esac
    run -0 ociassemble rebuild -q oci:../out:v1 ${name:+"$name"}
  done
  # The tag moves on; the digest stays.
  build --binary bin/linux-amd64/server --base "$REGISTRY/base:v1" --provenance -o oci:../pinned:v1
  build --binary bin/linux-amd64/server --label moved=1 --push "$REGISTRY/base:v1"
  run -0 ociassemble rebuild -q oci:../pinned:v1
  # A file in a root file system.
  build --binary bin/linux-amd64/server --base rootfs:root.tar --provenance -o oci:../tarred:v1
  echo 'x:x:1:1::/:' >>"$root/etc/passwd"
  tar -C "$root" -cf root.tar .
  run -3 ociassemble rebuild -q oci:../tarred:v1
  [[ "$output" = *"the input root.tar differs"* ]]
  stop_registry "$BATS_TEST_TMPDIR/registry"
}

@test "options are part of it: an image whose provenance says something else is refused where it differs" {
  build -o oci:../out:v1
  sed -i 's/"MODE": "prod"/"MODE": "pr0d"/' ociassemble.json
  build -o oci:../liar:v1
  provenance() {
    local statement layer
    statement=$(jq -r '.manifests[].digest' "../$1/index.json" | while read -r digest; do
      jq -er --arg own "$digest" --arg root "$(ociassemble digest "oci:../$1:v1")" \
        'select(.subject.digest == $root and (.annotations["in-toto.io/predicate-type"] | . != null)) | .layers[0].digest' \
        "../$1/blobs/sha256/${digest#sha256:}" || true
    done)
    jq .predicate "../$1/blobs/sha256/${statement#sha256:}"
  }
  provenance liar >liar.json
  run -3 ociassemble rebuild -q oci:../out:v1 --provenance liar.json
  [[ "$output" = *"the image for linux/amd64 differs in "* ]]
  [[ "$output" = *"was not reproduced"* ]]
}

@test "a hostile provenance reads nothing outside of the folder" {
  build -o oci:../out:v1
  run -0 ociassemble referrers --json oci:../out:v1
  statement=$(jq -r --arg subject "$(ociassemble digest oci:../out:v1)" '.[] | select(.subject == $subject) | .digest' <<<"$output")
  layer=$(jq -r '.layers[0].digest' "../out/blobs/sha256/${statement#sha256:}")
  jq .predicate "../out/blobs/sha256/${layer#sha256:}" >good.json
  for name in /etc/passwd ../../etc/passwd bin/../../secret .; do
    jq --arg name "$name" '.buildDefinition.externalParameters.images[0].contents.files[0].input = $name' good.json >bad.json
    run -1 ociassemble rebuild -q oci:../out:v1 --provenance bad.json
    [[ "$output" = *"leads out of the folder"* ]]
  done
  jq '.buildDefinition.internalParameters.layerFormat = 99' good.json >bad.json
  run -1 ociassemble rebuild -q oci:../out:v1 --provenance bad.json
  [[ "$output" = *"layer format 99"* ]]
  jq '.buildDefinition.internalParameters.codecs["gzip:4"] = "libdeflate 0.1"' good.json >codec.json
  run -0 --separate-stderr ociassemble rebuild -q oci:../out:v1 --provenance codec.json
  jq '.buildDefinition.externalParameters.images[0].base = {"image": "example.com/x:v1"}' good.json >bad.json
  run -1 ociassemble rebuild -q oci:../out:v1 --provenance bad.json
  [[ "$output" = *"has no digest"* ]]
}

@test "the summary says what was rebuilt" {
  build -o oci:../out:v1
  ociassemble rebuild -q oci:../out:v1 --summary summary.json
  [ "$(jq -r .predicateType summary.json)" = https://slsa.dev/verification_summary/v1 ]
  [ "$(jq -r '.subject[0].digest.sha256' summary.json)" = "$(ociassemble digest oci:../out:v1 | cut -d: -f2)" ]
  [ "$(jq -r .predicate.verificationResult summary.json)" = PASSED ]
}

@test "every option that shapes an image is in its provenance" {
  start_registry "$BATS_TEST_TMPDIR/registry"
  mkdir -p tz/Europe root/etc more
  printf 'TZif2' >tz/Europe/Berlin
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -subj /CN=ca -days 10 -out ca.pem
  printf 'root:x:0:0:root:/root:/bin/sh\n' >root/etc/passwd
  printf 'root:x:0:\n' >root/etc/group
  echo taken >more/taken.txt
  ociassemble build -q --binary "$server" --add more:/more --base rootfs:root --label org.opencontainers.image.title=base --env PATH=/bin \
    --push "$REGISTRY/base:v1"
  echo 'FROM_FILE=1' >env.txt
  local common=(--binary bin/linux-amd64/server:/opt/ --add "app.conf:/etc/,mode=0640,owner=app" --add "assets:/srv,ignore=none"
    --add-from "$REGISTRY/base:v1:/more/taken.txt:/etc/taken" --base "$REGISTRY/base:v1" --provenance)
  check() {
    rm -rf ../out
    build "${common[@]}" "$@" -o oci:../out:v1
    run -0 --separate-stderr ociassemble rebuild -q oci:../out:v1
    [ "$output" = "the same digest: $(ociassemble digest oci:../out:v1)" ]
  }
  common+=(--create-user "app:1001:1002,home=/home/app,shell=/bin/sh")
  check --user app --entrypoint '/opt/server --x' --cmd '["a","b c"]' --env A=b --env-file env.txt --label l=1 --annotation a=b --workdir /work \
    --expose 8080 --volume /vol --stop-signal SIGINT --healthcheck '/opt/server health' --healthcheck-interval 7s --healthcheck-timeout 3s \
    --healthcheck-start-period 1s --healthcheck-retries 4 --writable /data --inherit-labels --created 2020-01-02T03:04:05Z --file-times 1234567
  check --compression zstd:3 --base-name none
  check --compression none --base-name registry.example.com/base --no-readonly --cap net_bind_service
  check --ca-certificates ca.pem --tzdata tz
  check --healthcheck none --entrypoint '[]' --cmd '[]'
  GITHUB_SERVER_URL=https://github.example GITHUB_REPOSITORY=a/b GITHUB_SHA=$(printf '%040d' 1) GITHUB_REF_NAME=main check --annotate github
  SOURCE_DATE_EPOCH=99 check --any-binary
  # In Docker's format there is nothing that a layout could hold of it but the referrer.
  build "${common[@]}" --format docker --push "$REGISTRY/docker:v1"
  run -0 ociassemble rebuild -q "$REGISTRY/docker:v1"
  # A recipe's own: values of the base's environment, and what profiles share.
  cat >ociassemble.json <<JSON
{"base": "$REGISTRY/base:v1", "provenance": true, "binaries": {"/app": "bin/linux-amd64/server"}, "files": {"/x/": "app.conf"},
 "env": {"PATH": "/opt:\${base.PATH}"}, "profiles": {"a": {"files": {"/a": "app.conf"}, "env": {"B": "\${base.NONE:-c}"}}}}
JSON
  build --profile a -o oci:../a:v1
  run -0 ociassemble rebuild -q oci:../a:v1
  stop_registry "$BATS_TEST_TMPDIR/registry"
}

# A checkout of two commands of one module, each made by the recipe, committed.
make_checkout() {
  export CGO_ENABLED=0 GO111MODULE=on GOFLAGS=-mod=mod GOPROXY=off GOTOOLCHAIN=local
  export GOCACHE=${GOCACHE:-$FIXTURES/go-cache}
  git config --global user.name nobody
  git config --global user.email nobody@example.com
  git config --global --add safe.directory '*'
  mkdir -p checkout/cmd/hello
  cd checkout || return 1
  printf 'module example.com/hello\n\ngo 1.19\n' >go.mod
  printf 'package main\n\nvar version = "none"\n\nfunc main() { println("hello", version) }\n' >cmd/hello/main.go
  echo /bin/ >.gitignore
  echo text >notes.txt
  cat >ociassemble.json <<'JSON'
{
  "platforms": ["linux/amd64", "linux/arm64"],
  "provenance": true,
  "args": {"VERSION": "dev"},
  "files": {"/notes.txt": "notes.txt"},
  "binaries": {"/hello": {"source": "bin/{arch}/hello",
    "build": {"command": ["go", "build", "-trimpath", "-ldflags=-X main.version=${VERSION}", "-o", "{output}", "./cmd/hello"]}}},
  "profiles": {"debug": {"binaries": {"/hello": {"source": "bin/debug-{arch}/hello", "build": {"command": ["go", "build", "-trimpath",
    "-gcflags=all=-N -l", "-o", "{output}", "./cmd/hello"]}}}}},
}
JSON
  git init -q . && git add . && git commit -q -m first
}

@test "--compile makes the programs again from their commit, in another clone, and writes nothing there" {
  make_checkout
  ociassemble build -q --compile --set VERSION=1.2.3 -o oci:../plain:v1
  ociassemble build -q --compile --profile debug -o oci:../debug:v1
  git clone -q . ../deeper/clone
  cd ../deeper/clone
  run -1 ociassemble rebuild -q oci:../../plain:v1
  [[ "$output" = *"the input bin/amd64/hello is missing"* ]]
  run -0 --separate-stderr ociassemble rebuild oci:../../plain:v1 --compile --set VERSION=1.2.3 --summary ../summary.json
  [ "$output" = "the same digest: $(ociassemble digest oci:../../plain:v1)" ]
  [[ "$stderr" = *"2 programs were compiled again, to the same bytes"* ]]
  [ "$(jq -c .predicate.verifiedLevels ../summary.json)" = '["OCIASSEMBLE_REBUILT","OCIASSEMBLE_COMPILED"]' ]
  (cd / && command ociassemble rebuild -q "oci:$BATS_TEST_TMPDIR/project/debug:v1" --compile --inputs "$BATS_TEST_TMPDIR/project/deeper/clone")
  [ ! -e bin ]
  [ -z "$(git status --porcelain --ignored)" ]
  run -0 --separate-stderr ociassemble rebuild --json oci:../../plain:v1 --compile --set VERSION=1.2.3
  [ "$(jq -c '[.same, .differences, .compiled]' <<<"$output")" = '[true,[],["bin/amd64/hello","bin/arm64/hello"]]' ]
  run -3 --separate-stderr ociassemble rebuild --json oci:../../plain:v1 --compile
  [ "$(jq -c '[.same, .digest]' <<<"$output")" = "[false,\"$(ociassemble digest oci:../../plain:v1)\"]" ]
  [[ "$(jq -r '.differences[0]' <<<"$output")" = *"it was"*"-X main.version=1.2.3"*"the recipe has"*"-X main.version=dev"* ]]
  # A program that is named is taken as it is.
  run -0 --separate-stderr ociassemble rebuild oci:../../plain:v1 --compile --set VERSION=1.2.3 --input bin/amd64/hello=../../checkout/bin/amd64/hello
  [[ "$stderr" = *"one program was compiled again, to the same bytes"* ]]
}

@test "--compile names what made another program: the commit, changed files, the toolchain, flags" {
  make_checkout
  first=$(git rev-parse HEAD)
  ociassemble build -q --compile --profile debug -o oci:../image:v1
  rebuild() { run "-$1" --separate-stderr ociassemble rebuild -q oci:../image:v1 --compile; }
  echo '// changed' >>cmd/hello/main.go
  rebuild 3
  [[ "$stderr" = *"the input bin/debug-amd64/hello differs: "*"it was built from committed files (vcs.modified=false), this one from changed ones"* ]]
  git commit -q -a -m second
  rebuild 3
  [[ "$stderr" = *"it was built from the commit $first, this one from $(git rev-parse HEAD)"* ]]
  git reset -q --hard HEAD~1
  GOFLAGS='-mod=mod -tags=other' rebuild 3
  [[ "$stderr" = *"both were built by $(go env GOVERSION) from the commit $first: flags, environment or files outside of the commit differ"* ]]
  # Another toolchain says so in the program.
  mkdir ../tools
  cat >../tools/go <<SH
#!/bin/sh
$(type -P go) "\$@" || exit
for last; do case \$before in -o) output=\$last ;; esac; before=\$last; done
sed -i "s/$(go env GOVERSION)/$(go env GOVERSION | tr 0-9 1-90)/g" "\$output"
SH
  chmod +x ../tools/go
  PATH=$BATS_TEST_TMPDIR/project/tools:$PATH rebuild 3
  [[ "$stderr" = *"it was built by $(go env GOVERSION), this one by $(go env GOVERSION | tr 0-9 1-90)"* ]]
  rebuild 0
}

@test "--compile runs the recipe's commands alone: a provenance that names others is refused, and nothing is run" {
  make_checkout
  ociassemble build -q --compile --profile debug -o oci:../image:v1
  jq_statement() {
    local digest layer
    digest=$(ociassemble digest oci:../image:v1)
    layer=$(ociassemble referrers --json oci:../image:v1 | jq -r --arg subject "$digest" '.[] | select(.subject == $subject) | .digest')
    layer=$(jq -r '.layers[0].digest' "../image/blobs/sha256/${layer#sha256:}")
    jq "$@" "../image/blobs/sha256/${layer#sha256:}"
  }
  jq_statement '.predicate | .buildDefinition.externalParameters.builds[0].command = ["sh", "-c", "touch ../ran"]' >lie.json
  run -3 ociassemble rebuild -q oci:../image:v1 --compile --provenance lie.json
  [[ "$output" = *"the command of bin/debug-amd64/hello for linux/amd64 differs: it was \`sh -c touch ../ran\`"*"the recipe has \`go build"* ]]
  [ ! -e ../ran ]
  jq_statement '.predicate | .buildDefinition.externalParameters.builds[0].output = "../../elsewhere"' >lie.json
  run -3 ociassemble rebuild -q oci:../image:v1 --compile --provenance lie.json
  [[ "$output" = *"no \"build\" of the recipe makes ../../elsewhere"* ]]
  # Without --compile there is no command in the provenance, since none was run.
  ociassemble build -q --profile debug -o oci:../uncompiled:v1
  run -1 ociassemble rebuild -q oci:../uncompiled:v1 --compile
  [[ "$output" = *"the provenance names no command that made a program"* ]]
  run -2 ociassemble rebuild -q oci:../image:v1 --set A=b
  # A command that would write into the checkout is not run.
  sed -i 's/"{output}", ".\/cmd\/hello"\]}}}}},/"bin\/debug-amd64\/hello", ".\/cmd\/hello"]}}}}},/' ociassemble.json
  ociassemble build -q --compile --profile debug --platform linux/amd64 -o oci:../image:v3
  rm -r bin
  run -1 ociassemble rebuild -q oci:../image:v3 --compile
  [[ "$output" = *"its command does not say where the program goes"* ]]
  [ ! -e bin ]
}

@test "provenances in the index, as BuildKit keeps them, are rebuilt from, too, and are the same when made twice" {
  for name in one two; do
    build --attestations index --sbom -o "oci:../$name:v1"
    build --attestations index --platform linux/amd64 -o "oci:../single-$name:v1"
  done
  for name in one single-one; do
    [ "$(ociassemble digest "oci:../$name:v1")" = "$(ociassemble digest "oci:../${name/one/two}:v1")" ]
    run -0 --separate-stderr ociassemble rebuild -q "oci:../$name:v1"
    [ "$output" = "the same digest: $(ociassemble digest "oci:../$name:v1")" ]
  done
  # One manifest for each image, with a layer for each document.
  index=../one/blobs/sha256/$(ociassemble digest oci:../one:v1 | cut -d: -f2)
  mapfile -t attestations < <(jq -r '.manifests[] | select(.platform.os == "unknown") | .digest | sub("sha256:"; "")' "$index")
  [ "${#attestations[@]}" = 2 ]
  for one in "${attestations[@]}"; do
    [ "$(jq -r '[.layers[].annotations["in-toto.io/predicate-type"]] | join(" ")' "../one/blobs/sha256/$one")" = \
      "https://spdx.dev/Document https://slsa.dev/provenance/v1" ]
  done
  run -0 ociassemble referrers --json oci:../one:v1
  [ "$(jq '[.[] | select(.artifactType == "application/vnd.in-toto+json")] | length' <<<"$output")" = 0 ]
  printf x >>bin/linux-arm64/server
  run -3 ociassemble rebuild -q oci:../one:v1
  [[ "$output" = *"the input bin/linux-arm64/server differs"* ]]
}

@test "assembling twice compares images with a provenance, of both forms" {
  build --twice -o oci:../out:v1
  build --twice --sbom --attestations index -o oci:../out:v2
}

@test "a false provenance beside a true one does not keep an image from being made again" {
  build -o oci:../out:v1
  digest=$(ociassemble digest oci:../out:v1)
  jq '.manifests |= map(select(.artifactType != "application/vnd.in-toto+json"))' ../out/index.json >../index.json
  statement=$(ociassemble referrers --json oci:../out:v1 | jq -r --arg subject "$digest" '.[] | select(.subject == $subject) | .digest')
  layer=$(jq -r '.layers[0].digest' "../out/blobs/sha256/${statement#sha256:}")
  jq '.predicate' "../out/blobs/sha256/${layer#sha256:}" >true.json
  jq '.buildDefinition.externalParameters.images[0].labels = {"l": "1"}' true.json >lie.json
  jq '.buildDefinition.externalParameters.images[0].contents.files[0].input = "/etc/passwd"' true.json >hostile.json
  cp ../index.json ../out/index.json
  for file in lie.json hostile.json; do
    ociassemble attest -q --type slsaprovenance --predicate "$file" oci:../out:v1
  done
  run -3 ociassemble rebuild -q oci:../out:v1
  [[ "$output" = *"the image for linux/amd64 differs in"*"compared by the first of 2 provenances; none of them leads to this digest"* ]]
  ociassemble attest -q --type slsaprovenance --predicate true.json oci:../out:v1
  run -0 --separate-stderr ociassemble rebuild -q oci:../out:v1
  [ "$output" = "the same digest: $digest" ]
}

@test "one changed byte in each kind of input is named, and a missing one with its option" {
  # tests/nightly does the same with builds by another compiler and for another processor, for ten images.
  run -0 "$source_root/tests/rebuild_elsewhere" "$(type -P ociassemble)" "$BATS_TEST_TMPDIR/elsewhere" 2 "$server" "$(GOARCH=arm64 go_server)" \
    "$(type -P ociassemble)"
  [ "${lines[-1]}" = "2 images made again to the same digests" ]
  [ "$(grep -c '^changed and missing: ' <<<"$output")" = 8 ]
}
