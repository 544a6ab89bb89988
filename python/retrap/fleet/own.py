# SPDX-License-Identifier: GPL-2.0-only
"""`host` among the variants of machines: the kernel of each one's distribution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from retrap.base.arch import Arch
from retrap.config.variants import HOST, Source, Variant

VARIANT = Variant(HOST, None, Source(None, None, None), (), (), ("listen",))


@dataclass(frozen=True)
class OwnKernel:
    """`facts`: what target/own.py found on the machine."""

    arch: Arch
    facts: dict[str, Any]
    variant: Variant = VARIANT

    @property
    def key(self) -> str:
        """As of a kernel that is built: it names these bytes."""
        return str(self.facts["sha256"])[:16]
