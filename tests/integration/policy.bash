# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154  # variables that lib.bash sets
# What tests of policies share. Tests that load it have a folder root/ with what the image's base is to hold.

# OPTIONS…: an image of the server on the files of root/, all root's, and of what the options add.
build() {
  tar --sort=name --owner=0 --group=0 --numeric-owner -C root -cf root.tar .
  ociassemble build -q --base rootfs:root.tar --binary "$server:/server" -o oci:image:v1 "$@" >/dev/null
}

# FILTER: changes the config of image:v1 as another builder might have written it.
reconfigure() {
  local manifest config new size digest
  manifest=$(jq -r '.manifests[0].digest' image/index.json)
  config=$(jq -r .config.digest "$(blob image "$manifest")")
  new=$(jq -c "$1" "$(blob image "$config")")
  digest=sha256:$(printf %s "$new" | sha256sum | cut -d' ' -f1)
  size=$(printf %s "$new" | wc -c)
  printf %s "$new" >"$(blob image "$digest")"
  new=$(jq -c --arg d "$digest" --argjson s "$size" '.config.digest = $d | .config.size = $s' "$(blob image "$manifest")")
  digest=sha256:$(printf %s "$new" | sha256sum | cut -d' ' -f1)
  size=$(printf %s "$new" | wc -c)
  printf %s "$new" >"$(blob image "$digest")"
  jq -c --arg d "$digest" --argjson s "$size" '.manifests[0].digest = $d | .manifests[0].size = $s' image/index.json >index
  mv index image/index.json
}

check() { ociassemble check "$@" oci:image:v1; }
# OPTIONS…: the rules that failed or were not judged, in order.
broken() { { check --json "$@" || [ $? -eq 3 ]; } | jq -r '[.images[].rules[] | select(.verdict != "pass") | .rule] | join(" ")'; }
# RULE [JSON]: a policy of one rule, with its options.
only() { jq -n --arg rule "$1" --argjson options "${2-{\}}" '{runs: "off", needs: "off", ($rule): ($options + {level: "error"})}' >policy.json; }
# RULE [JSON]: that the rule alone passes, or fails.
passes() {
  only "$@"
  [ -z "$(broken --policy policy.json)" ]
}
fails() {
  only "$@"
  [ "$(broken --policy policy.json)" = "$1" ]
  run -3 check --policy policy.json
}
