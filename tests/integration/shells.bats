#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Completion in the shells, and the man pages.
load lib

completions=$BATS_TEST_DIRNAME/../../tools/completions

set_up() {
  cat >ociassemble.json <<'JSON'
{
  "base": "scratch", "args": {"VERSION": null, "VARIANT": "a"},
  "profiles": {"prod": {}, "preview": {"args": {"EXTRA": "b"}}}
}
JSON
  ociassemble build -q --binary "$server" -t v1 -t v2 -o oci:image
  mkdir -p folder/inner
  touch server.bin
}

tear_down() {
  if [ -n "${tmux_socket-}" ]; then tmux -S "$tmux_socket" kill-server || true; fi
}

# LINE: what bash would offer for the word at its end.
in_bash() {
  bash --norc -c '
    . "$1"
    COMP_LINE=$2 COMP_POINT=${#2}
    # As readline divides it.
    mapfile -t COMP_WORDS < <(grep -oE "[:=]+|[^[:space:]:=]+" <<<"$2")
    [[ $2 != *[[:space:]:=] ]] || COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    compopt() { :; }
    _ociassemble
    printf "%s\n" "${COMPREPLY[@]}"
  ' bash "$completions/ociassemble.bash" "$1"
}

in_fish() { fish --no-config -c "source '$completions/ociassemble.fish'; complete -C '$1'" | cut -f 1; }

# SHELL… -- KEYS: the screen of an interactive shell after KEYS and a tab.
on_screen() {
  local shell=() tries
  while [ "$1" != -- ]; do
    shell+=("$1")
    shift
  done
  if [ -n "${tmux_socket-}" ]; then tmux -S "$tmux_socket" kill-server || true; fi
  tmux_socket=$(mktemp -u "$BATS_TEST_TMPDIR/tmux-XXXX")
  tmux -S "$tmux_socket" -f /dev/null new-session -d -x 150 -y 50 "${shell[@]}" 3>&-
  for ((tries = 0; tries < 100; tries++)); do
    tmux -S "$tmux_socket" capture-pane -p | grep -q '^ready>' && break
    sleep 0.1
  done
  tmux -S "$tmux_socket" send-keys -l "$2"
  tmux -S "$tmux_socket" send-keys Tab Tab
  for ((tries = 0; tries < 50; tries++)); do
    tmux -S "$tmux_socket" capture-pane -p | grep -qE -- "$3" && return
    sleep 0.1
  done
  tmux -S "$tmux_socket" capture-pane -p
  return 1
}

@test "the program completes commands, options, values, profiles, arguments and layouts" {
  candidates() { ociassemble complete -- "$@" | tail -n +2 | cut -f 1 | paste -sd' '; }
  [ "$(candidates bui)" = build ]
  [ "$(candidates help di)" = "digest diff" ]
  [ "$(candidates build --bina)" = --binary ]
  [ "$(candidates build --create)" = "--create-user --created" ]
  [ "$(candidates -q build --all-p)" = --all-profiles ]
  [ "$(candidates build --profile pr)" = "prod preview" ]
  [ "$(candidates build --profile=pre)" = --profile=preview ]
  [ "$(candidates build --set '')" = "EXTRA= VARIANT= VERSION=" ]
  [ "$(candidates build --progress '')" = "plain bar none" ]
  [ "$(candidates build --platform linux/arm)" = "linux/arm64 linux/arm/v7" ]
  [ "$(candidates push oci)" = "oci: oci-archive:" ]
  [ "$(candidates push oci:i)" = "oci:image:" ]
  [ "$(candidates push oci:f)" = "oci:folder/" ]
  [ "$(candidates push oci:image:)" = "oci:image:v1 oci:image:v2" ]
  [ "$(candidates nosuch '')" = "" ]
  [ "$(candidates check --level '')" = "default recommended strict" ]
  [ "$(candidates check --profile pr)" = "prod preview" ]
  [ "$(candidates run --engine '')" = "docker podman runc crun" ]
  [ "$(candidates run-spec --for q)" = quadlet ]
  [ "$(candidates vulnerabilities --at-least '')" = "low medium high critical" ]
  [ "$(candidates verify --require '')" = "signature sbom provenance" ]
  [ "$(candidates generate-key --type '')" = "ecdsa-p256 ed25519" ]
  [ "$(candidates sign --form '')" = "bundle tag" ]
  [ "$(candidates attest --type s)" = "spdx slsaprovenance" ]
  [ "$(candidates build --sbom=s)" = --sbom=spdx ]
  [ "$(candidates db '')" = fetch ]
  [ "$(ociassemble complete -- vulnerabilities --db '' | head -n 1)" = files ]
  [ "$(ociassemble complete -- build --binary '' | head -n 1)" = files ]
  [ "$(ociassemble complete -- build --cache-dir '' | head -n 1)" = folders ]
  # From the recipe that -f names.
  mkdir other
  mv ociassemble.json other/one.json
  [ "$(candidates build -f other/one.json --profile pr)" = "prod preview" ]
  [ "$(candidates build --profile pr)" = "" ]
}

@test "every command and every option of the help is completed" {
  local command
  for command in $(ociassemble --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p'); do
    [ "$(ociassemble complete -- "$command" | cut -f 1 | grep -cx "$command")" -eq 1 ]
    ociassemble "$command" --help-all | grep -oE '^  (-[a-z], )?--[a-z-]+' | grep -oE -- '--[a-z-]+$' | sort >shown
    ociassemble complete -- "$command" -- | cut -f 1 | tail -n +2 | sort >completed
    diff shown completed
  done
}

@test "bash completes commands, options, profiles, arguments and layout tags" {
  [ "$(in_bash 'ociassemble bui')" = build ]
  [ "$(in_bash 'ociassemble build --bina')" = --binary ]
  [ "$(in_bash 'ociassemble build --profile p' | paste -sd' ')" = "prod preview" ]
  [ "$(in_bash 'ociassemble build --profile=pre')" = preview ]
  [ "$(in_bash 'ociassemble build --set V' | paste -sd' ')" = "VARIANT= VERSION=" ]
  [ "$(in_bash 'ociassemble push oci:image:' | paste -sd' ')" = "v1 v2" ]
  [ "$(in_bash 'ociassemble push oci:fold')" = folder/ ]
  [ "$(in_bash 'ociassemble build --binary serv')" = server.bin ]
  [ "$(in_bash 'ociassemble build --cache-dir fo')" = folder ]
  [ "$(in_bash 'ociassemble nosuch --x')" = "" ]
  type tmux >/dev/null || skip "no tmux"
  # Not $BASH: it is the shell that runs the tests.
  printf 'PS1="ready> "; . %q; bind "set show-all-if-ambiguous on"\n' "$completions/ociassemble.bash" >rc
  on_screen bash --noprofile --rcfile rc -i -- 'ociassemble inspect oci:image:' 'v1 +v2'
  on_screen bash --noprofile --rcfile rc -i -- 'ociassemble build --all-p' '--all-profiles'
}

@test "zsh completes commands, options, profiles, arguments and layout tags" {
  type zsh >/dev/null || skip "no zsh"
  type tmux >/dev/null || skip "no tmux"
  mkdir zdot functions
  cp "$completions/_ociassemble" functions/
  cat >zdot/.zshrc <<RC
PS1='ready> '
fpath=($PWD/functions \$fpath)
autoload -Uz compinit && compinit -u -d $PWD/zcompdump
zstyle ':completion:*' list-prompt ''
RC
  export ZDOTDIR=$PWD/zdot
  on_screen zsh -i -- 'ociassemble d' 'digest +-- Print the digest'
  on_screen zsh -i -- 'ociassemble bui' 'ociassemble build *$'
  on_screen zsh -i -- 'ociassemble build --bina' '--binary *$'
  on_screen zsh -i -- 'ociassemble build --profile pr' '^prod *$|preview +prod|prod +preview'
  on_screen zsh -i -- 'ociassemble build --set VE' 'VERSION='
  on_screen zsh -i -- 'ociassemble inspect oci:image:' 'oci:image:v1 .*'
  on_screen zsh -i -- 'ociassemble build --binary serv' 'server.bin'
}

@test "fish completes commands, options, profiles, arguments and layout tags" {
  type fish >/dev/null || skip "no fish"
  [ "$(in_fish 'ociassemble bui')" = build ]
  [ "$(in_fish 'ociassemble build --bina')" = --binary ]
  [ "$(in_fish 'ociassemble build --profile p' | paste -sd' ')" = "preview prod" ]
  [ "$(in_fish 'ociassemble build --set V' | paste -sd' ')" = "VARIANT= VERSION=" ]
  [ "$(in_fish 'ociassemble push oci:image:' | paste -sd' ')" = "oci:image:v1 oci:image:v2" ]
  [ "$(in_fish 'ociassemble build --binary serv')" = server.bin ]
  [ "$(in_fish 'ociassemble build --digest-file=serv')" = --digest-file=server.bin ]
}

@test "there is a man page for each command and file format, and neither mandoc nor man finds fault with one" {
  local page command
  for command in $(ociassemble --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p' | grep -vx help); do
    page=$BUILD_DIR/tools/ociassemble-$command.1
    [ -e "$page" ]
    # What the page says of options is what the program says.
    ociassemble "$command" --help-all | grep -oE '^  (-[a-z], )?--[a-z-]+' | grep -oE -- '--[a-z-]+$' | sort >shown
    sed -n '/^\.SH "OPTIONS"/,/^\.SH "EXIT/s/\\-/-/gp' "$page" | grep -oE -- '^\\fB(-[a-z]\\fR, \\fB)?--[a-z-]+' | grep -oE -- '--[a-z-]+$' | sort >printed
    diff shown printed
  done
  for page in "$BUILD_DIR"/tools/*.[15]; do
    if type mandoc >/dev/null 2>&1; then
      run -0 mandoc -T lint "$page"
      [ -z "$output" ]
    fi
    if type man >/dev/null 2>&1; then
      run -0 --separate-stderr man --warnings -l "$page"
      [ -z "$stderr" ]
    fi
  done
}
