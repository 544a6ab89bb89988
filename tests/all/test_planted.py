# SPDX-License-Identifier: GPL-2.0-only
"""A planted change of two percent is found, and none is not: on this machine, process
by process, and in exact mode always."""

from __future__ import annotations

import sys
from pathlib import Path

from retrap.base.paths import ROOT

sys.path.insert(0, str(ROOT / "tests/py"))
import planted  # noqa: E402


def test_natively(tmp_path: Path) -> None:
    """A chance of a fifth each goes unfound in fewer than four of 20 repetitions
    with 63 %; the plan takes the upper limit of the spread, so more are found."""
    tried = planted.natively(tmp_path)
    assert tried.found >= 16, tried
    assert tried.alarms <= 1, tried
    assert max(one.seconds for one in tried.repetitions) < 1200
    assert 1 / 1.5 < tried.slower < 1.5, tried


def test_exactly(tmp_path: Path) -> None:
    tried = planted.exactly(tmp_path)
    assert tried.found == len(tried.repetitions), tried
    assert tried.alarms == 0, tried
