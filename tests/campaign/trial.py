# SPDX-License-Identifier: Apache-2.0
"""One run of a command with something done to it, and what must hold after it."""
import errno
import mmap
import os
import shutil
import signal
import struct
import subprocess
import threading
import time

import workplace as places

CALLS = ["any", "open", "read", "write", "fsync", "rename", "mkdir", "flock", "close", "send", "recv", "link", "connect",
         "socket", "readdir", "stat", "mmap", "unlink", "copy"]  # as in faults.cpp
REPORT_SIZE = 4096
# Long enough for a busy machine and all tries of a request.
HANG = 180

# The errors that each call is known to have (its manual page).
ERRORS = {
    "open": ["EIO", "EMFILE", "EACCES", "ENOSPC"],
    "read": ["EIO", "EINTR", "short", "end"],
    "write": ["EIO", "ENOSPC", "EINTR", "short"],
    "fsync": ["EIO", "ENOSPC"],
    "rename": ["EIO", "ENOSPC", "EACCES"],
    "mkdir": ["ENOSPC", "EACCES"],
    "flock": ["EINTR", "ENOLCK"],
    "close": ["EIO"],
    "send": ["ECONNRESET", "EPIPE", "short"],
    "recv": ["ECONNRESET", "ETIMEDOUT", "short", "end"],
    "connect": ["ECONNREFUSED", "ENETUNREACH"],
    "socket": ["EMFILE"],
    "link": ["EIO", "EMLINK"],
    "readdir": ["EIO"],
    "stat": ["EIO", "EACCES"],
    "mmap": ["ENOMEM"],
    "unlink": ["EACCES"],
    "copy": ["EIO", "EINTR", "EXDEV", "ENOSPC", "short"],
}
# After these the work goes on as if nothing had happened.
HARMLESS = {"EINTR", "short", "EXDEV"}


class Counted:
    """What the preloaded library counts and says."""

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as file:
            file.write(bytes(REPORT_SIZE))

    def read(self):
        with open(self.path, "rb") as file:
            data = file.read()
        numbers = struct.unpack("34Q", data[:272])
        counts = {name: count for name, count in zip(CALLS, numbers) if count}
        counts["written"] = numbers[33]
        return counts, numbers[32], data[272:272 + 1024].split(b"\0")[0].decode(errors="replace")


class Trial:
    def __init__(self, place_maker, command, library, warm=False):
        self.at, self.command, self.library, self.warm = place_maker, command, library, warm
        self.problems, self.ends = [], False

    def start(self, place, words, faults=None, stdin=""):
        report = Counted(place + ".report")
        more = {"LD_PRELOAD": self.library, "FAULTS_REPORT": report.path, **(faults or {})}
        begin = time.monotonic()
        child = subprocess.Popen([self.at.tool, *words], cwd=place, env=self.at.environment(place, more), text=True,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return child, report, begin

    def finish(self, child, stdin, kill_after=None):
        """Its output; a hang is a problem, and ended."""
        if kill_after is not None:
            threading.Timer(kill_after, child.kill).start()
        try:
            out, err = child.communicate(stdin, timeout=HANG)
        except subprocess.TimeoutExpired:
            self.problems.append(f"hangs: no end after {HANG} s")
            child.kill()
            out, err = child.communicate()
        return subprocess.CompletedProcess(child.args, child.returncode, out, err)

    def counted(self, place, words, stdin):
        """For the workplace's references."""
        child, report, begin = self.start(place, words)
        result = self.finish(child, stdin)
        counts, _, _ = report.read()
        counts["seconds"] = time.monotonic() - begin
        os.remove(report.path)
        return result, counts

    def run(self, faults=None, causes=None, kill_after=None, place=None, after=None):
        """`causes`: texts of which an error must have one (None: any). `after`: called before the clean run."""
        place, repository = self.at.begin(self.command, self.warm, place)
        words = self.at.words(self.command, repository)
        self.ends = bool(faults) and faults.get("FAULTS_DO") == "end"
        child, report, _ = self.start(place, words, faults)
        result = self.finish(child, self.command.stdin, kill_after)
        _, self.faults, self.what = report.read()
        os.remove(report.path)
        self.result = result
        self.check(result, place, repository, causes)
        if after:
            after()
        if self.command.writes or self.command.pushes:
            self.check_clean_run(place, words, repository)
        shutil.rmtree(place, ignore_errors=True)
        return self.problems

    def check(self, result, place, repository, causes):
        wanted = self.at.references[self.command.name]
        done = result.returncode == self.command.status
        self.problems += self.at.problems_after(self.command, place, repository, complete=done)
        if done and self.at.neutral(result.stdout, repository) != wanted["output"]:
            self.problems.append(f"another output: {result.stdout[:300]!r}")
        if done or result.returncode == -signal.SIGKILL:
            return
        if result.returncode == 3 and self.ends and not self.command.writes:
            return  # a blob that ends early is a damaged one to those that check
        if result.returncode != 1:
            self.problems.append(f"status {result.returncode}, not 1")
        if causes is not None and not any(cause.lower() in result.stderr.lower() for cause in causes):
            self.problems.append("the error does not name the cause")
        if "internal error" in result.stderr or not result.stderr.startswith("ociassemble: "):
            self.problems.append("no error of ours")

    def check_clean_run(self, place, words, repository):
        again = self.at.run(place, words, self.command.stdin)
        if again.returncode != self.command.status:
            self.problems.append(f"the next run fails: {again.stderr.strip()}")
            return
        self.problems += ["after the next run " + problem
                          for problem in self.at.problems_after(self.command, place, repository, complete=True)]
        self.problems += ["after the next run there is still " + os.path.relpath(path, place) for path in places.leftovers(place)]


def causes_of(name):
    """The words of an error number, and those that curl has for it."""
    if name in ("short", "end", "kill"):
        return None
    words = [os.strerror(getattr(errno, name))]
    if name in ("ECONNRESET", "EPIPE", "ETIMEDOUT", "ECONNREFUSED", "ENETUNREACH"):
        words += ["connection", "send failure", "receiving", "could not connect", "couldn't connect"]
    return words
