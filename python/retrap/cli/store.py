# SPDX-License-Identifier: GPL-2.0-only
"""Where what is derived may be stored."""

from __future__ import annotations

import os
from pathlib import Path

from retrap.base.progress import say


def writable(directory: Path) -> bool:
    """Whether what is derived can be stored; says so when it is only printed."""
    if not directory.is_dir() or os.access(directory, os.W_OK):
        return True
    say(f"{directory} cannot be written: printed here, nothing is stored")
    return False
