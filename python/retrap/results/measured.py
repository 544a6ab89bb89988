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
from retrap.results.samples import layout

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Cell:
    """One scenario at one placement in one boot. `samples` is None if counted.

    `side` is what reports call it: the variant; of a kernel that was measured
    through several interfaces `combined/listen`, and with its version where
    that is not the baseline's."""

    path: Path
    variant: str
    boot: str
    machine: Machine
    side: str
    run: dict[str, Any]
    samples: npt.NDArray[np.void] | None
    counters: dict[int, Path]

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
    def offers(self) -> tuple[str, ...]:
        """The interfaces of its kernel, in the order of retrap-bench; none last."""
        return (*self.run["kernel_offers"], "none")

    @property
    def floor(self) -> bool:
        """The method with no ptrace work in it, hence through no interface."""
        return self.interface == "none"

    @cached_property
    def ok(self) -> Bools:
        """Which samples ended as they should."""
        if self.samples is None:
            return np.zeros(0, dtype=np.bool_)
        return np.asarray(self.samples["outcome"] == 0)

    @cached_property
    def latencies(self) -> Ints:
        """Of every sample in order; meaningful only where `ok`."""
        if self.samples is None:
            return np.zeros(0, dtype=np.int64)
        spans = self.samples["t_return_ns"] - self.samples["t_trigger_ns"]
        return np.asarray(np.where(self.ok, spans, 0), dtype=np.int64)

    @property
    def failures(self) -> dict[str, int]:
        """How many samples of each outcome but ok; empty when none failed."""
        if self.samples is None:
            return {}
        outcomes = layout(self.path, self.run).outcomes
        counts = np.bincount(self.samples["outcome"], minlength=len(outcomes))
        return {outcomes[i]: int(n) for i, n in enumerate(counts) if i and n}


@dataclass(frozen=True)
class Boot:
    """One kernel boot with its cells."""

    path: Path
    variant: str
    name: str
    record: dict[str, Any]
    facts: dict[str, Any]
    cells: tuple[Cell, ...]

    @property
    def machine(self) -> Machine:
        return machine(self.record["substrate"], self.record["arch"])

    @property
    def missing(self) -> dict[str, str]:
        """Why a cell was not run, by its stem: what the kernel does not have."""
        found: dict[str, str] = self.record.get("missing", {})
        return found

    @property
    def version(self) -> str | None:
        """`6.12`: which mainline the kernel is near to."""
        releases = (cell.run["kernel"].get("release") for cell in self.cells)
        found = re.match(r"\d+\.\d+", str(next(releases, None)))
        return found.group() if found else None
