# SPDX-License-Identifier: GPL-2.0-only
"""How many guests boot side by side."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from retrap.campaign import boots


@pytest.mark.parametrize(
    ("cpus", "available_mib", "at_once"),
    [(2, 100_000, 4), (1, 100_000, 2), (8, 2400, 3), (8, 100, 1)],
)
def test_boots_fit_the_machine(
    monkeypatch: pytest.MonkeyPatch, cpus: int, available_mib: int, at_once: int
) -> None:
    text = f"MemTotal: 1 kB\nMemAvailable:   {available_mib * 1024} kB\n"
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(cpus)))
    monkeypatch.setattr(Path, "read_text", lambda self: text)
    assert boots.at_once(512) == at_once
