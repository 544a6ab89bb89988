# SPDX-License-Identifier: GPL-2.0-only
"""The patches of a kernel by their subjects: nobody knows what a hash stands for.

A boot names each patch and its hash. The subject is that of the patch with this hash in
this clone; no name of a result is followed.
"""

from __future__ import annotations

import email
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from email import policy
from functools import cache
from pathlib import Path
from typing import Any

from retrap.base.paths import ROOT

FOLDERS = (ROOT / "kernel-patch", ROOT / "docs/example")


@dataclass(frozen=True)
class Patch:
    """`known` is its subject; empty where no patch here has its hash."""

    name: str
    sha256: str
    known: str

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
            known = {**subjects(FOLDERS[0]), **subjects(FOLDERS[1])}.get(sha256, "")
            found.append(Patch(name, sha256, known))
    return found


@cache
def subjects(folder: Path) -> dict[str, str]:
    """Of the patches below a folder, by their hashes."""
    found = {}
    for file in sorted(folder.rglob("*.patch")):
        content = file.read_bytes()
        said = email.message_from_bytes(content, policy=policy.default)["Subject"]
        words = " ".join(str(said or "").split())
        subject = re.sub(r"^(\[[^\]]*\]\s*)+", "", words)
        found[hashlib.sha256(content).hexdigest()] = subject
    return found
