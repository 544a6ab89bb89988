# SPDX-License-Identifier: GPL-2.0-only
"""Small files of /proc and /sys, below a root directory: / or a copy of it."""

from __future__ import annotations

import re
from pathlib import Path


class Root:
    """Files below a root; None for what cannot be read."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def data(self, name: str) -> bytes | None:
        try:
            return (self._root / name).read_bytes()
        except OSError:
            return None

    def text(self, name: str) -> str | None:
        data = self.data(name)
        return None if data is None else data.decode(errors="replace").strip()

    def number(self, name: str) -> int | None:
        text = self.text(name)
        return int(text) if text and re.fullmatch(r"-?\d+", text) else None

    def flag(self, name: str, on: int = 1) -> bool | None:
        value = self.number(name)
        return None if value is None else value == on

    def exists(self, name: str) -> bool:
        return (self._root / name).exists()


def match(pattern: str, text: str | None) -> str | None:
    """The first group, of the first line that has it."""
    found = re.search(pattern, text or "", re.MULTILINE)
    return found.group(1) if found else None
