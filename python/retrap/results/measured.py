# SPDX-License-Identifier: GPL-2.0-only
"""What was measured: a cell, and the boot it was measured in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from retrap.machine.machine import Machine, machine
from retrap.results import summary
from retrap.results.samples import layout, read_samples
from retrap.results.summary import Counts, Summary

RANKS = {"listen": 0, "listen-republish": 1, "async-retrap": 2, "please-notify": 3}
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Cell:
    """One scenario at one placement in one boot. `run` is its run.json, less what is
    about the program; `summary` is of its samples, None where they were not timed;
    `counts` are those of its counting runs, by their cycles. `place` is in the order
    in which the cells of the boot ran, None where the boot does not say it.

    `booted` tells the boots of a machine apart: several rounds may be of one.

    `side` is what reports call it: the variant; of a kernel that was measured
    through several interfaces `combined/listen`, and with its version where
    that is not the baseline's."""

    path: Path
    variant: str
    boot: str
    machine: Machine
    side: str
    run: dict[str, Any]
    summary: Summary | None
    counts: Counts
    place: int | None = None
    booted: str = ""

    @property
    def scenario(self) -> str:
        return str(self.run["scenario"])

    @property
    def placement(self) -> str:
        return str(self.run["placement"])

    @property
    def interface(self) -> str:
        return str(self.run["interface"])

    @property
    def rank(self) -> tuple[int, str]:
        """Of its interface among those of its kernel: as configs/experiments has the
        kernels. One that is unknown comes after, and none of a floor last."""
        unknown = len(RANKS) + self.floor
        return RANKS.get(self.interface, unknown), self.interface

    @property
    def floor(self) -> bool:
        """The method with no ptrace work in it, hence through no interface."""
        return self.interface == "none"

    @property
    def timed(self) -> bool:
        return self.summary is not None

    @property
    def boot_path(self) -> Path:
        """The directory of its boot."""
        return self.path.parent

    @cached_property
    def samples(self) -> npt.NDArray[np.void]:
        """Of a timed cell, opened here. Errors: EXIT_RESULTS."""
        file = self.path.with_name(self.path.name.replace(".run.json", ".npy"))
        return read_samples(file, layout(self.path, self.run))

    @cached_property
    def ok(self) -> Bools:
        """Which samples ended as they should."""
        return summary.succeeded(self.samples)

    @cached_property
    def latencies(self) -> Ints:
        """Of every sample in order; meaningful only where `ok`."""
        return summary.latencies(self.samples)


@dataclass(frozen=True)
class Boot:
    """One kernel boot with its cells."""

    path: Path
    variant: str
    name: str
    record: dict[str, Any]
    facts: dict[str, Any]
    cells: tuple[Cell, ...]

    @cached_property
    def machine(self) -> Machine:
        return machine(self.record["substrate"], self.record["arch"])

    @property
    def booted(self) -> str:
        """Which boot of the machine it was. A guest's is its own."""
        guest = self.record.get("qemu_version") is not None
        known = None if guest else self.facts.get("boot_id")
        return str(known or f"{self.variant}/{self.name}")

    @property
    def missing(self) -> dict[str, str]:
        """Why a cell was not run, by its stem: what the kernel does not have."""
        found: dict[str, str] = self.record.get("missing", {})
        return found

    @property
    def stopped(self) -> dict[str, str]:
        """Why a cell was not run, by its stem: earlier blocks are enough."""
        found: dict[str, str] = self.record.get("stopped", {})
        return found

    @property
    def not_counted(self) -> str:
        """Why it has no counting runs; empty where it has, or was to have none."""
        return str(self.record.get("not_counted", ""))

    @property
    def unquiet(self) -> bool:
        """Measured all the same when the wait for a quiet machine was over."""
        quiet = self.record.get("quiet")
        return isinstance(quiet, dict) and quiet.get("quiet") is False

    @property
    def version(self) -> str | None:
        """`6.12`: which mainline the kernel is near to."""
        releases = (cell.run["kernel"].get("release") for cell in self.cells)
        found = re.match(r"\d+\.\d+", str(next(releases, None)))
        return found.group() if found else None
