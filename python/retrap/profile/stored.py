# SPDX-License-Identifier: GPL-2.0-only
"""The profiles of a result directory: made of its boots, and read again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from retrap.base import workers
from retrap.base.arch import Arch
from retrap.base.errors import EXIT_RESULTS, RetrapError
from retrap.base.rawfile import atomic_write
from retrap.build.programs import Programs
from retrap.kernel.kernels import Kernel
from retrap.profile import derive, summary, tables
from retrap.results import measured
from retrap.results.store import load

PROFILES, FIGURES = "profiles", "figures"  # below the result directory
NESTED = "profile"  # where a matrix keeps one


@dataclass(frozen=True)
class Boot:
    """A profiled boot: where it lies, and what ran."""

    results: Path
    name: str  # below raw/
    kernel: Kernel

    def load(self) -> measured.Boot:
        where = self.results / "raw" / self.name
        return next(boot for boot in load(self.results).boots if boot.path == where)


def write(boots: Sequence[Boot], programs: Mapping[Arch, Programs], cpus: int) -> int:
    """A file a cell, and what differs from the first boot's; how many cells."""
    jobs = [(boot, programs[boot.kernel.arch], cpus) for boot in boots]
    count = sum(workers.each(_write, jobs))
    results, baseline = boots[0].results, boots[0].kernel.variant.name
    for name, text in tables.differences(profiles(results), baseline).items():
        atomic_write(results / PROFILES / f"{name}.csv", text)
    return count


def _write(job: tuple[Boot, Programs, int]) -> int:
    boot, programs, cpus = job
    found = derive.profiles(boot.load(), derive.Source(boot.kernel, programs), cpus)
    for each in found:
        text = json.dumps(each.record(), separators=(",", ":")) + "\n"
        into = boot.results / PROFILES / each.name
        atomic_write(into.with_name(f"{each.name}.json"), text)
        atomic_write(into.with_name(f"{each.name}.csv"), tables.functions(each))
    return len(found)


def profiles(path: Path) -> list[summary.Profile]:
    """Every profile of a result directory. Errors: EXIT_RESULTS."""
    load(path)  # what they were made of is whole
    files = sorted((path / PROFILES).glob("*.json"))
    if not files:
        raise RetrapError(
            f"{path}: holds no profiles",
            "name a directory that `retrap profile` has filled",
            EXIT_RESULTS,
        )
    return [summary.load(file) for file in files]
