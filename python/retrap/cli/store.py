# SPDX-License-Identifier: GPL-2.0-only
"""Results as they are named on a command line: a directory, or a pack.

A pack is unpacked for the time of the command; what is made of it is printed alone.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from retrap.base import scratch
from retrap.base.errors import RetrapError
from retrap.base.progress import say
from retrap.base.rawfile import read_plan


@dataclass(frozen=True)
class Source:
    """`directory` holds what was `named`."""

    named: Path
    directory: Path

    def writable(self) -> bool:
        """Whether what is derived can be stored; says so when it is only printed."""
        packed = self.directory != self.named
        if not packed and os.access(self.directory, os.W_OK):
            return True
        why = "is a pack" if packed else "cannot be written"
        say(f"{self.named} {why}: printed here, nothing is stored")
        return False


def check(named: Path) -> None:
    """Before anything is installed. Errors: EXIT_RESULTS, where there is no such
    thing."""
    if not named.is_file():
        read_plan(named)


@contextlib.contextmanager
def opened(named: Path) -> Iterator[Source]:
    """Errors: EXIT_RESULTS, of a pack that is none."""
    check(named)
    if not named.is_file():
        yield Source(named, named)
        return
    from retrap.results.unpack import unpack

    with scratch.directory() as place:
        directory = place / "pack"
        directory.mkdir()
        try:
            unpack(named, directory)
            check(directory)
            yield Source(named, directory)
        except RetrapError as error:  # by the name that it has when this is over
            message = error.message.replace(str(directory), str(named))
            raise RetrapError(message, error.remedy, error.exit_code) from None
