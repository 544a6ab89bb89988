# SPDX-License-Identifier: GPL-2.0-only
"""What a number varies by: from boot to boot, from run to run (process to process)
within a boot, and from sample to sample within a run.

A nested analysis of variance by the method of moments. The samples of a run are cut
into ten sweeps. What their medians vary by says what the samples alone make the median
of the run vary by; runs of one boot vary by that and by what a run adds; boots vary by
both and by what a boot adds. Each level is what remains. Sides are each held against
their own median, so that what they differ by is in no level.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from statistics import harmonic_mean

import numpy as np

from retrap.analysis.side import Side, cells_of, of
from retrap.analysis.summarize import Value
from retrap.results.stats import SWEEPS
from retrap.results.store import Machine, Results
from retrap.results.summary import Summary

LEVELS = ("boot", "run", "sample", "medians", "by_samples")
COLUMNS = (
    *("substrate", "arch", "scenario", "placement", "side", "boots", "runs", "samples"),
    *LEVELS,
)
Floats = Sequence[float]


@dataclass(frozen=True)
class Levels:
    """Variances, in the square of the median; None where they are not known. What is
    estimated below 0 stays so. `medians`: of boots, with all that is in them, of
    `freedom` degrees; `by_samples`: the part of it that their samples make. `boots` are
    all there are, `runs` those of a boot, `samples` those of a run."""

    boots: int
    runs: float
    samples: int
    boot: float | None
    run: float | None
    sample: float | None
    medians: float | None
    by_samples: float | None
    freedom: int

    @property
    def deviations(self) -> dict[str, float | None]:
        """As shares of the median; 0 where the variance is estimated below it."""
        found = {name: getattr(self, name) for name in LEVELS}
        return {
            name: None if value is None else math.sqrt(max(value, 0.0))
            for name, value in found.items()
        }


@lru_cache(maxsize=1024)
def of_side(
    results: Results, machine: Machine, name: str, where: tuple[str, str]
) -> Levels | None:
    """Of one, in a cell."""
    one = of(results, machine, name, where)
    return levels([one]) if one else None


def rows(results: Results) -> Iterator[list[Value]]:
    """Of variance.csv, by COLUMNS; none of exact samples, which repeat."""
    for machine in (each for each in results.machines if not each.exact):
        for where in cells_of(results, machine):
            for name in results.sides(machine, where[0]):
                if got := of_side(results, machine, name, where):
                    counts = (got.boots, got.runs, got.samples)
                    shares = got.deviations.values()
                    yield [*machine, *where, name, *counts, *shares]


def levels(sides: Iterable[Side]) -> Levels | None:
    """Of sides of one cell, together; None where no sample succeeded."""
    known = [each for each in (_Boots(_by_boot(side)) for side in sides) if each.boots]
    if not known:
        return None
    by_side = [each.medians for each in known]
    by_boot = [boot for boots in by_side for boot in boots]
    sizes = Counter(map(len, by_boot))
    runs = float(harmonic_mean(list(sizes), weights=list(sizes.values())))
    between_runs, _ = _pooled(by_boot)
    means = [[_middle(boot) for boot in boots] for boots in by_side]
    medians, freedom = _pooled(means)
    of_samples = _mean(part for each in known for part in each.by_samples)
    in_boots = of_samples if between_runs is None else between_runs
    return Levels(
        boots=len(by_boot),
        runs=runs,
        samples=int(np.median([run.taken for each in known for run in each.runs])),
        boot=_less(medians, None if in_boots is None else in_boots / runs),
        run=_less(between_runs, of_samples),
        sample=_mean(square for each in known for square in each.of_samples),
        medians=medians,
        by_samples=None if of_samples is None else of_samples / runs,
        freedom=freedom,
    )


@dataclass(frozen=True)
class _Boots:
    """Of a side: by boot what each run of it measured. All is told in its median."""

    boots: list[list[Summary]]

    @property
    def runs(self) -> list[Summary]:
        return [run for boot in self.boots for run in boot]

    @cached_property
    def middle(self) -> float:
        return float(np.median([_middle(boot) for boot in self._measured]))

    @property
    def medians(self) -> list[Floats]:
        """By boot, of each run."""
        middle = self.middle
        return [[value / middle for value in boot] for boot in self._measured]

    @property
    def by_samples(self) -> list[float]:
        """What its samples alone make the median of a run vary by: by the medians of
        its sweeps, so that it counts what a sample has of the one before it."""
        known = [run.sweeps for run in self.runs if len(run.sweeps) == SWEEPS]
        if not known:
            return []
        shares = np.array(known, float) / self.middle
        found: list[float] = (np.var(shares, axis=1, ddof=1) / SWEEPS).tolist()
        return found

    @property
    def of_samples(self) -> list[float]:
        return [
            (run.deviation / self.middle) ** 2
            for run in self.runs
            if run.deviation is not None
        ]

    @cached_property
    def _measured(self) -> list[Floats]:
        quantiles = [[run.quantiles for run in boot] for boot in self.boots]
        return [[float(q.median) for q in boot if q] for boot in quantiles]


def _by_boot(side: Side) -> list[list[Summary]]:
    """Runs in which a sample succeeded."""
    found: dict[str, list[Summary]] = {}
    for cell in side.cells:
        if cell.summary and cell.summary.quantiles:
            found.setdefault(cell.booted, []).append(cell.summary)
    return list(found.values())


def _pooled(groups: Sequence[Floats]) -> tuple[float | None, int]:
    """The variance within the groups, and its degrees of freedom."""
    several = (group for group in groups if len(group) > 1)
    squares = sum(float(np.var(group)) * len(group) for group in several)
    freedom = sum(len(group) - 1 for group in groups)
    return (squares / freedom if freedom else None), freedom


def _middle(values: Floats) -> float:
    return sum(values) / len(values)


def _mean(values: Iterable[float]) -> float | None:
    known = list(values)
    return float(np.mean(known)) if known else None


def _less(whole: float | None, part: float | None) -> float | None:
    return None if whole is None or part is None else whole - part
