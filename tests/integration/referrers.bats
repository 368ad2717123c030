#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What refers to an image (docs/evidence.md): statements, signatures in cosign's tags, in registries, layouts and archives.
# shellcheck disable=SC2154  # variables that lib.bash sets
load lib

set_up() {
  start_registry "$BATS_TEST_TMPDIR/registry"
  echo '{"passed": true}' >results.json
  ociassemble build -q --binary "$server" -o oci:image:v1
}

tear_down() { stop_registry "$BATS_TEST_TMPDIR/registry"; }

digest_of() { jq -r '.manifests[0].digest' image/index.json; }
attest() { ociassemble attest -q "$1" --type https://example.com/tests/v1 --predicate results.json; }

# LAYOUT DIGEST: that blob of it.
blob() { cat "$1/blobs/sha256/${2#sha256:}"; }

@test "a statement beside an image in a layout: the image is still the only one" {
  before=$(digest_of)
  made=$(attest oci:image:v1)
  [ "$(jq -r '.manifests | length' image/index.json)" = 2 ]
  blob image "$made" >manifest.json
  [ "$(jq -r .subject.digest manifest.json)" = "$before" ]
  [ "$(jq -r .artifactType manifest.json)" = application/vnd.in-toto+json ]
  blob image "$(jq -r '.layers[0].digest' manifest.json)" >statement.json
  [ "$(jq -c . statement.json)" = "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"digest\":{\"sha256\":\"${before#sha256:}\"}}],\"predicateType\":\"https://example.com/tests/v1\",\"predicate\":{\"passed\":true}}" ]
  [ "$(ociassemble inspect --json oci:image | jq -r .digest)" = "$before" ]
  ociassemble verify -q oci:image
  # The same again adds nothing.
  [ "$(attest oci:image)" = "$made" ]
  [ "$(jq -r '.manifests | length' image/index.json)" = 2 ]
}

@test "referrers go from a layout to a registry and back, and from there to another" {
  made=$(attest oci:image:v1)
  ociassemble copy -q --referrers oci:image:v1 "$REGISTRY/app:v1"
  run -0 ociassemble referrers "$REGISTRY/app:v1"
  [[ "$output" = *"application/vnd.in-toto+json of https://example.com/tests/v1"*"$made"* ]]
  ociassemble copy -q --referrers "$REGISTRY/app:v1" "$REGISTRY/other/app:v1"
  [ "$(ociassemble referrers --json "$REGISTRY/other/app:v1" | jq -r '.[0].digest')" = "$made" ]
  [ "$(ociassemble copy --json -q --referrers "$REGISTRY/app:v1" oci:back:v1 | jq .referrers)" = 1 ]
  [ "$(ociassemble referrers --json oci:back:v1 | jq -r '.[0].digest')" = "$made" ]
  [ "$(ociassemble inspect --json oci:back | jq -r .digest)" = "$(digest_of)" ]
}

@test "cosign's tags are taken along" {
  ociassemble push -q oci:image:v1 "$REGISTRY/app:v1"
  tag=$(digest_of | tr : -).sig
  ociassemble push -q oci:image:v1 "$REGISTRY/app:unrelated"
  ociassemble build -q --binary "$server" --label signature=1 --push "$REGISTRY/app:$tag"
  run -0 ociassemble referrers "$REGISTRY/app:v1"
  [[ "$output" = *"tag $tag"* ]]
  ociassemble copy -q --referrers "$REGISTRY/app:v1" oci:mirror:v1
  [ "$(jq -r '.manifests[].annotations["org.opencontainers.image.ref.name"]' mirror/index.json | sort)" = "$(printf '%s\n' "$tag" v1 | sort)" ]
  [ "$(ociassemble inspect --json oci:mirror | jq -r .digest)" = "$(digest_of)" ]
  ociassemble copy -q --referrers oci:mirror:v1 "$REGISTRY/third:v1"
  [ "$(ociassemble tags "$REGISTRY/third" | sort)" = "$(ociassemble tags "$REGISTRY/app" | grep -v unrelated | sort)" ]
}

# FALLBACK_WRITERS: how many times.
@test "two writers at the fallback tag lose nothing" {
  for round in $(seq "${FALLBACK_WRITERS:-1}"); do
    ociassemble push -q oci:image:v1 "$REGISTRY/app$round:v1"
    writers=()
    for i in 1 2; do
      echo "{\"number\": $i}" >"$i.json"
      command ociassemble attest -q "$REGISTRY/app$round:v1" --type "https://example.com/$i" --predicate "$i.json" >"made$i" 3>&- &
      writers+=($!)
    done
    for writer in "${writers[@]}"; do wait "$writer"; done
    ociassemble referrers --json "$REGISTRY/app$round:v1" | jq -r '.[].digest' | sort >found
    sort made? | diff - found
  done
}

@test "10,000 foreign referrers, a vast one and broken ones: listed or skipped, in little memory" {
  python3 - "$(digest_of)" <<'PYTHON'
import hashlib, json, os, sys
subject = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": sys.argv[1], "size": 559}
empty = {"mediaType": "application/vnd.oci.empty.v1+json", "size": 2,
         "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}
index = json.load(open("image/index.json"))


def put(text):
    digest = hashlib.sha256(text.encode()).hexdigest()
    with open("image/blobs/sha256/" + digest, "w") as file:
        file.write(text)
    return {"mediaType": subject["mediaType"], "digest": "sha256:" + digest, "size": len(text)}


def manifest(**more):
    return json.dumps({"schemaVersion": 2, "mediaType": subject["mediaType"], "artifactType": "application/x-foreign",
                       "config": empty, "layers": [empty], "subject": subject, **more})


put("{}")
entries = [put(manifest(annotations={"n": str(n)})) for n in range(10000)]
entries.append(put(manifest(annotations={"vast": "x" * 10_000_000})))
entries.append(put("{"))
entries.append(put(manifest(subject={"digest": 5})))
entries.append(put(manifest(layers="none")))
entries.append({**entries[0], "digest": "sha256:" + "0" * 64})
index["manifests"] += entries
json.dump(index, open("image/index.json", "w"))
PYTHON
  # The image is still the only one, but for what cannot be read.
  run --separate-stderr -0 ociassemble referrers --json oci:image:v1
  [ "$(jq length <<<"$output")" = 10001 ]
  peak=$(peak_memory ociassemble referrers --json oci:image:v1)
  echo "peak $peak MiB"
  [ "$peak" -lt 128 ]
  [ "$(ociassemble inspect --json oci:image:v1 | jq -r .digest)" = "$(digest_of)" ]
  # An SBOM of ours goes in beside them.
  ociassemble build -q --binary "$server" --sbom -o oci:image:v1
  [ "$(ociassemble referrers --json oci:image:v1 | jq '[.[] | select(.artifactType == "application/spdx+json")] | length')" = 1 ]
  # All that can be read goes along.
  run --separate-stderr -0 ociassemble copy --json -q --referrers oci:image:v1 oci-archive:mirror.tar:v1
  [ "$(jq .referrers <<<"$output")" = 10002 ]
}

@test "mistakes are named" {
  run -2 ociassemble attest oci:image:v1 --type tests --predicate results.json
  [[ "$output" = *'unknown predicate type "tests"'* ]]
  echo '[1]' >list.json
  run -1 ociassemble attest oci:image:v1 --type https://example.com/t --predicate list.json
  [[ "$output" = *"not a JSON object"* ]]
  [ "$(jq -r '.manifests | length' image/index.json)" = 1 ]
  ociassemble copy -q oci:image:v1 oci-archive:image.tar:v1
  run -2 ociassemble attest oci-archive:image.tar --type https://example.com/t --predicate results.json
  [[ "$output" = *"only a registry or a layout takes more than one manifest"* ]]
  run -2 ociassemble copy --referrers oci:image:v1 docker-archive:other.tar
  [[ "$output" = *"a docker archive holds no referrers"* ]]
  run -0 ociassemble referrers oci:image:v1
  [[ "$output" = *"nothing refers to it"* ]]
}
