# SPDX-License-Identifier: GPL-2.0-only
"""The figure of what a cycle costs."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import PATHS, Maker
from test_cost import seven

import plots
import plots.panels


def test_the_figure_is_drawn_where_counters_are(
    maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    write = plots.panels.words.beside

    def beside(axis: Any, x: float, y: float, text: str, *how: Any, **more: Any) -> Any:
        drawn.append(text)
        return write(axis, x, y, text, *how, **more)

    monkeypatch.setattr(plots.panels.words, "beside", beside)
    names = {path.stem for path in plots.draw_all(seven(maker))}
    assert "counters-vm-x86_64" in names
    thin = plots.panels.words.THIN
    assert {f"14{thin}945", f"10{thin}532", "0.70", "0.80", "≠"} <= set(drawn)


def test_no_figure_without(maker: Maker) -> None:
    maker.substrates, maker.scenarios, maker.boots = ("vm",), PATHS[:1], 1
    assert not any("counters" in path.name for path in plots.draw_all(maker.write()))
