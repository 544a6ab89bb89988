# SPDX-License-Identifier: GPL-2.0-only
"""`retrap try`: a planted change is found to the instruction, in its function."""

from __future__ import annotations

from pathlib import Path

from test_matrix import retrap

from retrap.base.paths import ROOT

PLANTED = ROOT / "tests/data/planted-interrupt.patch"


def test_a_planted_change(tmp_path: Path) -> None:
    scenarios = "trap/trigger:interrupt,floor/futex"
    words = ("--scenarios", scenarios, "--results", tmp_path)
    text = retrap("try", PLANTED, *words)
    print(text)
    rows = [line.split() for line in text.splitlines() if "-cpu  " in line]
    assert {(row[0], row[-1]) for row in rows} == {("trap/trigger:interrupt", "+145")}
    assert "trap/trigger:interrupt same-cpu: ptrace_request() +145" in text
    assert "same in 2, more in 2 (+145) of 4 cells" in text
