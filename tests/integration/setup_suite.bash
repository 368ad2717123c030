# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash

# Fixtures that take long are made before the first test, so that no test is charged for them.
setup_suite() {
  # shellcheck source=tests/integration/lib.bash
  . "$BATS_TEST_DIRNAME/lib.bash"
  export FIXTURES=${FIXTURES:-$source_root/build/fixtures}
  command -v ociassemble >/dev/null || {
    echo "no ociassemble in PATH: run tools/test, or add the build folder's tools/" >&2
    return 1
  }
  go_server >/dev/null
  start_registry "$BATS_SUITE_TMPDIR/registry"
}

teardown_suite() {
  # shellcheck source=tests/integration/lib.bash
  . "$BATS_TEST_DIRNAME/lib.bash"
  stop_registry "$BATS_SUITE_TMPDIR/registry"
}
