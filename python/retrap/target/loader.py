# SPDX-License-Identifier: GPL-2.0-only
"""The boot loader of a machine: an entry of ours is booted once, when it is armed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from retrap.target.grub import Grub
from retrap.target.record import Kernel
from retrap.target.systemd_boot import SystemdBoot


class Loader(Protocol):
    """Errors of all: EXIT_MACHINE."""

    @property
    def name(self) -> str:
        ...

    @property
    def present(self) -> bool:
        ...

    @property
    def kernels(self) -> Path:
        """The folder of all our kernels, outside the distribution's names."""

    def refusal(self) -> str:
        """Why a boot cannot be armed here; or empty."""

    def lay(
        self, campaign: str, kernels: dict[str, Path], options: Sequence[str]
    ) -> None:
        """Adds an entry for the file of each variant."""

    def armable(self, campaign: str, variant: str, file: Path) -> None:
        """Its entry is there."""

    def arm(self, campaign: str, variant: str, slot: str) -> None:
        """The next boot, and that one alone, is the variant's, and says `slot`."""

    def remove(self, campaign: str, before: dict[str, str | None]) -> None:
        """What was laid and armed. `before`: as state() was."""

    def state(self) -> dict[str, str | None]:
        """What of the loader's it changes, by name; None: it is not there."""


def image(loader: Loader, campaign: str, kernel: Kernel) -> Path:
    if kernel.file:
        return Path(kernel.file)
    return loader.kernels / campaign / kernel.variant / "vmlinuz"


def of_this_machine(root: Path = Path("/")) -> Loader:
    """GRUB where there are both: Debian installs systemd-boot's tools beside it. Where
    there is none, GRUB, which says what it misses."""
    grub, systemd = Grub(root), SystemdBoot(root)
    if systemd.present and not grub.present:
        return systemd
    return grub
