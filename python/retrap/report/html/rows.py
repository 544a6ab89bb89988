# SPDX-License-Identifier: GPL-2.0-only
"""A row of the page: two sides in one cell, and all that is known of them."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from retrap.analysis import family
from retrap.analysis.comparison import COLUMNS, Comparison
from retrap.analysis.side import Side
from retrap.analysis.statistic import MEDIAN
from retrap.analysis.summarize import Value
from retrap.analysis.written import every
from retrap.base.rawfile import read_json
from retrap.profile import stored
from retrap.report.html.strip import Strip, strip
from retrap.report.outcomestable import level
from retrap.report.table import path_integers
from retrap.report.timetable import p_text
from retrap.results.boots import cell_stem
from retrap.results.store import Cell, Results

NAMED = 12  # boots of a side: of more the names are not written out
FILTERS = (
    *("scenario", "placement", "statistic", "variant", "architecture", "substrate"),
    "verdict",
)


@dataclass(frozen=True)
class Shown:
    """A cell of the table; it is sorted by `key`, where that is not what it says."""

    text: str
    key: Value = None


@dataclass(frozen=True)
class Files:
    """The raw files of a side, below the result directory: a path, or a pattern."""

    side: str
    paths: tuple[str, ...]
    pattern: str
    program: str  # what ran in its first boot


@dataclass(frozen=True)
class Row:
    """`id` is its permanent link on this page."""

    id: str
    of: Comparison
    results: Results

    @property
    def where(self) -> str:
        """What tells it apart, in words."""
        one = self.of
        of = "" if one.statistic is MEDIAN else f"{one.statistic.name} of "
        return f"{of}{one.scenario} {one.placement} {one.test} [{one.machine}]"

    @property
    def filters(self) -> dict[str, str]:
        one = self.of
        values = (one.scenario, one.placement, one.statistic.name, one.test)
        machine = (one.machine.arch, one.machine.substrate)
        return dict(zip(FILTERS, (*values, *machine, one.verdict), strict=True))

    @cached_property
    def shown(self) -> dict[str, Shown]:
        """The columns of the table, by heading."""
        one, got = self.of, self.of.judgement
        base, test = one.sides
        before, after = one.levels
        least = got.detectable
        p_value = None if got.p_holm is None else p_text(got.p_holm)
        notes = len(one.warnings)

        def share(value: float | None) -> float | None:
            return value / one.whole if value is not None and one.whole else None

        return {
            "scenario": Shown(one.scenario),
            "placement": Shown(one.placement),
            "machine": Shown(str(one.machine)),
            "kernel": Shown(one.test),
            "against": Shown(f"{one.base}, within boots" if one.within else one.base),
            "statistic": Shown("" if one.machine.exact else one.statistic.name),
            "before": Shown(_level(one, base, before), before),
            "after": Shown(_level(one, test, after), after),
            "change": Shown(one.change, share(got.estimate)),
            "interval": Shown(interval(one), share(got.low)),
            "p": Shown(p_value or "", got.p_holm),
            "finds": Shown(one.relative(least)[1:] if least else "", share(least)),
            "verdict": Shown(one.verdict),
            "survives": Shown(one.survives),
            "notes": Shown(f"{notes} note{'s' * (notes > 1)}" if notes else "", notes),
        }

    @property
    def values(self) -> list[Value]:
        """Of comparison.csv."""
        return self.of.row()

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Every column of comparison.csv that says something, but for the warnings."""
        found = zip(COLUMNS, self.values, strict=True)
        return [
            (name.replace("_", " "), _text(value))
            for name, value in found
            if value not in (None, "") and name not in ("warnings", "decided_by")
        ]

    @cached_property
    def strip(self) -> Strip | None:
        return strip(self.of)

    @property
    def events(self) -> list[tuple[str, str, str]]:
        """The path integers of a cycle, of base and test."""
        one = self.of
        both = [
            path_integers(self.results, one.machine, name, one.where) or {}
            for name in (one.base, one.test)
        ]
        names = dict.fromkeys([*both[0], *both[1]])
        before, after = both
        return [
            (name, _count(before.get(name)), _count(after.get(name))) for name in names
        ]

    @property
    def files(self) -> list[Files]:
        one = self.of
        sides = zip((one.base, one.test), one.sides, strict=True)
        return [self._files(name, side) for name, side in sides if side]

    def _files(self, name: str, side: Side) -> Files:
        paths = [self._samples(cell) for cell in side.cells]
        few = tuple(paths) if len(paths) <= NAMED else ()
        parts = [path.rsplit("/", 2) for path in paths]
        boots = os.path.commonprefix([boot for _, boot, _ in parts])
        pattern = f"{parts[0][0]}/{boots}*/{parts[0][2]}"
        argv = read_json(side.cells[0].path).get("argv")
        words = argv if isinstance(argv, list) else []
        return Files(name, few, pattern, shlex.join(map(str, words)))

    def _samples(self, cell: Cell) -> str:
        file = cell.path.name.replace(".run.json", ".npy")
        return f"raw/{cell.variant}/{cell.boot}/{file}"

    @property
    def profiles(self) -> list[str]:
        """Pages of the exact profile of the cell, below the result directory."""
        if not self.of.machine.exact:
            return []
        cell = f"{self.of.machine.arch}-{cell_stem(*self.of.where)}.html"
        places = (stored.FIGURES, f"{stored.NESTED}/{stored.FIGURES}")
        found = [f"{place}/profile-{cell}" for place in places]
        return [path for path in found if (self.results.path / path).is_file()]


def rows(results: Results) -> list[Row]:
    """Every comparison that there is."""
    found: dict[str, Row] = {}
    for one in sorted(every(results), key=lambda one: _order(results, one)):
        words = [one.machine.slug, *one.where, one.test]
        words += [] if one.statistic is MEDIAN else [one.statistic.name]
        words += [f"within-{one.base}"] if one.within else []
        name = plain = re.sub(r"[^A-Za-z0-9_.]+", "-", "-".join(words)).strip("-")
        number_ = 1
        while name in found:  # of names that differ in what no link can hold
            number_ += 1
            name = f"{plain}-{number_}"
        found[name] = Row(name, one, results)
    return list(found.values())


def headings(found: Sequence[Row]) -> list[str]:
    """The columns in which some row has something, in their order."""
    names = found[0].shown if found else ()
    return [name for name in names if any(row.shown[name].text for row in found)]


def _order(results: Results, one: Comparison) -> tuple[int, bool, bool, bool]:
    """Of each machine the controls come last, floors and A/A; then what is besides the
    medians."""
    besides, alone = one.statistic is not MEDIAN, one.family == family.AGAIN
    floor = one.scenario in results.floors
    return results.machines.index(one.machine), besides, alone, floor


def choices(found: Iterable[Row]) -> dict[str, list[str]]:
    """What each filter can choose, of those that have a choice."""
    values = {
        name: list(dict.fromkeys(row.filters[name] for row in found))
        for name in FILTERS
    }
    return {name: each for name, each in values.items() if len(each) > 1}


def interval(one: Comparison) -> str:
    """As the change: instructions, or of nanoseconds the share."""
    if one.interval is None:
        return ""
    if one.machine.exact or one.sides[0] is None:
        ends = [f"{end:+.0f}" if end else "0" for end in one.interval]
    else:
        ends = [one.relative(end) for end in one.interval]
    return " to ".join(dict.fromkeys(ends))


def _level(one: Comparison, side: Side | None, value: float | None) -> str:
    return level(one.statistic, value) + side.mark if side else ""


def _count(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _text(value: Value) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
