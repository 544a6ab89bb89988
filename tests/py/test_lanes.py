# SPDX-License-Identifier: GPL-2.0-only
"""How many guests boot side by side."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from retrap.executors import lanes


@pytest.mark.parametrize(
    ("cpus", "available_mib", "at_once"),
    [(2, 100_000, 4), (1, 100_000, 2), (8, 2400, 3), (8, 100, 1)],
)
def test_boots_fit_the_machine(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    cpus: int,
    available_mib: int,
    at_once: int,
) -> None:
    text = f"MemTotal: 1 kB\nMemAvailable:   {available_mib * 1024} kB\n"
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(cpus)))
    (tmp_path / "meminfo").write_text(text)
    monkeypatch.setattr(lanes, "MEMINFO", tmp_path / "meminfo")
    assert lanes.exact_at_once(512) == at_once
