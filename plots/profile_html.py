# SPDX-License-Identifier: GPL-2.0-only
"""An icicle to walk around in: one file of HTML, which loads nothing."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

from plots import calltree
from plots.icicle import cell_title
from retrap.profile.report import CLASS_TEXT
from retrap.profile.summary import CLASSES, Profile, Tree
from retrap.base.rawfile import atomic_write

HERE = Path(__file__).parent
TEMPLATE = "profile.html.in"
PARTS = {
    "@STYLE@": ("profile.css",),
    "@SCRIPT@": ("profile-tree.js", "profile-view.js"),
}
TITLE, DATA = "@TITLE@", "@DATA@"
FACTS = ("variant", "interface", "lost_returns", "jumps")


def draw(profiles: list[Profile], comparable: bool, directory: Path, name: str) -> Path:
    """Profiles of one cell; if comparable, the first is the baseline."""
    path = directory / f"{name}.html"
    atomic_write(path, page(profiles, comparable))
    return path


def page(profiles: list[Profile], comparable: bool) -> str:
    text = _file(TEMPLATE)
    for mark, names in PARTS.items():
        text = text.replace(mark, "".join(map(_file, names)))
    text = text.replace(TITLE, html.escape(cell_title(profiles[0])))
    return text.replace(DATA, embedded(content(profiles, comparable)))


def _file(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def content(profiles: list[Profile], comparable: bool) -> dict[str, Any]:
    """Whole counts, as in profile.json: the page divides by the windows."""
    base = profiles[0] if comparable else None
    return {
        "title": cell_title(profiles[0]),
        "baseline": 0 if comparable else None,
        "start": "d1" if comparable and len(profiles) > 1 else "0",
        "classes": [[name, CLASS_TEXT[name]] for name in CLASSES],
        "profiles": [_profile(found, base) for found in profiles],
    }


def _profile(found: Profile, base: Profile | None) -> dict[str, Any]:
    record = found.record()
    names = [
        f"{image}:{name}" if image else name for image, name in record["functions"]
    ]
    return {
        **{key: found.facts[key] for key in FACTS},
        "samples": len(found.windows),
        "functions": names,
        "groups": record["groups"],
        "trees": record["trees"],
        "renamed": {
            name: _renamed(base.trees[name], found.trees[name]) if base else []
            for name in CLASSES
        },
    }


def _renamed(old: Tree, new: Tree) -> list[list[int]]:
    """What took the place of what, by the numbers of their nodes: new, old."""
    rows = [
        {
            id(node): n
            for n, node in enumerate(node for t in tree.top() for node in t.walk())
        }
        for tree in (old, new)
    ]
    return [[rows[1][id(b)], rows[0][id(a)]] for a, b in calltree.renamed(old, new)]


def embedded(value: dict[str, Any]) -> str:
    """JSON that no name in it can end: HTML sees neither tags nor comments."""
    text = json.dumps(value, separators=(",", ":"), sort_keys=True)
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text
