# SPDX-License-Identifier: GPL-2.0-only
"""Where a cell was measured. Results of two machines are never mixed."""

from __future__ import annotations

from typing import NamedTuple

from retrap.base.arch import ARCHES, of_machine

SUBSTRATES = {"exact": "instructions", "vm": "ns", "bare-metal": "ns"}


class Machine(NamedTuple):
    """A substrate on an architecture: `exact arm64`, `vm x86_64`."""

    substrate: str
    arch: str

    @property
    def exact(self) -> bool:
        return self.substrate == "exact"

    @property
    def unit(self) -> str:
        return SUBSTRATES[self.substrate]

    @property
    def slug(self) -> str:
        """In file names."""
        return f"{self.substrate}-{self.arch}"

    def __str__(self) -> str:
        return f"{self.substrate} {self.arch}"

    @property
    def rank(self) -> tuple[int, int, str]:
        """The order of reports: exact leads, then as ARCHES has them."""
        arches = [*ARCHES, self.arch]
        return list(SUBSTRATES).index(self.substrate), arches.index(self.arch), self[1]


def machine(substrate: str, arch: str) -> Machine:
    """`arch` as a kernel or as uname(2) says it."""
    known = of_machine(arch)
    return Machine(substrate, known.name if known else arch)
