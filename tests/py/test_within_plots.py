# SPDX-License-Identifier: GPL-2.0-only
"""The figure of interfaces compared within boots."""

from __future__ import annotations

from conftest import Maker
from test_within import made, retrap

import plots


def test_the_figure_says_within_boots_and_is_the_same_twice(maker: Maker) -> None:
    path = made(maker)
    assert "figures/within-vm-x86_64-combined.svg" in retrap("plot", path)
    (drawing,) = path.glob("figures/within-*.svg")
    before = drawing.read_bytes()
    assert b"<!-- change against combined/listen -->" in before
    assert b"<!-- same -->" in before and b"<!-- +" in before
    plots.draw_all(path)
    assert drawing.read_bytes() == before
