#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Every rule that `check --list` names, one by one: an image that passes, one that fails, and, where the rule needs something
# besides config and files, an input that is missing.
# shellcheck disable=SC2154  # variables that lib.bash sets
# shellcheck disable=SC2317  # functions that the test calls by name
load lib
load policy

set_up() { mkdir -m 755 root && mkdir -m 1777 root/tmp; }

# RULE: the options that it is judged with.
options() {
  case $1 in
    labels) echo '{"required": ["org.example.team"]}' ;;
    base) echo '{"pinned": true}' ;;
    age) echo '{"atMost": "30d"}' ;;
    go-version) echo '{"atLeast": "1.2"}' ;;
    go-modules) echo '{"deny": ["example.org/denied"]}' ;;
    go-cpu) echo '{"amd64": "v1"}' ;;
    go-stripped) echo '{"stripped": false}' ;;
    budget) echo '{"imageGrowth": "1kB"}' ;;
    structure-tests) echo '{"files": ["tests.json"]}' ;;
    vulnerabilities | unknown-severity) echo '{"databases": ["db"]}' ;;
    *) echo '{}' ;;
  esac
}

# A program with Go's build information, as its linker writes it (Go's debug/buildinfo): FILE VERSION LINES [SECTION…].
program_of_go() {
  python3 - "$@" <<'PY'
import struct, sys
file, version, lines, *more = sys.argv[1:]
lines = lines.encode().decode("unicode_escape").encode()
def counted(data):
    size, out = len(data), b""
    while size >= 128:
        out, size = out + bytes([size & 127 | 128]), size >> 7
    return out + bytes([size]) + data
info = b"\xff Go buildinf:\x08\x02" + bytes(16) + counted(version.encode()) + counted(b"0" * 16 + lines + b"0" * 16)
names = b"\0.go.buildinfo\0.shstrtab\0" + b"".join(name.encode() + b"\0" for name in more)
offset = 64 + 56
sections = struct.pack("<IIQQQQIIQQ", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
sections += struct.pack("<IIQQQQIIQQ", 1, 1, 2, 0x400000 + offset, offset, len(info), 0, 0, 16, 0)
sections += struct.pack("<IIQQQQIIQQ", 15, 3, 0, 0, offset + len(info), len(names), 0, 0, 1, 0)
for name in more:
    sections += struct.pack("<IIQQQQIIQQ", names.index(name.encode()), 1, 0, 0, offset, 8, 0, 0, 1, 0)
end = offset + len(info) + len(names)
header = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0x400000 + offset, 64, end, 0, 64, 56, 1, 64, 3 + len(more), 2)
segment = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, end, end, 4096)
open(file, "wb").write(header + segment + info + names + sections)
PY
  chmod 755 "$1"
}

# The server as UPX would leave it: its mark behind the headers, no sections.
packed_server() {
  python3 - "$server" "$1" <<'PY'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[40:48] = bytes(8)  # e_shoff
data[60:64] = bytes(4)  # e_shnum, e_shstrndx
at = 64 + 56 * int.from_bytes(data[56:58], "little")
data[at:at + 8] = b"\0\0\0\0UPX!"
open(sys.argv[2], "wb").write(data)
PY
  chmod 755 "$1"
}

# The image of a program in the place of the server.
build_program() {
  tar --sort=name --owner=0 --group=0 --numeric-owner -C root -cf root.tar .
  ociassemble build -q --any-binary --base rootfs:root.tar --binary "$PWD/$1:/server" -o oci:image:v1 --user 65532:65532 >/dev/null 2>&1
}
built() { program_of_go app "$1" "$2" && build_program app; }
kHead='path\texample.com/a\nmod\texample.com/a\tv1.0.0\t\n'

pass_default() { build --label org.example.team=a --healthcheck '["CMD", "/server"]'; }
unjudged_go() { packed_server app && build_program app; }

fail_runs() { pass_default && reconfigure '.config.Entrypoint = ["/nothing"]'; }
unjudged_runs() { pass_default && reconfigure '.config.User = "stranger"'; }
fail_needs() { build --env TZ=Europe/Berlin 2>/dev/null; }
unjudged_needs() { built go1.22.1 "$kHead"; } # no table of functions
fail_user() { pass_default && reconfigure '.config.User = "0"'; }
fail_entrypoint() { pass_default && reconfigure '.config.Entrypoint = ["/nothing"]'; }
fail_workdir() { pass_default && reconfigure '.config.WorkingDir = "srv"'; }
fail_writable() { mkdir data && echo x >data/x && build --add "$PWD/data:/data,owner=65532:65532,mode=0644"; }
unjudged_writable() { unjudged_runs; }
fail_setuid() { mkdir -p root/usr/bin && echo x >root/usr/bin/su && chmod 4755 root/usr/bin/su && build; }
fail_world-writable() { mkdir -p root/srv && chmod 777 root/srv && build; }
fail_devices() { mknod root/null c 1 3 && build; }
fail_secret-names() { pass_default && reconfigure '.config.Env += ["DB_PASSWORD=x"]'; }
fail_secret-files() { mkdir -p root/root/.ssh && echo key >root/root/.ssh/id_ed25519 && build; }
fail_accounts() { mkdir -p root/etc && printf 'root:x:0:0:root:/root:/bin/sh\nother:x:0:0::/:/bin/sh\n' >root/etc/passwd && build; }
fail_preload() { pass_default && reconfigure '.config.Env += ["LD_PRELOAD=/lib/a.so"]'; }
fail_volumes() { pass_default && reconfigure '.config.Volumes = {"/proc": {}}'; }
fail_ports() { pass_default && reconfigure '.config.ExposedPorts = {"80/tcp": {}}'; }
fail_leftovers() { mkdir -p root/var/lib/apt/lists && echo x >root/var/lib/apt/lists/deb_dists && build; }
fail_sshd() { mkdir -p root/usr/sbin && echo x >root/usr/sbin/sshd && build; }
fail_shell() { mkdir -p root/bin && echo x >root/bin/sh && build; }
fail_package-manager() { mkdir -p root/sbin && echo x >root/sbin/apk && build; }
fail_labels() { build; }
pass_base() { build --annotation org.opencontainers.image.base.name=a/b --annotation "org.opencontainers.image.base.digest=sha256:$(printf %064d 0)"; }
fail_base() { build --annotation org.opencontainers.image.base.name=a/b; }
unjudged_base() { build; }
pass_tag() { pass_default; }
fail_tag() { pass_default && jq -c '.manifests[0].annotations["org.opencontainers.image.ref.name"] = "latest"' image/index.json >index && mv index image/index.json; }
pass_age() { build --created 2026-01-01T00:00:00Z && arguments=(--now 2026-01-02); }
fail_age() { build --created 2026-01-01T00:00:00Z && arguments=(--now 2027-01-02); }
unjudged_age() { build --created 2026-01-01T00:00:00Z; }
os_release() { mkdir -p root/etc && printf 'ID=debian\nVERSION_ID="12"\nSUPPORT_END=2028-06-30\n' >root/etc/os-release; }
pass_eol() { os_release && build && arguments=(--now 2028-06-30); }
fail_eol() { os_release && build && arguments=(--now 2028-07-01); }
unjudged_eol() { os_release && build; }
fail_layers() {
  pass_default
  python3 - <<'PY'
import hashlib, json, pathlib
blobs = pathlib.Path("image/blobs/sha256")
index = json.loads(pathlib.Path("image/index.json").read_text())
read = lambda digest: json.loads((blobs / digest.split(":")[1]).read_text())
def write(value):
    data = json.dumps(value).encode()
    digest = hashlib.sha256(data).hexdigest()
    (blobs / digest).write_bytes(data)
    return "sha256:" + digest, len(data)
manifest = read(index["manifests"][0]["digest"])
config = read(manifest["config"]["digest"])
while len(manifest["layers"]) < 126:
    manifest["layers"].append(manifest["layers"][0])
    config["rootfs"]["diff_ids"].append(config["rootfs"]["diff_ids"][0])
manifest["config"]["digest"], manifest["config"]["size"] = write(config)
index["manifests"][0]["digest"], index["manifests"][0]["size"] = write(manifest)
pathlib.Path("image/index.json").write_text(json.dumps(index))
PY
}
fail_healthcheck() { build; }
fail_go-version() { built go1.1.9 "$kHead"; }
unjudged_go-version() { built 'devel go1.25-abc' "$kHead"; }
pass_go-cgo() { built go1.22.1 "${kHead}build\tCGO_ENABLED=0\n"; }
fail_go-cgo() { built go1.22.1 "${kHead}build\tCGO_ENABLED=1\n"; }
unjudged_go-cgo() { built go1.17.5 "$kHead"; }
pass_go-trimpath() { built go1.22.1 "${kHead}build\t-trimpath=true\n"; }
fail_go-trimpath() { built go1.22.1 "${kHead}build\tCGO_ENABLED=0\n"; }
unjudged_go-trimpath() { built go1.17.5 "$kHead"; }
pass_go-vcs() { built go1.22.1 "${kHead}build\tvcs.revision=abc\nbuild\tvcs.modified=false\n"; }
fail_go-vcs() { built go1.22.1 "${kHead}build\tvcs.revision=abc\nbuild\tvcs.modified=true\n"; }
unjudged_go-vcs() { built go1.17.5 "$kHead"; }
kSum=h1:kuoIxZQy2WRRk1pttg9asf+WVv6tWQuBNVmK8+nqPr0=
pass_go-sums() { built go1.22.1 "${kHead}dep\texample.org/b\tv1.0.0\t$kSum\n"; }
fail_go-sums() { built go1.22.1 "${kHead}dep\texample.org/b\tv1.0.0\t\n"; }
unjudged_go-sums() { built go1.22.1 'path\texample.com/a\n'; }
fail_go-modules() { built go1.22.1 "${kHead}dep\texample.org/denied\tv1.0.0\t$kSum\n"; }
unjudged_go-modules() { unjudged_go-sums; }
fail_go-buildmode() { built go1.22.1 "${kHead}build\t-buildmode=plugin\n"; }
unjudged_go-buildmode() { unjudged_go; }
pass_go-cpu() { built go1.22.1 "${kHead}build\tGOAMD64=v1\n"; }
fail_go-cpu() { built go1.22.1 "${kHead}build\tGOAMD64=v3\n"; }
unjudged_go-cpu() { unjudged_go; }
pass_go-stripped() { program_of_go app go1.22.1 "$kHead" .symtab .debug_info && build_program app; }
fail_go-stripped() { built go1.22.1 "$kHead"; }
unjudged_go-stripped() { unjudged_go; }
pass_budget() { pass_default && cp -r image before && arguments=(--against oci:before:v1); }
fail_budget() { pass_budget && head -c 100000 /dev/urandom >root/more && build; }
unjudged_budget() { pass_default; }
tests() { jq -n --argjson test "$1" '{schemaVersion: "2.0.0"} + $test' >tests.json && pass_default; }
pass_structure-tests() { tests '{"fileExistenceTests": [{"name": "x", "path": "/server"}]}'; }
fail_structure-tests() { tests '{"fileExistenceTests": [{"name": "x", "path": "/nothing"}]}'; }
unjudged_structure-tests() { tests '{"fileContentTests": [{"name": "x", "path": "/tests.json", "expectedContents": ["(?P<a>x)"]}]}' && cp tests.json root/ && pass_default; }
# FIXED SEVERITY…: a database with an entry about the module of pass_go-sums.
database() {
  mkdir -p db
  jq -n --arg fixed "$1" --argjson more "${2-{\}}" '{schema_version: "1.7.0", id: "GO-2026-0001", modified: "2026-01-01T00:00:00Z",
    affected: [{package: {ecosystem: "Go", name: "example.org/b"}, ranges: [{type: "SEMVER", events: [{introduced: "0"}, {fixed: $fixed}]}]}]} + $more' >db/GO-2026-0001.json
  jq -n '{schema_version: "1.7.0", id: "GO-2026-0002", modified: "2026-01-01T00:00:00Z",
    affected: [{package: {ecosystem: "Go", name: "stdlib"}, ranges: [{type: "SEMVER", events: [{introduced: "1.0.0"}, {fixed: "1.0.1"}]}]}]}' >db/GO-2026-0002.json
  pass_go-sums
}
pass_vulnerabilities() { database 1.0.0; }
fail_vulnerabilities() { database 1.0.1; }
unjudged_vulnerabilities() { pass_vulnerabilities && unjudged_go-sums; }
pass_unknown-severity() { database 1.0.1 '{"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]}'; }
fail_unknown-severity() { database 1.0.1; }
unjudged_unknown-severity() { rule_options='{}' && pass_default; }

# These need config and files alone, which every image has.
kNothingMissing=' user entrypoint workdir setuid world-writable devices secret-names secret-files accounts preload volumes ports leftovers sshd
shell package-manager labels tag layers healthcheck '

# KIND RULE: makes the image of pass_, fail_ or unjudged_RULE, and prints the rule's verdict and the exit status.
verdict() {
  local make=$1_$2 arguments=() rule_options status=0
  rule_options=$(options "$2")
  if [ "$1" = pass ] && ! declare -F "$make" >/dev/null; then make=pass_default; fi
  "$make" || return 1
  only "$2" "$rule_options"
  ociassemble check --json --policy policy.json "${arguments[@]}" "oci:image" >report || status=$?
  echo "$(jq -r '.images[0].rules | map(.verdict) | join(" ")' report) $status"
}

# KIND RULE: the same in a folder of its own.
try() {
  local folder=$BATS_TEST_TMPDIR/$1_$2
  mkdir "$folder" && cd "$folder" || return 1
  set_up
  verdict "$@"
  cd "$BATS_TEST_TMPDIR" || return 1
}

list_rules() { ociassemble check --list | tail -n +2 | awk '{print $1}'; }

@test "every rule has an image that passes, and one that fails" {
  need_root
  list_rules >rules
  [ "$(wc -l <rules)" -gt 30 ]
  while read -r rule <&9; do
    echo "rule $rule"
    declare -F "fail_$rule" >/dev/null
    [ "$(try pass "$rule")" = 'pass 0' ]
    [ "$(try fail "$rule")" = 'fail 3' ]
  done 9<rules
}

@test "every rule whose input is missing is not judged, which refuses unless the policy says otherwise" {
  list_rules >rules
  while read -r rule <&9; do
    echo "rule $rule"
    if ! declare -F "unjudged_$rule" >/dev/null; then
      [[ $kNothingMissing = *[[:space:]]"$rule"[[:space:]]* ]]
      continue
    fi
    [ "$(try unjudged "$rule")" = 'not judged 3' ]
    for how in warn off; do
      jq --arg how "$how" '.notJudged = $how' "unjudged_$rule/policy.json" >"unjudged_$rule/other.json"
      run -0 ociassemble check --policy "unjudged_$rule/other.json" "oci:unjudged_$rule/image"
    done
  done 9<rules
}

@test "programs that are packed are not judged by any rule about Go" {
  unjudged_go
  for rule in go-version go-cgo go-trimpath go-vcs go-sums go-modules go-buildmode go-cpu go-stripped; do
    only "$rule" "$(options "$rule")"
    run -3 check --policy policy.json
    [[ "$output" = *"not judged: $rule: how /server was built is not known: it is packed by UPX"* ]]
  done
}
