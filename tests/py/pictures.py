# SPDX-License-Identifier: GPL-2.0-only
"""Figures as they are seen: where each text ends up, what each axis says."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from matplotlib.transforms import Bbox

import plots.style

TOUCH = 1.0  # pixels that two texts may share: a letter's edge


@dataclass
class Picture:
    """One figure: its texts where they are drawn, its axes."""

    name: str
    drawing: Any
    texts: list[tuple[str, Bbox]]

    @property
    def axes(self) -> list[Any]:
        return [axis for axis in self.drawing.axes if axis.get_visible()]

    def log_axes(self) -> list[tuple[Any, list[Any]]]:
        """With all that share one, so that one label is for them."""
        return [
            (one, [each for each in self.axes if _share(axis, each, xy)])
            for axis in self.axes
            for xy in "xy"
            if "log" in (one := getattr(axis, f"{xy}axis")).get_scale()
        ]

    def collisions(self) -> list[str]:
        return [
            f"{self.name}: {a!r} and {b!r}"
            for (a, box), (b, other) in itertools.combinations(self.texts, 2)
            if _overlap(box, other)
        ]

    def outside(self) -> list[str]:
        """Texts that leave the figure."""
        paper = self.drawing.bbox.padded(0.5)
        return [
            f"{self.name}: {text!r}"
            for text, box in self.texts
            if not (paper.x0 <= box.x0 and box.x1 <= paper.x1)
            or not (paper.y0 <= box.y0 and box.y1 <= paper.y1)
        ]

    def over(self, axis: Any) -> list[str]:
        """Texts on the curves."""
        return [text for text, box in self.texts if _overlap(box, axis.bbox)]


def _share(a: Any, b: Any, xy: str) -> bool:
    shared = a.get_shared_x_axes() if xy == "x" else a.get_shared_y_axes()
    return a is b or bool(shared.joined(a, b))


def _overlap(a: Bbox, b: Bbox) -> bool:
    wide = min(a.x1, b.x1) - max(a.x0, b.x0)
    high = min(a.y1, b.y1) - max(a.y0, b.y0)
    return bool(wide > TOUCH and high > TOUCH)


@dataclass
class Camera:
    """Every figure that would be saved while the test runs."""

    pictures: dict[str, Picture] = field(default_factory=dict)
    drawn: list[tuple[str, Bbox]] = field(default_factory=list)

    def matching(self, start: str) -> list[Picture]:
        found = [p for name, p in self.pictures.items() if name.startswith(start)]
        assert found, start
        return found


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> Camera:
    mine = Camera()
    draw = Text.draw

    def noted(self: Text, renderer: Any) -> None:
        draw(self, renderer)
        if self.get_visible() and self.get_text().strip():
            box = Text.get_window_extent(self, renderer)
            mine.drawn.append((self.get_text(), box))

    def shot(drawing: Any, directory: Path, name: str) -> list[Path]:
        mine.drawn.clear()
        FigureCanvasAgg(drawing).draw()
        mine.pictures[name] = Picture(name, drawing, list(mine.drawn))
        return []

    monkeypatch.setattr(Text, "draw", noted)
    monkeypatch.setattr(plots.style, "save", shot)
    return mine
