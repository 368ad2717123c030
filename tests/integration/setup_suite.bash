# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash

# Fixtures that take long are made before the first test, so that no test is charged for them.
setup_suite() {
  # shellcheck source=tests/integration/lib.bash
  . "$BATS_TEST_DIRNAME/lib.bash"
  export FIXTURES=${FIXTURES:-$source_root/build/fixtures}
  type -P ociassemble >/dev/null || {
    echo "no ociassemble in PATH: run tools/test, or add the build folder's tools/" >&2
    return 1
  }
  mkdir "$BATS_SUITE_TMPDIR/documents"
  go_server >/dev/null
  start_registry "$BATS_SUITE_TMPDIR/registry"
}

teardown_suite() {
  # shellcheck source=tests/integration/lib.bash
  . "$BATS_TEST_DIRNAME/lib.bash"
  stop_registry "$BATS_SUITE_TMPDIR/registry"
  # Every document that the tests saw follows its schema.
  local status=0
  "$source_root/tests/check_documents" seen "$BATS_SUITE_TMPDIR/documents" >"$BATS_SUITE_TMPDIR/documents.log" || status=$?
  [ "$status" -eq 77 ] || [ "$status" -eq 0 ] || {
    cat "$BATS_SUITE_TMPDIR/documents.log" >&2
    return 1
  }
}
