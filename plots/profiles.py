# SPDX-License-Identifier: GPL-2.0-only
"""Every figure of the profiles in a result directory."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from plots import icicle, icicle_difference, profile_bars, profile_html
from plots.looks import LOOKS, Look
from retrap.base.errors import RetrapError
from retrap.profile import difference, stored
from retrap.profile.summary import CHEAPEST, Profile
from retrap.base.progress import say
from retrap.results.store import load

Place = tuple[str, str, str]  # arch, scenario, placement


def draw_profiles(dir: Path) -> list[Path]:
    """Below figures/, from the stored profiles alone. Errors: EXIT_RESULTS."""
    plan = load(dir).plan
    into = dir / "figures"
    paths: list[Path] = []
    names = [plan["baseline"], *(each["name"] for each in plan["variants"])]
    order = {name: n for n, name in enumerate(dict.fromkeys(names))}
    for place, profiles in _places(stored.profiles(dir), order):
        sides = [LOOKS[_rank(each, order) % len(LOOKS)] for each in profiles]
        paths += _place(place, profiles, sides, plan["baseline"], into)
    return paths


def _rank(found: Profile, order: dict[str, int]) -> int:
    return order.get(found.facts["variant"], len(order))


def _places(
    profiles: list[Profile], order: dict[str, int]
) -> Iterable[tuple[Place, list[Profile]]]:
    """By cell, the baseline first, then as in the plan."""
    found: dict[Place, list[Profile]] = {}
    for each in profiles:
        facts = each.facts
        place = facts["arch"], facts["scenario"], facts["placement"]
        found.setdefault(place, []).append(each)
    for group in found.values():
        group.sort(key=lambda each: _rank(each, order))
    return found.items()


def _place(
    place: Place,
    profiles: list[Profile],
    sides: list[Look],
    baseline: str,
    into: Path,
) -> list[Path]:
    arch, scenario, placement = place
    cell = slug(f"{scenario}@{placement}")
    paths: list[Path] = []
    base = profiles[0] if profiles[0].facts["variant"] == baseline else None
    comparable = base is not None
    for found in profiles:
        name = slug(f"{arch}-{found.facts['variant']}")
        paths += icicle.draw(found, into, f"icicle-{name}-{cell}")
        if base is None or found is base:
            continue
        try:
            difference.compare(base, found, CHEAPEST)
        except RetrapError as error:
            say(f"{name} {cell}: no figure of the difference: {error.message}")
            comparable = False
            continue
        paths += icicle_difference.draw(
            base, found, into, f"icicle-difference-{name}-{cell}"
        )
    here = slug(f"{arch}-{cell}")
    paths += profile_bars.draw(profiles, sides, comparable, into, f"functions-{here}")
    page = profile_html.draw(profiles, comparable, into, f"profile-{here}")
    return [*paths, page]


def slug(text: str) -> str:
    """`retrap/trigger:sigcont@same-cpu` as the name of a file."""
    return re.sub(r"[^\w.@+-]", "-", text.replace("/", "."))
