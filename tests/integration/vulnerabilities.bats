#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Known vulnerabilities (docs/vulnerabilities.md): what is found, what is not judged, and databases that lie.
# shellcheck disable=SC2154  # variables that lib.bash sets
load lib

set_up() {
  samples=$source_root/tests/fixtures/vulnerabilities
  cp -r "$samples" databases
  rm -r databases/app databases/proxy
}

tear_down() {
  if [ -n "${web_server-}" ]; then kill "$web_server"; fi
}

# NAME [LDFLAGS]: builds the program of tests/fixtures/vulnerabilities/app.
build_app() {
  cp -r "$samples/app" sources-"$1"
  (
    cd sources-"$1" || exit 1
    export CGO_ENABLED=0 GO111MODULE=on GOSUMDB=off GOTOOLCHAIN=local GOPROXY=file://$samples/proxy
    export GOCACHE=$FIXTURES/go-cache GOMODCACHE=$BATS_TEST_TMPDIR/modules GOFLAGS='-modcacherw -mod=mod'
    go build -buildvcs=false -ldflags "${2-}" -o "../$1" .
  )
}

# "ID REACH" lines of what was found, sorted.
found() { jq -r '.vulnerabilities[] | [.id, .reach // "-"] | join(" ")' | LC_ALL=C sort; }

# A root file system with the text as apk's database, in root.tar.
apk_rootfs() {
  mkdir -p root/etc root/lib/apk/db
  printf 'ID=alpine\nVERSION_ID=3.20.3\nPRETTY_NAME="Alpine Linux v3.20"\n' >root/etc/os-release
  cat >root/lib/apk/db/installed
  tar -cf root.tar -C root .
}

# What govulncheck 1.1.4 says of the program, "ID REACH" lines: its JSON findings by the deepest of each.
expected_of_govulncheck() {
  cat <<'LINES'
GO-2099-0001 symbol
GO-2099-0002 package
GO-2099-0003 module
GO-2099-0004 symbol
GO-2099-0005 symbol
GO-2099-0009 symbol
GO-2099-0014 symbol
LINES
}

@test "identifiers and levels are govulncheck's, and a replaced and an unversioned module's besides" {
  build_app app
  ociassemble build -q --binary app -o oci:image:v1
  run -3 --separate-stderr ociassemble vulnerabilities oci:image:v1 --db databases/go --json
  # It drops replaced modules (GO-2099-0007), and never matches "(devel)" (GO-2099-0013).
  diff <(found <<<"$output" | grep -v -e 0007 -e 0013) <(expected_of_govulncheck)
  [ "$(found <<<"$output" | grep -e 0007 -e 0013)" = "GO-2099-0007 symbol
GO-2099-0013 symbol" ]
  [ "$(jq -r '.vulnerabilities[] | select(.id == "GO-2099-0007").package.replaces' <<<"$output")" = example.com/swapped ]
  [ "$(jq -r '.notJudged[].what' <<<"$output")" = "example.com/local in /usr/local/bin/app" ]
  [ "$(jq -c '[.vulnerabilities[] | select(.id == "GO-2099-0001").symbols[]]' <<<"$output")" = '["example.com/lib.Bad"]' ]
}

@test "a stripped program reaches as far as the same program unstripped" {
  build_app app
  build_app stripped '-s -w'
  for program in app stripped; do
    ociassemble build -q --binary "$program" -o "oci:image:$program"
    run -3 --separate-stderr ociassemble vulnerabilities "oci:image:$program" --db databases/go --json
    found <<<"$output" >"$program.found"
  done
  diff app.found stripped.found
}

@test "govulncheck itself says the same" {
  type -P govulncheck >/dev/null || skip "govulncheck is not installed"
  build_app app
  ociassemble build -q --binary app -o oci:image:v1
  govulncheck -db "file://$PWD/databases/go" -mode=binary -format json app | jq -r 'select(.finding) | .finding |
    [.osv, (.trace[0] | if .function then "3 symbol" elif .package then "2 package" else "1 module" end)] | join(" ")' |
    LC_ALL=C sort -k1,1 -k2,2r | awk '!seen[$1]++ {print $1, $3}' >expected
  run -3 --separate-stderr ociassemble vulnerabilities oci:image:v1 --db databases/go --json
  diff <(found <<<"$output" | grep -v -e 0007 -e 0013) expected
}

@test "the list is grouped by remedy" {
  build_app app
  ociassemble build -q --binary app -o oci:image:v1
  run -3 --separate-stderr ociassemble vulnerabilities oci:image:v1 --db databases/go
  grep -qF 'Update module example.com/lib to v1.3.0: example.com/lib v1.2.3 (in /usr/local/bin/app)' <<<"$output"
  grep -qF 'linked: example.com/lib.Bad' <<<"$output"
  grep -qF 'Update module example.com/lib2 to v1.4.0: example.com/lib2 v1.3.0 (in /usr/local/bin/app, in place of example.com/swapped)' <<<"$output"
  grep -qF 'example.com/local in /usr/local/bin/app: the folder ./local replaces it' <<<"$output"
  grep -qF 'GO-2099-0003  unknown severity  example.com/lib v1.2.3: no vulnerable package is linked' <<<"$output"
}

@test "a severity comes from an alias in another database" {
  build_app app
  ociassemble build -q --binary app -o oci:image:v1
  run -3 --separate-stderr ociassemble vulnerabilities oci:image:v1 --db databases/go --db databases/osv --json
  [ "$(jq -c '.vulnerabilities[] | select(.id == "GO-2099-0001") | [.aliases, .severity.level, .severity.score, .severity.source]' <<<"$output")" = \
    '[["CVE-2099-0001","GHSA-aaaa-bbbb-cccc"],"high",8.7,"GHSA-aaaa-bbbb-cccc"]' ]
  # Unknown severities count, whatever is asked for; a medium one would not.
  run -3 --separate-stderr ociassemble vulnerabilities oci:image:v1 --db databases/go --db databases/osv --json --at-least critical
  [ "$(jq -c '[.vulnerabilities[] | select(.counts).severity.level] | unique' <<<"$output")" = '["unknown"]' ]
}

@test "Alpine's packages are found by origin and by its version" {
  apk_rootfs <<'RECORDS'
P:libcrypto3
V:3.3.1-r0
A:x86_64
o:openssl

P:busybox
V:1.36.1-r30
A:x86_64
o:busybox

RECORDS
  ociassemble build -q --binary "$server" --base rootfs:root.tar -o oci:image:v1
  run -3 --separate-stderr ociassemble vulnerabilities oci:image:v1 --db databases/alpine-secdb --db databases/go --json
  [ "$(jq -c '[.vulnerabilities[] | select(.package.ecosystem == "Alpine:v3.20") | [.id, .package.name, .package.installed[], .fixedVersion]]' <<<"$output")" = \
    '[["CVE-2099-1001","openssl","libcrypto3 3.3.1-r0","3.3.2-r1"]]' ]
  [ "$(jq -r '.notes[]' <<<"$output" | grep -c community)" = 1 ]
}

@test "Debian's packages are found by the source and its version, in both databases as one" {
  mkdir -p root/etc root/var/lib/dpkg
  printf 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n' >root/etc/os-release
  cat >root/var/lib/dpkg/status <<'RECORDS'
Package: bsdutils
Status: install ok installed
Architecture: amd64
Source: util-linux (2.38.1-5+deb12u3)
Version: 1:2.38.1-5+deb12u3

Package: libssl3
Status: install ok installed
Architecture: amd64
Source: openssl
Version: 3.0.17-1~deb12u2

RECORDS
  tar -cf root.tar -C root .
  ociassemble build -q --binary "$server" --base rootfs:root.tar -o oci:image:v1
  run -3 --separate-stderr ociassemble vulnerabilities oci:image:v1 --db databases/debian --db databases/osv --db databases/go --json
  [ "$(jq -c '[.vulnerabilities[] | select(.package.kind == "osPackage") | [.id, .severity.level, .package.name, .note // "", .fixedVersion // ""]]' <<<"$output")" = \
    '[["CVE-2099-2002","medium","openssl","postponed",""],["CVE-2099-2001","unknown","util-linux","","2.38.1-5+deb12u4"]]' ]
  [ "$(jq -c '.vulnerabilities[] | select(.id == "CVE-2099-2001") | .databases' <<<"$output")" = '["databases/debian","databases/osv"]' ]
  run -3 --separate-stderr ociassemble vulnerabilities oci:image:v1 --db databases/debian --db databases/go --json --ignore-unfixed
  [ "$(jq -r '.vulnerabilities[] | select(.id == "CVE-2099-2002").counts' <<<"$output")" = false ]
}

@test "what no database covers is not judged, and not clean" {
  apk_rootfs <<'RECORDS'
P:busybox
V:1.36.1-r30

RECORDS
  ociassemble build -q --binary "$server" --base rootfs:root.tar -o oci:image:v1
  run -3 --separate-stderr ociassemble vulnerabilities oci:image:v1 --db databases/debian
  grep -qF '1 packages of apk: no database that was given covers Alpine:v3.20' <<<"$output"
  grep -qF 'no database that was given covers Go' <<<"$output"
  run -0 --separate-stderr ociassemble vulnerabilities oci:image:v1 --db databases/debian --unjudged warn
  # An image of a file: nothing is known by name.
  echo data >data
  ociassemble build -q --add data:/data --base scratch -o oci:image:data
  run -3 --separate-stderr ociassemble vulnerabilities oci:image:data --db databases/go
  grep -qF 'no package database and no Go program' <<<"$output"
}

@test "a program in GOPATH mode and one that lost its build information are not judged" {
  mkdir -p gopath/src/hello
  printf 'package main\nfunc main() { println("hello") }\n' >gopath/src/hello/main.go
  (cd gopath/src/hello && GO111MODULE=off GOPATH=$BATS_TEST_TMPDIR/gopath CGO_ENABLED=0 GOCACHE=$FIXTURES/go-cache go build -o ../../../hello .) ||
    skip "this Go has no GOPATH mode"
  ociassemble build -q --binary hello -o oci:image:v1
  run -3 --separate-stderr ociassemble vulnerabilities oci:image:v1 --db databases/go
  grep -qF 'the dependencies of /usr/local/bin/hello: it was built without modules' <<<"$output"
  python3 - <<'PYTHON'
data = open("hello", "rb").read()
open("opaque", "wb").write(data.replace(b"\xff Go buildinf:", b"\xff no buildinf:"))
PYTHON
  ociassemble build -q --binary opaque -o oci:image:v2
  run -3 --separate-stderr ociassemble vulnerabilities oci:image:v2 --db databases/go
  grep -qF "/usr/local/bin/opaque: it is packed or has lost Go's build information" <<<"$output"
}

@test "the newest statement about a vulnerability counts, and is quoted" {
  build_app app
  ociassemble build -q --binary app -o oci:image:v1
  local at=registry.example.com/team/server
  # The document's second statement is newer, and takes back the first.
  run -3 --separate-stderr ociassemble vulnerabilities oci:image:v1 --db databases/go --json --vex "$samples/openvex.json" --name $at
  [ "$(jq -c '.vulnerabilities[] | select(.id == "GO-2099-0001") | [.counts, .vex.status]' <<<"$output")" = '[true,"under_investigation"]' ]
  jq 'del(.statements[1])' "$samples/openvex.json" >first.json
  run -3 --separate-stderr ociassemble vulnerabilities oci:image:v1 --db databases/go --json --vex first.json --name $at
  [ "$(jq -c '.vulnerabilities[] | select(.id == "GO-2099-0001") | [.counts, .vex.status, .vex.justification, .vex.author]' <<<"$output")" = \
    '[false,"not_affected","vulnerable_code_not_in_execute_path","A"]' ]
  run -3 --separate-stderr ociassemble vulnerabilities oci:image:v1 --db databases/go --vex first.json --name $at
  grep -qF 'not_affected by A in first.json: vulnerable_code_not_in_execute_path' <<<"$output"
  # Another image, another module's version: not meant.
  run -3 --separate-stderr ociassemble vulnerabilities oci:image:v1 --db databases/go --json --vex first.json --name registry.example.com/other
  [ "$(jq -c '.vulnerabilities[] | select(.id == "GO-2099-0001") | [.counts, .vex]' <<<"$output")" = '[true,null]' ]
  jq '.statements[0].products[0].subcomponents[0]["@id"] = "pkg:golang/example.com/lib@v1.2.2"' first.json >other.json
  run -3 --separate-stderr ociassemble vulnerabilities oci:image:v1 --db databases/go --json --vex other.json --name $at
  [ "$(jq -c '.vulnerabilities[] | select(.id == "GO-2099-0001") | [.counts, .vex]' <<<"$output")" = '[true,null]' ]
  # Without a reason a statement says nothing.
  jq 'del(.statements[0].justification)' first.json >unfounded.json
  run -1 --separate-stderr ociassemble vulnerabilities oci:image:v1 --db databases/go --vex unfounded.json
  grep -qF 'neither a justification nor an impact_statement' <<<"$stderr"
}

@test "CSAF: a component by a relationship" {
  build_app app
  ociassemble build -q --binary app -o oci:image:v1
  cat >csaf.json <<'JSON'
{"document":{"category":"csaf_vex","publisher":{"name":"Example"},"tracking":{"current_release_date":"2099-03-01T00:00:00Z"}},
 "product_tree":{"branches":[{"category":"vendor","name":"x","branches":[
   {"category":"product_version","name":"1","product":{"product_id":"APP","name":"app","product_identification_helper":{"purl":"pkg:oci/server?repository_url=registry.example.com/team/server"}}},
   {"category":"product_version","name":"2","product":{"product_id":"LIB","name":"lib","product_identification_helper":{"purl":"pkg:golang/example.com/lib"}}}]}],
  "relationships":[{"category":"default_component_of","full_product_name":{"product_id":"APP:LIB","name":"lib in app"},"product_reference":"LIB","relates_to_product_reference":"APP"}]},
 "vulnerabilities":[{"cve":"CVE-2099-0002","product_status":{"known_not_affected":["APP:LIB"]},
   "flags":[{"label":"vulnerable_code_cannot_be_controlled_by_adversary","product_ids":["APP:LIB"]}],
   "threats":[{"category":"impact","details":"inputs are constants","product_ids":["APP:LIB"]}]}]}
JSON
  run -3 --separate-stderr ociassemble vulnerabilities oci:image:v1 --db databases/go --json --vex csaf.json --name registry.example.com/team/server
  [ "$(jq -c '.vulnerabilities[] | select(.id == "GO-2099-0002") | [.counts, .vex.justification, .vex.statement]' <<<"$output")" = \
    '[false,"vulnerable_code_cannot_be_controlled_by_adversary","inputs are constants"]' ]
}

@test "our OpenVEX is read by ourselves" {
  build_app app
  ociassemble build -q --binary app -o oci:image:v1
  run -3 ociassemble vulnerabilities oci:image:v1 --db databases/go --format openvex -o vex.json --name registry.example.com/team/server
  jq -e '.statements | length == 9' vex.json
  [ "$(jq -r '.statements[] | select(.vulnerability.name == "GO-2099-0003").status' vex.json)" = not_affected ]
  run -3 --separate-stderr ociassemble vulnerabilities oci:image:v1 --db databases/go --json --vex vex.json --name registry.example.com/team/server
  [ "$(jq -r '.vulnerabilities[] | select(.id == "GO-2099-0003").vex.status' <<<"$output")" = not_affected ]
  [ "$(jq '[.vulnerabilities[] | select(.vex)] | length' <<<"$output")" = 9 ]
}

@test "SARIF, JUnit, GitLab and annotations have the findings" {
  build_app app
  ociassemble build -q --binary app -o oci:image:v1
  local -a report=(ociassemble vulnerabilities oci:image:v1 --db databases/go --db databases/osv)
  run -3 "${report[@]}" --format sarif -o report.sarif
  [ "$(jq '.runs[0].results | length' report.sarif)" -ge 8 ]
  jq -e 'all(.runs[0].results[]; .locations[0].physicalLocation.artifactLocation.uri != null)' report.sarif
  run -3 "${report[@]}" --format gitlab-container -o report.json
  jq -e '.scan.type == "container_scanning" and any(.vulnerabilities[]; .severity == "High" and .location.dependency.package.name == "example.com/lib")' report.json
  run -3 "${report[@]}" --format junit -o report.xml
  python3 -c 'import xml.etree.ElementTree as e; assert e.parse("report.xml").getroot().iter("failure").__next__() is not None'
  run -3 --separate-stderr "${report[@]}" --format github
  grep -q '^::error ' <<<"$output"
}

@test "GitLab's container scanning keeps to the rules of schema 15.0.7" {
  build_app app
  ociassemble build -q --binary app -o oci:image:v1
  jq -n '{schema_version: "1.7.0", id: "GO-2099-0999", modified: "2026-01-01T00:00:00Z", summary: ("x" * 5000), aliases: [range(40) | "CVE-2099-\(.)"],
    references: [{type: "ADVISORY", url: "javascript:alert(1)"}], database_specific: {severity: "HIGH"},
    affected: [{package: {ecosystem: "Go", name: "stdlib"}, ranges: [{type: "SEMVER", events: [{introduced: "0"}]}]}]}' >databases/go/GO-2099-0999.json ||
    return 1
  mkdir extra && mv databases/go/GO-2099-0999.json extra/
  run -3 ociassemble vulnerabilities oci:image:v1 --db databases/go --db extra --format gitlab-container -o report.json
  python3 - <<'PY'
import json, re
report = json.load(open("report.json", encoding="utf-8"))
assert re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", report["version"])
scan = report["scan"]
for time in (scan["start_time"], scan["end_time"]):
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", time)
assert scan["type"] == "container_scanning" and scan["status"] in ("success", "failure")
for tool in (scan["analyzer"], scan["scanner"]):
    assert all(tool[name] for name in ("id", "name", "version")) and tool["vendor"]["name"]
for message in scan["messages"]:
    assert message["level"] in ("info", "warn", "fatal") and message["value"]
assert len(report["vulnerabilities"]) > 5
ids = set()
for one in report["vulnerabilities"]:
    assert one["id"] and one["id"] not in ids
    ids.add(one["id"])
    assert len(one["name"]) <= 255 and len(one["description"]) <= 1048576 and len(one["solution"]) <= 7000
    assert one["severity"] in ("Info", "Unknown", "Low", "Medium", "High", "Critical")
    assert 1 <= len(one["identifiers"]) <= 20
    for name in one["identifiers"]:
        assert name["type"] and name["name"] and name["value"]
        assert re.match(r"(https?|ftp)://.", name.get("url", "https://x"))
    place = one["location"]
    assert place["image"] and place["operating_system"] and place["dependency"]["package"]["name"]
    assert isinstance(place["dependency"]["version"], str)
assert any(one["name"] == "GO-2099-0999" and one["severity"] == "High" for one in report["vulnerabilities"])
PY
}

@test "the gate of docs/ci.md refuses a vulnerable program, and lets a good one pass" {
  build_app server
  sed -n '/^## A gate/,/^## A Kubernetes/p' "$source_root/docs/ci.md" | sed -n '/^```json/,/^```$/p' | sed '1d;$d' >ociassemble.json
  mv databases all && mv all/go databases
  run -3 ociassemble check -f ociassemble.json --now 2026-11-27 --format sarif -o findings.sarif
  jq -e '[.runs[0].results[].ruleId] | index("vulnerabilities")' findings.sarif
  run -3 ociassemble build -q -f ociassemble.json --now 2026-11-27 -o oci:image:v1
  [[ "$output" = *GO-2099-0001* && "$output" = *'nothing was published'* ]]
  no_image_in image
  # A program of the same module that has none of the packages.
  cp "$(go_server)" server
  run -3 ociassemble check -f ociassemble.json --now 2026-11-27
  [[ "$output" != *GO-2099-0001* && "$output" = *GO-2099-0009* && "$output" = *'days old, more than 7'* ]]
  jq '.policy.vulnerabilities.maxDatabaseAge = "3650d" |
    .policy.except = [{rule: "vulnerabilities", id: "GO-2099-0009", reason: "fmt prints to a pipe", until: "2026-11-30"}]' ociassemble.json >other.json
  run -0 ociassemble check -f other.json --now 2026-11-27
  run -3 ociassemble check -f other.json --now 2026-12-01
  [[ "$output" = *'expired on 2026-11-30'* ]]
}

@test "check has the same as rules" {
  build_app app
  ociassemble build -q --binary app -o oci:image:v1
  run -3 --separate-stderr ociassemble check oci:image:v1 --db databases/go --format json
  [ "$(jq -r '[.images[0].findings[] | select(.rule == "vulnerabilities" and .vulnerability).subject] | sort | join(" ")' <<<"$output")" = \
    "GO-2099-0001 GO-2099-0002 GO-2099-0004 GO-2099-0005 GO-2099-0007 GO-2099-0009 GO-2099-0013 GO-2099-0014" ]
  jq -e '.images[0].findings[] | select(.verdict == "not judged" and .subject == "example.com/local in /usr/local/bin/app")' <<<"$output"
  cat >policy.json <<'JSON'
{"version": 1, "rules": {"vulnerabilities": {"level": "error", "atLeast": "high", "unknownSeverity": "off", "databases": ["databases/go", "databases/osv"], "maxDatabaseAge": "7d"},
 "unknown-severity": {"level": "warn", "databases": ["databases/go", "databases/osv"]}}}
JSON
  run -3 --separate-stderr ociassemble check oci:image:v1 --policy policy.json --format json --now 2024-06-04
  [ "$(jq -r '[.images[0].findings[] | select(.rule == "vulnerabilities" and .vulnerability).subject] | join(" ")' <<<"$output")" = GO-2099-0001 ]
  [ "$(jq -r '[.images[0].findings[] | select(.rule == "unknown-severity").level] | unique | join(" ")' <<<"$output")" = warn ]
  # 3 days old is new enough, 9 are not.
  [ "$(jq '[.images[0].findings[] | select(.reason | contains("days old"))] | length' <<<"$output")" = 0 ]
  run -3 --separate-stderr ociassemble check oci:image:v1 --policy policy.json --format json --now 2024-06-10
  grep -qF 'the database is 9 days old, more than 7' <<<"$output"
  run -3 --separate-stderr ociassemble check oci:image:v1 --policy policy.json --format json
  grep -qF "the database's age is not known without a date" <<<"$output"
  # No database: not judged.
  run -3 --separate-stderr ociassemble check oci:image:v1 --policy <(echo '{"version": 1, "rules": {"vulnerabilities": "error"}}') --format json
  grep -qF 'no database of vulnerabilities was given' <<<"$output"
}

@test "databases that lie: an error, flat memory, and never clean" {
  ociassemble build -q --binary "$server" -o oci:image:v1
  python3 - <<'PYTHON'
import os, zipfile
os.makedirs("bomb"), os.makedirs("many"), os.makedirs("large"), os.makedirs("deep"), os.makedirs("lying")
# A gigabyte of zeros in a megabyte.
with zipfile.ZipFile("bomb/all.zip", "w", zipfile.ZIP_DEFLATED) as z:
    with z.open("GO-1.json", "w", force_zip64=True) as f:
        for _ in range(1024):
            f.write(b"\0" * (1 << 20))
# The same, and the directory says that it is small.
data = bytearray(open("bomb/all.zip", "rb").read())
at = data.rindex(b"PK\x01\x02")
data[at + 24:at + 28] = (4096).to_bytes(4, "little")
open("lying/all.zip", "wb").write(data)
ranges = ",".join('{"type":"SEMVER","events":[{"introduced":"0"}]}' for _ in range(100000))
open("many/GO-1.json", "w").write('{"id":"GO-1","affected":[{"package":{"ecosystem":"Go","name":"stdlib"},"ranges":[%s]}]}' % ranges)
with open("large/GO-1.json", "w") as f:
    f.write('{"id":"GO-1","affected":[')
    f.truncate(2 << 30)
open("deep/GO-1.json", "w").write('{"id":"GO-1","affected":' + "[" * 5000000 + "]" * 5000000 + "}")
PYTHON
  for database in bomb lying many large deep; do
    run -1 --separate-stderr ociassemble vulnerabilities oci:image:v1 --db "$database"
    [ -z "$output" ]
    grep -q "^ociassemble: cannot .*$database/" <<<"$stderr"
    [ "$(peak_memory sh -c "ociassemble vulnerabilities oci:image:v1 --db $database || true")" -lt 128 ]
  done
}

@test "fetching: a new file, the same again, and what is no database" {
  mkdir served
  (cd databases/osv && python3 -m zipfile -c "$BATS_TEST_TMPDIR/served/all.zip" GHSA-aaaa-bbbb-cccc.json)
  port=$(free_port)
  cat >serve.py <<'PYTHON'
import http.server, sys
class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        with open("log", "a") as log:
            print(self.path, self.headers.get("If-Modified-Since", "-"), arguments[2], file=log)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
PYTHON
  python3 serve.py "$port" 3>&- &
  web_server=$!
  wait_for_port "$port"
  local url=http://127.0.0.1:$port/served/all.zip sum
  run -0 --separate-stderr ociassemble db fetch "$url" -o fetched
  sum=$(sha256sum served/all.zip | cut -d' ' -f1)
  [ "$output" = "fetched/served-all.zip: fetched $(stat -c %s served/all.zip) B, sha256 $sum" ]
  [ "$(jq -r '.url + " " + .sha256' fetched/served-all.zip.source)" = "$url $sum" ]
  run -0 --separate-stderr ociassemble db fetch "$url" -o fetched
  [ "$output" = "fetched/served-all.zip: is the newest, sha256 $sum" ]
  tail -1 log | grep -q ' 304$'
  # Another address whose last two names are the same.
  mkdir -p other/served
  cp served/all.zip other/served/
  run -2 --separate-stderr ociassemble db fetch "http://127.0.0.1:$port/other/served/all.zip" -o fetched
  grep -qF "fetched/served-all.zip was fetched from $url" <<<"$stderr"
  grep -qF 'name another file with -o, or remove fetched/served-all.zip' <<<"$stderr"

  # A file that somebody changed is fetched again.
  echo more >>fetched/served-all.zip
  run -0 --separate-stderr ociassemble db fetch "$url" -o fetched
  cmp served/all.zip fetched/served-all.zip
  # What is no database does not replace one.
  head -c 200 served/all.zip >half && touch -d '+1 hour' half && mv half served/all.zip
  run -1 --separate-stderr ociassemble db fetch "$url" -o fetched
  grep -qF 'sent no usable database' <<<"$stderr"
  [ "$(sha256sum fetched/served-all.zip | cut -d' ' -f1)" = "$sum" ]
  [ "$(ls -A fetched)" = "served-all.zip
served-all.zip.source" ]
  # A symlink is followed; what is neither a file nor a folder, or no database by its name, stays what it is.
  (cd databases/osv && python3 -m zipfile -c "$BATS_TEST_TMPDIR/served/whole.zip" GHSA-aaaa-bbbb-cccc.json)
  ln -s target.zip link.zip
  ociassemble db fetch -q "http://127.0.0.1:$port/served/whole.zip" -o link.zip
  [ -L link.zip ]
  cmp served/whole.zip target.zip
  mkfifo pipe.zip
  run -1 --separate-stderr ociassemble db fetch "http://127.0.0.1:$port/served/whole.zip" -o pipe.zip
  grep -qF 'cannot fetch into pipe.zip: it is not a regular file' <<<"$stderr"
  [ -p pipe.zip ]
  echo notes >notes
  run -2 --separate-stderr ociassemble db fetch "http://127.0.0.1:$port/served/whole.zip" -o notes
  grep -qF 'cannot fetch into notes: it is no folder' <<<"$stderr"
  [ "$(cat notes)" = notes ]
  run -1 --separate-stderr ociassemble db fetch "http://127.0.0.1:$port/served/none.zip" -o fetched
  grep -qF 'the server answered 404' <<<"$stderr"
  run -2 --separate-stderr ociassemble db fetch http://example.com/all.zip -o fetched
  grep -qF 'it is not encrypted' <<<"$stderr"
  ociassemble build -q --binary "$server" -o oci:image:v1
  run -3 --separate-stderr ociassemble vulnerabilities oci:image:v1 --db fetched --json
  [ "$(jq -r '.databases[0].url + " " + .databases[0].sha256' <<<"$output")" = "$url $sum" ]
}

@test "an index that cannot be kept is made for the run" {
  need_root
  ociassemble build -q --binary "$server" -o oci:image:v1
  mount --bind databases/go databases/go && mount -o remount,ro,bind databases/go || skip "cannot mount"
  run -3 --separate-stderr ociassemble vulnerabilities oci:image:v1 --db databases/go
  umount databases/go
  grep -qF 'the index of databases/go is not kept' <<<"$stderr"
  grep -qF 'GO-2099-0009' <<<"$output"
}
