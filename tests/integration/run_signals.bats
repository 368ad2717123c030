#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `run` as a program of the shell: signals, exit statuses, the standard input, a terminal; the same through each engine.
load lib
# shellcheck source=tests/integration/running.bash
. "$BATS_TEST_DIRNAME/running.bash"

set_up() {
  probe=$(go_probe)
  forget_engines
}

tear_down() {
  if [ -n "${run_process-}" ]; then kill -KILL "$run_process" 2>/dev/null || true; fi
  stop_docker
}

# ENGINE: ready, and options for `run` in `engine_options`; skips where it does not run here.
use_engine() {
  need_root
  engine=$1 engine_options=(-q --engine "$1")
  case $1 in
    docker)
      start_docker
      engine_options+=(--engine-option=--network=host)
      ;;
    podman)
      use_podman
      engine_options+=("${podman_options[@]/#/--engine-option=}")
      ;;
    runc) use_runc ;;
  esac
  ociassemble build -q --binary "$probe:/usr/local/bin/app" -o oci:image:v1
}

# WORDS…: `run` in the background, of which it is known when it has printed "waits".
start_run() {
  command ociassemble run "${engine_options[@]}" -e SIGNALS=1 oci:image:v1 >log 2>&1 3>&- &
  run_process=$!
  await waits
}

# TEXT: a line of the log.
await() {
  local tries
  for ((tries = 0; tries < 300; tries++)); do
    if grep -q "^$1" log; then return 0; fi
    kill -0 "$run_process" 2>/dev/null || break
    sleep 0.1
  done
  echo "no $1 in: $(cat log)"
  return 1
}

# STATUS: of the process, within 20 seconds.
ends_with() {
  local tries status=0
  for ((tries = 0; tries < 200; tries++)); do
    kill -0 "$run_process" 2>/dev/null || break
    sleep 0.1
  done
  wait "$run_process" || status=$?
  run_process=''
  [ "$status" -eq "$1" ] || { echo "status $status, not $1: $(cat log)"; return 1; }
}

signals_reach_it() {
  use_engine "$1"
  start_run
  kill -USR1 "$run_process"
  await 'got 10 '
  kill -TERM "$run_process"
  ends_with 25
  # A shell that starts it in the background lets it ignore SIGINT; a terminal's does not.
  start_run
  kill -HUP "$run_process"
  ends_with 11
}

statuses_are_passed_on() {
  use_engine "$1"
  run -0 ociassemble run "${engine_options[@]}" oci:image:v1
  run -42 ociassemble run "${engine_options[@]}" -e "STATUS=$(printf 'x%.0s' {1..42})" oci:image:v1
  # Killed by a signal: 128 and its number, as a shell says it.
  command -v gcc >/dev/null || skip "no gcc on this machine"
  echo 'int main(void) { *(volatile int *)0 = 1; }' | gcc -static -x c -o crash - || skip "no static C programs here"
  ociassemble build -q --binary crash:/crash -o oci:crashed:v1
  run -139 ociassemble run "${engine_options[@]}" oci:crashed:v1
}

standard_input_is_passed_on() {
  use_engine "$1"
  head -c 300000 /dev/urandom | base64 -w 100 >given
  command ociassemble run "${engine_options[@]}" -e COPY=1 oci:image:v1 <given | grep -vE '^(user|Cap|NoNew|Seccomp|root)' >taken
  cmp given taken
  run -0 ociassemble run "${engine_options[@]}" -e COPY=1 oci:image:v1 </dev/null
}

# The terminal's size, a change of it, and Ctrl-C reach the program.
a_terminal_is_one_inside() {
  use_engine "$1"
  python3 - ociassemble run "${engine_options[@]}" --tty -e TERMINAL=1 -e SIGNALS=1 oci:image:v1 <<'PY'
import fcntl, os, pty, struct, sys, termios, time

def set_columns(fd, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))

process, terminal = pty.fork()
if process == 0:
    set_columns(0, 77)
    os.execvp(sys.argv[1], sys.argv[1:])
seen = ""

def await_text(text):
    global seen
    end = time.monotonic() + 30
    while text not in seen and time.monotonic() < end:
        try:
            seen += os.read(terminal, 4096).decode(errors="replace")
        except OSError:
            break
    if text not in seen:
        sys.exit(f"no {text!r} in {seen!r}")

await_text("terminal true 77")
await_text("waits")
set_columns(terminal, 99)
await_text("got 28 99")
os.write(terminal, b"\x03")
await_text("got 2 ")
status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
if status != 12:
    sys.exit(f"status {status}: {seen!r}")
PY
  command ociassemble run "${engine_options[@]}" -e TERMINAL=1 oci:image:v1 </dev/null | grep -x 'terminal false 0'
}

@test "signals reach a program that docker runs" { signals_reach_it docker; }
@test "signals reach a program that podman runs" { signals_reach_it podman; }
@test "signals reach a program that runc runs" { signals_reach_it runc; }
@test "docker's exit statuses are the program's" { statuses_are_passed_on docker; }
@test "podman's exit statuses are the program's" { statuses_are_passed_on podman; }
@test "runc's exit statuses are the program's" { statuses_are_passed_on runc; }
@test "docker passes the standard input on" { standard_input_is_passed_on docker; }
@test "podman passes the standard input on" { standard_input_is_passed_on podman; }
@test "runc passes the standard input on" { standard_input_is_passed_on runc; }
@test "docker gives a terminal that is asked for" { a_terminal_is_one_inside docker; }
@test "podman gives a terminal that is asked for" { a_terminal_is_one_inside podman; }
@test "runc gives a terminal that is asked for" { a_terminal_is_one_inside runc; }

@test "without any engine the error names what to install" {
  ociassemble build -q --binary "$probe:/usr/local/bin/app" -o oci:image:v1
  mkdir programs
  ln -s "$(type -P ociassemble)" programs/ociassemble
  run -1 unshare --mount sh -c 'mount -t tmpfs none /usr/sbin && mount -t tmpfs none /sbin; PATH=$PWD/programs exec ociassemble run oci:image:v1'
  [[ "$output" = *'there is neither docker, podman, runc nor crun here'*'install'* ]]
}
