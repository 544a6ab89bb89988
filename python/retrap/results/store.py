# SPDX-License-Identifier: GPL-2.0-only
"""A result directory, read and checked (docs/data-format.md); safe writing.

Nothing damaged passes: every reader of results goes through `load`, and what
it returns has the dtype, the schema and the lengths the format promises.
"""

from __future__ import annotations

import contextlib
import gc
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from retrap.results.boots import cell_stem, read_boot
from retrap.results.measured import Boot, Cell
from retrap.campaign.journal import SKIPPED, VOID
from retrap.config.layouts import in_layout
from retrap.config.variants import HOST
from retrap.machine.machine import Machine
from retrap.base.rawfile import atomic_write, damaged
from retrap.base.rawfile import read_json, read_plan, read_record, seal
from retrap.results import sealed
from retrap.results.samples import SAMPLE, read_samples
from retrap.results.stats import MARGIN

__all__ = [
    "SAMPLE",
    "Boot",
    "Cell",
    "Machine",
    "Results",
    "atomic_write",
    "damaged",
    "load",
    "read_json",
    "read_samples",
    "seal",
]

asked_often = lru_cache(maxsize=1024)  # of what looks at every cell


@dataclass(frozen=True, eq=False)
class Results:
    """A result directory, as it was read: another reading is another one.
    `unfinished` are boots that have no boot.json, `void` those that never will have
    one, and why; `skipped` those that were not needed. `margin` is how they are judged:
    what surely differs by less of the baseline's median is the same. `layouts`: the
    boots of the variants in each layout, which are held against the baseline in the
    same."""

    path: Path
    plan: dict[str, Any]
    boots: tuple[Boot, ...]
    unfinished: tuple[str, ...]
    void: dict[str, str]
    skipped: dict[str, str]
    margin: float = MARGIN
    layouts: dict[str, Results] = field(default_factory=dict)

    def cells(self) -> Iterator[Cell]:
        for boot in self.boots:
            yield from boot.cells

    @cached_property
    def machines(self) -> tuple[Machine, ...]:
        """Those present; exact first, as it leads every report."""
        present = {boot.machine for boot in self.boots}
        return tuple(sorted(present, key=lambda each: each.rank))

    @cached_property
    def floors(self) -> frozenset[str]:
        """The scenarios that are no path."""
        return frozenset(cell.scenario for cell in self.cells() if cell.floor)

    @asked_often
    def variants(self, machine: Machine) -> tuple[str, ...]:
        """Those with a boot on it, baseline first, then as planned."""
        present = {b.variant for b in self.boots if b.machine == machine}
        planned = [self.baseline(machine), *(v["name"] for v in self.plan["variants"])]
        return _ordered(present, planned)

    @asked_often
    def baseline(self, machine: Machine) -> str:
        """The variant that others are held against: as planned. Where that has no boot
        and others have, the kernel that is no variant's; else the first of them."""
        present = {b.variant for b in self.boots if b.machine == machine}
        planned = str(self.plan["baseline"])
        if planned in present or len(present) < 2:
            return planned
        names = [variant["name"] for variant in self.plan["variants"]]
        return _ordered(present, [HOST, *names])[0]

    @property
    def stand_ins(self) -> list[str]:
        """Where not the planned baseline is what others are held against."""
        planned = self.plan["baseline"]
        found = {machine: self.baseline(machine) for machine in self.machines}
        return [
            f"the baseline, {planned}, has no boot [{machine}]: changes are against "
            f"{name}"
            for machine, name in found.items()
            if name not in (planned, HOST)
        ]

    def sides(self, machine: Machine, scenario: str = "") -> tuple[str, ...]:
        """Who is compared in a scenario, baseline first; by default in a path."""
        return self._sides(machine, scenario in self.floors)

    @asked_often
    def _sides(self, machine: Machine, floor: bool) -> tuple[str, ...]:
        variants = self.variants(machine)
        found = {
            (variants.index(c.variant), c.rank, c.side)
            for c in self.cells()
            if c.machine == machine and c.floor == floor
        }
        return tuple(side for _, _, side in sorted(found))

    def booted(self, machine: Machine, variant: str = "") -> int:
        """How many boots it had, or a variant on it: several rounds may be of one."""
        here = [boot for boot in self.boots if boot.machine == machine]
        return len({b.booted for b in here if variant in ("", b.variant)})

    def kernel(self, side: str) -> str:
        """The variant of a side."""
        return self._kernels[side]

    @cached_property
    def _kernels(self) -> dict[str, str]:
        return {cell.side: cell.variant for cell in self.cells()}

    @cached_property
    def through(self) -> dict[str, set[str]]:
        """The interfaces of the paths of each side; one, but for a side of floors."""
        found: dict[str, set[str]] = {side: set() for side in self._kernels}
        for cell in self.cells():
            if not cell.floor:
                found[cell.side].add(cell.interface)
        return found

    def base(self, machine: Machine, scenario: str = "") -> str | None:
        """The side that the others are held against."""
        base, sides = self.baseline(machine), self.sides(machine, scenario)
        return next((side for side in sides if self.kernel(side) == base), None)

    @asked_often
    def scenarios(self, machine: Machine) -> tuple[str, ...]:
        present = {c.scenario for c in self.cells() if c.machine == machine}
        return _ordered(present, self.plan["scenarios"])

    def paths(self, machine: Machine) -> list[str]:
        """The scenarios that are no floors, as planned."""
        return [s for s in self.scenarios(machine) if s not in self.floors]

    @asked_often
    def placements(self, machine: Machine) -> tuple[str, ...]:
        present = {c.placement for c in self.cells() if c.machine == machine}
        return _ordered(present, self.plan["placements"])

    def of(self, machine: Machine, side: str, where: tuple[str, str]) -> list[Cell]:
        """The cell `where` = (scenario, placement) in each boot of a side."""
        return self._by_side.get((machine, side, where), [])

    @cached_property
    def _by_side(self) -> dict[tuple[Machine, str, tuple[str, str]], list[Cell]]:
        found: dict[tuple[Machine, str, tuple[str, str]], list[Cell]] = {}
        for cell in self.cells():
            where = cell.scenario, cell.placement
            found.setdefault((cell.machine, cell.side, where), []).append(cell)
        return found

    def why_missing(self, machine: Machine, side: str, where: tuple[str, str]) -> str:
        """What the kernel of a side has not that the cell `where` needs; or empty."""
        for boot in self.boots:
            if not boot.missing or boot.machine != machine:
                continue
            if side in {cell.side for cell in boot.cells}:
                for stem, why in boot.missing.items():
                    cell, _, interface = stem.partition("+")
                    mine = not interface or f"/{interface}" in side
                    if mine and cell == cell_stem(*where):
                        return why
        return ""


def _ordered(present: set[str], planned: list[str]) -> tuple[str, ...]:
    known = [name for name in dict.fromkeys(planned) if name in present]
    return tuple(known + sorted(present - set(known)))


def _told_apart(boots: list[Boot], baseline: str) -> tuple[Boot, ...]:
    """The boots; a kernel near another mainline than the baseline's has that in
    the name of its sides, unless the variant's name says it."""
    base = {b.machine: b.version for b in boots if b.variant == baseline}
    found = []
    for boot in boots:
        version, other = boot.version, base.get(boot.machine)
        said = version in re.split(r"[^0-9.]+", boot.variant)
        if version and other and version != other and not said:
            cells = (replace(c, side=f"{c.side} ({version})") for c in boot.cells)
            boot = replace(boot, cells=tuple(cells))
        found.append(boot)
    return tuple(found)


@contextlib.contextmanager
def _collector_off() -> Iterator[None]:
    """All that is read is kept: to look for garbage in it, meanwhile or later, takes as
    long as to read."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def load(path: Path) -> Results:
    """Every finished boot of a result directory. Errors: EXIT_RESULTS."""
    read_plan(path)
    plan = read_record(path / "plan.json", "plan")
    found = sorted(p for p in path.glob("raw/*/*") if p.is_dir())
    done = sealed.finished_boots(path, found)
    if not done:
        remedy = "finish the experiment: the command that began it resumes it"
        raise damaged(path, "holds no finished boot", remedy)
    finished = set(done)
    missing = tuple(f"{p.parent.name}/{p.name}" for p in found if p not in finished)
    with _collector_off():
        boots = [read_boot(p) for p in done]
    void, skipped = (sealed.reasons(path, state) for state in (VOID, SKIPPED))
    whole = Results(path, plan, tuple(boots), missing, void, skipped)
    words = dict.fromkeys(map(_place, plan["variants"]))
    laid = {word: _in_layout(whole, word) for word in words if word}
    layouts = {word: each for word, each in laid.items() if each.boots}
    results = replace(_in_layout(whole, ""), layouts=layouts)
    if not results.boots:
        remedy = "the command that began the experiment resumes it"
        raise damaged(path, "holds boots of other layouts alone", remedy)
    return results


def _place(variant: dict[str, Any]) -> str:
    """The layout of a kernel of a plan, or the words that it was booted with."""
    return str(variant.get("layout") or variant.get("cmdline") or "")


def _in_layout(whole: Results, layout: str) -> Results:
    """The boots of a layout, with a plan that has its variants and baseline; without
    one those of all others."""
    others = [v for v in whole.plan["variants"] if _place(v) != layout]
    mine = [v for v in whole.plan["variants"] if v not in others]
    names = {v["name"] for v in (mine if layout else others)}
    boots = [boot for boot in whole.boots if (boot.variant in names) == bool(layout)]
    base = whole.plan["baseline"]
    base = in_layout(base, layout) if layout else base
    plan = {**whole.plan, "variants": mine, "baseline": base}
    return replace(whole, plan=plan, boots=_told_apart(boots, base))
