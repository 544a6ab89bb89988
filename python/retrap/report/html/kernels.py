# SPDX-License-Identifier: GPL-2.0-only
"""The kernels of a result directory, and the subjects of their patches.

A boot names each patch and its hash. The subject is read in kernel-patch/, if the
patch of that name is there and is the same.
"""

from __future__ import annotations

import email
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from email import policy
from functools import lru_cache
from pathlib import Path
from typing import Any

from retrap.base.paths import ROOT
from retrap.results.store import Boot, Results

PATCHES = ROOT / "kernel-patch"
NOT_HERE = "the patch is not in kernel-patch/"
ANOTHER = "kernel-patch/ has another patch of this name"
FACTS = (
    *("source", "kernel_build_id", "config_sha256", "compiler"),
    *("qemu_version", "kernel_key"),
)


@dataclass(frozen=True)
class Patch:
    """`subject` is empty where it is not known, and `why` says so."""

    name: str
    sha256: str
    subject: str
    why: str


@dataclass(frozen=True)
class Kernel:
    """What the boots of a variant, with the same patches, say of it."""

    name: str
    boots: int
    facts: tuple[tuple[str, str], ...]
    patches: tuple[Patch, ...]


def kernels(results: Results) -> list[Kernel]:
    """Baseline first, as in the plan."""
    groups: dict[tuple[str, tuple[tuple[str, str], ...]], list[Boot]] = {}
    names = [name for m in results.machines for name in results.variants(m)]
    for boot in sorted(results.boots, key=lambda boot: names.index(boot.variant)):
        groups.setdefault((boot.variant, _named(boot.record)), []).append(boot)
    return [
        Kernel(name, len(boots), _facts(boots), tuple(map(_patch, patches)))
        for (name, patches), boots in groups.items()
    ]


def _named(record: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    found = [each for each in record.get("patches") or () if isinstance(each, dict)]
    return tuple((str(each.get("name")), str(each.get("sha256"))) for each in found)


def _facts(boots: Iterable[Boot]) -> tuple[tuple[str, str], ...]:
    told: dict[str, dict[str, None]] = {"release": {}}
    for boot in boots:
        for cell in boot.cells:
            told["release"][str(cell.run["kernel"].get("release") or "")] = None
        for key in FACTS:
            told.setdefault(key, {})[str(boot.record.get(key) or "")] = None
    known = {key: [word for word in words if word] for key, words in told.items()}
    return tuple(
        (key.replace("_", " "), ", ".join(words))
        for key, words in known.items()
        if words
    )


def _patch(named: tuple[str, str]) -> Patch:
    name, sha256 = named
    return Patch(name, sha256, *subject(PATCHES, name, sha256))


@lru_cache(maxsize=256)
def subject(directory: Path, name: str, sha256: str) -> tuple[str, str]:
    """Of the patch `name` below `directory`, and why there is none. A name that leads
    out of it is not followed."""
    path = (directory / name).resolve()
    if not path.is_relative_to(directory.resolve()) or not path.is_file():
        return "", NOT_HERE
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        return "", ANOTHER
    told = str(email.message_from_bytes(content, policy=policy.default)["Subject"])
    return re.sub(r"^(\[[^\]]*\]\s*)+", "", " ".join(told.split())), ""
