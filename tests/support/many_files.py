#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""many_files.py LAYOUT COUNT files|folders|deep|application [NAME]: an OCI layout, tag "v1", of one gzip layer with that
many empty files in a thousand folders, that many folders, that many paths of 47 folders each, or that many files of some
bytes each that its history calls the application's; with NAME a small layer below it has a file of that name."""
import hashlib
import json
import os
import sys
import zlib

OCI = "application/vnd.oci.image."

def header(name, kind, mode, size=0):
    fields = [
        name.ljust(100, b"\0"), b"%07o\0" % mode, b"0000000\0", b"0000000\0", b"%011o\0" % size, b"00000000000\0", b" " * 8,
        kind, b"\0" * 100, b"ustar\00000", b"\0" * 64, b"0000000\0", b"0000000\0",
    ]
    block = b"".join(fields).ljust(512, b"\0")
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def entry(kind, number):
    if kind == "files":
        return header(b"d%d/f%d" % (number % 1000, number), b"0", 0o644)
    if kind == "application":
        data = b"file %d\n" % number
        return header(b"opt/app/data/d%d/f%d" % (number % 1000, number), b"0", 0o644, len(data)) + data.ljust(512, b"\0")
    if kind == "folders":
        return header(b"a/%d/%d/%d/" % (number % 10, number % 1000, number), b"5", 0o755)
    return header(b"%06d/" % number + b"d/" * 46, b"5", 0o755)


def put(layout, data, media_type):
    digest = hashlib.sha256(data).hexdigest()
    with open(f"{layout}/blobs/sha256/{digest}", "wb") as file:
        file.write(data)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}


def put_layer(layout, blocks):
    tar, gzip, parts = hashlib.sha256(), zlib.compressobj(1, zlib.DEFLATED, 31), []
    for block in blocks:
        tar.update(block)
        parts.append(gzip.compress(block))
    layer = put(layout, b"".join(parts) + gzip.flush(), OCI + "layer.v1.tar+gzip")
    return layer, "sha256:" + tar.hexdigest()


def blocks_of(kind, count):
    for start in range(0, count, 1000):
        yield b"".join(entry(kind, number) for number in range(start, min(count, start + 1000)))
    yield b"\0" * 1024


def main():
    layout, count, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    os.makedirs(f"{layout}/blobs/sha256")
    made = []
    if len(sys.argv) > 4:
        made.append((*put_layer(layout, [header(sys.argv[4].encode(), b"0", 0o644), b"\0" * 1024]), "a base"))
    maker = "ociassemble: files /opt/app" if kind == "application" else "files"
    made.append((*put_layer(layout, blocks_of(kind, count)), maker))
    rootfs = {"type": "layers", "diff_ids": [diff_id for _, diff_id, _ in made]}
    history = [{"created_by": maker} for _, _, maker in made]
    config = {"architecture": "amd64", "os": "linux", "rootfs": rootfs, "history": history}
    config = put(layout, json.dumps(config).encode(), OCI + "config.v1+json")
    layers = [layer for layer, _, _ in made]
    manifest = {"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json", "config": config, "layers": layers}
    manifest = put(layout, json.dumps(manifest).encode(), manifest["mediaType"])
    manifest["annotations"] = {"org.opencontainers.image.ref.name": "v1"}
    with open(f"{layout}/index.json", "w") as file:
        json.dump({"schemaVersion": 2, "manifests": [manifest]}, file)
    with open(f"{layout}/oci-layout", "w") as file:
        file.write('{"imageLayoutVersion": "1.0.0"}')


main()
