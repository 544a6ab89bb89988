# SPDX-License-Identifier: GPL-2.0-only
"""The statistics as an instrument: the judge of boots on boots of known truth
(truths.py). Counts what it finds and writes the tables of docs/validity.md:

    PYTHONPATH=python:tests/py /usr/bin/python3 tests/py/instrument.py

A part of the repetitions has a seed of its own: a test may count one part again.
"""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from zlib import crc32

import numpy as np
from scipy import stats as sps
from truths import TICKS, TRUTHS, Floats, campaign

from retrap.analysis import boots, family
from retrap.analysis.comparison import Comparison
from retrap.analysis.verdict import DECIDED, MORE, Judgement
from retrap.base.marked import fill
from retrap.base.paths import ROOT
from retrap.machine.machine import machine

PAGE = ROOT / "docs/validity.md"
STORED = ROOT / "tests/data/instrument.json"
SEED, PARTS, ROUNDS = 6, 5, 200  # repetitions of a part
FAMILIES, ROWS = 40, 20  # of a part, and of one
SIZES = (6, 8, 20)  # boots of each kernel
AT = 8  # boots of each kernel in a family
DRIFTS = ("none", "steady", "wandering")
HERE = machine("vm", "x86_64")
NAMES = ("mainline", "mine")

Counts = dict[str, list[float]]  # of each part, by what is counted


@dataclass(frozen=True)
class Setting:
    truth: str
    drift: str
    n: int
    in_turns: bool = True

    @property
    def name(self) -> str:
        turns = "" if self.in_turns else ", not in turns"
        return f"{self.truth}, {self.drift}{turns}, {self.n}"

    def rng(self, *part: int | str) -> np.random.Generator:
        words = "|".join(map(str, (self.name, *part)))
        return np.random.default_rng([SEED, crc32(words.encode())])

    def boots(self, rng: np.random.Generator, rounds: int) -> tuple[Floats, Floats]:
        spread = boot_spread(self.truth)
        turns = self.in_turns
        return campaign(self.truth, self.drift, rng, rounds, self.n, spread, turns)

    @cache
    def detectable(self, alpha: float) -> float:
        """What is found in 80 % of repetitions, by the formula that rows and planner
        have, of the deviation that the boots of a kernel have."""
        base, _ = self.boots(self.rng("spread"), 2000)
        spread = float(np.sqrt(base.var(axis=1, ddof=1).mean()))
        ends = spread * np.sqrt((self.n - 1) / self.n)  # two values of that deviation
        like = [-ends, ends] * (self.n // 2)
        found = boots.detectable(like, like, alpha)
        assert found is not None
        tick = TICKS.get(self.truth, 1)
        return tick * max(1, round(found / tick))


@cache
def boot_spread(truth: str) -> float:
    """The deviation of boots that do not drift, in ns."""
    rng = np.random.default_rng([SEED, crc32(truth.encode())])
    return float(TRUTHS[truth](rng, (1, 4000)).std())


SETTINGS = tuple(
    Setting(truth, kind, n) for truth in TRUTHS for kind in DRIFTS for n in SIZES
) + tuple(Setting("normal", "steady", n, False) for n in SIZES)


def intervals(one: Setting, part: int) -> dict[str, float]:
    """Of a kernel that is dearer by what is detectable: how often the interval holds
    that and the kernel is found dearer; the median width in deviations of a boot; and
    how often it is within a margin of just that, which is too often above 5 %."""
    base, test = one.boots(one.rng(part), ROUNDS)
    by = one.detectable(boots.ALPHA)
    held = found = same = 0
    widths = []
    for before, after in zip(base, test + by):
        got = boots.judge(list(before), list(after), by / float(np.median(before)))
        assert got.low is not None and got.high is not None
        held += got.low <= by <= got.high
        found += got.verdict == MORE
        same += got.within_margin
        widths.append(got.high - got.low)
    width = float(np.median(widths)) / boot_spread(one.truth)
    return {"held": held, "found": found, "same": same, "width": round(width, 3)}


def families(one: Setting, part: int) -> dict[str, float]:
    """Of rows of one kernel under two names: how many are decided alone; how many
    families have one that is decided among all; and in how many a further row, planted,
    is found. `p0` to `p9`: rows by tenths of p."""
    rng = one.rng(part, "families")
    planted_by = one.detectable(boots.ALPHA / (ROWS + 1))
    counts: Counter[str] = Counter()
    for _ in range(FAMILIES):
        base, test = one.boots(rng, ROWS + 1)
        test[ROWS] += planted_by
        alone = [boots.judge(list(a), list(b)) for a, b in zip(base, test)]
        *null, planted = family.corrected(list(map(_row, alone)), family.PATHS)
        counts["rows"] += sum(got.verdict in DECIDED for got in alone[:ROWS])
        counts["families"] += any(row.decided for row in null)
        counts["planted"] += planted.verdict == MORE
        for got in alone[:ROWS]:
            assert got.p_value is not None
            counts[f"p{min(9, int(10 * got.p_value))}"] += 1
    return {**dict.fromkeys(("rows", "families", "planted"), 0), **counts}


def _row(got: Judgement) -> Comparison:
    return Comparison(HERE, ("trap", "same-cpu"), *NAMES, (None, None), got, ())


def again(truth: str) -> Setting:
    return Setting(truth, "none", AT)


def counted(parts: int = PARTS) -> dict[str, Counts]:
    """Everything, by setting."""
    with ProcessPoolExecutor() as pool:
        jobs = {one.name: (intervals, one) for one in SETTINGS}
        jobs |= {f"A/A, {truth}": (families, again(truth)) for truth in TRUTHS}
        running = {
            name: [pool.submit(work, one, part) for part in range(parts)]
            for name, (work, one) in jobs.items()
        }
        done = {
            name: [each.result() for each in some] for name, some in running.items()
        }
    return {
        name: {
            key: [part.get(key, 0) for part in some]
            for key in sorted(set().union(*some))
        }
        for name, some in done.items()
    }


def tables(stored: dict[str, Counts]) -> dict[str, str]:
    return {
        "intervals": _intervals(stored),
        "again": _again(stored),
        "p": _p_values(stored),
    }


def _intervals(stored: dict[str, Counts]) -> str:
    rounds = len(stored[SETTINGS[0].name]["held"]) * ROUNDS
    lines = [
        f"{'boots of each kernel':27}" + "".join(f"{n:>17}" for n in SIZES),
        f"{'boots, drift':27}" + "  holds width found" * len(SIZES),
    ]
    kinds = [(truth, kind, True) for truth in TRUTHS for kind in DRIFTS]
    for truth, kind, turns in (*kinds, ("normal", "steady", False)):
        cells = ""
        for n in SIZES:
            of = stored[Setting(truth, kind, n, turns).name]
            held, found = (100 * sum(of[key]) / rounds for key in ("held", "found"))
            cells += f"{held:7.1f}{np.median(of['width']):6.2f}{found:6.1f}"
        label = f"{truth}, {kind}" if turns else "the same, not in turns"
        lines.append(f"{label:24}{cells}")
    return "\n".join(lines) + "\n"


def _again(stored: dict[str, Counts]) -> str:
    lines = [
        f"{'boots':16}{'rows decided alone':>28}{'families':>22}{'planted':>10}",
    ]
    for truth in TRUTHS:
        of = stored[f"A/A, {truth}"]
        many = len(of["rows"]) * FAMILIES
        alone = share(sum(of["rows"]), many * ROWS)
        some = share(sum(of["families"]), many)
        planted = f"{100 * sum(of['planted']) / many:.0f} %"
        lines.append(f"{truth:16}{alone:>28}{some:>22}{planted:>10}")
    return "\n".join(lines) + "\n"


def _p_values(stored: dict[str, Counts]) -> str:
    """Of those rows, in percent."""
    every = [stored[f"A/A, {truth}"] for truth in TRUTHS]
    tenths = [sum(sum(of.get(f"p{i}", [])) for of in every) for i in range(10)]
    shares = [100 * each / sum(tenths) for each in tenths]
    heads = "".join(f"{i / 10:6.1f}" for i in range(10))
    return (
        f"{'p from':10}{heads}\n{'percent':10}"
        + "".join(f"{each:6.1f}" for each in shares)
        + "\n"
    )


def share(hits: float, of: int) -> str:
    """In percent, with the interval of Clopper and Pearson."""
    both = sps.binomtest(int(hits), of).proportion_ci(0.95)
    return f"{100 * hits / of:.1f} % ({100 * both.low:.1f}-{100 * both.high:.1f})"


def page(stored: dict[str, Counts]) -> str:
    return fill(PAGE.read_text(), tables(stored), PAGE)


def main() -> None:
    stored = counted()
    STORED.write_text(json.dumps(stored, separators=(",", ":")) + "\n")
    PAGE.write_text(page(stored))


if __name__ == "__main__":
    main()
