# SPDX-License-Identifier: GPL-2.0-only
"""The kernels of a result directory: what their boots say of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from retrap.report.patchlist import Patch, listed
from retrap.results.store import Boot, Results

FACTS = (
    *("source", "kernel_build_id", "config_sha256", "compiler"),
    *("qemu_version", "kernel_key"),
)


@dataclass(frozen=True)
class Kernel:
    """What the boots of a variant, with the same patches, say of it."""

    name: str
    boots: int
    facts: tuple[tuple[str, str], ...]
    patches: tuple[Patch, ...]


def kernels(results: Results) -> list[Kernel]:
    """Baseline first, as in the plan."""
    groups: dict[tuple[str, tuple[Patch, ...]], list[Boot]] = {}
    names = [name for m in results.machines for name in results.variants(m)]
    for boot in sorted(results.boots, key=lambda boot: names.index(boot.variant)):
        patches = tuple(listed(boot.record.get("patches")))
        groups.setdefault((boot.variant, patches), []).append(boot)
    return [
        Kernel(name, len({b.booted for b in boots}), _facts(boots), patches)
        for (name, patches), boots in groups.items()
    ]


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
