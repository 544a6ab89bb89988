# SPDX-License-Identifier: GPL-2.0-only
"""Functions beside each other: what differs comes first, and alone."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
from pictures import Camera
from profiled import EVIL, OTHER, profile

import plots
from plots import looks, profile_bars
from retrap.profile.callgraph import TRACER, Node
from retrap.profile.summary import CHEAPEST, Profile
from retrap.profile.symbols import Function


def names_of(functions: list[Function]) -> list[str]:
    return [each.name for each in functions]


def test_without_a_difference_the_functions_are_by_count() -> None:
    user = Function("main", "bench")
    found = profile("x", OTHER)
    node = Node(user, None)
    node.own = {(0, TRACER): 4000}  # of four windows
    found.trees[CHEAPEST].roots[user] = node
    own = profile_bars.own(found)
    shown, said = profile_bars.pick([own, {Function("z"): Fraction(99)}], None)
    assert names_of(shown)[:3] == ["kill", "z", "wake"] and "main" not in str(shown)
    assert said == "largest count first"
    assert "none differs by 1 or more" in profile_bars.pick([own, own], own)[1]


def test_functions_that_differ_come_first_and_alone(
    pair: tuple[Profile, Profile],
) -> None:
    base, other = (profile_bars.own(found) for found in pair)
    shown, said = profile_bars.pick([base, other], base)
    assert names_of(shown) == [
        *("gone", "notify_new", "kill", "notify_old", "deep", "signal", EVIL)
    ]
    assert said == "largest change first; left out: 4 equal ones (to less than 1)"
    many = {Function(f"f{n:02}"): Fraction(100 + n) for n in range(25)}
    shown, said = profile_bars.pick([{}, many], {})
    assert names_of(shown)[0] == "f24" and len(shown) == profile_bars.MOST
    assert "5 with smaller changes" in said


def test_rows_of_functions_are_in_order(filled: Path, camera: Camera) -> None:
    plots.profiles.draw_profiles(filled)
    (picture,) = camera.matching("functions-")
    rows = [label.get_text() for label in picture.axes[0].get_yticklabels()]
    assert rows[:3] == ["gone", "notify_new", "kill"] and "wake" not in rows
    texts = [text for text, _ in picture.texts]
    assert "not called (-50)" in texts and "110 (+10)" in texts


def test_a_design_looks_as_in_the_other_figures(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in a cell that a design before it does not have."""
    record = json.loads((filled / "profiles" / "async-retrap.json").read_text())
    (filled / "profiles" / "async-retrap.json").unlink()
    text = json.dumps({**record, "variant": "please-notify"})
    (filled / "profiles" / "please-notify.json").write_text(text)
    seen: list[looks.Look] = []

    def draw(profiles: object, sides: list[looks.Look], *rest: object) -> list[Path]:
        seen.extend(sides)
        return []

    monkeypatch.setattr(profile_bars, "draw", draw)
    plots.profiles.draw_profiles(filled)
    assert seen == [looks.LOOKS[0], looks.LOOKS[2]]
