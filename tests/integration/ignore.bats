#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What .dockerignore leaves out of folders that are added.
load lib

set_up() {
  mkdir -p web/node_modules/x web/docs
  echo page >web/index.html
  echo map >web/app.map
  echo dependency >web/node_modules/x/index.js
  echo readme >web/docs/README.md
  echo notes >web/docs/notes.md
}

added() { last_layer_in image | tar -t | grep '^srv/.*[^/]$' | sort; }

@test "a folder goes in without what its .dockerignore leaves out, and the file is in the depfile" {
  printf '%s\n' '# no sources' '**/node_modules' '*.map' docs '!docs/README.md' .dockerignore >web/.dockerignore
  ociassemble build -q --any-binary --add web:/srv -o oci:image:v1 --depfile deps
  [ "$(added)" = "$(printf '%s\n' srv/docs/README.md srv/index.html)" ]
  grep -q web/.dockerignore deps
  run -1 grep -q node_modules deps
}

@test "another file of rules can be named, or none" {
  echo '*' >web/.dockerignore
  printf '%s\n' 'web/docs' 'web/node_modules' >rules
  ociassemble build -q --add web:/srv,ignore=rules -o oci:image:v1
  [ "$(added)" = "$(printf '%s\n' srv/.dockerignore srv/app.map srv/index.html)" ]
  ociassemble build -q --add web:/srv,ignore=none -o oci:image:v1
  [ "$(added | wc -l)" -eq 6 ]
}

@test "inspect --why names the line that decided" {
  printf '%s\n' '*' '!docs/README.md' >web/.dockerignore
  run --separate-stderr -0 ociassemble inspect web --why app.map --why docs/README.md
  [ "${lines[0]}" = 'app.map: out (web/.dockerignore:1: *)' ]
  [ "${lines[1]}" = 'docs/README.md: in (web/.dockerignore:2: !docs/README.md)' ]
  [ "$(ociassemble inspect web --why app.map --json | jq -c '.[0] | [.included, .line, .rule]')" = '[false,1,"*"]' ]
}

@test "a malformed rule is an error that names its line, and nothing is written" {
  printf '%s\n' ok 'a[' >web/.dockerignore
  run --separate-stderr -2 ociassemble build -q --add web:/srv -o oci-archive:out.tar
  [[ "$stderr" == *'cannot parse web/.dockerignore:2: pattern "a[": '* ]]
  [ ! -e out.tar ]
}
