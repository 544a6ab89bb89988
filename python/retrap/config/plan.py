# SPDX-License-Identifier: GPL-2.0-only
"""What an experiment amounts to: the cells of each boot, in order.

A cell is a scenario at a placement. Which cells exist is the knowledge of
retrap-bench (`retrap-bench --list --json`); here it is only multiplied out.
"""

from __future__ import annotations

import random
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from retrap.base.tomlfile import read_toml
from retrap.config.experiments import Experiment, Sampling
from retrap.config.registry import Scenario
from retrap.config.variants import Variant

__all__ = [
    "Run",
    "Scenario",
    "check_interfaces",
    "expand",
    "nothing_to_run",
    "shuffled",
]


@dataclass(frozen=True)
class Run:
    """One process: `cycles` is None for a timed run, else a counting run.

    `suffix` tells the interfaces of one boot apart."""

    scenario: str
    placement: str
    interface: str
    samples: int
    cycles: int | None
    seed: int
    suffix: str = ""

    @property
    def stem(self) -> str:
        """File name without suffix (docs/data-format.md)."""
        name = self.scenario.replace("/", ".").replace(":", "-")
        return f"{name}@{self.placement}{self.suffix}"

    @property
    def output(self) -> str:
        """The file whose presence says that the cell is done."""
        if self.cycles is None:
            return f"{self.stem}.run.json"
        return f"{self.stem}.perf-{self.cycles}.jsonl"

    @property
    def line(self) -> str:
        """As the payload of a boot has it: `bench|count STEM OPTION...`."""
        word, stem = ("bench", self.stem)
        if self.cycles is not None:
            word, stem = "count", f"{self.stem}.perf-{self.cycles}"
        return shlex.join([word, stem, *self.arguments()])

    @classmethod
    def of(cls, line: str) -> Run:
        """The run that a payload's line says."""
        word, stem, *options = shlex.split(line)
        told = dict(zip(options[::2], options[1::2], strict=True))
        size = int(told["--samples"])
        _, plus, suffix = stem.partition("+")
        return cls(
            *(told["--scenario"], told["--placement"], told["--interface"], size),
            size if word == "count" else None,
            int(told["--seed"]),
            plus + suffix.partition(".perf-")[0],
        )

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
    interfaces: tuple[str, ...],
    sampling: Sampling,
) -> list[Run]:
    """Timed cells first, then the counting runs: 2N cycles, and half as many, thrice.

    A cell that does not exist for the interface (async-retrap has no
    waiting state to interrupt) or the placement (a clock read has one end)
    is left out. Floors are not counted: they have no path. Each run but the first is
    twice the one before: three pairs, for a run may hold a cycle that took another
    path (counters.py).
    An experiment that names an interface measures every variant through it;
    else each of `interfaces` is, but for the floors, which go through none.
    """
    if experiment.interface:
        interfaces = (experiment.interface,)
    several = len(interfaces) > 1
    paths = [
        (registry[name], placement, interface)
        for name in experiment.scenarios
        for placement in experiment.placements
        for interface in (interfaces[:1] if registry[name].floor else interfaces)
        if placement in registry[name].placements
        and interface in registry[name].interfaces
    ]

    def cell(path: tuple[Scenario, str, str], cycles: int | None) -> Run:
        scenario, placement, interface = path
        suffix = f"+{interface}" if several and not scenario.floor else ""
        size, seed = sampling.samples, experiment.seed
        return Run(scenario.name, placement, interface, size, cycles, seed, suffix)

    counted = [
        cell(path, cycles)
        for path in paths
        if not path[0].floor
        for cycles in lengths(sampling.cycles)
    ]
    return [cell(path, None) for path in paths] + counted


def lengths(cycles: int) -> list[int]:
    """Of the counting runs of a cell: each twice the one before, up to twice `cycles`.

    >>> lengths(8), lengths(10), lengths(2), lengths(0)
    ([2, 4, 8, 16], [2, 4, 8, 16], [1, 2, 4], [])
    """
    shortest = max(1, cycles // 4)
    doubled = (shortest << turn for turn in range(4))
    return [length for length in doubled if length <= 2 * cycles]


def shuffled(runs: Iterable[Run], seed: str) -> list[Run]:
    """In the order that `seed` makes, timed runs before counting runs: cells by
    chance, the interfaces of a cell next to each other, by chance too. So what drifts
    within a boot meets all interfaces alike."""
    runs, draw = list(runs), random.Random(seed).random
    cells = {(run.scenario, run.placement): draw() for run in runs}
    stems = {run.stem: draw() for run in runs}

    def place(run: Run) -> tuple[bool, float, float]:
        cell = cells[run.scenario, run.placement]
        return run.cycles is not None, cell, stems[run.stem]

    return sorted(runs, key=place)


def nothing_to_run(
    experiment: Experiment,
    registry: dict[str, Scenario],
    variants: dict[str, Variant],
) -> tuple[str, str] | None:
    """Key and reason: a placement that does not exist, or needs more CPUs than the
    guest has; an interface that does not; a scenario that nothing of the experiment
    can run, a variant that can run none of it. Errors: EXIT_CONFIG, with the line of
    a variant whose interface does not exist."""
    if found := _bad_placement(experiment, registry):
        return found
    interfaces = interfaces_of(registry)
    if experiment.interface not in (None, *interfaces):
        return "interface", f"must be one of {', '.join(interfaces)}"
    for name in experiment.variants:
        check_interfaces(variants[name], registry)
    sides = [variants[name].interfaces for name in experiment.variants]
    sides += [("listen",)] * bool(experiment.host)
    once = Sampling(1, 0)
    ran = [
        {cell.scenario for cell in expand(experiment, registry, side, once)}
        for side in sides
    ]
    where = " or ".join(experiment.placements)
    for name in experiment.scenarios:
        if not any(name in scenarios for scenarios in ran):
            return "scenarios", f"{name} does not exist at {where} on any kernel named"
    for name, scenarios in zip(experiment.variants, ran):
        if not scenarios:
            return "variants", f"none of the scenarios exists at {where} on {name}"
    return None


def interfaces_of(registry: dict[str, Scenario]) -> tuple[str, ...]:
    """Those that a scenario exists for, in order: floors exist for all of them."""
    rows = [scenario.interfaces for scenario in registry.values()]
    return max(rows, key=len, default=())


def check_interfaces(variant: Variant, registry: dict[str, Scenario]) -> None:
    """Errors: EXIT_CONFIG, with file and line of the variant."""
    known = interfaces_of(registry)
    for name in variant.interfaces:
        if variant.file and name not in known:
            table = read_toml(variant.file, "variants file").table(variant.name)
            assert table is not None
            raise table.fail("interface", f"no {name!r}: {', '.join(known)}")


def _bad_placement(
    experiment: Experiment, registry: dict[str, Scenario]
) -> tuple[str, str] | None:
    """Where a scenario has one placement it has one end, which takes one CPU."""
    rows = [scenario.placements for scenario in registry.values()]
    known = dict.fromkeys(placement for row in rows for placement in row)
    alone = {row[0] for row in rows if len(row) == 1}
    cpus = {
        "exact": experiment.guest.cpus if experiment.exact else 2,
        "vm": experiment.vm.guest.cpus if experiment.vm else 2,
    }
    for placement in experiment.placements:
        if placement not in known:
            return "placements", f"no placement {placement!r}: {', '.join(known)}"
        for guest, number in cpus.items():
            if number < 2 and placement not in alone:
                return "placements", f"{placement} needs 2 CPUs, [{guest}] cpus is 1"
    return None
