# SPDX-License-Identifier: GPL-2.0-only
"""A text file of the user's that a campaign changes and gives back: in any encoding,
a character a byte, and with its mode."""

from __future__ import annotations

import stat
from pathlib import Path

from retrap.base.rawfile import atomic_write

ENCODING = "latin-1"


def read(path: Path) -> str | None:
    """None where there is none."""
    return path.read_bytes().decode(ENCODING) if path.exists() else None


def write(path: Path, text: str) -> None:
    """What is there keeps its mode: it may hold a password."""
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644
    atomic_write(path, text.encode(ENCODING), mode)
