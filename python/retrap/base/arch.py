# SPDX-License-Identifier: GPL-2.0-only
"""The architectures a guest can have, and what each is called where.

A kernel calls itself x86_64 or arm64 (ARCH=), uname(2) says x86_64 or aarch64,
Debian says amd64 or arm64. retrap says what the kernel says.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass

from retrap.base.errors import EXIT_USAGE, RetrapError


@dataclass(frozen=True)
class Arch:
    """`image` is below the kernel's object directory; `words` go to QEMU.

    `boot_command_line` is for kernels with the patches of kernel-patch/boot. The
    TSC's rate, where there is one, is told by `tsc_parameter`. A measured guest's
    clock is `clock_source`. A kernel without `sync_symbol` brings its CPUs up late
    in exact mode.
    """

    name: str
    machine: str
    triplet: str
    debian: str
    image: str
    qemu: str
    words: tuple[str, ...]
    command_line: str
    clock_source: str
    boot_command_line: str = ""
    tsc_parameter: str = ""
    sync_symbol: str = ""

    @property
    def native(self) -> bool:
        return platform.machine() == self.machine

    @property
    def cross(self) -> str:
        """Prefix of the tools that make code for it: empty on itself."""
        return "" if self.native else f"{self.triplet}-"

    @property
    def folder(self) -> str:
        """Of its own code, below the kernel's arch/: x86."""
        return self.image.split("/")[1]

    @property
    def target(self) -> str:
        """What make is asked for: bzImage, Image."""
        return self.image.rsplit("/", 1)[-1]


X86_64 = Arch(
    name="x86_64",
    machine="x86_64",
    triplet="x86_64-linux-gnu",
    debian="amd64",
    image="arch/x86/boot/bzImage",
    qemu="qemu-system-x86_64",
    # No PCI, no ACPI, no firmware tables to walk.
    words=("-M", "microvm,acpi=off", "-cpu", "max"),
    command_line="console=ttyS0 tsc=reliable reboot=t",
    clock_source="tsc",
    # QEMU's local APIC counts nanoseconds of the guest's clock.
    boot_command_line="lapic_timer_khz=1000000",
    tsc_parameter="tsc_early_khz",
    sync_symbol="CONFIG_HOTPLUG_CORE_SYNC_FULL",
)
ARM64 = Arch(
    name="arm64",
    machine="aarch64",
    triplet="aarch64-linux-gnu",
    debian="arm64",
    image="arch/arm64/boot/Image",
    qemu="qemu-system-aarch64",
    # A counter of 1 GHz, so that the guest's clock too counts instructions.
    words=("-M", "virt,gic-version=3", "-cpu", "max,cntfrq=1000000000"),
    command_line="console=ttyAMA0",
    clock_source="arch_sys_counter",
)
ARCHES = {arch.name: arch for arch in (X86_64, ARM64)}


def asked(names: str) -> tuple[Arch, ...]:
    """Those of `--arch x86_64,arm64`. Errors: EXIT_USAGE."""
    words = tuple(dict.fromkeys(names.split(",")))
    for word in words:
        if word not in ARCHES:
            raise RetrapError(
                f"--arch: no architecture {word!r}; there are {', '.join(ARCHES)}",
                "as in --arch x86_64,arm64",
                EXIT_USAGE,
            )
    return tuple(ARCHES[word] for word in words)


def of_machine(machine: str) -> Arch | None:
    """The architecture of what uname -m says."""
    return next((arch for arch in ARCHES.values() if arch.machine == machine), None)


def native() -> Arch:
    """This machine's; on a machine of a third kind, where guests are foreign
    anyway, x86_64."""
    return of_machine(platform.machine()) or X86_64
