#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Whether an image may be deployed (docs/policy.md): rules, levels, exceptions, recipes, and the forms of the findings.
# shellcheck disable=SC2154  # variables that lib.bash sets
load lib
load policy

set_up() { mkdir -m 755 root && mkdir -m 1777 root/tmp; }

@test "a good image passes every level, and each level judges more" {
  build --label org.example=1
  run -0 check
  [[ "$output" = *'2 of 2 rules passed'* ]]
  run -0 check --level recommended
  recommended=$(check --json --level recommended | jq '.images[0].rules | length')
  # The test server is built outside of a repository.
  [ "$(broken --level strict)" = go-vcs ]
  [ "$(check --json --level strict | jq '.images[0].rules | length')" -gt "$recommended" ]
  [ "$recommended" -gt 15 ]
}

@test "ten changes to a good image each break the rule that is about them, and no other" {
  build
  cp -r image good
  again() { rm -rf image root; cp -r good image; mkdir -m 755 root && mkdir -m 1777 root/tmp; }
  level=(--level recommended)
  [ -z "$(broken "${level[@]}")" ]
  reconfigure '.config.User = "0"'
  [ "$(broken "${level[@]}")" = user ]
  again; reconfigure '.config.Env += ["DB_PASSWORD=x"]'
  [ "$(broken "${level[@]}")" = secret-names ]
  again; reconfigure '.config.Volumes = {"/proc": {}}'
  [ "$(broken "${level[@]}")" = volumes ]
  again; reconfigure '.config.WorkingDir = "srv"'
  [ "$(broken "${level[@]}")" = workdir ]
  again; reconfigure '.config.Env += ["LD_PRELOAD=/lib/a.so"]'
  [ "$(broken "${level[@]}")" = preload ]
  again; reconfigure '.config.ExposedPorts = {"80/tcp": {}}'
  [ "$(broken "${level[@]}")" = ports ]
  again; mkdir -p root/usr/bin; echo program >root/usr/bin/su; chmod 4755 root/usr/bin/su; build
  [ "$(broken "${level[@]}")" = setuid ]
  again; mkdir -p root/srv; chmod 777 root/srv; build
  [ "$(broken "${level[@]}")" = world-writable ]
  again; mkdir -p root/root/.ssh; echo key >root/root/.ssh/id_ed25519; build
  [ "$(broken "${level[@]}")" = secret-files ]
  again; mkdir -p root/etc; printf 'root:x:0:0:root:/root:/bin/sh\nother:x:0:0::/:/bin/sh\n' >root/etc/passwd; build
  [ "$(broken "${level[@]}")" = accounts ]
  again; mkdir -p root/usr/sbin; echo program >root/usr/sbin/sshd; build
  [ "$(broken "${level[@]}")" = sshd ]
  again; mkdir -p root/var/lib/apt/lists; echo list >root/var/lib/apt/lists/deb_dists; build
  [ "$(broken "${level[@]}")" = leftovers ]
}

@test "programs: runs, needs, entrypoint" {
  build
  passes runs && passes needs && passes entrypoint
  reconfigure '.config.Entrypoint = ["/nothing"]'
  fails runs && fails entrypoint
  printf '#!/bin/nothing\n' >script && chmod +x script
  build --any-binary --binary "$PWD/script:/script" --entrypoint /script
  fails runs
  passes entrypoint
  mkdir -p root/bin && cp "$server" root/bin/sh
  build --entrypoint '["/bin/sh", "-c", "/server"]'
  fails entrypoint
  build --env TZ=Europe/Berlin 2>/dev/null
  fails needs
  mkdir -p root/usr/share/zoneinfo/Europe && echo zone >root/usr/share/zoneinfo/Europe/Berlin
  build --env TZ=Europe/Berlin
  passes needs
}

@test "files: writable, devices, shell, package-manager, eol" {
  need_root
  mkdir -p root/data && echo file >root/data/file
  build
  passes writable && passes devices && passes shell && passes package-manager
  build --add "$PWD/root/data:/data,owner=65532:65532,mode=0644"
  passes writable '{"allow": ["/data"]}'
  fails writable
  # A volume is the runtime's.
  build --add "$PWD/root/data:/data,owner=65532:65532,mode=0644" --volume /data
  passes writable
  mknod root/null c 1 3 && build
  fails devices
  rm root/null && mkdir -p root/bin root/sbin && echo x >root/bin/busybox && echo x >root/sbin/apk && build
  fails shell && fails package-manager
  passes shell '{"allow": ["/bin/busybox"]}'
  mkdir -p root/etc && printf 'ID=debian\nVERSION_ID="12"\nSUPPORT_END=2028-06-30\n' >root/etc/os-release && build
  only eol
  run -3 check --policy policy.json
  [[ "$output" = *'not judged: eol:'*--now* ]]
  run -0 check --policy policy.json --now 2028-06-30
  run -3 check --policy policy.json --now 2028-07-01
  only eol '{"ends": ["debian:12=2027-01-01"]}'
  run -3 check --policy policy.json --now 2028-01-01
}

@test "config and manifest: labels, base, tag, age, layers, healthcheck, user" {
  build --label org.example.url=https://example.com --label org.example.version=1.2.3
  passes labels '{"required": ["org.example.url"], "url": ["org.example.url"], "semver": ["org.example.version"]}'
  fails labels '{"required": ["org.example.team"]}'
  fails labels '{"semver": ["org.example.url"]}'
  fails labels '{"annotations": ["org.example.url"]}'
  passes layers && fails layers '{"atMost": 1}'
  fails healthcheck
  build --healthcheck '["CMD", "/server"]'
  passes healthcheck
  passes user && fails user '{"min": 100000}'
  fails base '{"allow": ["alpine:*"]}' # not judged: a root file system has no name
  build --annotation org.opencontainers.image.base.name=docker.io/library/alpine:3.20
  passes base '{"allow": ["docker.io/library/alpine:*"]}'
  fails base '{"allow": ["docker.io/library/debian:*"]}'
  fails base '{"pinned": true}'
  passes tag
  only tag
  ociassemble copy -q oci:image:v1 oci:image:latest >/dev/null
  run -3 ociassemble check --policy policy.json oci:image:latest
  only age '{"atMost": "30d"}'
  run -3 check --policy policy.json --now 2026-01-31
  [[ "$output" = *'not judged: age:'*'--created vcs'* ]]
  build --created 2026-01-01T00:00:00Z
  run -3 check --policy policy.json
  [[ "$output" = *'not judged: age:'*--now* ]]
  run -0 check --policy policy.json --now 2026-01-31
  run -3 check --policy policy.json --now 2026-02-01
}

@test "Go: version, cgo, -trimpath, commit, checksums, modules, build mode, processor, symbols" {
  build
  version=$(ociassemble inspect --json oci:image:v1 | jq -r '.programs[0].go.version')
  passes go-version "{\"exactly\": \"$version\"}"
  fails go-version '{"exactly": "1.2"}'
  fails go-version '{"atLeast": "99.0"}'
  printf 'module example.com/a\n\ngo 1.18\n' >go.mod
  passes go-version '{"goMod": "go.mod"}'
  printf 'module example.com/a\n\ngo 1.18\n\ntoolchain go99.1.2\n' >go.mod
  fails go-version '{"goMod": "go.mod"}'
  passes go-cgo && passes go-trimpath && fails go-vcs && passes go-sums
  passes go-buildmode && fails go-buildmode '{"allow": ["pie"]}'
  passes go-cpu '{"amd64": "v1"}'
  fails go-stripped "{\"stripped\": $(ociassemble inspect --json oci:image:v1 | jq '.programs[0].go.stripped | not')}"
  run -0 check --level default
}

@test "levels and policies that are wrong are refused with the nearest name" {
  build
  for wrong in '{"usr": "error"}' '{"rules": {"user": "fatal"}}' '{"user": {"mni": 3}}' '{"version": 2}' '[]' '{' \
    '{"except": [{"rule": "user"}]}' '{"except": [{"rule": "usr", "reason": "x"}]}' '{"age": "error"}' \
    '{"budget": {}}' '{"labels": "error"}' '{"base": {"allow": []}}' '{"go-version": "error"}' '{"go-modules": {}}' \
    '{"rules": {"user": "error"}, "user": "off"}' '' 'level: strict' \
    '{"except": [{"rule": "user", "reason": "x", "until": "2026-02-30"}]}' '{"level": "pci"}' '{"age": {"atMost": 30}}'; do
    echo "$wrong" >policy.json
    run -2 check --policy policy.json
    [[ "$output" = *policy.json* ]]
  done
  echo '{"rules": {"usr": "error"}}' >policy.json
  run -2 check --policy policy.json
  [[ "$output" = *'did you mean "user"?'* ]]
  run -2 check --level recommended --policy policy.json
  run -2 check --format xml
  run -1 check --policy none.json
}

@test "an exception needs a reason, holds until its day, and fails after it" {
  mkdir -p root/usr/bin && echo program >root/usr/bin/su && chmod 4755 root/usr/bin/su && build
  except() { jq -n --argjson e "$1" '{level: "recommended", except: [$e]}' >policy.json; }
  except '{"rule": "setuid", "path": "/usr/bin/su", "reason": "of the base"}'
  run -0 check --policy policy.json
  [[ "$output" = *'1 excepted'* ]]
  except '{"rule": "setuid", "path": "/usr/bin/*", "reason": "of the base", "until": "2026-11-27"}'
  run -0 check --policy policy.json --now 2026-11-27T23:59:59Z
  run -3 check --policy policy.json --now 2026-11-28
  [[ "$output" = *'/usr/bin/su gains'* && "$output" = *'expired on 2026-11-27 ("of the base")'* ]]
  run -3 check --policy policy.json
  [[ "$output" = *'not judged: except:'* ]]
  except '{"rule": "setuid", "path": "/usr/bin/other", "reason": "of the base"}'
  run -3 check --policy policy.json
  # What has expired fails, though nothing needs it any more.
  rm -r root/usr && build
  except '{"rule": "setuid", "path": "/usr/bin/su", "reason": "of the base", "until": "2026-11-27"}'
  run -3 check --policy policy.json --now 2026-11-28
}

@test "what is not judged is status 3, unless the policy says otherwise" {
  build
  only base '{"pinned": true}'
  run -3 check --policy policy.json
  [[ "$output" = *'not judged: base:'* ]]
  for how in warn off; do
    jq --arg how "$how" '.notJudged = $how' policy.json >other.json
    run -0 check --policy other.json
  done
  jq '.base.level = "warn"' policy.json >other.json
  run -0 check --policy other.json
}

@test "a recipe's policy refuses before anything is published" {
  cp "$server" server
  cat >ociassemble.json <<'JSON'
{
  "base": "static",
  "binaries": {"/server": "server"},
  "policy": {
    "level": "recommended",
    // nobody has it yet
    "go-version": {"atLeast": "99.0"}
  }
}
JSON
  refused -3 --separate-stderr ociassemble build -q -o oci:image:v1
  [[ "$stderr" = *'nothing was published: the policy of ociassemble.json refuses the image'* && "$stderr" = *'go-version: /server was built with'* ]]
  no_image_in image
  run -3 ociassemble check -f ociassemble.json --format github
  [[ "$output" = '::error file=ociassemble.json,line=7,title=ociassemble%3A go-version::'* ]]
  # The same rules in a file, and a profile that changes one.
  jq -n '{level: "recommended", "go-version": {atLeast: "99.0"}}' >policy.json
  sed -n '/^  "policy"/q;p' ociassemble.json >head.json
  { cat head.json; echo '"policy": "policy.json", "profiles": {"dev": {"policy": {"user": "error"}}}}'; } >ociassemble.json
  run -3 ociassemble build -q -o oci:image:v1
  no_image_in image
  ociassemble build -q --profile dev -o oci:image:v1 >/dev/null
  { cat head.json; echo '"policy": "none.json"}'; } >ociassemble.json
  run -2 ociassemble build -q -o oci:other:v1
  [[ "$output" = *'ociassemble.json:4:11: policy: cannot open none.json'* ]]
  { cat head.json; echo '"policy": {"usr": "error"}}'; } >ociassemble.json
  run -2 ociassemble build -q -o oci:other:v1
  [[ "$output" = *'ociassemble.json:4:11: policy: usr: no such member or rule'*'did you mean "user"?'* ]]
}

@test "the rule needs of a recipe's policy is the gate's level" {
  cp "$server" server
  recipe() { echo "{\"base\": \"static\", \"binaries\": {\"/server\": \"server\"}, \"env\": {\"TZ\": \"Europe/Berlin\"}, \"policy\": $1}" >ociassemble.json; }
  recipe '{"needs": "off"}'
  run -0 ociassemble build -q -o oci:image:v1
  [[ "$output" != *'time zone'* ]]
  recipe '{"needs": "error"}'
  run -3 ociassemble build -q -o oci:image:v1
  [[ "$output" = *'no such time zone'* ]]
  recipe '{"needs": "error", "except": [{"rule": "needs", "path": "/server", "reason": "UTC is meant"}]}'
  run -0 ociassemble build -q -o oci:image:v1
}

@test "findings are text, JSON, SARIF, GitLab's, JUnit and annotations, and the same each time" {
  build --user 0:0
  jq -n '{level: "recommended", base: {pinned: true}}' >policy.json # the base on line 3
  for format in text json sarif gitlab gitlab-container junit github; do
    run -3 ociassemble check --policy policy.json --format "$format" -o "$format" oci:image:v1
    [ -z "$output" ]
    run -3 ociassemble check --policy policy.json --format "$format" oci:image:v1
    [ "$output" = "$(cat "$format")" ]
  done
  [ "$(jq -r '[.images[0].findings[].rule] | join(" ")' json)" = 'user base' ]
  [ "$(jq '.images[0].passed' json)" = false ]
  jq -e '.runs[0].results | length == 2 and all(.locations[0].physicalLocation.artifactLocation.uri == "policy.json")' sarif
  [ "$(jq -c '[.runs[0].results[].locations[0].physicalLocation.region.startLine]' sarif)" = '[2,3]' ]
  jq -e '.runs[0] | [.results[].ruleId] == [.tool.driver.rules[].id]' sarif
  jq -e 'length == 2 and all(.location.path == "policy.json" and (.fingerprint | length == 64))' gitlab
  jq -e '.scan.type == "container_scanning" and .vulnerabilities == []' gitlab-container
  [ "$(grep -c '^::error file=policy.json,line=' github)" -eq 2 ]
  python3 - <<'PY'
import xml.etree.ElementTree as tree
suite = tree.parse("junit").getroot()[0]
cases = suite.findall("testcase")
assert int(suite.get("tests")) == len(cases) > 15
assert [case.get("name") for case in cases if case.find("failure") is not None] == ["user"]
assert [case.get("name") for case in cases if case.find("error") is not None] == ["base"]
PY
}

@test "hostile names break no form of the findings" {
  mkdir -p root/srv && touch "root/srv/$(printf 'a\x1b[31m<&">%%0A::error::,\n')" && chmod 666 root/srv/* && build
  only world-writable
  for format in text json sarif gitlab junit github; do
    run -3 ociassemble check --policy policy.json --format "$format" -o "$format" oci:image:v1
    run ! grep -q "$(printf '\x1b')" "$format"
  done
  for format in json sarif gitlab; do jq -e . "$format" >/dev/null; done
  python3 -c 'import xml.etree.ElementTree as t; t.parse("junit")'
  [ "$(wc -l <github)" -eq 1 ]
  [[ "$(cat github)" = *%250A* ]]
}

@test "JUnit is read by other readers" {
  build --user 0:0
  jq -n '{level: "recommended", base: {pinned: true}}' >policy.json
  run -3 ociassemble check --policy policy.json --format junit -o junit.xml oci:image:v1
  local readers=0
  # Debian's package is for Debian's Python.
  if /usr/bin/python3 -c 'import junitparser' 2>/dev/null; then
    readers=$((readers + 1))
    /usr/bin/python3 - <<'PY'
import junitparser
file = junitparser.JUnitXml.fromfile("junit.xml")
suite = next(iter(file))
of = lambda kind: [case.name for case in suite for result in case.result if isinstance(result, kind)]
assert suite.tests == len(list(suite)) > 15 and suite.failures == 1 and suite.errors == 1
assert of(junitparser.Failure) == ["user"] and of(junitparser.Error) == ["base"]
PY
  fi
  if [ -n "${JUNIT2JSON-}" ]; then
    readers=$((readers + 1))
    (cd "$JUNIT2JSON" && node --input-type=module -e '
      import { parse } from "junit2json"; import fs from "fs";
      const found = await parse(fs.readFileSync(process.argv[1], "utf8"));
      const suite = found.testsuite[0];
      const named = (kind) => suite.testcase.filter((one) => one[kind]).map((one) => one.name).join();
      console.log(suite.testcase.length === suite.tests, named("failure"), named("error"));' "$BATS_TEST_TMPDIR/junit.xml") >answer
    [ "$(cat answer)" = 'true user base' ]
  fi
  [ "$readers" -gt 0 ] || skip "neither python3-junitparser nor JUNIT2JSON (a folder with npm: junit2json)"
}

@test "SARIF is valid by Microsoft's validator" {
  tool=${SARIF_MULTITOOL-}
  [ -n "$tool" ] || skip "SARIF_MULTITOOL names no sarif-multitool (npm: @microsoft/sarif-multitool)"
  build --user 0:0
  run -3 ociassemble check --level strict --format sarif -o findings.sarif oci:image:v1
  run -0 "$tool" validate findings.sarif
  [[ "$output" != *'error SARIF'* && "$output" != *'error JSON'* ]]
  # The validator sees what is wrong.
  jq 'del(.runs[0].results[0].message)' findings.sarif >wrong.sarif
  run "$tool" validate wrong.sarif
  [[ "$output" = *'error JSON'* ]]
}

@test "budgets: what is too large, and what grew since another image" {
  build
  cp -r image before
  size=$(stat -c %s "$server")
  passes budget "{\"program\": $size, \"image\": \"100MB\", \"layer\": \"100MB\"}"
  fails budget "{\"program\": $((size - 1))}"
  fails budget '{"image": "1kB"}'
  fails budget '{"layer": 1000}'
  fails budget '{"programGrowth": 0}' # not judged
  only budget '{"programGrowth": "1kB", "imageGrowth": "1kB"}'
  run -0 check --policy policy.json --against oci:before:v1
  # Another program at the same path.
  cp "$(type -P ociassemble)" root/file && build
  run -3 check --policy policy.json --against oci:before:v1
  [[ "$output" = *'budget: the image grew: '*'/file 0 B -> '* ]]
}

@test "the code of a Go program is counted as Go's own tools count it" {
  command -v go >/dev/null || skip "needs go"
  mkdir one && cd one
  printf 'module example.test/one\n\ngo 1.18\n' >go.mod
  printf 'package main\n\nfunc main() { println(1) }\n' >main.go
  GOFLAGS=-mod=mod CGO_ENABLED=0 go build -trimpath -o ../small . || skip "go cannot build here"
  printf 'package main\n\nimport "net/http"\n\nfunc main() { println(http.ListenAndServe("", nil)) }\n' >main.go
  GOFLAGS=-mod=mod CGO_ENABLED=0 go build -trimpath -o ../large .
  cd ..
  for one in small large; do ociassemble build -q --binary "$PWD/$one:/app" -o "oci:$one.image:v1" >/dev/null; done
  only budget '{"programGrowth": "1kB"}'
  line=$({ ociassemble check --json --policy policy.json --against oci:small.image:v1 oci:large.image:v1 || true; } | jq -r '.images[0].findings[0].details[]' | grep 'package net/http ')
  # A function reaches to the next one.
  go tool nm -n large >symbols
  shown=$(python3 - <<'PY'
import re
total, before, name = 0, 0, ""
for line in open("symbols", encoding="utf-8"):
    address, kind, symbol = line.split(None, 2)
    if kind not in "tT":
        continue
    if re.match(r"net/http\.[^/]*$", name):
        total += int(address, 16) - before
    before, name = int(address, 16), symbol.strip()
print(f"{total / 1000:.1f} kB")
PY
)
  [[ "$line" = *"package net/http 0 B -> $shown (+$shown) of code" ]]
}

@test "files of container-structure-test 2.0.0" {
  mkdir -p root/etc root/usr/share/doc/one && printf 'root:x:0:0:root:/root:/bin/sh\n' >root/etc/passwd && ln -s passwd root/etc/link
  echo 'under the MIT licence' >root/usr/share/doc/one/copyright && chmod 4755 root/usr/share/doc/one/copyright
  build --env A=b --label vendor=ACME --entrypoint '["/server"]' --cmd '["serve"]' --user 1000:1000 --expose 8080 --volume /data --workdir /tmp
  cat >good.yaml <<'YAML'
schemaVersion: '2.0.0'
fileExistenceTests:
  - {name: root, path: /, permissions: drwxr-xr-x}
  - {name: temporary files, path: /tmp, shouldExist: true, permissions: dtrwxrwxrwx, uid: 0, gid: 0}
  - {name: a program, path: /server, isExecutableBy: other, permissions: '-r-xr-xr-x'}
  - {name: nothing, path: /none, shouldExist: false}
  - {name: a link, path: /etc/link, permissions: Lrwxrwxrwx}
  - {name: setuid, path: /usr/share/doc/one/copyright, permissions: urwxr-xr-x}
fileContentTests:
  - name: accounts
    path: /etc/link
    expectedContents: ['root:.*:0:0:', "^root"]
    excludedContents: ['nobody']
licenseTests:
  - {debian: true, files: [/etc/passwd]}
metadataTest:
  envVars: [{key: A, value: b}, {key: PATH, value: '^/usr/local/sbin:', isRegex: true}]
  labels: [{key: vendor, value: 'AC.E', isRegex: true}]
  exposedPorts: ['8080']
  volumes: [/data]
  entrypoint: [/server]
  cmd: [serve]
  workdir: /tmp
  user: '1000:1000'
YAML
  passes structure-tests '{"files": ["good.yaml"]}'
  # JSON of the same.
  python3 -c 'import json, sys, yaml; json.dump(yaml.safe_load(open("good.yaml")), open("good.json", "w"))' && passes structure-tests '{"files": "good.json"}'
  # Each line alone is wrong.
  while IFS='|' read -r member test words; do
    printf "schemaVersion: '2.0.0'\n%s: %s\n" "$member" "$test" >bad.yaml
    fails structure-tests '{"files": ["bad.yaml"]}'
    run -3 check --policy policy.json
    [[ "$output" = *"$words"* ]]
  done <<'TESTS'
fileExistenceTests|[{name: x, path: /none}]|x: /none does not exist
fileExistenceTests|[{name: x, path: /server, shouldExist: false}]|x: /server exists
fileExistenceTests|[{name: x, path: /tmp, permissions: drwxrwxrwx}]|x: /tmp is dtrwxrwxrwx, not drwxrwxrwx
fileExistenceTests|[{name: x, path: /server, uid: 7}]|x: /server belongs to 0:0
fileExistenceTests|[{name: x, path: /etc/passwd, isExecutableBy: any}]|x: /etc/passwd is not executable by any
fileContentTests|[{name: x, path: /etc/passwd, expectedContents: [nobody]}]|x: /etc/passwd does not hold nobody
fileContentTests|[{name: x, path: /etc/passwd, excludedContents: ['r..t']}]|x: /etc/passwd holds r..t
fileContentTests|[{name: x, path: /etc}]|x: /etc is no file of the image
fileContentTests|[{name: x, path: /etc/passwd, expectedContents: ['(?P<a>x)']}]|not judged: structure-tests: x: the expression
metadataTest|{envVars: [{key: A, value: c}]}|envVars A is b, not c
metadataTest|{labels: [{key: nobody, value: c}]}|labels nobody is not set
metadataTest|{exposedPorts: ['9']}|exposedPorts 9 is missing
metadataTest|{cmd: []}|cmd is [serve]
metadataTest|{user: root}|user is 1000:1000, not root
metadataTest|{unmountedVolumes: [/data]}|unmountedVolumes /data is declared
TESTS
  printf "schemaVersion: '2.0.0'\ncommandTests:\n  - {name: run, command: /server}\n" >commands.yaml
  only structure-tests '{"files": ["commands.yaml"]}'
  run -0 check --policy policy.json
  [[ "$output" = *'not judged: structure-tests: run: command tests are not run'* ]]
  # The file's line is where a finding is shown.
  printf "schemaVersion: '2.0.0'\nfileExistenceTests:\n  - {name: x, path: /none}\n" >bad.yaml
  only structure-tests '{"files": ["bad.yaml"]}'
  run -3 check --policy policy.json --format github
  [[ "$output" = '::error file=bad.yaml,line=3,'* ]]
}

@test "files of container-structure-test that are wrong are refused" {
  build
  while IFS='|' read -r text words; do
    printf %b "$text" >bad.yaml
    only structure-tests '{"files": ["bad.yaml"]}'
    run -2 check --policy policy.json
    [[ "$output" = *bad.yaml*"$words"* ]]
  done <<'FILES'
schemaVersion: '1.0.0'|schemaVersion is not 2.0.0
schemaVersion: '2.0.0'\nfileExistanceTests: []|did you mean fileExistenceTests?
schemaVersion: '2.0.0'\nfileExistenceTests: {}|is no list
schemaVersion: '2.0.0'\nfileExistenceTests: [{name: x, path: /server, permisions: x}]|did you mean permissions?
schemaVersion: '2.0.0'\nfileContentTests: [{name: x, path: /server, expectedContent: [x]}]|did you mean expectedContents?
schemaVersion: '2.0.0'\nlicenseTests: [{debian: true, file: [/x]}]|did you mean files?
schemaVersion: '2.0.0'\nmetadataTest: {envVars: [{key: A, valu: b}]}|did you mean value?
schemaVersion: '2.0.0'\nmetadataTest: {envVars: [{value: b}]}|an element of envVars has no key
schemaVersion: '2.0.0'\nmetadataTest: {unboundEnvVars: A}|unboundEnvVars is no list
schemaVersion: '2.0.0'\nfileExistenceTests:\n  - name: x|:3: a test has no path
schemaVersion: [|it is no YAML
- x|schemaVersion is not 2.0.0
FILES
  only structure-tests '{"files": ["none.yaml"]}'
  run -1 check --policy policy.json
}

@test "expressions of tests mean what they mean to Go" {
  command -v go >/dev/null || skip "needs go"
  cases=$(sed -n '/kCases\[\] = {/,/^  };/p' "$BATS_TEST_DIRNAME/../unit/policy/regular_expression_test.cpp" | sed '1d;$d')
  [ "$(wc -l <<<"$cases")" -gt 15 ]
  cat >main.go <<GO
package main

import "regexp"

type one struct {
	expression, text string
	matches bool
}

func main() {
	for _, c := range []one{
$cases
	} {
		if regexp.MustCompile(c.expression).MatchString(c.text) != c.matches {
			panic(c.expression)
		}
	}
}
GO
  go run main.go
}

@test "import --policy writes the rules that the stages' commands imply, and build holds to them" {
  cat >Dockerfile <<'DOCKERFILE'
FROM golang:1.18.1-bookworm AS build
ENV CGO_ENABLED=0 GOFLAGS=-trimpath GOPROXY=https://proxy.example.com GOSUMDB=sum.golang.org
WORKDIR /src
COPY . .
RUN GOAMD64=v2 go build -ldflags="-s -w" -o /server ./cmd/server
FROM scratch
COPY --from=build /server /server
USER 65532:65532
ENTRYPOINT ["/server"]
DOCKERFILE
  ociassemble import Dockerfile --policy -o ociassemble.json
  policy=$(grep '"policy"' ociassemble.json | sed 's/^ *"policy": //; s/,$//')
  jq -e '. == {"go-version": {"atLeast": "1.18.1"}, "go-cgo": "error", "go-trimpath": "error", "go-stripped": {"stripped": true},
    "go-cpu": {"amd64": "v2"}, "go-sums": "error"}' <<<"$policy"
  # What the recipe says is a policy.
  build
  jq '. + {"go-stripped": "off", "go-version": {"atLeast": "1.18"}}' <<<"$policy" >policy.json
  run -0 check --policy policy.json
  run ! grep -q policy <(ociassemble import Dockerfile)
  # A stage that says nothing implies nothing.
  sed -i '/^ENV/d; s/GOAMD64=v2 //; s/-ldflags="-s -w" //; s/:1.18.1-bookworm//' Dockerfile
  run -0 ociassemble import Dockerfile --policy
  [[ "$output" != *'"policy"'* && "$output" = *'imply no policy'* ]]
}

@test "writable folders without volumes, as clusters want them that refuse volumes" {
  cp "$server" server
  ociassemble build -q --binary server --writable /data --no-writable-volumes -o oci:image:v1 >/dev/null
  ociassemble inspect --json oci:image:v1 | jq -e '.config | .volumes == [] and .labels["dev.ociassemble.writable-paths"] == "/data" and
    (.labels.RUN | endswith(" --volume /data IMAGE"))'
  [ "$(ociassemble inspect --files oci:image:v1 | awk '$NF == "/data" {print $2, $3}')" = 'drwxr-xr-x 65532/65532' ]
  passes writable
  ociassemble build -q --binary server --writable /data -o oci:other:v1 >/dev/null
  ociassemble inspect --json oci:other:v1 | jq -e '.config.volumes == ["/data"]'
  echo '{"base": "static", "binaries": {"/server": "server"}, "writable": ["/data"], "writableVolumes": false}' >ociassemble.json
  ociassemble build -q -o oci:recipe:v1 >/dev/null
  ociassemble inspect --json oci:recipe:v1 | jq -e '.config.volumes == []'
}

@test "inspect --json --facts has the members that the example for conftest uses" {
  example=$(sed -n '/^```rego/,/^```$/p' "$BATS_TEST_DIRNAME/../../docs/policy.md")
  for member in input.programs input.facts.user.uid input.facts.files input.facts.packages; do [[ "$example" = *$member* ]]; done
  # The questions of the example; nothing denies a good image.
  denied() {
    ociassemble inspect --json --facts oci:image:v1 | jq -r '
      (.programs[] | select(.go.settings["-trimpath"] != "true") | "\(.path) was built without -trimpath"),
      (select(.facts.user.uid == 0) | "the image runs as root"),
      (.facts.files[] | select(.type == "file" and (.mode | test("^[2-7]"))) | "\(.path) is setuid or setgid"),
      (.facts.packages[] | select(.source == "openssh") | "\(.name) is installed")'
  }
  build
  [ -z "$(denied)" ]
  mkdir -p root/usr/bin root/var/lib/dpkg && echo x >root/usr/bin/su && chmod 4755 root/usr/bin/su
  printf 'Package: openssh-server\nStatus: install ok installed\nSource: openssh\nArchitecture: amd64\nVersion: 1:9.2p1-2\n\n' >root/var/lib/dpkg/status
  build --user 0:0
  [ "$(denied)" = 'the image runs as root
/usr/bin/su is setuid or setgid
openssh-server is installed' ]
}

@test "the facts of an image are those that the rules found" {
  need_root
  mkdir -p root/etc root/usr/bin root/srv
  printf 'root::0:0:root:/root:/bin/sh\nsvc:x:7:8::/srv:/bin/false\n' >root/etc/passwd
  printf 'ID=debian\nVERSION_ID="12"\nSUPPORT_END=2028-06-30\n' >root/etc/os-release
  echo /lib/a.so >root/etc/ld.so.preload
  openssl genpkey -algorithm ed25519 -out root/srv/key.pem
  mknod root/null c 1 3 && ln -s su root/usr/bin/link && echo x >root/usr/bin/su
  build --user svc --healthcheck '["CMD", "/server"]' --env TZ=Europe/Berlin --cap net_bind_service 2>/dev/null
  ociassemble inspect --json --facts oci:image:v1 >facts
  jq -e '.config.healthcheck.Test == ["CMD", "/server"]' facts
  jq -e '.facts | .tag == "v1" and .user == {uid: 7, gid: 8, home: "/srv"} and .loaderPreload == "/lib/a.so\n" and .start.program == "/server"' facts
  jq -e '.facts.operatingSystem | .id == "debian" and .supportEnd == "2028-06-30"' facts
  jq -e '.facts.accounts | map(select(.emptyPassword).name) == ["root"]' facts
  jq -e '[.facts.files[] | select(.privateKey).path] == ["/srv/key.pem"]' facts
  jq -e '[.facts.files[] | select(.type == "character-device").path] == ["/null"]' facts
  jq -e '[.facts.files[] | select(.type == "symlink") | .path, .target] == ["/usr/bin/link", "su"]' facts
  jq -e '[.facts.files[] | select(.capabilities) | .path, .capabilities[]] == ["/server", "net_bind_service"]' facts
  jq -e '.facts.programs[] | select(.path == "/server") | .needsKnown and ([.needs[] | select(.met | not).need] == ["timeZones"])' facts
  jq -e '.facts.programs[0].codeOfModules.std > 100000 and .facts.starts == []' facts
  run -2 ociassemble inspect --facts oci:image:v1
}

@test "check reads an image without files only where no rule asks for files" {
  build
  jq -n '{runs: "off", needs: "off", user: "error", tag: "error"}' >policy.json
  manifest=$(jq -r '.manifests[0].digest' image/index.json)
  layer=$(jq -r '.layers[0].digest' "$(blob image "$manifest")")
  rm "$(blob image "$layer")"
  run -0 check --policy policy.json
  run -1 check --level recommended
  [[ "$output" = *"$layer"* ]]
}

@test "layers that the cache knows are not read again" {
  build
  [ -z "$(broken --level recommended)" ]
  check --json --level strict >before || [ $? -eq 3 ]
  find image/blobs -type f -size +2k -delete
  [ -z "$(broken --level recommended)" ]
  check --json --level strict >after || [ $? -eq 3 ]
  cmp before after
  run -1 check --level recommended --cache-dir other
  [[ "$output" = *'no such blob'* ]]
}

@test "a build with a policy keeps the layers that are there, and a refused one leaves none" {
  cp "$server" server
  recipe() { echo "{\"base\": \"static\", \"binaries\": {\"/server\": \"server\"}, \"policy\": $1}" >ociassemble.json; }
  recipe '{"level": "recommended"}'
  sleep 0.1
  ociassemble build -q -o oci:image:v1 >digest
  find image/blobs -type f -printf '%i %n %p\n' | sort >blobs
  [ "$(cut -d' ' -f2 blobs | sort -u)" = 1 ] # no link of the temporary folder is left
  [ "$(ociassemble build -q -o oci:image:v1)" = "$(cat digest)" ]
  find image/blobs -type f -printf '%i %n %p\n' | sort | cmp - blobs
  ociassemble verify oci:image:v1
  # The cache knows the layers from the build, all but what programs need, which the gates have judged.
  find image/blobs -type f -size +2k -delete
  jq -n '{level: "recommended", needs: "off"}' >policy.json
  run -0 ociassemble check --policy policy.json oci:image:v1
  recipe '{"user": {"min": 100000}}'
  run -3 ociassemble build -q -o oci:refused:v1
  [ -z "$(find refused/blobs -type f 2>/dev/null)" ]
  # In the places of two layouts.
  recipe '{"level": "recommended"}'
  ociassemble build -q -o oci:one:v1 -o oci:two:v1 >/dev/null
  ociassemble verify oci:one:v1 && ociassemble verify oci:two:v1
}

@test "a build's policy judges what grew since another image" {
  cp "$server" server
  recipe() { echo "{\"base\": \"static\", \"binaries\": {\"/server\": \"server\"}$1}" >ociassemble.json; }
  recipe ''
  ociassemble build -q -o oci:before:v1 >/dev/null
  run -2 ociassemble build -q --against oci:before:v1 -o oci:image:v1
  [[ "$output" = *'cannot use --against oci:before:v1: the recipe has no policy'* ]]
  recipe ', "policy": {"budget": {"programGrowth": "1kB", "imageGrowth": "1kB"}}'
  run -3 ociassemble build -q -o oci:image:v1
  [[ "$output" = *'not judged: budget:'*'--against IMAGE'* ]]
  run -0 ociassemble build -q --against oci:before:v1 -o oci:image:v1
  head -c 5000 /dev/urandom >>server
  run -3 ociassemble build -q --against oci:before:v1 -o oci:image:v1
  [[ "$output" = *'budget: /server grew: '*'(+5.0 kB); 1.0 kB are allowed'* ]]
  run -1 ociassemble build -q --against oci:none:v1 -o oci:image:v1
}

@test "the document has the rules and levels that the command has" {
  documented=$(sed -n '/^| rule | demands/,/^$/p' "$BATS_TEST_DIRNAME/../../docs/policy.md" | sed -n 's/^| `\([a-z-]*\)` | .* | \(off\|warn\|error\) | \(off\|warn\|error\) | \(off\|warn\|error\) | .*/\1 \2 \3 \4/p')
  listed=$(ociassemble check --list | tail -n +2 | awk '{print $1, $2, $3, $4}')
  [ "$documented" = "$listed" ]
  [ "$(jq -r '.properties.rules.properties | keys[]' "$BATS_TEST_DIRNAME/../../docs/schema/policy.schema.json" | sort)" = "$(cut -d' ' -f1 <<<"$listed" | sort)" ]
}
