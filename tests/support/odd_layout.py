# SPDX-License-Identifier: Apache-2.0
"""Writes an OCI layout of one image, tag "v1", that no builder of today would make: for tests of odd bases.

usage: odd_layout.py FOLDER JSON

JSON: {"layers": [[[PATH, TYPE, VALUE], ...], ...], "config": {...}, "platform": {...}, "cut": BYTES}: TYPE is
"file" (VALUE: its text), "symlink" or "hardlink" (VALUE: its target); a null in "config" removes the member;
of each layer's tar only the first BYTES are taken.
"""
import gzip
import hashlib
import io
import json
import os
import sys
import tarfile

TYPES = {"file": tarfile.REGTYPE, "symlink": tarfile.SYMTYPE, "hardlink": tarfile.LNKTYPE}
MEDIA = "application/vnd.oci.image."


def tar_of(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for path, kind, value in entries:
            info = tarfile.TarInfo(path)
            info.type = TYPES[kind]
            data = value.encode() if kind == "file" else b""
            info.size = len(data)
            if kind != "file":
                info.linkname = value
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def main():
    folder, wanted = sys.argv[1], json.loads(sys.argv[2])
    blobs = folder + "/blobs/sha256/"
    os.makedirs(blobs, exist_ok=True)

    def put(data, media_type):
        digest = hashlib.sha256(data).hexdigest()
        with open(blobs + digest, "wb") as blob:
            blob.write(data)
        return {"mediaType": MEDIA + media_type, "digest": "sha256:" + digest, "size": len(data)}

    tars = [tar_of(layer)[: wanted.get("cut")] for layer in wanted["layers"]]
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(tar).hexdigest() for tar in tars]},
    }
    config.update(wanted.get("config", {}))
    config = {name: value for name, value in config.items() if value is not None}
    manifest = {
        "schemaVersion": 2,
        "mediaType": MEDIA + "manifest.v1+json",
        "config": put(json.dumps(config).encode(), "config.v1+json"),
        "layers": [put(gzip.compress(tar, mtime=0), "layer.v1.tar+gzip") for tar in tars],
    }
    entry = put(json.dumps(manifest).encode(), "manifest.v1+json")
    entry["annotations"] = {"org.opencontainers.image.ref.name": "v1"}
    if "platform" in wanted:
        entry["platform"] = wanted["platform"]
    for name, document in (
        ("index.json", {"schemaVersion": 2, "manifests": [entry]}),
        ("oci-layout", {"imageLayoutVersion": "1.0.0"}),
    ):
        with open(folder + "/" + name, "w", encoding="utf-8") as out:
            json.dump(document, out)


main()
