# SPDX-License-Identifier: GPL-2.0-only
"""The tree of the last build, for the next one that starts from the same base.

Such builds, of a design's mutants for instance, differ in a file or two. To put
these back takes no time; to copy a tree and delete it again takes longer than to
compile them. A tree in which patches added or deleted a file is not taken again:
objects of files that are gone could stay in it (objects.py).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from retrap.kernel import moved

NOTE = "retrap-leftover.json"  # in a tree whose build ended well


def leave(tree: Path, base: Path, patched: Iterable[str]) -> None:
    """`tree` is `base` with these files patched, and built."""
    (tree / NOTE).write_text(json.dumps([base.name, sorted(set(patched))]))


def take(tree: Path, base: Path, objects: str) -> list[str] | None:
    """Makes `tree` `base` again, where the last build left it fit for that. What
    is put back is new to make, so that all that was made of it is made again; its
    files are returned, or None where the tree is not fit.
    `objects` is the folder of the tree that make builds in."""
    note = tree / NOTE
    if not note.is_file():
        return None
    name, patched = json.loads(note.read_text())
    note.unlink()  # from here on it is nobody's, until its build has ended
    if name != base.name:
        return None
    moved.settle(tree, objects)
    for file in patched:
        (tree / file).unlink()
        shutil.copyfile(base / file, tree / file)
        shutil.copymode(base / file, tree / file)
    return [str(file) for file in patched]


def serves(tree: Path, base: Path, patched: Iterable[str]) -> bool:
    """Whether `tree` can be left: no other config, as it is not made anew, and no
    file more or less."""
    return same_names(tree, base, patched) and not touches_kconfig(patched)


def same_names(tree: Path, base: Path, patched: Iterable[str]) -> bool:
    """Whether patches of these files added none to `base` and deleted none."""
    return all((top / file).is_file() for file in patched for top in (base, tree))


def touches_kconfig(patched: Iterable[str]) -> bool:
    return any(Path(file).name.startswith("Kconfig") for file in patched)
