#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The campaign of tests/campaign/run in short: the same kills, faults, full disks and cuts in each run of CI.
# shellcheck disable=SC2154  # variables that lib.bash sets
load lib

@test "killed, starved and cut off at random, no command makes a wrong image, loses a file, hangs or blames the wrong thing" {
  library=$BUILD_DIR/tests/campaign/libfaults.so
  "$source_root/tests/campaign/run" --tool "$(type -P ociassemble)" --faults-library "$library" --seed 13 \
    --kills 50 --faults 100 --disks 25 --cuts 8 --streams 4
}
