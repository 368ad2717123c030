#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What is imported gives the image that a Dockerfile's own builder makes, but for what a comment of the recipe names.
# shellcheck disable=SC2154  # variables that lib.bash sets
load lib

# buildah with storage of this file's own; it runs commands in a chroot.
buildah() {
  BUILDAH_ISOLATION=chroot command buildah --root "$BATS_FILE_TMPDIR/storage" --runroot "$BATS_FILE_TMPDIR/run" \
    --storage-driver vfs "$@"
}

# CONFIG-OPTIONS…: an image of the container "base".
commit_base() {
  buildah config "${@:2}" base
  buildah commit --quiet base "localhost/$1" >>buildah.log
}

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return 1
  type -P buildah >/dev/null || skip "buildah is not installed"
  local go_root folder mounted path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  go_root=$(go env GOROOT)
  if ! { buildah from --name base scratch && mounted=$(buildah mount base); } >buildah.log 2>&1; then
    skip "buildah cannot run here: $(tail -n 1 buildah.log)"
  fi
  tar -xzf "$(alpine_rootfs)" -C "$mounted"
  # What every distribution has.
  mkdir -p "$mounted"/{etc,home,opt,srv,tmp,usr/local/bin,usr/share,var/lib}
  touch "$mounted"/etc/{hostname,hosts,resolv.conf}
  [ -e "$mounted/bin/touch" ] || ln -s busybox "$mounted/bin/touch"
  commit_base alpine:3.20 --cmd '["/bin/sh"]' --env "PATH=$path"
  buildah push --quiet localhost/alpine:3.20 "oci:$BATS_FILE_TMPDIR/alpine:base"
  commit_base golang:1 --env "PATH=$go_root/bin:$path" --env "GOROOT=$go_root" --env GOCACHE=/tmp/cache \
    --env GOFLAGS=-mod=mod --env GOPROXY=off
  # This machine's Go, with the libraries that it needs and the folders that it links to.
  {
    echo "$go_root"
    find "$go_root" -maxdepth 1 -type l -exec readlink -f {} + | sed 's#^\(/usr/share/go[^/]*\)/.*#\1#'
    ldd "$go_root/bin/go" | grep -o '/[^ ]*' | xargs -rn 1 dirname
  } | sort -u >mounts
  while read -r folder; do printf -- '-v\n%s:%s:ro\n' "$folder" "$folder"; done <mounts >mount-options
  mkdir -p "$(go env GOCACHE)"
  printf -- '-v\n%s:/tmp/cache\n' "$(go env GOCACHE)" >>mount-options
}

# A service in the working directory that says what it is given.
make_context() {
  mkdir -p cmd/app conf/more web scripts
  printf 'module example.com/app\n\ngo 1.19\n' >go.mod
  cat >cmd/app/main.go <<'GO'
package main

import (
	"fmt"
	"os"
)

var version = "none"

func main() {
	folder, _ := os.Getwd()
	fmt.Println(version, os.Args, os.Getuid(), os.Getgid(), folder, os.Getenv("MODE"), os.Getenv("PATH"))
	for _, name := range []string{"/etc/app/a.yml", "/etc/app/more/b.yml", "/srv/index.html"} {
		text, err := os.ReadFile(name)
		fmt.Print(string(text), err != nil, "\n")
	}
}
GO
  echo a >conf/a.yml
  echo b >conf/more/b.yml
  echo index >web/index.html
  echo license >LICENSE
  printf '#!/bin/sh\nexec /usr/local/bin/app "$@"\n' >scripts/run.sh
  chmod 0644 scripts/run.sh
  echo '**/*.tmp' >.dockerignore
}

# IMAGE NAME: one layer of all, in the layout flat-NAME.
flatten() {
  mkdir -p empty
  echo "FROM $1" >empty.Dockerfile
  buildah bud --quiet --pull-never --squash --timestamp 0 -t "localhost/$2" -f empty.Dockerfile empty >>buildah.log
  buildah push --quiet "localhost/$2" "oci:$PWD/flat-$2:v1"
}

# IMAGE: what its command prints.
run_image() {
  local container words
  container=$(buildah from --pull-never "localhost/$1")
  mapfile -t words < <(buildah inspect --type image "localhost/$1" |
    jq -r '.OCIv1.config | ((.Entrypoint // []) + (.Cmd // []))[]')
  buildah run "$container" -- "${words[@]}"
}

# The Dockerfile on the standard input, built by both in this context. What differs must be named in the recipe.
compare_builds() {
  local options base=()
  mkdir context
  cd context || return 1
  make_context
  cat >Dockerfile
  mapfile -t options <"$BATS_FILE_TMPDIR/mount-options"
  buildah bud --quiet --pull-never --squash --timestamp 0 "${options[@]}" -t localhost/theirs -f Dockerfile . >../buildah.log
  ociassemble import Dockerfile -o ociassemble.json
  grep -q '"base": "scratch"' ociassemble.json || base=(--base "oci:$BATS_FILE_TMPDIR/alpine:base")
  GOFLAGS=-mod=mod ociassemble build -q --compile "${base[@]}" -o oci:../ours:v1
  cd ..
  buildah push --quiet localhost/theirs "oci:$PWD/theirs:v1"
  ociassemble copy oci:ours:v1 docker-archive:ours.tar:localhost/layers:v1
  buildah pull --quiet docker-archive:ours.tar >>buildah.log
  flatten localhost/layers:v1 ours
  run -3 ociassemble diff --json oci:theirs:v1 oci:flat-ours:v1
  echo "$output" >diff.json
  python3 "$source_root/tests/support/named_differences" diff.json context/ociassemble.json
  run_image theirs >theirs.txt
  run_image ours >ours.txt
  diff theirs.txt ours.txt
}

build_stage='FROM localhost/golang:1 AS build
WORKDIR /src
COPY . .'

@test "a service with an account and a folder of its own" {
  tar -tzf "$(alpine_rootfs)" | grep -q '/adduser$' || skip "the base has no adduser: this machine has no Alpine"
  compare_builds <<DOCKERFILE
$build_stage
RUN CGO_ENABLED=0 go build -trimpath -o /out/app ./cmd/app
FROM localhost/alpine:3.20
RUN addgroup -g 2001 app && adduser -D -u 2000 -G app app && mkdir -p /data && chown app /data
COPY --from=build /out/app /usr/local/bin
COPY conf /etc/app
USER app
ENTRYPOINT ["app"]
CMD ["serve"]
DOCKERFILE
}

@test "a static program on scratch, with arguments in its flags and labels" {
  compare_builds <<DOCKERFILE
$build_stage
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w -X main.version=\$VERSION" -o /out/app ./cmd/app
FROM scratch
ARG VERSION=none
LABEL version=\$VERSION
COPY --from=build /out/app /app
USER 65534:65534
EXPOSE 80 443/udp
ENTRYPOINT ["/app"]
DOCKERFILE
}

@test "owners and modes of files and of the program" {
  compare_builds <<DOCKERFILE
$build_stage
RUN CGO_ENABLED=0 go build -trimpath -o /out/app ./cmd/app
FROM localhost/alpine:3.20
COPY --from=build --chown=5:6 --chmod=0750 /out/app /usr/local/bin/app
COPY --chown=5:6 conf /etc/app
COPY --chmod=0440 --chown=0:6 LICENSE /srv/
USER 5:6
CMD ["/usr/local/bin/app", "x"]
DOCKERFILE
}

@test "modes and owners that commands change" {
  compare_builds <<DOCKERFILE
$build_stage
RUN CGO_ENABLED=0 go build -trimpath -o /out/app ./cmd/app
FROM localhost/alpine:3.20
COPY --from=build /out/app /usr/local/bin/app
COPY scripts/run.sh LICENSE /opt/
COPY conf /etc/app
RUN chmod +x /opt/run.sh && chown 7:8 /opt/LICENSE && chown -R 7:8 /etc/app && mkdir -m 0700 /var/lib/app
USER 7:8
ENTRYPOINT ["/opt/run.sh", "y"]
DOCKERFILE
}

@test "what the base sets goes into the environment" {
  compare_builds <<DOCKERFILE
$build_stage
RUN CGO_ENABLED=0 go build -trimpath -o bin/app ./cmd/app
FROM localhost/alpine:3.20
COPY --from=build /src/bin/app /opt/app/
ENV PATH=/opt/app:\$PATH MODE=\${MODE:-\${OTHER:-plain}}
USER 1
CMD ["app"]
DOCKERFILE
}

@test "folders of the context that are merged, and a working directory" {
  compare_builds <<DOCKERFILE
$build_stage
RUN CGO_ENABLED=0 go build -trimpath -o /app ./cmd/app
FROM localhost/alpine:3.20
WORKDIR /var/early
WORKDIR /srv
COPY web conf ./
COPY LICENSE .
COPY --from=build /app ./bin/
USER 1:1
ENTRYPOINT ["/srv/bin/app"]
DOCKERFILE
}

@test "a program that passes through a stage, and a file of the context that one hands on" {
  compare_builds <<DOCKERFILE
$build_stage
RUN CGO_ENABLED=0 go build -trimpath -o /out/app ./cmd/app
FROM localhost/alpine:3.20 AS pack
COPY --from=build /out/app /packed/
COPY conf/a.yml /etc/packed.yml
RUN mkdir -p /empty/folder && chown 9:9 /empty/folder
FROM scratch
COPY --from=pack /packed/app /app
COPY --from=pack /etc/packed.yml /etc/app/a.yml
COPY --from=pack --chown=9:9 /empty /empty
USER 9:9
ENTRYPOINT ["/app"]
DOCKERFILE
}

@test "a volume and a signal to stop by" {
  compare_builds <<DOCKERFILE
$build_stage
RUN CGO_ENABLED=0 go build -trimpath -o /out/app ./cmd/app
FROM localhost/alpine:3.20
COPY --from=build /out/app /app
USER 3:3
VOLUME /cache
STOPSIGNAL SIGINT
ENTRYPOINT ["/app"]
CMD ["-v"]
DOCKERFILE
}

@test "a development and a production stage, of which the last is taken" {
  compare_builds <<DOCKERFILE
$build_stage
ENV CGO_ENABLED=0
RUN go build -trimpath -o /out/ ./cmd/...
FROM localhost/alpine:3.20 AS base
COPY --from=build /out/app /usr/bin/app
COPY conf /etc/app
COPY conf/more /etc/app
FROM base AS dev
ENV MODE=dev
USER root
FROM base AS prod
ENV MODE=prod
USER nobody
FROM prod
CMD ["/usr/bin/app"]
DOCKERFILE
}

@test "commands that are not carried over are all that is missing" {
  compare_builds <<DOCKERFILE
$build_stage
RUN CGO_ENABLED=0 go build -trimpath -o /out/app ./cmd/app
FROM localhost/alpine:3.20
COPY --from=build /out/app /usr/local/bin/app
COPY --from=build /src/LICENSE /LICENSE
RUN ln -s app /usr/local/bin/alias && echo hello > /etc/motd && touch /var/marker
USER 65534
ENTRYPOINT ["/usr/local/bin/app"]
DOCKERFILE
}
