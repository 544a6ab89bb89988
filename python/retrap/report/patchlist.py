# SPDX-License-Identifier: GPL-2.0-only
"""The patches of a kernel by their subjects: nobody knows what a hash stands for."""

from __future__ import annotations

import email
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from retrap.base.paths import ROOT

FOLDERS = ("kernel-patch", "docs/example")


@dataclass(frozen=True)
class Patch:
    subject: str
    sha256: str


def listed(patches: Iterable[Any] | None) -> list[Patch]:
    """Those that a boot.json names, in order."""
    found = []
    for each in patches or ():
        if isinstance(each, dict):
            sha256, name = str(each.get("sha256")), str(each.get("name"))
            found.append(Patch(_here().get(sha256) or _of_name(name), sha256))
    return found


@cache
def _here() -> dict[str, str]:
    """The subjects of this clone's patches by their hashes."""
    found = {}
    for folder in FOLDERS:
        for file in sorted((ROOT / folder).rglob("*.patch")):
            data = file.read_bytes()
            said = str(email.message_from_bytes(data).get("Subject", ""))
            subject = re.sub(r"^\[[^]]*\]\s*", "", " ".join(said.split()))
            found[hashlib.sha256(data).hexdigest()] = subject
    return found


def _of_name(name: str) -> str:
    """What git format-patch makes of a subject, back: `signal faster`."""
    stem = name.rpartition("/")[2].removesuffix(".patch")
    return re.sub(r"^\d+-", "", stem).replace("-", " ")
