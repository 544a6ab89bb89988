# SPDX-License-Identifier: GPL-2.0-only
"""Layouts: the same kernel with its functions elsewhere in memory.

Time depends on where code lies, and a patch moves all that is linked after it. So a
difference of times may be of the place alone. `mainline.aligned` is mainline in the
layout `aligned`: same source, patches and config, other addresses. What a patch costs
is there in each layout.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from retrap.base.paths import ROOT
from retrap.config.cmdlines import under


@dataclass(frozen=True)
class Layout:
    """What makes it, on top of a variant."""

    patches: tuple[Path, ...] = ()
    fragments: tuple[Path, ...] = ()


LAYOUTS = {
    "aligned": Layout(fragments=(ROOT / "configs/kernel/aligned.config",)),
    "relinked": Layout(patches=(ROOT / "kernel-patch/layout/relinked.patch",)),
}


def in_layout(variant: str, layout: str) -> str:
    """The name of a variant in a layout; or booted with words, which are none."""
    return f"{variant}.{layout}" if layout in LAYOUTS else under(variant, layout)


def split(name: str) -> tuple[str, str]:
    """Variant and layout of such a name; of another it and an empty word."""
    variant, _, layout = name.rpartition(".")
    return (variant, layout) if variant and layout in LAYOUTS else (name, "")
