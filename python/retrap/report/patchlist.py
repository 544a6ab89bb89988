# SPDX-License-Identifier: GPL-2.0-only
"""The patches of a kernel by their subjects: nobody knows what a hash stands for.

A boot names each patch, its hash and its subject. Where it has no subject, that of the
patch with this hash in this clone is taken; no name of a result is followed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from retrap.base.paths import ROOT
from retrap.kernel.subject import subject_of

FOLDERS = (ROOT / "kernel-patch", ROOT / "docs/example")


@dataclass(frozen=True)
class Patch:
    """`known` is its subject; empty where no patch here has its hash. `author`: a name,
    or empty."""

    name: str
    sha256: str
    known: str
    author: str = ""

    @property
    def subject(self) -> str:
        """Else what git format-patch made a name of: `signal faster`."""
        stem = self.name.rpartition("/")[2].removesuffix(".patch")
        return self.known or re.sub(r"^\d+-", "", stem).replace("-", " ")


def listed(patches: Iterable[Any] | None) -> list[Patch]:
    """Those that a boot.json names, in order."""
    found = []
    for each in patches or ():
        if isinstance(each, dict):
            name, sha256 = str(each.get("name")), str(each.get("sha256"))
            ours = {**subjects(FOLDERS[0]), **subjects(FOLDERS[1])}.get(sha256, "")
            known, author = str(each.get("subject") or ours), str(
                each.get("author") or ""
            )
            found.append(Patch(name, sha256, known, author))
    return found


@cache
def subjects(folder: Path) -> dict[str, str]:
    """Of the patches below a folder, by their hashes."""
    found = {}
    for file in sorted(folder.rglob("*.patch")):
        content = file.read_bytes()
        found[hashlib.sha256(content).hexdigest()] = subject_of(content)
    return found
