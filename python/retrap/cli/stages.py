# SPDX-License-Identifier: GPL-2.0-only
"""Which stages of `./retrap test --all` are done: of this tree, by these tools.

A stage that passed is not run again until one of the two changes. The record is
build/test-all.json; nothing else reads it.
"""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

from retrap.kernel import kernels
from retrap.base.arch import native
from retrap.base.paths import ROOT
from retrap.config.variants import Variant
from retrap.base.errors import EXIT_CONFIG, RetrapError
from retrap.base.process import capture
from retrap.base.rawfile import atomic_write

STORE = ROOT / "build/test-all.json"
SCHEMA = "retrap.stages/1"
TOOLS = (
    *("gcc", "g++", "cmake", "/usr/bin/python3", "perf", "strace", "gdb"),
    *("podman", "runc", "mmdebstrap"),
)


@dataclass(frozen=True)
class Done:
    """How a stage ended."""

    passed: bool
    seconds: float
    earlier: bool = False  # in a run before this one


class Ledger:
    """The stages done so far. Each is stored as soon as it ends."""

    def __init__(self, path: Path, identity: str, done: dict[str, Done]) -> None:
        self.path, self.identity, self.done = path, identity, done

    @classmethod
    def open(cls, path: Path, identity: str, names: list[str], fresh: bool) -> Ledger:
        """With what passed of an unfinished run of the same identity."""
        known = {} if fresh else _stored(path, identity)
        passed = {
            name: Done(True, each.seconds, earlier=True)
            for name, each in known.items()
            if each.passed and name in names
        }
        return cls(path, identity, {} if len(passed) == len(names) else passed)

    def show(self, name: str, passed: bool, seconds: float) -> None:
        """For the table alone."""
        self.done[name] = Done(passed, round(seconds, 1))

    def end(self, name: str, passed: bool, seconds: float) -> None:
        self.show(name, passed, seconds)
        rows = {stage: asdict(each) for stage, each in self.done.items()}
        record = {"schema": SCHEMA, "identity": self.identity, "stages": rows}
        atomic_write(self.path, json.dumps(record, indent=1) + "\n")


def table(names: list[str], done: dict[str, Done]) -> list[str]:
    """A line a stage: how it ended and how long it took."""
    width = max(map(len, names), default=0)
    rows = []
    for name in names:
        if (how := done.get(name)) is None:
            rows.append(f"{name:{width}}  not run")
            continue
        result = "passed" if how.passed else "FAILED"
        when = "  in a run before" if how.earlier else ""
        rows.append(f"{name:{width}}  {result}  {span(how.seconds):>11}{when}")
    return rows


def span(seconds: float) -> str:
    """`7 s`, `12 min 05 s`, `2 h 03 min`."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def _stored(path: Path, identity: str) -> dict[str, Done]:
    try:
        record = json.loads(path.read_text())
        if (record["schema"], record["identity"]) != (SCHEMA, identity):
            return {}
        return {name: Done(**row) for name, row in record["stages"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}  # none, or one that nobody of us wrote: all is to be done


def identity(tested: list[Variant]) -> str:
    """A hash of the tree's files, the tools, and the kernels tested."""
    arch = native()
    parts = [tree_sha256(ROOT), platform.release()]
    parts += [capture([tool, "--version"]) or tool for tool in (*TOOLS, arch.qemu)]
    parts += [kernels.kernel_key(variant, arch) for variant in tested]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def tree_sha256(root: Path) -> str:
    """Of every file that git knows or would add. Errors: EXIT_CONFIG."""
    listed = capture(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], root
    )
    if listed is None:
        raise RetrapError(
            f"{root}: is no git clone, so what has been tested cannot be known again",
            "clone retrap with git; `./retrap test` without --all needs none",
            EXIT_CONFIG,
        )
    total = hashlib.sha256()
    for name in sorted(set(filter(None, listed.split("\0")))):
        path = root / name
        mode = path.lstat().st_mode if path.is_symlink() or path.exists() else 0
        total.update(f"{name}\0{mode & 0o111}\0".encode())
        if path.is_symlink():
            total.update(str(path.readlink()).encode())
        elif path.is_file():
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()
