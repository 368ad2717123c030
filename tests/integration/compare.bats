#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# diff, verify --same-app and build --twice, on images of ours and of others.
load lib

set_up() {
  mkdir data
  echo one >data/one
  echo two >data/two
  ociassemble build -q --binary "$server" --add data:/srv/data -o oci:image:v1 >/dev/null
}

# ARGUMENTS…: diff must find something; its output in $output.
differs() { run -3 ociassemble diff "$@"; }

@test "an image is the same in a layout, an archive and a registry" {
  ociassemble build -q --binary "$server" --add data:/srv/data -o oci-archive:image.tar:v1 --push "$REGISTRY/compare/same:v1"
  run -0 ociassemble diff oci:image:v1 oci-archive:image.tar:v1
  [[ $output = "same: sha256:"* ]]
  run -0 ociassemble diff oci:image:v1 "$REGISTRY/compare/same:v1"
}

@test "what skopeo compressed otherwise has the same contents" {
  skopeo copy --quiet --dest-compress-format zstd oci:image:v1 oci:recompressed:v1
  differs oci:image:v1 oci:recompressed:v1
  [[ ${lines[0]} = *": same contents, other compressor" ]]
  differs --json oci:image:v1 oci:recompressed:v1
  [ "$(jq -r .verdict <<<"$output")" = recompressed ]
  ociassemble verify --same-app oci:image:v1 oci:recompressed:v1
}

@test "what umoci changed is listed, and nothing else" {
  need_root
  umoci unpack --image image:v1 bundle >/dev/null
  echo more >bundle/rootfs/srv/data/three
  rm bundle/rootfs/srv/data/one
  umoci repack --image image:v2 bundle >/dev/null
  differs --json oci:image:v1 oci:image:v2
  [ "$(jq -c '[.images[0].layers[] | .change]' <<<"$output")" = '["same","same","same","added"]' ]
  [ "$(jq -c '[.images[0].layers[3].files[] | select(.after.type == "file") | .whiteout // .path] | sort' <<<"$output")" = \
    '["/srv/data/one","/srv/data/three"]' ]
}

@test "a config that umoci changed differs by member and key" {
  umoci config --image image:v1 --tag v2 --config.env COLOUR=blue --config.label team=a --config.user 1001
  differs --json oci:image:v1 oci:image:v2
  [ "$(jq -c '[.images[0].config[] | select(.member | startswith("config.")) | [.member, .key, .before, .after]]' <<<"$output")" = \
    '[["config.User",null,"65532:65532","1001"],["config.Env","COLOUR",null,"blue"],["config.Labels","team",null,"a"]]' ]
}

@test "a changed file is told with its digests, a base that moved too" {
  echo changed >data/two
  chmod +x data/one
  ociassemble build -q --base scratch --binary "$server" --add data:/srv/data -o oci:other:v1
  differs oci:image:v1 oci:other:v1
  [[ ${lines[0]} = *"base moved"* ]]
  grep -q "~ /srv/data/two  content 4 B sha256:$(printf 'two\n' | sha256sum | cut -c1-12)" <<<"$output"
  grep -q '~ /srv/data/one  mode 0444 -> 0555' <<<"$output"
}

@test "an image that buildah made is explained" {
  ociassemble build -q --binary "$server" -o oci:base:v1
  export STORAGE_DRIVER=vfs
  local storage=(--root "$BATS_TEST_TMPDIR/buildah" --runroot "$BATS_TEST_TMPDIR/buildah-run")
  echo 'hello' >hello
  container=$(buildah "${storage[@]}" from --quiet oci:base:v1) || skip "buildah cannot work here"
  buildah "${storage[@]}" copy --quiet "$container" hello /hello
  buildah "${storage[@]}" commit --quiet "$container" oci:made:v1 >/dev/null
  differs --json oci:base:v1 oci:made:v1
  [ "$(jq -c '[.images[0].layers[-1].files[].path] | map(select(. == "/hello"))' <<<"$output")" = '["/hello"]' ]
  [ "$(jq -r '.images[0].layers[0].change' <<<"$output" | grep -cE '^(same|recompressed)$')" -eq 1 ]
}

@test "control bytes in names and labels do not reach the terminal" {
  touch $'data/evil\e[31m'
  ociassemble build -q --binary "$server" --add data:/srv/data --label $'l\e[2J=v' -o oci:other:v1
  differs oci:image:v1 oci:other:v1
  [[ $output != *$'\e'* ]]
  grep -q 'evil?\[31m' <<<"$output"
}

@test "dev and prod carry the same application, on two bases" {
  push_base "$(alpine_rootfs)" compare/alpine:3
  ociassemble build -q --base "$REGISTRY/compare/alpine:3" --binary "$server" -e MODE=dev --no-readonly -o oci:dev:v1
  ociassemble build -q --binary "$server" --no-readonly -o oci:prod:v1
  run -0 ociassemble verify --same-app oci:dev:v1 oci:prod:v1
  grep -q ': the same application' <<<"$output"
  grep -q 'allowed .*env .*MODE' <<<"$output"
  run -3 ociassemble verify --same-app --strict oci:dev:v1 oci:prod:v1
  run -0 ociassemble verify --same-app --json oci:dev:v1 oci:prod:v1
  [ "$(jq -r '.platforms[0].layers[0].diffId' <<<"$output")" = "sha256:$(last_layer_in prod | sha256sum | cut -d' ' -f1)" ]
}

@test "another program is not the same application" {
  cp "$server" "$BATS_TEST_TMPDIR/$(basename "$server")"
  printf x >>"$BATS_TEST_TMPDIR/$(basename "$server")"
  ociassemble build -q --binary "$(basename "$server")" --add data:/srv/data -o oci:other:v1
  run -3 ociassemble verify --same-app oci:image:v1 oci:other:v1
  grep -q '~ /usr/local/bin/.*content' <<<"$output"
}

# LAYOUT ENTRY…: lays a tar of the entries (in ./top) upon the layout's image, without a word in its history.
lay_on() {
  local layout=$1 manifest config layer
  shift
  tar -C top --owner=0 --group=0 -cf top.tar "$@"
  manifest=$(blob "$layout" "$(digest_in "$layout" v1)")
  layer=$(sha256sum <top.tar | cut -d' ' -f1)
  cp top.tar "$layout/blobs/sha256/$layer"
  jq -c --arg id "sha256:$layer" '.rootfs.diff_ids += [$id]' "$(blob "$layout" "$(jq -r .config.digest "$manifest")")" >config.json
  config=$(sha256sum <config.json | cut -d' ' -f1)
  cp config.json "$layout/blobs/sha256/$config"
  jq -c --arg config "sha256:$config" --argjson config_size "$(stat -c %s config.json)" \
    --arg layer "sha256:$layer" --argjson size "$(stat -c %s top.tar)" \
    '.config.digest = $config | .config.size = $config_size |
     .layers += [{mediaType: "application/vnd.oci.image.layer.v1.tar", digest: $layer, size: $size}]' "$manifest" >manifest.json
  layer=$(sha256sum <manifest.json | cut -d' ' -f1)
  cp manifest.json "$layout/blobs/sha256/$layer"
  jq -c --arg digest "sha256:$layer" --argjson size "$(stat -c %s manifest.json)" \
    '.manifests[0].digest = $digest | .manifests[0].size = $size' "$layout/index.json" >index.json
  cp index.json "$layout/index.json"
}

@test "what is laid upon the application is listed, strictly refused, and can be allowed by its path" {
  cp -r image other
  mkdir -p top/etc/app
  echo dev >top/etc/app/dev.yml
  lay_on other etc/app
  run -0 ociassemble verify --same-app oci:image:v1 oci:other:v1
  grep -q 'allowed *files .*/etc/app/dev.yml' <<<"$output"
  grep -q 'allowed *layers .*layer 4 is only in the second image' <<<"$output"
  run -3 ociassemble verify --same-app --strict oci:image:v1 oci:other:v1
  run -0 ociassemble verify --same-app --strict --allow files:/etc/app oci:image:v1 oci:other:v1
  run -0 ociassemble verify --same-app --json oci:image:v1 oci:other:v1
  [ "$(jq -c '[.platforms[0].after[] | .role + (if .inBoth then "" else "!" end)]' <<<"$output")" = \
    '["base","application","application","extra!"]' ]
}

@test "what is laid upon the application through a link, and what the loader reads, is refused" {
  cp -r image other
  mkdir -p top/opt
  ln -s /usr/local/bin top/opt/link
  lay_on other opt/link
  run -0 ociassemble verify --same-app oci:image:v1 oci:other:v1
  rm top/opt/link
  mkdir top/opt/link
  cp /bin/true "top/opt/link/$(basename "$server")"
  lay_on other "opt/link/$(basename "$server")"
  run -3 ociassemble verify --same-app oci:image:v1 oci:other:v1
  grep -q "NOT ALLOWED application  */usr/local/bin/$(basename "$server")" <<<"$output"
  rm -rf other
  cp -r image other
  mkdir -p top/etc
  echo /evil.so >top/etc/ld.so.preload
  lay_on other etc/ld.so.preload
  run -3 ociassemble verify --same-app oci:image:v1 oci:other:v1
  grep -q 'NOT ALLOWED start .*ld.so.preload' <<<"$output"
}

@test "a damaged blob is no proof" {
  cp -r image other
  manifest=$(blob other "$(digest_in other v1)")
  layer=$(blob other "$(jq -r '.layers[-1].digest' "$manifest")")
  chmod u+w "$layer"
  printf x | dd of="$layer" bs=1 seek=100 conv=notrunc status=none
  run -3 ociassemble verify --same-app oci:image:v1 oci:other:v1
}

@test "a build made twice gives the same digest as one made once" {
  ociassemble build -q --twice --binary "$server" --add data:/srv/data --tzdata host -o oci:checked:v1 --compression zstd
  ociassemble build -q --binary "$server" --add data:/srv/data --tzdata host -o oci:unchecked:v1 --compression zstd
  [ "$(digest_in checked)" = "$(digest_in unchecked)" ]
}

@test "the second assembly is another process, with another environment" {
  run -0 strace -f -v -s 200 -e trace=execve,umask,chdir -o trace ociassemble build -q --twice --binary "$server" -o oci:twice:v1
  [ "$(grep -c 'execve("/proc/self/exe".*"TZ=XXX-13:37"' trace)" -ge 1 ]
  home=$(sed -n 's|.*execve("/proc/self/exe".*"HOME=\(/[^"]*\)/home".*|\1|p' trace | head -n 1)
  [ -n "$home" ]
  grep -q 'chdir(".*/elsewhere")' trace
  [ -e twice/index.json ]
  [ ! -e "$home" ]
}

@test "a base whose tag moves between the two assemblies is the finding, and nothing is left" {
  ociassemble build -q --binary "$server" -o oci:bases:one
  ociassemble build -q --binary "$server" --env A=b -o oci:bases:two
  "$source_root/tests/support/moving_tag" bases port 3>&- &
  registry=$!
  for _ in {1..100}; do [ -s port ] && break || sleep 0.05; done
  run --separate-stderr ociassemble build -q --twice --base "127.0.0.1:$(cat port)/base:1" --binary "$server:/second" -o oci:moved:v1
  kill "$registry"
  [ "$status" = 3 ]
  [[ "$stderr" = *"the base 127.0.0.1:"*"/base:1 moved between the two assemblies: sha256:"*"ociassemble lock --base"* ]]
  [ ! -e moved ]
}

@test "a build whose input changes under it is not published when it is made twice" {
  # A growing log: it has other bytes at each look.
  mkdir live
  (while :; do echo line >>live/log && sleep 0.001; done) 3>&- &
  writer=$!
  run ociassemble build -q --no-cache --twice --binary "$server" --add live:/live -o oci:live-image:v1
  kill "$writer"
  wait "$writer" || true
  [ "$status" -ne 0 ]
  [ ! -e live-image/index.json ]
  [[ $output = *"ociassemble: "* ]]
}
