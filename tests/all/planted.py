# SPDX-License-Identifier: GPL-2.0-only
"""Kernels with a mistake of each kind planted into ptrace(2).

PTRACE request 0x5000 + n makes the n-th mistake (guest/plant.c asks for it):
that a kernel log with such a text fails a run must itself be seen.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from retrap.config.variants import Variant

PATCH = Path(__file__).parent / "planted.patch"
# The mistake's name, its request, and what the kernel log says about it.
MISTAKES = {
    "warning": (0, "WARNING:"),
    "use-after-free": (1, "BUG: KASAN: slab-use-after-free"),
    "shift": (2, "UBSAN: shift-out-of-bounds"),
    "lock-order": (3, "WARNING: possible circular locking dependency"),
    "atomic-sleep": (4, "BUG: sleeping function called from invalid context"),
    "list": (5, "list_del corruption"),
    "rcu": (6, "WARNING: suspicious RCU usage"),
}


def planted(variant: Variant) -> Variant:
    """`variant` with the mistakes; its objects are where the build starts."""
    return dataclasses.replace(
        variant,
        name=f"{variant.name}-planted",
        base=variant.name,
        patches=(*variant.patches, PATCH),
    )
