# SPDX-License-Identifier: GPL-2.0-only
"""Which objects of a copied kernel tree may stay, now that patches changed it, and
how many are made again.

make compares times, and asks for a source only by a rule that has one: without
kernel/signal.c it takes the signal.o that is there for made. So what was made of
a file that the patches took away goes, and what may be made of another file now,
because the patches brought one of that name. What else changes, a command, a
header, a symbol of Kconfig, kbuild sees itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

SOURCES = (".c", ".S")  # one object each


def forget(before: Path, tree: Path, objects: str) -> list[str]:
    """Deletes such objects of `tree`, a patched copy of `before`; the names of
    their commands' files. `objects` is the folder of both that holds them."""
    old, new = _sources(before, objects), _sources(tree, objects)
    moved = old ^ new
    if not moved:
        return []
    # By the last part alone: one object too many is made again, none too few.
    names = "|".join({re.escape(name.rsplit("/", 1)[-1]) for name in moved})
    told = re.compile(rf"(?:^|[/\s])(?:{names})(?=[\s:\\;\"')]|$)".encode(), re.M)
    gone = []
    for top, _, files in os.walk(tree / objects):
        for file in files:
            command = Path(top, file)
            if file.endswith(".cmd") and told.search(command.read_bytes()):
                gone.append(file)
                _delete(command)
    return gone


def made_of(tree: Path, objects: str, files: Iterable[str]) -> dict[str, set[str]]:
    """Of those files that are no source of one object: the objects of `tree` that
    include each, by the commands that make has kept."""
    wanted = [file for file in files if not file.endswith(SOURCES)]
    found: dict[str, set[str]] = {}
    if not wanted:
        return found
    names = "|".join(re.escape(name) for name in wanted)
    told = re.compile(rf"\s\.\./({names})(?=\s)".encode())
    for command in (tree / objects).rglob(".*.o.cmd"):
        for name in told.findall(command.read_bytes()):
            found.setdefault(os.fsdecode(name), set()).add(str(command))
    return found


def _sources(tree: Path, objects: str) -> set[str]:
    found = set()
    folders = [""]
    while folders:
        folder = folders.pop()
        with os.scandir(tree / folder) as entries:
            for entry in entries:
                name = f"{folder}{entry.name}"
                if not entry.is_dir(follow_symlinks=False):
                    found.add(name)
                elif name != objects:
                    folders.append(f"{name}/")
    return found


def _delete(command: Path) -> None:
    """`.x.o.cmd` and x.o; `.x.tab.[ch].cmd` is of two files."""
    for product in command.parent.glob(command.name[1 : -len(".cmd")]):
        product.unlink()
    command.unlink()
