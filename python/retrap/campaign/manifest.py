# SPDX-License-Identifier: GPL-2.0-only
"""The boots that a result directory is to have: manifest.json.

A job is one boot of one kernel. What runs in it is its payload: lines that many
jobs share, so a manifest holds each payload once, by name.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from retrap.base.rawfile import atomic_write, damaged, read_json

FILE = "manifest.json"
SCHEMA = "retrap.manifest/1"
QEMU_EXACT, QEMU, LOCAL, MACHINE = EXECUTORS = (
    *("qemu-exact", "qemu", "local", "machine"),
)
AGAIN = "-again"  # ends the name of the baseline's second boot in a block
Payload = tuple[str, ...]
T = TypeVar("T")


@dataclass(frozen=True)
class Job:
    """One boot. `boot` is its name among those of the variant, and the two are its
    directory below raw/. `executor` says what boots it, `command_line` what the
    kernel is told beside the executor's own words. `block` and `ordinal` are its
    place in the order, which `seed` made."""

    variant: str
    boot: str
    arch: str
    executor: str
    payload: str
    command_line: str = ""
    block: int = 1
    ordinal: int = 1
    seed: int = 0

    @property
    def name(self) -> str:
        return f"{self.variant}/{self.boot}"

    @property
    def order(self) -> str:
        """What makes the order of the processes in this boot, where that is of chance:
        another boot has another one."""
        return f"{self.seed} {self.name}"


class Manifest:
    """The jobs of one result directory, by name, in the order of their planning."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE
        self.jobs: dict[str, Job] = {}
        self.payloads: dict[str, Payload] = {}
        if self._path.exists():
            self._read()

    def add(self, jobs: Iterable[Job], payloads: dict[str, Payload]) -> None:
        """Those that are not there yet. Errors: EXIT_RESULTS."""
        jobs = list(jobs)
        for job in jobs:
            stands = self.jobs.get(job.name, job)
            lines = payloads[job.payload]
            known = self.payloads.get(job.payload, lines)
            if (stands, known) != (job, lines):
                raise damaged(self._path, f"{job.name} is planned otherwise")
        if all(job.name in self.jobs for job in jobs):
            return
        self.jobs |= {job.name: job for job in jobs}
        self.payloads |= {job.payload: payloads[job.payload] for job in jobs}
        record = {
            "schema": SCHEMA,
            "payloads": self.payloads,
            "jobs": [asdict(job) for job in self.jobs.values()],
        }
        atomic_write(self._path, json.dumps(record, indent=1) + "\n")

    def _read(self) -> None:
        record = read_json(self._path)
        if record.get("schema") != SCHEMA:
            raise damaged(self._path, f"schema is not {SCHEMA}")
        try:
            self.payloads = {k: tuple(v) for k, v in record["payloads"].items()}
            jobs = [_job(row) for row in record["jobs"]]
            self.jobs = {job.name: job for job in jobs}
            if not all(
                isinstance(p, str) for way in self.payloads.values() for p in way
            ):
                raise ValueError("a line of a payload is no text")
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise damaged(self._path, f"is no manifest: {error}") from None


def _job(row: dict[str, Any]) -> Job:
    job = Job(**row)
    for field in fields(Job):
        value = getattr(job, field.name)
        if type(value).__name__ != str(field.type):  # they are annotations, hence names
            raise ValueError(f"{field.name} of a job is {value!r}")
    if job.executor not in EXECUTORS:
        raise ValueError(f"there is no executor {job.executor!r}")
    if any(word in ("", ".", "..") or "/" in word for word in (job.variant, job.boot)):
        raise ValueError(f"{job.name!r} names no directory below raw/")
    return job


def in_blocks(
    things: Sequence[T], blocks: int, seed: int
) -> Iterator[tuple[int, int, T]]:
    """(block, ordinal, thing), both from 1: each block has each thing once, in an
    order of its own. So a drift of the machine meets all alike
    (doi 10.1145/3030207.3030229)."""
    for block in range(1, blocks + 1):
        order = list(things)
        random.Random(f"{seed} {block}").shuffle(order)
        for ordinal, thing in enumerate(order, 1):
            yield block, ordinal, thing
