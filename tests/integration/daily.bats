#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What one types every day: digests, deletion, exit statuses.
load lib

@test "digest prints what a name stands for, and delete by digest takes all its tags" {
  ociassemble build -q --binary "$server" -t v1 -t v2 -o oci:image --push "$REGISTRY/daily/app" >pushed
  digest=$(digest_in image v1)
  [ "$(tail -n 1 pushed)" = "$REGISTRY/daily/app:v2@$digest" ]
  run -0 --separate-stderr ociassemble digest "$REGISTRY/daily/app:v1"
  [ "$output" = "$digest" ]
  [ "$(ociassemble digest oci:image:v2)" = "$digest" ]
  [ "$(ociassemble digest --json "$REGISTRY/daily/app:v1" | jq -r '.digest + " " + .mediaType')" = "$digest application/vnd.oci.image.manifest.v1+json" ]

  # Distribution 2 deletes no tags: the error has the command that works.
  run -1 --separate-stderr ociassemble delete "$REGISTRY/daily/app:v1"
  [[ "$stderr" = *"cannot delete $REGISTRY/daily/app:v1: "* ]]
  [[ "$stderr" = *"ociassemble delete $REGISTRY/daily/app@$digest"* ]]
  run -0 --separate-stderr ociassemble tags "$REGISTRY/daily/app"
  [ "$output" = $'v1\nv2' ]
  run -1 --separate-stderr ociassemble delete "$REGISTRY/daily/app:v9"
  [[ "$stderr" = *"the registry has no such tag"* ]]

  run -0 --separate-stderr ociassemble delete --dry-run "$REGISTRY/daily/app@$digest"
  run -0 skopeo inspect --tls-verify=false "docker://$REGISTRY/daily/app:v1"
  run -0 --separate-stderr ociassemble delete "$REGISTRY/daily/app@$digest"
  [ "$output" = "deleted manifest $REGISTRY/daily/app@$digest with all its tags" ]
  run -1 skopeo inspect --tls-verify=false "docker://$REGISTRY/daily/app:v1"
  run -1 --separate-stderr ociassemble digest "$REGISTRY/daily/app:v2"
  [[ "$stderr" = *"the registry has no such tag"* ]]
}

@test "every command has status 2 for a wrong option and a missing argument, and 1 for what is not there" {
  local command
  for command in build push pull copy tags digest delete login logout import inspect run-spec sbom referrers attest generate-key sign rebuild diff lock verify prune version; do
    run -2 ociassemble "$command" --nosuchoption
    [[ "${lines[0]}" = "ociassemble: unknown option --nosuchoption"* ]]
    run -0 ociassemble "$command" --help-all
  done
  for command in build push pull copy tags digest delete import inspect run-spec sbom referrers attest generate-key sign rebuild diff lock verify prune; do
    run -2 ociassemble "$command"
  done
  for command in 'push oci:none:v1 '"$REGISTRY/x:v1" "pull $REGISTRY/none:v1 oci:out" 'copy oci:none:v1 oci:out:v1' "tags $REGISTRY/none" \
    'digest oci:none:v1' "delete $REGISTRY/none:v1" 'import None.Dockerfile' 'inspect oci:none' 'sbom oci:none' 'referrers oci:none' \
    'attest oci:none --type openvex --predicate /dev/null' 'diff oci:none oci:none' 'lock --check' 'verify oci:none' 'rebuild oci:none' 'prune oci:none' \
    'build --binary none -o oci:out:v1' 'build -f none.json -o oci:out:v1'; do
    # shellcheck disable=SC2086  # words
    run -1 ociassemble $command
    [[ "${lines[0]}" = "ociassemble: "* ]]
  done
}
