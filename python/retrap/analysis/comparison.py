# SPDX-License-Identifier: GPL-2.0-only
"""Two sides in one cell. Exact samples are judged by their shift, `vm` and
`bare-metal` by whole boots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from retrap.analysis import boots, pairs, shift, verdict
from retrap.analysis.side import Side, same_samples
from retrap.analysis.statistic import MEDIAN, Statistic
from retrap.analysis.summarize import Value
from retrap.analysis.verdict import DECIDED, NOT_APPLICABLE, UNDECIDED, Judgement
from retrap.base.textgrid import percent
from retrap.results.stats import MARGIN
from retrap.results.store import Machine

PROFILE = "./retrap profile"
RUN_AGAIN = "./retrap run, in more boots"
NO_SCENARIO = "the interface has no such scenario"
IN_ORDER = (
    "the boots of one kernel all came before those of the other: what changed on the "
    "machine meanwhile is in the difference; boot them in turns"
)
COLUMNS = (
    *("substrate", "arch", "unit", "scenario", "placement", "statistic", "split"),
    *("base", "test", "base_interface", "test_interface", "base_boots", "test_boots"),
    *("base_median", "test_median", "family", "verdict", "estimate", "low", "high"),
    *("share", "p_value", "p_holm", "detectable", "survives", "decided_by"),
    "warnings",
)
Where = tuple[str, str]  # scenario, placement
BOOT, PROCESS = "boot", "process"  # what one observation is of


@dataclass(frozen=True)
class Elsewhere:
    """The same comparison in another layout: whether the verdict `survives`, and the
    change there, as in a column (layouts.py)."""

    layout: str
    survives: str
    change: str


@dataclass(frozen=True)
class Comparison:
    """Two sides in one cell, `None` where a side does not have it; the judgement is
    of `test` less `base`. `within`: both are of the same boots, and it is of one
    difference a boot; or, by `unit`, a process. `family`: the rows of its statistic
    that are decided with it (family.py); none of exact samples. `elsewhere`: in each
    layout that was measured too."""

    machine: Machine
    where: Where
    base: str
    test: str
    sides: tuple[Side | None, Side | None]
    judgement: Judgement
    warnings: tuple[str, ...]
    within: bool = False
    family: str = ""
    unit: str = BOOT
    statistic: Statistic = MEDIAN
    elsewhere: tuple[Elsewhere, ...] = ()

    @property
    def scenario(self) -> str:
        return self.where[0]

    @property
    def placement(self) -> str:
        return self.where[1]

    @property
    def verdict(self) -> str:
        return self.judgement.verdict

    @property
    def decided(self) -> bool:
        return self.verdict in DECIDED

    def values(self, side: Side) -> tuple[float, ...]:
        """One a boot of one of its sides; or a process."""
        if self.unit == BOOT:
            return self.statistic.values(side.cells)
        return tuple(v for v in self.statistic.each(side.cells) if v is not None)

    @property
    def levels(self) -> tuple[float | None, ...]:
        """Of each side the median over its boots; of exact samples theirs."""
        if self.statistic is MEDIAN:
            return tuple(side.median if side else None for side in self.sides)
        return tuple(
            boots.boot_median(self.values(side)).median if side else None
            for side in self.sides
        )

    @property
    def whole(self) -> float | None:
        """What a difference is told as a share of. Of shares: all samples. Else: the
        base; over boots by the estimator of the difference, so that a second mode
        weighs alike in both."""
        base = self.sides[0]
        if self.statistic.share:
            return 1.0
        values = self.values(base) if base and not self.machine.exact else ()
        return pairs.location(values) if values else self.levels[0]

    def relative(self, value: float | None) -> str:
        """A difference in percent; of shares in percentage points."""
        text = percent(value, self.whole)
        return text.replace("%", "pp") if self.statistic.share else text

    @property
    def interval(self) -> tuple[float, float] | None:
        low, high = self.judgement.low, self.judgement.high
        return None if low is None or high is None else (low, high)

    @property
    def survives(self) -> str:
        """`aligned yes, relinked no`; empty where it is decided in no other layout."""
        return ", ".join(f"{e.layout} {e.survives}" for e in self.elsewhere)

    @property
    def test_kernel(self) -> str:
        """The variant of `test`."""
        return next((each.cells[0].variant for each in self.sides[1:] if each), "")

    def detectable_at(self, alpha: float) -> float | None:
        """Of both sides' boots; None where they are the same boots."""
        base, test = self.sides
        if self.within or base is None or test is None:
            return None
        return boots.detectable(self.values(base), self.values(test), alpha)

    @property
    def decided_by(self) -> str:
        """The command that decides it; empty where that is done."""
        return _decides(self) if self.verdict == UNDECIDED else ""

    @property
    def change(self) -> str:
        """In a column: instructions, which are counted; of nanoseconds the share."""
        got = self.judgement
        if self.machine.exact or self.sides[0] is None:
            return got.text
        return verdict.told(got.verdict, self.relative(got.estimate), got.estimate)

    def row(self) -> list[Value]:
        """The columns of comparison.csv."""
        sides, got, of = self.sides, self.judgement, self.statistic
        unit = "of the samples" if of.share else self.machine.unit
        return [
            *(*self.machine, unit, *self.where, of.name, of.split),
            *(self.base, self.test),
            *(each.interface if each else None for each in sides),
            *(each.boots if each else 0 for each in sides),
            *self.levels,
            *(self.family, got.verdict, got.estimate, got.low, got.high),
            *(got.share, got.p_value, got.p_holm, got.detectable, self.survives),
            *(self.decided_by, "; ".join(self.warnings)),
        ]

    def record(self) -> dict[str, Any]:
        """The same by name, for a program; warnings one by one."""
        found = dict(zip(COLUMNS, self.row(), strict=True))
        return {**found, "warnings": list(self.warnings)}


def identical(base: Side, test: Side) -> bool:
    """They measured the same, sample by sample."""
    alike = map(same_samples, base.cells, test.cells)
    return len(base.cells) == len(test.cells) and all(alike)


def judge(
    machine: Machine, base: Side, test: Side, margin: float = MARGIN
) -> Judgement:
    """Two sides that have the cell."""
    if base.ends and base.ends == test.ends and identical(base, test):
        return Judgement(verdict.SAME, 0, 0, 0, share=1.0 if machine.exact else None)
    if machine.exact:
        return shift.judge(base.values, test.values)
    return boots.judge(base.boot_medians, test.boot_medians, margin)


def compare_sides(
    machine: Machine,
    where: Where,
    names: tuple[str, str],
    sides: tuple[Side | None, Side | None],
    why: str = NO_SCENARIO,
    margin: float = MARGIN,
    told: tuple[str, ...] = (),
) -> Comparison:
    """`names`: of base and test. `why` one of them does not have the cell; `told`:
    further warnings."""
    base, test = sides
    notes = [*told, *(text for each in sides if each for text in each.warnings)]
    got = Judgement(NOT_APPLICABLE, warnings=(why,))
    if base and test:
        got = judge(machine, base, test, margin)
        if not machine.exact and one_after_the_other(base, test):
            notes.append(IN_ORDER)
    warnings = tuple(dict.fromkeys((*notes, *got.warnings)))
    return Comparison(machine, where, *names, sides, got, warnings)


def _decides(one: Comparison) -> str:
    base, test = one.sides
    assert base and test
    if one.within:
        return f"{RUN_AGAIN} of {base.cells[0].variant}"
    if not one.machine.exact:
        return f"{RUN_AGAIN} of each kernel, in turns"
    if min(base.succeeded, test.succeeded) < shift.FEWEST:
        return shift.TAKE_MORE
    return _profile([one])


def _profile(rows: Sequence[Comparison]) -> str:
    """Of one scenario: it says of each function what it adds."""
    names = (each.cells[0].variant for row in rows for each in row.sides if each)
    places = {row.placement for row in rows}
    words = [f"{PROFILE} {rows[0].scenario}"]
    words += [f"--placement {place}" for place in places if len(places) == 1]
    words.append(f"--variant {','.join(dict.fromkeys(names))}")
    words += [f"--interface {name}" for name in [_through(rows[0])] if name]
    return " ".join([*words, f"--arch {rows[0].machine.arch}"])


def _through(one: Comparison) -> str:
    """The interface that both sides were measured through."""
    found = {each.interface for each in one.sides if each}
    return found.pop() if len(found) == 1 and found != {"none"} else ""


def one_after_the_other(base: Side, test: Side) -> bool:
    """No boot of one came between two of the other. A test over boots takes every
    order of them for as likely, so it cannot tell a kernel from a drift then."""
    times = [[cell.run.get("began") for cell in one.cells] for one in (base, test)]
    first, second = ([t for t in side if isinstance(t, str)] for side in times)
    if min(len(first), len(second)) < boots.MIN_BOOTS:
        return False
    return max(first) < min(second) or max(second) < min(first)


def deciding(rows: Iterable[Comparison]) -> list[str]:
    """What decides the undecided ones of them, a profile a scenario."""
    found: list[str] = []
    groups: dict[tuple[str, ...], list[Comparison]] = {}
    for row in rows:
        if row.decided_by.startswith(PROFILE):
            key = (*row.machine, row.scenario, _through(row))
            groups.setdefault(key, []).append(row)
        elif row.decided_by and row.decided_by not in found:
            found.append(row.decided_by)
    return [*found, *map(_profile, groups.values())]
