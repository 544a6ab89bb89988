# SPDX-License-Identifier: GPL-2.0-only
"""A machine that only pretends to boot: it is cut at each of its steps, and comes up
with anything."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from retrap.base.errors import RetrapError
from retrap.campaign import journal
from retrap.campaign.directory import Campaign
from retrap.campaign.manifest import MACHINE, Job, Payload
from retrap.results import sealed
from retrap.target import agent
from retrap.target.record import Kernel, Target

KERNELS = {
    name: Kernel(name, "", f"id of {name}", ("listen",), ("listen",), {})
    for name in ("mainline", "patched")
}
TARGET = Target("c1", KERNELS, (), 0, 65534)
JOBS = [
    Job(name, f"block-{block}", "x86_64", MACHINE, "cells", block=block, ordinal=place)
    for block in (1, 2)
    for place, name in enumerate(KERNELS, 1)
]
MOST_BOOTS = 40


class Cut(BaseException):
    """The power is gone."""


@dataclass
class Pretended:
    """A machine: what is armed is up after a reboot, once. `faults` say by the number
    of a step whether it is cut there, `comes_up` what else is up than was armed."""

    directory: Path
    cut_at: int = -1
    comes_up: Callable[[str], str | None] = lambda slot: slot
    fails: Callable[[Job], RetrapError | None] = lambda job: None
    steps: int = 0
    boots: int = 0
    armed: str | None = None
    slot: str | None = None
    build_id: str | None = None
    measured: list[str] = field(default_factory=list)

    @property
    def boot_id(self) -> str:
        return f"boot {self.boots}"

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.cut_at:
            raise Cut

    def ready(self, job: Job) -> None:
        self.step()

    def arm(self, job: Job, slot: str) -> None:
        self.step()
        self.armed = slot
        self.step()

    def measure(self, job: Job, lines: Payload, directory: Path) -> None:
        self.step()
        if error := self.fails(job):
            raise error
        directory.mkdir(parents=True)
        (directory / "cell").write_text(f"of {job.name}\n")
        self.step()
        sealed.close(directory, {"variant": job.variant, "boot": job.boot})
        self.step()
        self.measured.append(job.name)

    def reboot(self) -> None:
        self.step()
        self.up()

    def up(self) -> None:
        self.boots += 1
        assert self.boots < MOST_BOOTS, "it boots for ever"
        slot, self.armed = self.armed, None
        self.slot = self.comes_up(slot) if slot else None
        variant = self.slot.split(":")[1] if self.slot else ""
        self.build_id = f"id of {variant}" if variant else "the distribution's"


def planned(directory: Path) -> None:
    (directory / "plan.json").write_text("{}")
    campaign = Campaign(directory, "fills", os.open("/dev/null", os.O_RDONLY))
    campaign.plan(JOBS, {"cells": ("bench x",)})
    campaign.close()


def all_boots(machine: Pretended) -> str:
    """Until nothing is to be done, whatever is cut; the last words."""
    while True:
        before = machine.boots
        try:
            said = agent.go_on(machine.directory, TARGET, machine)
        except Cut:
            machine.up()
            continue
        if machine.boots == before:
            return said


def told(directory: Path) -> list[tuple[str, str]]:
    lines = (directory / journal.FILE).read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    return [(row.get("job", ""), row["state"]) for row in rows]


def files(directory: Path) -> dict[str, bytes]:
    """The boots, without what cut tries left."""
    found = directory.glob("raw/*/*/*")
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in found
        if not path.parent.name.endswith(".partial")
    }
