// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace ociassemble::tool {

// What `build --help` says below the options.
inline constexpr const char* kBuildFooter =
    "LOCATION is oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:REF] or REGISTRY/REPOSITORY[:TAG].\n"
    "A base may also be rootfs:DIR-OR-TARBALL, scratch, or static (the built-in default, which needs no network).\n"
    "\n"
    "Examples:\n"
    "  Write an image of a static Go binary to a folder:\n"
    "    CGO_ENABLED=0 go build -trimpath -o server ./cmd/server\n"
    "    ociassemble build --binary server -o oci:image:v1\n"
    "  Use Alpine as the base, add a file and a writable folder, and push:\n"
    "    ociassemble build --base alpine:3.20 --binary server --add config.yml:/etc/server/config.yml \\\n"
    "      --writable /var/lib/server --expose 8080 --push registry.example.com/team/server:v1\n"
    "  Write a file for `docker load`:\n"
    "    ociassemble build --binary server -o docker-archive:server.tar:team/server:v1\n"
    "  Build all profiles of the recipe ociassemble.json, each under its own tags:\n"
    "    ociassemble build --all-profiles --set VERSION=1.4.0 --push registry.example.com/team/server\n"
    "  Compile the programs first, with the recipe's \"build\" commands:\n"
    "    ociassemble build --compile --push registry.example.com/team/server:v1\n"
    "  Build for two platforms, with a pinned base, as one index:\n"
    "    ociassemble lock --base alpine:3.20 --platform linux/amd64,linux/arm64\n"
    "    ociassemble build --locked --base alpine:3.20 --platform linux/amd64,linux/arm64 \\\n"
    "      --binary bin/{os}-{arch}/server --push registry.example.com/team/server:v1\n"
    "  In a Makefile:\n"
    "    ociassemble build -q --binary server -o oci-archive:$@ --depfile $@.d\n"
    "  In CI, check first that a second assembly gives the same bytes:\n"
    "    ociassemble build --twice --binary server --push registry.example.com/team/server:v1\n"
    "\n"
    "The same inputs give the same digest on every machine. Times are 1970-01-01; SOURCE_DATE_EPOCH and --created set\n"
    "when the image was created, --file-times the times of its files.\n"
    "\n"
    "Credentials come from docker's and podman's configuration. OCIASSEMBLE_USERNAME and OCIASSEMBLE_PASSWORD are for "
    "the\n"
    "registry that is pushed to, or else the base's, or for the one that OCIASSEMBLE_REGISTRY names.";

}  // namespace ociassemble::tool
