# SPDX-License-Identifier: Apache-2.0
"""Where the campaign's commands run: a folder with an image, files and a recipe of Docker's, a registry, and the commands.

What a command may do to its folder is known from a run of it that nothing disturbed. Whatever is done to later runs, each
file is as it was before or as that run left it.
"""
import hashlib
import http.client
import importlib.machinery
import importlib.util
import json
import os
import random
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
TEMPORARY = ".ociassemble-tmp-"
NOT_PROMISED = ("cache", "tmp")  # what is kept there is nobody's but the program's
DATABASE_INDEX = ".ociassemble-index"  # made again where it is not there
MEDIA_TYPES = ("application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, "
               "application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json")


def load(*path):
    """A script of ours as a module."""
    path = os.path.join(HERE, *path)
    loader = importlib.machinery.SourceFileLoader(os.path.basename(path), path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


class Command:
    """`writes`: the folder's files may change; `pushes`: the tag of a repository of each run's own does. Of the words,
    REGISTRY, REPOSITORY and LARGE are replaced."""

    def __init__(self, name, words, writes=True, pushes=False, network=False, status=0, stdin=""):
        self.name, self.words, self.stdin = name, words.split(), stdin
        self.writes, self.pushes, self.network, self.status = writes, pushes, network or pushes, status


BUILD = "build -q --any-binary -b app:/app --add files:/srv/files "
COMMANDS = {command.name: command for command in [
    Command("build", BUILD + "--base oci:image:base -o oci:image:new"),
    Command("rebuild", BUILD + "--base oci:image:base --env A=b -o oci:image:old --stamp stamp --digest-file digest"),
    Command("build-new", BUILD + "-o oci:fresh/layout:new --no-cache --compression zstd --depfile made.d"),
    Command("build-archive", BUILD + "--base oci:image:base -o oci-archive:image.tar:new -o docker-archive:docker.tar:a/b:c"),
    Command("build-push", BUILD + "--base REGISTRY/base:1 --push REPOSITORY:latest", network=True, pushes=True),
    Command("build-locked", BUILD + "--base REGISTRY/base:1 --locked --lock-file good.lock -o oci:image:new", network=True),
    Command("build-evidence", BUILD + "--base oci:image:base --sbom --sbom-dir sboms --provenance --sign-key release.key "
            "-o oci:image:new"),
    Command("build-signed", BUILD + "--base REGISTRY/base:1 --provenance --sign-key release.key --push REPOSITORY:latest",
            network=True, pushes=True),
    Command("build-stream", "build -q --base REGISTRY/base:1 --add LARGE:/srv/large --compression gzip:1 --push REPOSITORY:latest",
            network=True, pushes=True),
    Command("push", "push -q oci:image:old REPOSITORY:latest", pushes=True),
    Command("pull", "pull -q REGISTRY/app:1 oci:image:new", network=True),
    Command("pull-archive", "pull -q REGISTRY/app:1 oci-archive:image.tar:new", network=True),
    Command("copy-registry", "copy -q REGISTRY/app:1 REPOSITORY:latest", pushes=True),
    Command("copy-layout", "copy -q oci:image:old oci:other:new"),
    Command("copy-archive", "copy -q oci:image:old docker-archive:docker.tar:a/b:c"),
    Command("lock", "lock -q --base REGISTRY/base:1 --lock-file a.lock", network=True),
    Command("lock-update", "lock -q --update --lock-file old.lock", network=True),
    Command("import", "import Dockerfile -o imported.json"),
    Command("prune", "prune -q oci:image"),
    Command("login", "login -u alice --password-stdin REGISTRY", network=True, stdin="secret"),
    Command("logout", "logout registry.example.com"),
    Command("verify", "verify oci:image", writes=False),
    Command("verify-registry", "verify REGISTRY/app:1", writes=False, network=True),
    Command("verify-same-app", "verify --same-app oci:image:old REGISTRY/app:1", writes=False, network=True),
    Command("diff", "diff oci:image:old oci:image:base", writes=False, status=3),
    Command("inspect", "inspect --files oci:image:old", writes=False),
    Command("tags", "tags REGISTRY/app", writes=False, network=True),
    Command("sbom", "sbom -q oci:image:old -o sbom.json"),
    Command("sbom-registry", "sbom -q --format cyclonedx REGISTRY/app:1", writes=False, network=True),
    Command("sign", "sign -q oci:image:old --key release.key"),
    Command("attest", "attest -q oci:image:old --type https://example.com/tests --predicate predicate.json --key release.key"),
    Command("verify-key", "verify -q oci:signed:app --key release.pub --require signature,provenance", writes=False),
    Command("rebuild-image", "rebuild -q oci:signed:app", writes=False),
    Command("check", "check --level strict oci:image:old", writes=False, status=3),
    Command("vulnerabilities", "vulnerabilities -q oci:image:old --db osv", writes=False, status=3),
    Command("run-spec", "run-spec oci:image:old --for kubernetes --image registry.example.com/app:1 -o pod.yaml"),
]}


def file_sums(folder):
    """Every file and its bytes' digest, temporary ones and those that are not promised apart."""
    sums, temporary = {}, []
    for parent, folders, names in os.walk(folder):
        where = os.path.relpath(parent, folder)
        temporary += [os.path.join(where, name) for name in folders + names if name.startswith(TEMPORARY)]
        folders[:] = [name for name in folders if not name.startswith(TEMPORARY) and not (where == "." and name in NOT_PROMISED)]
        for name in names:
            if name.startswith(TEMPORARY) or name == DATABASE_INDEX:
                continue
            with open(os.path.join(parent, name), "rb") as file:
                sums[os.path.normpath(os.path.join(where, name))] = hashlib.sha256(file.read()).hexdigest()
    return sums, temporary


def leftovers(folder):
    """Temporary files and folders, wherever."""
    return [os.path.join(parent, name) for parent, folders, names in os.walk(folder) for name in folders + names
            if name.startswith(TEMPORARY)]


def unreadable_images(layout):
    """What is wrong with a layout, seen without the program: each name's blobs, by their digests."""
    def read(descriptor):
        with open(os.path.join(layout, "blobs", *descriptor["digest"].split(":")), "rb") as file:
            data = file.read()
        if "sha256:" + hashlib.sha256(data).hexdigest() != descriptor["digest"] or len(data) != descriptor["size"]:
            raise ValueError(f"the blob {descriptor['digest']} is another")
        return data
    if not os.path.exists(os.path.join(layout, "index.json")):
        return []
    problems = []
    try:
        with open(os.path.join(layout, "index.json"), "rb") as file:
            entries = json.load(file)["manifests"]
        for entry in entries:
            manifest = json.loads(read(entry))
            for part in [manifest["config"], *manifest["layers"]]:
                read(part)
    except (OSError, ValueError, KeyError) as problem:
        problems.append(f"{layout}: {problem}")
    return problems


def is_empty_index(path):
    """Whether it is the index of a layout that has no image yet."""
    if os.path.basename(path) != "index.json":
        return False
    try:
        with open(path, "rb") as file:
            return json.load(file)["manifests"] == []
    except (OSError, ValueError, KeyError):
        return False


class Repository:
    """A repository, asked without the program."""

    def __init__(self, address, name):
        self.address, self.name = address, name

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(self.address, timeout=60)
        try:
            connection.request(method, f"/v2/{self.name}/{path}", body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def manifest(self, tag):
        status, headers, body = self.ask("GET", f"manifests/{tag}", headers={"Accept": MEDIA_TYPES})
        if status == 404:
            return None, None
        if status != 200:
            raise RuntimeError(f"the registry answers {status}: {body[:200]}")
        return body, dict(headers).get("Content-Type")

    def take_from(self, other, tag, as_tag):
        """Another repository's image, by mounts alone."""
        body, kind = other.manifest(tag)
        document = json.loads(body)
        for part in [document["config"], *document["layers"]]:
            status, _, _ = self.ask("POST", f"blobs/uploads/?mount={part['digest']}&from={other.name}")
            assert status == 201, status
        status, _, answer = self.ask("PUT", f"manifests/{as_tag}", body, {"Content-Type": kind})
        assert status == 201, answer

    def digest_and_problems(self, tag):
        body, _ = self.manifest(tag)
        if body is None:
            return None, []
        problems = []
        document = json.loads(body)
        for part in [document["config"], *document["layers"]]:
            status, _, data = self.ask("GET", f"blobs/{part['digest']}")
            if status != 200:
                problems.append(f"{self.name}:{tag} lacks {part['digest']} ({status})")
            elif "sha256:" + hashlib.sha256(data).hexdigest() != part["digest"]:
                problems.append(f"{self.name}:{tag}: the blob {part['digest']} is another")
        return "sha256:" + hashlib.sha256(body).hexdigest(), problems


class Workplace:
    """The folder that each run begins with, and what each command makes of it."""

    def __init__(self, folder, tool, address, origin=None):
        self.folder, self.tool, self.address, self.origin = folder, os.path.abspath(tool), address, origin or address
        self.template = os.path.join(folder, "template")
        self.made, self.references = 0, {}
        self.large = os.path.join(folder, "large")
        self.make_template()

    def environment(self, place, more=None):
        return {"PATH": os.environ["PATH"], "HOME": place, "XDG_CACHE_HOME": os.path.join(place, "cache"), "LC_ALL": "C",
                "TMPDIR": os.path.join(place, "tmp"), "DOCKER_CONFIG": os.path.join(place, "docker"), **(more or {})}

    def run(self, place, words, stdin=""):
        return subprocess.run([self.tool, *words], cwd=place, env=self.environment(place), capture_output=True, text=True,
                              input=stdin, timeout=300)

    def made_by(self, *words):
        made = self.run(self.template, words)
        if made.returncode != 0:
            raise SystemExit(f"campaign: ociassemble {' '.join(words)}: {made.stderr}")

    def make_template(self):
        contents = random.Random(13)
        os.makedirs(os.path.join(self.template, "tmp"))
        for parent in ("", "a", "a/b", "c"):
            os.makedirs(os.path.join(self.template, "files", parent), exist_ok=True)
            for name in ("one", "two", "three"):
                self.write(os.path.join("files", parent, name), contents.randbytes(contents.randrange(1, 9000)))
        self.write("files/.dockerignore", b"c/two\n!c/three\n")
        # Half of it can be compressed; two of a compressor's chunks.
        self.write("app", b"".join(contents.randbytes(500) + bytes(500) for _ in range(700)), 0o755)
        self.write("Dockerfile", b"FROM alpine:3.20\nCOPY app /app\nENV A=b\nENTRYPOINT [\"/app\"]\n")
        self.write("imported.json", b"what was there before\n")
        self.write("docker/config.json", b'{"auths": {"registry.example.com": {"auth": "YTpi"}, "other.example.com": {"auth": "Yzpk"}}}\n')
        self.write("docker.tar", b"what was there before")
        self.write("sbom.json", b"what was there before")
        self.write("predicate.json", b'{"passed": true}\n')
        self.write("osv/GO-2026-0001.json", b'{"id": "GO-2026-0001", "modified": "2026-01-01T00:00:00Z", "affected": [{"package": '
                   b'{"ecosystem": "Go", "name": "example.com/m"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]}]}')
        self.write("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n")
        self.write("etc/os-release", b"ID=alpine\nVERSION_ID=3.20.3\n")
        self.made_by("build", "-q", "--base", "scratch", "--add", "etc:/etc", "-o", "oci:image:base", "--push", f"{self.address}/base:1")
        self.made_by("build", "-q", "--any-binary", "--base", "oci:image:base", "-b", "app:/app", "-o", "oci:image:old", "-o",
                     "oci-archive:image.tar:old", "--push", f"{self.address}/app:1")
        self.made_by("lock", "-q", "--base", f"{self.address}/base:1", "--lock-file", "good.lock")
        self.made_by("generate-key", "release", "--no-passphrase")
        self.made_by("build", "-q", "--any-binary", "--base", "scratch", "-b", "app:/app", "--provenance", "--sign-key",
                     "release.key", "-o", "oci:signed:app")
        with open(os.path.join(self.template, "good.lock")) as lock:
            self.write("old.lock", lock.read().encode())
        self.write("image/blobs/sha256/" + hashlib.sha256(b"garbage").hexdigest(), b"garbage")
        # The tag has moved since.
        self.made_by("build", "-q", "--base", "scratch", "--add", "files:/etc", "--push", f"{self.address}/base:1")
        shutil.rmtree(os.path.join(self.template, "cache"), ignore_errors=True)
        self.before, _ = file_sums(self.template)
        self.old_tag, _ = Repository(self.origin, "base").digest_and_problems("1")

    def write(self, name, data, mode=0o644):
        path = os.path.join(self.template, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
        os.chmod(path, mode)

    def begin(self, command, warm=False, place=None):
        """A new folder, and a repository whose tag is another image."""
        self.made += 1
        repository = Repository(self.origin, f"run{os.path.basename(self.folder)}-{self.made}") if command.pushes else None
        place = place or os.path.join(self.folder, str(self.made))
        shutil.copytree(self.template, place, symlinks=True, dirs_exist_ok=True)
        if warm and command.name in self.references:
            shutil.copytree(self.references[command.name]["cache"], os.path.join(place, "cache"), dirs_exist_ok=True)
        if repository:
            repository.take_from(Repository(self.origin, "base"), "1", "latest")
        return place, repository

    def words(self, command, repository):
        name = f"{self.address}/{repository.name}" if repository else ""
        return [word.replace("REPOSITORY", name).replace("REGISTRY", self.address).replace("LARGE", self.large)
                for word in command.words]

    def make_large(self):
        """A file that is sent while its layer is made: more than 32 MiB, of which 11 cannot be compressed."""
        contents = random.Random(14)
        with open(self.large, "wb") as file:
            for _ in range(33 << 10):
                file.write(contents.randbytes(340) + bytes(684))

    def reference(self, command, counted):
        """The run that nothing disturbs. `counted` runs it and says what it counted."""
        if "LARGE" in " ".join(command.words) and not os.path.exists(self.large):
            self.make_large()
        place, repository = self.begin(command)
        result, counts = counted(place, self.words(command, repository), command.stdin)
        if result.returncode != command.status:
            raise SystemExit(f"campaign: {command.name} undisturbed has status {result.returncode}: {result.stderr}")
        after, temporary = file_sums(place)
        tag, problems = repository.digest_and_problems("latest") if repository else (None, [])
        if temporary or problems:
            raise SystemExit(f"campaign: {command.name} undisturbed leaves {temporary} {problems}")
        cache = os.path.join(self.folder, "cache-" + command.name)
        if os.path.isdir(os.path.join(place, "cache")):
            shutil.copytree(os.path.join(place, "cache"), cache)
        else:
            os.makedirs(cache)
        shutil.rmtree(place)
        self.references[command.name] = {"files": after, "tag": tag, "output": self.neutral(result.stdout, repository),
                                         "counts": counts, "cache": cache}

    def neutral(self, output, repository):
        return output.replace(repository.name, "REPOSITORY") if repository else output

    def problems_after(self, command, place, repository, complete):
        """What is not as it was before nor as it should become; with `complete` only the latter will do."""
        wanted = self.references[command.name]
        after, _ = file_sums(place)
        problems = []
        for path in sorted(set(self.before) | set(after) | set(wanted["files"])):
            now, old, new = after.get(path), self.before.get(path), wanted["files"].get(path)
            begun = not complete and old is None and is_empty_index(os.path.join(place, path))
            if now != new and (complete or now != old) and not begun:
                problems.append(f"{path} is {'lost' if now is None else 'neither as before nor as it should be'}")
        for layout in ("image", "other", "fresh/layout"):
            problems += unreadable_images(os.path.join(place, layout))
        if repository:
            tag, lost = repository.digest_and_problems("latest")
            problems += lost
            if tag != wanted["tag"] and (complete or tag != self.old_tag):
                problems.append(f"the tag stands for {tag}")
        return problems
