# SPDX-License-Identifier: GPL-2.0-only
"""All boots of one side in one cell, taken together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from retrap.results import stats
from retrap.analysis.boots import BootMedian, boot_median
from retrap.results.stats import Values
from retrap.analysis.statistic import MEDIAN
from retrap.analysis.summarize import warnings
from retrap.machine import load
from retrap.results.store import Cell, Machine, Results
from retrap.results.summary import Summary

NOT_REPEATED = "boots of one seed differ: exact did not repeat exactly"


@dataclass(frozen=True)
class Side:
    """What all boots of a kernel, through an interface, measured in one cell."""

    cells: tuple[Cell, ...]

    @property
    def exact(self) -> bool:
        return self.cells[0].machine.exact

    @cached_property
    def boots(self) -> int:
        """Several rounds may be of one."""
        return len({cell.booted for cell in self.cells})

    @property
    def interface(self) -> str:
        return self.cells[0].interface

    @property
    def summaries(self) -> list[Summary]:
        return [cell.summary for cell in self.cells if cell.summary]

    @cached_property
    def values(self) -> Values:
        """The samples of all boots as one set, without those that failed."""
        return np.concatenate([cell.latencies[cell.ok] for cell in self.cells])

    @cached_property
    def quantiles(self) -> stats.Quantiles | None:
        """Exact: of the samples of all boots as one set; else each is the one in the
        middle of the boots' own."""
        found = [each.quantiles for each in self.summaries if each.quantiles]
        if len(self.summaries) == 1 or not found:
            return found[0] if found else None
        return stats.quantiles(self.values) if self.exact else stats.middle(found)

    @cached_property
    def boot_medians(self) -> tuple[float, ...]:
        """One a boot, of its processes the one in the middle; a boot where every
        sample failed has none."""
        return MEDIAN.values(self.cells)

    @cached_property
    def medians(self) -> tuple[float | None, ...]:
        """One a process; None where every sample failed."""
        return MEDIAN.each(self.cells)

    @cached_property
    def middle(self) -> BootMedian | None:
        """Of boots that do not repeat; None where none has a median."""
        known = self.boot_medians and not self.exact
        return boot_median(self.boot_medians) if known else None

    @property
    def median(self) -> float | None:
        """Exact: of the samples; else of one median a boot."""
        if self.middle:
            return self.middle.median
        return float(self.quantiles.median) if self.quantiles else None

    @property
    def ends(self) -> tuple[float, ...]:
        """Medians of what repeats the measurement: exact of its sweeps, else of its
        boots."""
        if not self.exact:
            return self.boot_medians
        return tuple(float(m) for each in self.summaries for m in each.sweeps)

    @cached_property
    def cheap(self) -> stats.CheapClass | None:
        """Classes exist only in `exact`."""
        return stats.cheapest_class(self.values) if self.exact else None

    @property
    def succeeded(self) -> int:
        return sum(each.taken - each.failed for each in self.summaries)

    @property
    def failed(self) -> int:
        return sum(each.failed for each in self.summaries)

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """Each once."""
        notes = [text for cell in self.cells for text in warnings(cell)]
        notes += self.middle.warnings if self.middle else ()
        notes += [NOT_REPEATED] if self.exact and not _repeated(self.cells) else []
        return tuple(dict.fromkeys(notes))

    @cached_property
    def others(self) -> float | None:
        """What others took of its CPUs, at most in a boot (load.py)."""
        known = [load.share(cell.run) for cell in self.cells]
        return max((share for share in known if share is not None), default=None)

    @cached_property
    def busy(self) -> bool:
        """In some boot others ran beside it: its times hold their turns."""
        return any(load.busy(cell.run) for cell in self.cells)

    @property
    def mark(self) -> str:
        """What stands behind its median."""
        return ("!" if self.failed else "") + (load.MARK if self.busy else "")


@lru_cache(maxsize=1024)
def of(
    results: Results, machine: Machine, name: str, where: tuple[str, str]
) -> Side | None:
    """The side `name` in the cell `where` = (scenario, placement); None when it has
    no timed cell there."""
    cells = results.of(machine, name, where)
    timed = tuple(cell for cell in cells if cell.timed)
    return Side(timed) if timed else None


def same_samples(one: Cell, other: Cell) -> bool:
    """Two processes measured the same, sample by sample."""
    if one.latencies.size != other.latencies.size:
        return False
    same = (one.latencies == other.latencies) & (one.ok == other.ok)
    return bool(same.all())


def _repeated(cells: tuple[Cell, ...]) -> bool:
    first: dict[tuple[int, int, int], Cell] = {}
    for cell in cells:
        run = cell.run
        key = (run["seed"], run["shift"], run["samples_requested"])
        if not same_samples(first.setdefault(key, cell), cell):
            return False
    return True


@lru_cache(maxsize=64)
def cells_of(results: Results, machine: Machine) -> tuple[tuple[str, str], ...]:
    """(scenario, placement) of each timed cell any side has, as planned."""
    present = {
        (cell.scenario, cell.placement)
        for cell in results.cells()
        if cell.machine == machine and cell.timed
    }
    return tuple(
        (scenario, placement)
        for scenario in results.scenarios(machine)
        for placement in results.placements(machine)
        if (scenario, placement) in present
    )
