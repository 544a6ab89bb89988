# SPDX-License-Identifier: GPL-2.0-only
"""What an experiment amounts to: the cells of each boot, in order.

A cell is a scenario at a placement. Which cells exist is the knowledge of
retrap-bench (`retrap-bench --list --json`); here it is only multiplied out.
"""

from __future__ import annotations

from dataclasses import dataclass

from retrap.config import Experiment, Sampling


@dataclass(frozen=True)
class Scenario:
    """A row of `retrap-bench --list --json`."""

    name: str
    placements: tuple[str, ...]
    interfaces: tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    """One process: `cycles` is None for a timed run, else a counting run."""

    scenario: str
    placement: str
    interface: str
    samples: int
    cycles: int | None
    seed: int

    @property
    def stem(self) -> str:
        """File name without suffix (docs/data-format.md)."""
        name = self.scenario.replace("/", ".").replace(":", "-")
        return f"{name}@{self.placement}"

    @property
    def output(self) -> str:
        """The file whose presence says that the cell is done."""
        if self.cycles is None:
            return f"{self.stem}.run.json"
        return f"{self.stem}.perf-{self.cycles}.jsonl"

    def arguments(self) -> list[str]:
        """Options of retrap-bench that say what to run."""
        return [
            *("--scenario", self.scenario),
            *("--placement", self.placement),
            *("--interface", self.interface),
            *("--samples", str(self.samples if self.cycles is None else self.cycles)),
            *("--seed", str(self.seed)),
        ]


def expand(
    experiment: Experiment,
    registry: dict[str, Scenario],
    interface: str,
    sampling: Sampling,
) -> list[Cell]:
    """Timed cells first, then the counting runs: N cycles and 2N cycles.

    A cell that does not exist for the interface (async-retrap has no
    waiting state to interrupt) or the placement (a clock read has one end)
    is left out. Floors are not counted: they have no path. Three pairs are
    counted, for one may hold a cycle that took another path (counters.py).
    An experiment that names an interface measures every variant through it.
    """
    interface = experiment.interface or interface
    pairs = [
        (registry[name], placement)
        for name in experiment.scenarios
        for placement in experiment.placements
        if placement in registry[name].placements
        and interface in registry[name].interfaces
    ]
    timed = [
        Cell(s.name, p, interface, sampling.samples, None, experiment.seed)
        for s, p in pairs
    ]
    n = sampling.cycles
    lengths = dict.fromkeys(c for k in (n - 1, n, n + 1) if k > 0 for c in (k, 2 * k))
    counted = [
        Cell(s.name, p, interface, sampling.samples, cycles, experiment.seed)
        for s, p in pairs
        if not s.name.startswith("floor/") and n > 0
        for cycles in lengths
    ]
    return timed + counted
