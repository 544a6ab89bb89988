# SPDX-License-Identifier: GPL-2.0-only
"""C++ files with scenarios of a user (docs/own-scenario.md), as they were read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrap.base.errors import EXIT_CONFIG, RetrapError

MOST_BYTES = 1 << 20
NAME = r"[A-Za-z0-9_-]+\.cc"


@dataclass(frozen=True)
class ScenarioFile:
    """`path`: where it was; results hold its text, and do not read it again."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


Files = tuple[ScenarioFile, ...]


def read(paths: Iterable[Path]) -> Files:
    """In order. Errors: EXIT_CONFIG."""
    files = tuple(map(_read, paths))
    names = [file.name for file in files]
    for file in files:
        if names.count(file.name) > 1:
            raise _wrong(file.path, f"two files are named {file.name}")
    return files


def _read(path: Path) -> ScenarioFile:
    if not re.fullmatch(NAME, path.name):
        what = "its name is not one of letters, digits, _ and - that ends in .cc"
        raise _wrong(path, what)
    try:
        if path.exists() and not path.is_file():
            raise _wrong(path, "is no plain file")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise _wrong(path, f"is longer than {MOST_BYTES} bytes")
        return ScenarioFile(path.resolve(), data.decode())
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is not UTF-8 text"
        raise _wrong(path, f"cannot be read: {reason}") from None


def _wrong(path: Path, what: str) -> RetrapError:
    remedy = "name a C++ file of scenarios (docs/own-scenario.md)"
    return RetrapError(f"{path}: {what}", remedy, EXIT_CONFIG)


def told(files: Files) -> dict[str, Any]:
    """What a plan says of them; nothing, where there are none."""
    rows = [
        {
            "name": file.name,
            "sha256": file.sha256,
            "lines": file.text.split("\n"),
        }
        for file in files
    ]
    return {"scenario_files": rows} if rows else {}
