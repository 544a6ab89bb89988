# SPDX-License-Identifier: GPL-2.0-only
"""One kernel under two names, in real results: how often two halves of its boots seem
to differ, and whether a change that is planted into them is found.

    PYTHONPATH=python:tests/py /usr/bin/python3 tests/py/two_names.py processes DIR
    PYTHONPATH=python:tests/py /usr/bin/python3 tests/py/two_names.py guests DIR

DIR has many rounds of one boot of this machine, or many boots of guests; their medians
are kept in tests/data, and docs/validity.md has the tables. Sixteen at a time, as they
ran, are a family: eight by chance have the one name and eight the other, and the rows
are decided as those of two kernels are. Few families say little of how many have an
alarm, so each is also parted twenty times.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from instrument import HERE, PAGE, share

from retrap.analysis import boots, family
from retrap.analysis.comparison import Comparison
from retrap.analysis.side import cells_of, of
from retrap.analysis.verdict import MORE
from retrap.base.marked import fill
from retrap.base.paths import ROOT
from retrap.results.store import Results, load

STORED = ROOT / "tests/data/two-names.json"
OF_A_FAMILY, SEED, OFTEN = 16, 11, 20
HALF = OF_A_FAMILY // 2
UNITS = {"processes": "processes of one boot", "guests": "boots of guests"}

Medians = dict[str, list[int]]  # of each cell, in the order in which they ran


@dataclass
class Found:
    """What was decided: of rows alone, of families by Holm, and of planted rows."""

    rows: int = 0
    alone: int = 0
    families: int = 0
    alarms: int = 0
    found: int = 0
    tenths: Counter[int] = field(default_factory=Counter)


def medians(results: Results) -> Medians:
    """Of its first side."""
    (machine,) = (each for each in results.machines if not each.exact)
    told = {}
    for where in cells_of(results, machine):
        side = of(results, machine, results.sides(machine, where[0])[0], where)
        assert side
        both = zip(side.cells, side.medians, strict=True)
        ran = sorted(both, key=lambda pair: str(pair[0].run.get("began")))
        told[" ".join(where)] = [round(m) for _, m in ran if m is not None]
    return told


def one_kernel(told: Medians, times: int = 1) -> Found:
    """Each family parted so often; a change is planted the first time."""
    rng, found = np.random.default_rng(SEED), Found()
    firsts = range(0, min(map(len, told.values())) - OF_A_FAMILY + 1, OF_A_FAMILY)
    for time, first in itertools.product(range(times), firsts):
        order = rng.permutation(OF_A_FAMILY)
        halves = []
        for values in told.values():
            mixed = [float(values[first + place]) for place in order]
            halves.append((mixed[:HALF], mixed[HALF:]))
        rows = [_row(*both) for both in halves]
        found.rows += len(rows)
        found.alone += sum(row.decided for row in rows)
        found.families += 1
        together = family.corrected(rows, family.PATHS)
        found.alarms += any(row.decided for row in together)
        for row in rows:
            assert row.judgement.p_value is not None
            found.tenths[min(9, int(10 * row.judgement.p_value))] += 1
        for base, test in () if time else halves:
            by = boots.detectable(base, test, boots.ALPHA)
            assert by is not None
            planted = _row(base, [value + by for value in test])
            found.found += planted.verdict == MORE
    return found


def _row(base: Sequence[float], test: Sequence[float]) -> Comparison:
    got = boots.judge(base, test)
    where = ("trap", "same-cpu")
    return Comparison(HERE, where, "one", "other", (None, None), got, ())


def tables(stored: dict[str, Medians]) -> dict[str, str]:
    heads = f"{'rows decided alone':>20}{'families':>18}{'often':>7}{'planted':>9}"
    lines = [f"{'':23}{heads}"]
    tenths = [f"{'p from':23}" + "".join(f"{i / 10:5.1f}" for i in range(10))]
    for key, name in UNITS.items():
        if key not in stored:
            continue
        one, often = one_kernel(stored[key]), one_kernel(stored[key], OFTEN)
        alone, some = share(one.alone, one.rows), share(one.alarms, one.families)
        more = f"{100 * often.alarms / often.families:.1f} %"
        planted = f"{100 * one.found / one.rows:.0f} %"
        lines.append(f"{name:23}{alone:>20}{some:>18}{more:>7}{planted:>9}")
        shares = (100 * one.tenths[i] / one.rows for i in range(10))
        tenths.append(f"{name:23}" + "".join(f"{each:5.1f}" for each in shares))
    return {"two names": "\n".join([*lines, "", *tenths]) + "\n"}


def page(stored: dict[str, Medians]) -> str:
    return fill(PAGE.read_text(), tables(stored), PAGE)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("units", choices=UNITS)
    parser.add_argument("dir", type=Path)
    args = parser.parse_args()
    stored = json.loads(STORED.read_text()) if STORED.exists() else {}
    stored[args.units] = medians(load(args.dir))
    STORED.write_text(json.dumps(stored, separators=(",", ":")) + "\n")
    PAGE.write_text(page(stored))


if __name__ == "__main__":
    main()
