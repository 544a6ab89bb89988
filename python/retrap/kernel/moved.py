# SPDX-License-Identifier: GPL-2.0-only
"""A built kernel tree that was copied, as if it had just been built where it is now.

make compares times, and objtool's build remembers absolute names. A copy may have
new times, and it has another name. Then make builds objtool again, and with it every
object. A kept tree is whole: its build has ended. So its objects may all have one
time, which is later than that of its sources and of the headers of the system.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from pathlib import Path

BUILT_AS = "trees/build.partial"  # below the cache: where every tree is built
# What kbuild takes as the name of a directory has neither space nor colon.
_NAME = re.compile(rf"/[^\s:'\"]*/{re.escape(BUILT_AS)}(?=/)".encode())


def settle(tree: Path, objects: str) -> None:
    """Gives all objects of `tree` one time and its name as it is now. Call it before
    a source is patched. `objects` is the folder of the tree that make builds in."""
    here = os.fsencode(tree.resolve())
    for command in (tree / objects / "tools").rglob(".*.cmd"):
        old = command.read_bytes()
        new = _NAME.sub(lambda _: here, old)
        if new != old:
            command.write_bytes(new)
    built = _now(tree)
    for top, _, files in os.walk(tree / objects):
        for name in files:
            os.utime(os.path.join(top, name), ns=(built, built), follow_symlinks=False)
    # make asks for a source that is later. The clock of a file system goes by ticks.
    while _now(tree) == built:
        time.sleep(0.001)


def _now(tree: Path) -> int:
    """The time in ns that a file of `tree` gets if it is written now."""
    with tempfile.NamedTemporaryFile(dir=tree, prefix=".now") as file:
        return os.fstat(file.fileno()).st_mtime_ns
