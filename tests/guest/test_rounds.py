# SPDX-License-Identifier: GPL-2.0-only
"""Boots of two kernels in rounds, timed, up to a verdict over boots."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from retrap.analysis.compare import comparisons
from retrap.analysis.comparison import IN_ORDER
from retrap.base.arch import native
from retrap.base.paths import ROOT
from retrap.campaign import journal, manifest
from retrap.machine import load
from retrap.results import store

BOOTS = 8
EXPERIMENT = f"""
variants = ["mainline", "please-notify"]
placements = ["same-cpu"]
scenarios = ["retrap/trigger:interrupt"]
seed = 3

[vm]
samples = 20
boots = {BOOTS}
"""


def test_eight_boots_of_two_kernels_end_in_a_verdict(tmp_path: Path) -> None:
    """please-notify answers INTERRUPT of a listening tracee without waking it."""
    (tmp_path / "rounds.toml").write_text(EXPERIMENT)
    argv = [ROOT / "retrap", "matrix", "rounds.toml", "--results", "r"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Boots: mainline 8, please-notify 8." in done.stdout
    assert f"[vm {native().name}]" in done.stdout
    (path,) = (tmp_path / "r/rounds").iterdir()
    results = store.load(path)
    (row,) = comparisons(results)
    assert [side and side.boots for side in row.sides] == [BOOTS, BOOTS]
    found = row.judgement
    assert found.verdict == "fewer" and found.estimate is not None
    assert found.low is not None and found.high is not None
    assert found.low <= found.estimate <= found.high < 0
    assert IN_ORDER not in row.warnings

    story = journal.read(path)
    assert story.finished and len(story.states) == 2 * BOOTS
    jobs = json.loads((path / manifest.FILE).read_text())["jobs"]
    firsts = {job["variant"] for job in jobs if job["ordinal"] == 1}
    assert len(firsts) == 2  # a block begins with either
    for boot in results.boots:
        assert boot.record["substrate"] == "vm"
        assert all(load.share(cell.run) is not None for cell in boot.cells)
        assert "-icount" not in boot.record["qemu_argv"]
