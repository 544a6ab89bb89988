# SPDX-License-Identifier: GPL-2.0-only
"""The rooms of python/retrap: a file imports from its own room and from those
below it, and no file imports itself by way of others."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from retrap.base.paths import ROOT

# From the bottom to the top.
ROOMS = (
    *("base", "campaign", "config", "build", "kernel", "machine", "results"),
    *(
        "analysis",
        "executors",
        "target",
        "fleet",
        "rules",
        "profile",
        "report",
        "plots",
        "cli",
    ),
)
Graph = dict[str, set[str]]  # file -> files it imports


def modules(root: Path) -> dict[str, Path]:
    """`room.file` of every file; those of plots/ are the room `plots`."""
    found = {}
    for top in (root / "python/retrap", root / "plots"):
        for path in top.rglob("*.py"):
            words = path.relative_to(top).with_suffix("").parts
            words = words[:-1] if words[-1] == "__init__" else words
            words = ("plots", *words) if top.name == "plots" else words
            if words and words != ("__main__",):
                found[".".join(words)] = path
    return found


def imported(path: Path) -> Iterator[str]:
    """The dotted names that a file imports of ours, wherever in it it does."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name


def graph(root: Path) -> Graph:
    known = modules(root)
    found: Graph = {}
    for name, path in known.items():
        found[name] = set()
        for word in imported(path):
            word = word.removeprefix("retrap.")
            while word and word not in known:
                word = word.rpartition(".")[0]
            if word and word != name:
                found[name].add(word)
    return found


def upward(found: Graph) -> list[str]:
    """Imports from a room above, or of a room as a whole, which hides the file."""

    def height(name: str) -> int:
        return ROOMS.index(name.partition(".")[0])

    return [
        f"{name} imports {other}"
        for name, others in sorted(found.items())
        for other in sorted(others)
        if height(other) > height(name) or (other in ROOMS and other != "plots")
    ]


def test_every_file_is_in_a_room() -> None:
    rooms = {name.partition(".")[0] for name in modules(ROOT)}
    assert rooms == set(ROOMS)


def test_arrows_point_down() -> None:
    assert not upward(graph(ROOT))


def test_there_is_no_circle() -> None:
    found = graph(ROOT)
    assert sum(map(len, found.values())) > 300  # it was read
    TopologicalSorter(found).prepare()


def test_an_arrow_up_and_a_circle_are_seen(tmp_path: Path) -> None:
    (tmp_path / "plots").mkdir()
    files = {
        "base/one.py": "def f() -> None:\n    from retrap.cli import two\n",
        "cli/two.py": "from retrap.base.one import f\n",
    }
    for name, text in files.items():
        path = tmp_path / "python/retrap" / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    found = graph(tmp_path)
    assert upward(found) == ["base.one imports cli.two"]
    with pytest.raises(CycleError):
        TopologicalSorter(found).prepare()
