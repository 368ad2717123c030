#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""many_files.py LAYOUT COUNT files|folders|deep: an OCI layout, tag "v1", of one gzip layer with that many empty files in a
thousand folders, that many folders, or that many paths of 47 folders each."""
import hashlib
import json
import os
import sys
import zlib


def header(name, kind, mode):
    fields = [
        name.ljust(100, b"\0"), b"%07o\0" % mode, b"0000000\0", b"0000000\0", b"00000000000\0", b"00000000000\0", b" " * 8,
        kind, b"\0" * 100, b"ustar\00000", b"\0" * 64, b"0000000\0", b"0000000\0",
    ]
    block = b"".join(fields).ljust(512, b"\0")
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def entry(kind, number):
    if kind == "files":
        return header(b"d%d/f%d" % (number % 1000, number), b"0", 0o644)
    if kind == "folders":
        return header(b"a/%d/%d/%d/" % (number % 10, number % 1000, number), b"5", 0o755)
    return header(b"%06d/" % number + b"d/" * 46, b"5", 0o755)


def put(layout, data, media_type):
    digest = hashlib.sha256(data).hexdigest()
    with open(f"{layout}/blobs/sha256/{digest}", "wb") as file:
        file.write(data)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}


def main():
    layout, count, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    os.makedirs(f"{layout}/blobs/sha256")
    tar, gzip, parts = hashlib.sha256(), zlib.compressobj(1, zlib.DEFLATED, 31), []
    for start in range(0, count, 1000):
        block = b"".join(entry(kind, number) for number in range(start, min(count, start + 1000)))
        tar.update(block)
        parts.append(gzip.compress(block))
    tar.update(b"\0" * 1024)
    parts += [gzip.compress(b"\0" * 1024), gzip.flush()]
    oci = "application/vnd.oci.image."
    layer = put(layout, b"".join(parts), oci + "layer.v1.tar+gzip")
    config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": ["sha256:" + tar.hexdigest()]}}
    config = put(layout, json.dumps(config).encode(), oci + "config.v1+json")
    manifest = {"schemaVersion": 2, "mediaType": oci + "manifest.v1+json", "config": config, "layers": [layer]}
    manifest = put(layout, json.dumps(manifest).encode(), manifest["mediaType"])
    manifest["annotations"] = {"org.opencontainers.image.ref.name": "v1"}
    with open(f"{layout}/index.json", "w") as file:
        json.dump({"schemaVersion": 2, "manifests": [manifest]}, file)
    with open(f"{layout}/oci-layout", "w") as file:
        file.write('{"imageLayoutVersion": "1.0.0"}')


main()
