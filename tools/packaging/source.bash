# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What make-deb and make-release share. To be sourced in the project's top folder.

# As meson.build says it.
project_version() { sed -n "s/^  version: '\([^']*\)',\$/\1/p" meson.build; }

# The time that packages and archives carry: the last commit's, so that it depends on the source alone.
source_epoch() {
  if [ -n "${SOURCE_DATE_EPOCH-}" ]; then
    echo "$SOURCE_DATE_EPOCH"
  else
    git log -1 --format=%ct 2>/dev/null || echo 0
  fi
}

# FOLDER: the sources as they are here, without what builds have left.
export_source() {
  mkdir -p "$1"
  if git rev-parse --git-dir >/dev/null 2>&1; then
    git ls-files -z --cached --others --exclude-standard |
      while IFS= read -r -d '' file; do if [ -e "$file" ]; then printf '%s\0' "$file"; fi; done |
      tar -c --null --files-from=- | tar -x -C "$1"
  else
    tar -c --exclude='./build*' . | tar -x -C "$1"
  fi
}
