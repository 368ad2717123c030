#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a push shows while it works: on terminals of several widths, in a pipe, and with --json.
load lib

set_up() {
  head -c 30000000 /dev/urandom >big
  ociassemble build -q --base static --add big:/srv/data/big --binary "$server" -o oci:image:v1
  : >proxy.out  # there before it is read
  "$source_root/tests/support/slow_proxy" "$REGISTRY" "$PWD/release" >proxy.out 2>proxy.err </dev/null 3>&- &
  proxy=$!
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    front=$(cat proxy.out)
    [ -z "$front" ] || break
    sleep 0.1
  done
  # A registry's own repository each time: nothing is there.
  target=$front/progress-$BATS_TEST_NUMBER:v1
}

tear_down() {
  kill "$proxy" || true
  if [ -n "${socket-}" ]; then tmux -S "$socket" kill-server || true; fi
}

# COLUMNS [VARIABLE=VALUE…]: a push on a terminal of so many columns. $socket is tmux's.
push_on_terminal() {
  local columns=$1
  shift
  type tmux >/dev/null || skip "no tmux"
  socket=$BATS_TEST_TMPDIR/tmux
  tmux -S "$socket" -f /dev/null new-session -d -x "$columns" -y 20 env "$@" sh -c \
    "$(type -P ociassemble) push oci:image:v1 $target; echo ended \$?; sleep 1000" 3>&-
}

screen() { tmux -S "$socket" capture-pane -p -S - "$@" | sed '/^ *$/d'; }

# PATTERN: waits until the screen has a line like it.
wait_for_line() {
  local tries
  for ((tries = 0; tries < 300; tries++)); do
    if screen "${@:2}" | grep -qE -- "$1"; then return; fi
    sleep 0.1
  done
  echo "not on the screen: $1"
  screen
  return 1
}

# What is left when all is done: a line for each blob and the result, and no bar.
check_end() {
  touch release
  wait_for_line '^ended 0' -J
  local digest
  digest=$(digest_in image v1)
  diff <(screen -J | sed -E 's/ *$//; s/\([0-9.]+ k?M?B\)/(SIZE)/' | sort) <(sort <<LINES
ended 0
sent config (SIZE)
sent layer 1: base static (SIZE)
sent layer 2: /srv/data/big (SIZE)
sent layer 3: /usr/local/bin/$(basename "$server") (SIZE)
$target@$digest
LINES
)
}

@test "120 columns: a bar with content, bytes, total and speed, and it is gone at the end" {
  push_on_terminal 120
  wait_for_line '^layer 2: /srv/data/big +\[#+\.+\] [0-9.]+ MB / 30\.0 MB, [0-9.]+ [kM]?B/s *$'
  check_end
}

@test "80 columns: the bar is shorter" {
  push_on_terminal 80
  wait_for_line '^layer 2: /srv/data/big +\[[#.]{12}\] [0-9.]+ MB / 30\.0 MB, [0-9.]+ [kM]?B/s *$'
  check_end
}

@test "40 columns: content, bytes and total" {
  push_on_terminal 40
  wait_for_line '^layer 2: /srv/data/big +[0-9.]+ MB / 30\.0 MB *$|^layer 2: .*\.\.\..* [0-9.]+ MB / 30\.0 MB *$'
  check_end
}

@test "a terminal that is made narrower and wider meanwhile keeps no remains" {
  push_on_terminal 120
  wait_for_line '^layer 2: /srv/data/big +\[[#.]{24}\] .*/s *$'
  tmux -S "$socket" resize-window -x 40 -y 20
  wait_for_line '^layer 2: .* / 30\.0 MB *$'
  tmux -S "$socket" resize-window -x 80 -y 20
  wait_for_line '^layer 2: /srv/data/big +\[[#.]{12}\] .*/s *$'
  [ "$(screen | grep -c '^layer 2')" -eq 1 ]
  check_end
}

@test "NO_COLOR: there is no colour anyway, and bars are none; TERM=dumb has lines" {
  push_on_terminal 80 NO_COLOR=1
  wait_for_line '^layer 2: /srv/data/big +\[#'
  ! tmux -S "$socket" capture-pane -p -e | grep -q $'\e\[[0-9;]*m'
  check_end
}

@test "a dumb terminal and --progress=plain have lines, --progress=none and -q have none" {
  touch release
  push_on_terminal 80 TERM=dumb
  check_end
  local option
  for option in --progress=plain --progress=none -q; do
    run -0 --separate-stderr ociassemble push "$option" oci:image:v1 "$front/quiet${option//[^a-z]/}:v1"
    [ "$output" = "$front/quiet${option//[^a-z]/}:v1@$(digest_in image v1)" ]
    [[ "$stderr" != *$'\e'* ]]
    if [ "$option" = --progress=plain ]; then
      [[ "$stderr" = *"sent layer 2: /srv/data/big (30.0 MB)"* ]]
    else
      [ -z "$stderr" ]
    fi
  done
}

@test "in a pipe short lines, and with --json nothing but the document" {
  touch release
  run -0 --separate-stderr ociassemble push oci:image:v1 "$target"
  [[ "$stderr" = *"sent layer 3: /usr/local/bin/"* ]]
  [ "$(wc -L <<<"$stderr")" -le 80 ]
  run -0 --separate-stderr ociassemble push oci:image:v1 "${target%:*}:v2"
  [[ "$stderr" = *"already there: layer 2: /srv/data/big"* ]]
  run -0 --separate-stderr ociassemble push --json oci:image:v1 "${target%:*}-json:v1"
  [ -z "$stderr" ]
  jq -e .digest <<<"$output" >/dev/null
  # Bars where they are asked for.
  run -0 --separate-stderr ociassemble push --progress=bar oci:image:v1 "${target%:*}-bar:v1"
  [[ "$stderr" = *"layer 2: /srv/data/big"*"["* ]]
}

@test "a build says what it pushes, and that it reads the base only where it does" {
  touch release
  run -0 --separate-stderr ociassemble build --no-cache --base static --add big:/srv/data/big --binary "$server" --push "$target"
  [[ "$stderr" != *"reading layer"* ]]
  [[ "$stderr" = *"sent layer 2: /srv/data/big (30.0 MB)"* ]]
  # A pull names layers by their number: it has no config yet.
  run -0 --separate-stderr ociassemble pull "$target" oci:back:v1
  [[ "$stderr" = *"received layer 2 (30.0 MB)"* ]]
}
