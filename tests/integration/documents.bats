#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The snippets of docs/ci.md, run as far as a machine without GitHub, GitLab and Kubernetes can, and the commands of
# docs/questions.md.
load lib

set_up() {
  # A Go project, as the snippets expect it.
  mkdir -p project/cmd/server project/config
  cp "$source_root/tests/support/server/main.go" project/cmd/server/
  cp "$source_root/tests/support/server/go.mod" project/
  echo 'a: 1' >project/config/server.yml
  cd project || return 1
  export GOFLAGS='-mod=mod -buildvcs=false' GOPROXY=off GOTOOLCHAIN=local GOCACHE=$FIXTURES/go-cache
}

# LANGUAGE HEADING: the block of that language below that heading of docs/ci.md.
snippet() {
  python3 - "$source_root/docs/ci.md" "$1" "$2" <<'PYTHON'
import pathlib, re, sys
text = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
section = re.search(rf"^## {re.escape(sys.argv[3])}\n(.*?)(?=^## |\Z)", text, re.S | re.M)[1]
print(re.search(rf"```{sys.argv[2]}\n(.*?)```", section, re.S)[1], end="")
PYTHON
}

need_yaml() { python3 -c 'import yaml' 2>/dev/null || skip "no Python module yaml"; }

# A "download" of the tool: of the release where one is named, else of what is tested.
offer_tool() {
  export OCIASSEMBLE_URL OCIASSEMBLE_SHA256
  OCIASSEMBLE_URL=file://$(type -P ociassemble)
  OCIASSEMBLE_SHA256=$(sha256sum "$(type -P ociassemble)" | cut -d' ' -f1)
}

# A base that this machine's registry has in the place of Docker Hub's, locked.
lock_base() {
  push_base "$(alpine_rootfs)" alpine:3.20
  ociassemble lock --quiet --base "$REGISTRY/alpine:3.20"
}

@test "README's first command prints what README says" {
  lock_base
  CGO_ENABLED=0 go build -trimpath -o server ./cmd/server
  # The block below "Use": a command after "$ ociassemble", then its output, in which … stands for a digest's rest.
  python3 - "$source_root/README.md" "$REGISTRY" >expected <<'PYTHON'
import pathlib, re, sys
text = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
block = re.search(r"^## Use\n\n```console\n(.*?)```", text, re.S | re.M)[1]
command, output = re.search(r"^\$ (ociassemble .*)\n((?:[^$].*\n)*)", block, re.M).groups()
command = command.replace("alpine:3.20", f"{sys.argv[2]}/alpine:3.20")
for line in (command, output.rstrip("\n")):
    print(line.replace("registry.example.com", sys.argv[2]))
PYTHON
  run --separate-stderr -0 bash -c "$(head -n 1 expected)"
  pattern=$(sed -n 2p expected)
  [[ $pattern = *…* && $output = "${pattern%:[0-9a-f]*…}":[0-9a-f]* ]]
  [ "${#lines[@]}" -eq 1 ]
}

@test "the Makefile builds, rests, rebuilds for a new file, and pushes" {
  snippet make Makefile >Makefile
  run -0 make image
  [ -e build/image/index.json ]
  run -0 make image
  [[ $output = *"Nothing to be done"* || $output = *"up to date"* ]]
  touch build/server
  run -0 make image
  before=$(digest_in build/image)
  run -0 make image
  [[ $output = *"Nothing to be done"* || $output = *"up to date"* ]]
  echo 'b: 2' >config/more.yml
  run -0 make image
  [ "$(digest_in build/image)" != "$before" ]
  ociassemble inspect --files oci:build/image:v1 | grep -q /etc/server/more.yml
  run -0 make push IMAGE="$REGISTRY/documents/make:v1"
  [ "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$REGISTRY/documents/make:v1")" = "$(digest_in build/image)" ]
}

@test "the workflow of GitHub Actions: each step's script, in order" {
  need_yaml
  offer_tool
  lock_base
  snippet yaml "GitHub Actions" >workflow.yml
  # The runner's sudo; it installs into a folder of ours here.
  mkdir -p bin installed
  printf '#!/bin/bash\nexec "${@//\\/usr\\/local\\/bin/%s}"\n' "$PWD/installed" >bin/sudo
  chmod +x bin/sudo
  python3 - "$REGISTRY" <<'PYTHON'
import pathlib, sys, yaml
workflow = yaml.safe_load(pathlib.Path("workflow.yml").read_text(encoding="utf-8"))
assert workflow[True] == {"push": {"branches": ["main"]}}  # "on"
assert workflow["permissions"]["packages"] == "write"
steps = [step for step in workflow["jobs"]["image"]["steps"] if "run" in step]
assert len(steps) == 3
for number, step in enumerate(steps):
    # No expression is pasted into a script.
    assert "${{" not in step["run"], step["run"]
    script = step["run"].replace("alpine:3.20", sys.argv[1] + "/alpine:3.20")
    pathlib.Path(f"step{number}").write_text(script, encoding="utf-8")
PYTHON
  export GITHUB_SHA=0123abcd GITHUB_STEP_SUMMARY=$PWD/summary IMAGE=$REGISTRY/Documents/GitHub
  for number in 0 1 2; do PATH=$PWD/bin:$PWD/installed:$PATH bash -e "step$number"; done
  cmp installed/ociassemble "$(type -P ociassemble)"
  digest=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$REGISTRY/documents/github:0123abcd")
  [ "$digest" = "$(cat image.digest)" ]
  grep -qF "$REGISTRY/documents/github@$digest" summary
}

@test "the job of GitLab CI: its script, in order" {
  need_yaml
  offer_tool
  lock_base
  snippet yaml "GitLab CI" >job.yml
  mkdir installed
  python3 - "$REGISTRY" "$PWD/installed" >script <<'PYTHON'
import pathlib, sys, yaml
job = yaml.safe_load(pathlib.Path("job.yml").read_text(encoding="utf-8"))["image"]
assert job["variables"]["OCIASSEMBLE_PASSWORD"] == "$CI_REGISTRY_PASSWORD" and "services" not in job
for line in job["before_script"] + job["script"]:
    print(line.replace("/usr/local/bin", sys.argv[2]).replace("alpine:3.20", sys.argv[1] + "/alpine:3.20"))
PYTHON
  CGO_ENABLED=0 CI_COMMIT_SHA=4567ef CI_REGISTRY_IMAGE=$REGISTRY/documents/gitlab PATH=$PWD/installed:$PATH bash -e script
  digest=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$REGISTRY/documents/gitlab:4567ef")
  [ "$digest" = "$(cat image.digest)" ]
}

@test "the script that builds, checks, signs and verifies" {
  lock_base
  snippet sh "Build, check, sign, verify" | sed "s#alpine:3.20#$REGISTRY/&#" >image.sh
  mkdir ci
  (cd ci && COSIGN_PASSWORD=secret ociassemble generate-key release)
  export COSIGN_PASSWORD=secret SIGNING_KEY REGISTRY_IMAGE=$REGISTRY/documents/script COMMIT=89ab
  SIGNING_KEY=$(cat ci/release.key)
  sh image.sh
  digest=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$REGISTRY_IMAGE:89ab")
  [ "$(cat image.digest)" = "$REGISTRY_IMAGE@$digest" ]
  # The image that was judged is the one that was published.
  [ "$(digest_in image)" = "$digest" ]
  python3 -c 'import xml.etree.ElementTree as tree; assert list(tree.parse("check.xml").iter("testcase"))'
  ociassemble referrers "$REGISTRY_IMAGE:89ab" >referrers
  grep -q spdx referrers
  grep -qi provenance referrers
  # Another key fails the script's last step, and a policy that refuses its second.
  (cd ci && rm release.* && ociassemble generate-key release)
  run ! sh image.sh
  sed -i 's/--level recommended/--level strict/' image.sh
  REGISTRY_IMAGE=$REGISTRY/documents/refused run ! sh image.sh
  run ! skopeo inspect --tls-verify=false "docker://$REGISTRY/documents/refused:89ab"
}

@test "the Job of Kubernetes: its arguments, as its user, without capabilities and new privileges" {
  need_yaml
  [ "$(id -u)" -eq 0 ] || skip "needs root, to become another user"
  snippet yaml "A Kubernetes runner without privileges" >job.yaml
  CGO_ENABLED=0 go build -trimpath -o server ./cmd/server
  # Where everybody may look; the test's own folder may be anybody's.
  folder=$(mktemp -d /tmp/ociassemble-job-XXXXXX)
  chmod 0755 "$folder"
  mkdir "$folder"/{source,tmp,credentials}
  cp server "$folder/source/"
  cp "$(type -P ociassemble)" "$folder/ociassemble"
  echo '{}' >"$folder/credentials/config.json"
  python3 - "$folder" "$REGISTRY" >command <<'PYTHON'
import pathlib, shlex, sys, yaml
folder, registry = sys.argv[1:]
spec = yaml.safe_load(pathlib.Path("job.yaml").read_text(encoding="utf-8"))["spec"]["template"]["spec"]
container, = spec["containers"]
assert spec["securityContext"]["runAsNonRoot"] and container["securityContext"]["readOnlyRootFilesystem"]
assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
assert mounts == {"/source", "/tmp", "/credentials"}
def here(text):
    option, equals, path = text.rpartition("=")
    if path.startswith(tuple(mounts)):
        text = option + equals + folder + path
    return text.replace("registry.example.com/team", registry + "/documents")
words = ["env", "-i"] + [f"{item['name']}={here(item['value'])}" for item in container["env"]]
print(shlex.join(words + [folder + "/ociassemble"] + [here(text) for text in container["args"]]))
PYTHON
  chown 65532:65532 "$folder"/{source,tmp}
  run -0 bash -c "setpriv --reuid 65532 --regid 65532 --clear-groups --no-new-privs --bounding-set -all $(cat command)"
  digest=$(cat "$folder/source/image.digest")
  rm -rf "$folder"
  [ "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$REGISTRY/documents/server:v1")" = "$digest" ]
}

@test "an image of the tool itself runs it" {
  need_root
  if readelf --program-headers "$(type -P ociassemble)" | grep -q INTERP; then skip "needs a static ociassemble (tools/make-release)"; fi
  if ! find_container_runtime; then skip "$container_problem"; fi
  ociassemble build -q --binary "$(type -P ociassemble):/usr/local/bin/ociassemble" --ca-certificates host --cmd version -o oci:tool:v1
  umoci unpack --image tool:v1 bundle >/dev/null
  bundle_config '["/usr/local/bin/ociassemble","version"]' 65532 65532 >bundle/config.json
  run -0 run_bundle bundle "tool-$BASHPID"
  [[ $output = "ociassemble "* ]]
}

@test "the commands without a network: a base is carried over, and keeps its name" {
  push_base "$(alpine_rootfs)" alpine:3.20
  ociassemble pull -q "$REGISTRY/alpine:3.20" oci:bases:alpine
  CGO_ENABLED=0 go build -trimpath -o server ./cmd/server
  ociassemble build -q --base oci:bases:alpine --base-name docker.io/library/alpine:3.20 --binary server \
    -o docker-archive:server.tar:team/server:v1
  ociassemble inspect --manifest docker-archive:server.tar |
    jq -e '.annotations["org.opencontainers.image.base.name"] == "docker.io/library/alpine:3.20"'
}

@test "the questions' commands for two platforms, users, files, and the port" {
  for arch in amd64 arm64; do GOARCH=$arch CGO_ENABLED=0 go build -trimpath -o "bin/linux-$arch/server" ./cmd/server; done
  ociassemble build -q --platform linux/amd64,linux/arm64 --binary 'bin/{os}-{arch}/server' -o oci:image:v1
  ociassemble inspect oci:image:v1 | grep -q linux/arm64
  CGO_ENABLED=0 go build -trimpath -o server ./cmd/server
  ociassemble build -q --binary server --user 1001:1001 --add config/server.yml:/etc/server/ --add config:/srv/templates \
    --writable /var/lib/server --cap net_bind_service -o oci:other:v1
  ociassemble inspect --files oci:other:v1 >files
  for path in /etc/server/server.yml /srv/templates/server.yml /var/lib/server; do grep -q "$path" files; done
  config_in other | jq -e '.config.User == "1001:1001" and (.config.Volumes | has("/var/lib/server"))'
  ociassemble sbom oci:other:v1 -o image.spdx.json
  jq -e '.spdxVersion == "SPDX-2.3"' image.spdx.json
  run -3 ociassemble diff oci:image:v1 oci:other:v1
}

@test "docs/README.md lists every document" {
  for document in "$source_root"/docs/*.md; do
    [ "$document" = "$source_root/docs/README.md" ] || grep -qF "](${document##*/})" "$source_root/docs/README.md"
  done
}

@test "every document that another one names is there, with its heading" {
  python3 - "$source_root" <<'PYTHON'
import pathlib, re, sys
root = pathlib.Path(sys.argv[1])
problems, links = [], 0
def anchors(path):
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S)
    names = set()
    for title in re.findall(r"^#+ (.*)$", text, re.M):
        title = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title).lower()
        names.add(re.sub(r"[^\w\- ]", "", title).replace(" ", "-"))
    return names
for path in [root / "README.md", root / "CHANGELOG.md", *sorted((root / "docs").glob("*.md"))]:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        links += 1
        name, _, anchor = target.partition("#")
        other = (path.parent / name) if name else path
        if not other.exists():
            problems.append(f"{path.name}: {target} is not there")
        elif anchor and anchor not in anchors(other):
            problems.append(f"{path.name}: {target}: no such heading")
print("\n".join(problems))
sys.exit(1 if problems or links < 50 else 0)
PYTHON
}
