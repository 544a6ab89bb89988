# SPDX-License-Identifier: GPL-2.0-only
"""Two bases in one table: what is the design's, what is the release's."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import ALL, COST, INTERFACES, Maker
from retrap.analysis.verdict import SAME
from retrap.analysis.within import changed, within_boots
from retrap.base.paths import ROOT
from retrap.report import basetable
from retrap.results.store import load

CYCLE = "retrap/trigger:sigcont"
Made = dict[str, basetable.Base]


def made(
    path: Path, monkeypatch: pytest.MonkeyPatch, newer: tuple[int, int, int]
) -> Made:
    """A run on 6.12; and one of other names, whose cycle costs `newer`."""
    bases = {}
    for base, suffix in (("6.12", ""), ("7.x", "-7.x")):
        one = Maker(path / base)
        one.substrates, one.samples = ("exact",), 200
        one.variants = tuple(f"{name}{suffix}" for name in ("mainline", *ALL[1:]))
        for name, interface in zip(one.variants, ALL):
            monkeypatch.setitem(INTERFACES, name, (interface,))
        one.plan = {"baseline": f"mainline{suffix}"}
        if suffix:
            monkeypatch.setitem(COST, CYCLE, newer)
        results = load(one.write())
        bases[base] = results, results.machines[0]
    return bases


def test_a_line_a_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bases = made(tmp_path, monkeypatch, (9000, 9200, 9100))
    lines = basetable.render(bases).splitlines()
    at = lines.index(CYCLE)
    assert lines[0].split() == ["mainline", *ALL[1:]]
    older, newer = (line.split() for line in lines[at + 1 : at + 3])
    assert (older[1], older[3:]) == ("6.12", ["+1128", "+68"])
    assert (newer[1], newer[3:]) == ("7.x", ["+200", "+100"])
    medians = [[int(n) for n in each[2].split("/")] for each in (older, newer)]
    assert 8000 < medians[0][0] < 8100 and 9000 <= medians[1][0] < 9100
    assert all(cross == same + 640 for same, cross in medians)
    assert lines[-1].endswith("the same sign on each.")
    assert all(len(line) <= 80 for line in lines)


def test_another_sign_is_said_to_be_the_releases(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bases = made(tmp_path, monkeypatch, (9000, 9200, 8900))
    text = " ".join(basetable.render(bases).split())
    assert f"another on 6.12 and 7.x: {CYCLE} with please-notify [" in text
    assert "with async-retrap" not in text


def test_in_time_what_is_decided_has_the_same_sign() -> None:
    """As README.md says: combined's interfaces within boots, beside quick's kernels."""
    counted = load(ROOT / "results/reference/quick")
    timed = load(ROOT / "results/reference/combined-guests")
    (machine,) = counted.machines
    compared = 0
    for row in within_boots(timed):
        design = row.test.removeprefix("combined/")
        one = changed(counted, machine, design, row.where)
        if row.decided and one and one.decided and row.verdict != SAME:
            compared += 1
            assert row.verdict == one.verdict, row.where
    assert compared >= 6
