#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Dockerfiles of services become recipes, and what was imported builds.
# shellcheck disable=SC2154  # variables that lib.bash sets
load lib

goldens=$source_root/tests/golden/import

# NAME: the Dockerfile in a context of its own, with its ignore rules; the working directory then.
enter_context() {
  mkdir context
  cp "$goldens/$1.Dockerfile" context/
  echo '**/*.tmp' >context/.dockerignore
  cd context || return 1
}

# FILE: writes a line of its own to it; its folder is made.
put() {
  mkdir -p "$(dirname "$1")"
  echo "$1" >"$1"
}

entries() { ociassemble inspect --files "$1" | awk '{ print $2, $3, $NF }'; }

@test "every Dockerfile gives the recipe that was written for it, on the output and in a file" {
  mkdir context
  cp "$goldens"/*.Dockerfile context/
  touch context/.dockerignore
  cd context
  count=0
  for file in *.Dockerfile; do
    ociassemble import "$file" | cmp - "$goldens/${file%.Dockerfile}.json"
    ociassemble import "$file" -o recipe.json
    cmp recipe.json "$goldens/${file%.Dockerfile}.json"
    count=$((count + 1))
  done
  [ "$count" -eq 10 ]
}

@test "what was imported from a service on alpine builds, and runs as its user" {
  enter_context alpine
  cp "$server" orders
  put config/orders.yml
  put config/draft.tmp
  ociassemble import alpine.Dockerfile -o ociassemble.json
  sed -i '/"caCertificates"/d; /"tzdata"/d' ociassemble.json
  ociassemble build -q -f ociassemble.json --base "rootfs:$(alpine_rootfs)" --cmd '-listen 127.0.0.1:0' -o oci:../image:v1
  cd ..
  [ "$(config_in image | jq -c '.config | [.User, .Entrypoint, .ExposedPorts]')" = \
    '["2000:2001",["/usr/local/bin/orders"],{"8080/tcp":{}}]' ]
  entries oci:image:v1 >files
  grep -q 'etc/orders/orders.yml$' files
  run -1 grep draft.tmp files
  ask_container image:v1
  [[ $answer = *'uid 2000, gid 2001, root read-only' ]]
}

@test "what was imported from scratch with certificates builds" {
  enter_context scratch
  cp "$server" app
  printf -- '-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n' >ca.pem
  mkdir zones
  put zones/UTC
  ociassemble import scratch.Dockerfile -o ociassemble.json
  ociassemble build -q --ca-certificates ca.pem --tzdata zones -o oci:../image:v1
  [ "$(config_in ../image | jq -r .config.User)" = 10001:10001 ]
  ociassemble inspect --files oci:../image:v1 | grep -q etc/passwd
}

@test "owners, modes and arguments of what was imported are in the image" {
  enter_context chown
  cp "$server" ledger
  put data/one
  put ledger.toml
  put 'a file.txt'
  put 'another file.txt'
  put notes.txt
  ociassemble import chown.Dockerfile -o ociassemble.json
  ociassemble build -q -f ociassemble.json --base static --set UID=4444 -o oci:../image:v1
  umoci unpack --image ../image:v1 ../bundle 2>../umoci.log || skip "$(cat ../umoci.log)"
  [ "$(stat -c %u:%g ../bundle/rootfs/var/lib/ledger/one)" = 4000:4001 ]
  [ "$(stat -c %u:%g ../bundle/rootfs/etc/ledger.toml)" = 4444:4001 ]
  [ "$(stat -c %u:%g '../bundle/rootfs/srv/with blanks/a file.txt')" = 1:2 ]
  [ -e ../bundle/rootfs/var/lib/ledger/notes.txt ]
}

@test "an argument without a default must be set" {
  enter_context arguments
  cp "$server" tally
  ociassemble import arguments.Dockerfile -o ociassemble.json
  run --separate-stderr -2 ociassemble build -q -f ociassemble.json --base static -o oci:../image:v1
  [[ "$stderr" = *'the argument COMMIT is not set'* ]]
  ociassemble build -q -f ociassemble.json --base static --set COMMIT=abc -o oci:../image:v1
  [ "$(config_in ../image | jq -r '.config.Labels["org.opencontainers.image.version"]')" = dev+abc ]
  ociassemble import arguments.Dockerfile --build-arg COMMIT=def -o ociassemble.json
  ociassemble build -q -f ociassemble.json --base static -o oci:../other:v1
  [ "$(config_in ../other | jq -r '.config.Labels["org.opencontainers.image.version"]')" = dev+def ]
}

@test "another stage can be imported, and a missing one is an error" {
  enter_context stages
  ociassemble import stages.Dockerfile --target dev >dev.json
  grep -q '"cmd": \["air"\]' dev.json
  grep -q '"user": "root"' dev.json
  run --separate-stderr -1 ociassemble import stages.Dockerfile --target test
  [[ "$stderr" = 'ociassemble: cannot import stages.Dockerfile: there is no stage test'* ]]
}

@test "rules that bear the Dockerfile's name go before the context's" {
  enter_context alpine
  echo '*.bak' >alpine.Dockerfile.dockerignore
  ociassemble import alpine.Dockerfile | grep -qF '"ignore": "alpine.Dockerfile.dockerignore"'
  rm alpine.Dockerfile.dockerignore .dockerignore
  run -1 grep ignore <(ociassemble import alpine.Dockerfile)
}

@test "what is no Dockerfile is an error that names the line, and what was there stays" {
  printf 'FROM alpine\nCOYP a b\n' >Dockerfile
  echo before >recipe.json
  run --separate-stderr -2 ociassemble import Dockerfile -o recipe.json
  [ "${stderr_lines[0]}" = 'ociassemble: Dockerfile:2: unknown instruction COYP' ]
  [ "${stderr_lines[1]}" = '  did you mean COPY?' ]
  [ "$(cat recipe.json)" = before ]
}

@test "the standard input is read" {
  printf 'FROM scratch\nCOPY app /app\nENTRYPOINT ["/app"]\n' | ociassemble import - >recipe.json
  [ "$(head -n 1 recipe.json)" = '// Imported from the standard input.' ]
  cp "$server" app
  ociassemble build -q -f recipe.json -o oci:image:v1
  [ "$(config_in image | jq -r '.config.Entrypoint[0]')" = /app ]
  run --separate-stderr -2 ociassemble import - < <(head -c 1100000 /dev/zero)
  [[ "$stderr" = 'ociassemble: cannot import the standard input: it is over 1 MiB'* ]]
}

@test "a stage and another Dockerfile become profiles of one recipe, which all build" {
  mkdir web
  put web/index.html
  put notes.txt
  printf '%s\n' 'FROM scratch AS base' 'COPY web /srv' 'COPY notes.txt /srv/' 'USER 5' 'FROM base AS dev' 'USER 0' \
    'ENV MODE=dev' 'FROM base' 'ENV MODE=prod' >Dockerfile
  printf '%s\n' 'FROM scratch' 'COPY web /srv' 'ENV MODE=debug' >Dockerfile.debug
  ociassemble import Dockerfile --profile dev=dev --profile debug=Dockerfile.debug -o ociassemble.json
  ociassemble build -q -o oci:image:prod
  ociassemble build -q --all-profiles -o 'oci:image:{profile}'
  [ "$(skopeo inspect --config oci:image:prod | jq -r '.config.Env[0]')" = MODE=prod ]
  [ "$(skopeo inspect --config oci:image:dev | jq -r '.config | .Env[0] + " " + .User')" = 'MODE=dev 0:0' ]
  [ "$(skopeo inspect --config oci:image:debug | jq -r '.config.Env[0]')" = MODE=debug ]
  entries oci:image:dev | grep -q '/srv/notes.txt$'
  [ "$(skopeo inspect oci:image:prod | jq -c .Layers)" = "$(skopeo inspect oci:image:dev | jq -c .Layers)" ]
  run -1 grep -q notes.txt <(entries oci:image:debug)
  run --separate-stderr -1 ociassemble import Dockerfile --profile x=nothing
  [[ "$stderr" = *'there is no stage nothing'* ]]
}

@test "folders that Docker merges are merged in the image" {
  mkdir -p a b
  put a/1
  put b/2
  put c.txt
  printf '%s\n' 'FROM scratch' 'ARG DIR=dst' 'COPY a b c.txt /$DIR/' 'COPY --chown=7 b /other' 'COPY c.txt /other' >Dockerfile
  ociassemble import Dockerfile -o ociassemble.json
  ociassemble build -q --set DIR=else -o oci:image:v1
  entries oci:image:v1 >files
  for path in /else/1 /else/2 /else/c.txt /other/2 /other/c.txt; do grep -q "$path\$" files; done
}

@test "the examples of the documents are what the tool writes" {
  python3 - "$source_root/docs/from-docker.md" <<'END'
import pathlib, re, shlex, subprocess, sys
text = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
examples = re.findall(r"```dockerfile\n(.*?)```\n\n```console\n\$ (.*?)\n```\n\n```json\n(.*?)```", text, re.S)
assert len(examples) == 3, len(examples)
for dockerfile, command, recipe in examples:
    pathlib.Path("Dockerfile").write_text(dockerfile, encoding="utf-8")
    assert subprocess.check_output(shlex.split(command), text=True) == recipe, command
END
}
