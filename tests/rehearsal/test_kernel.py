# SPDX-License-Identifier: GPL-2.0-only
"""A kernel made from a machine's own facts boots there once, and once only."""

from __future__ import annotations

import base64
from pathlib import Path

from rehearsal import BOOT_S, RehearsalMachine

from retrap.base.arch import X86_64
from retrap.base.progress import Progress
from retrap.config.variants import load_variants
from retrap.executors import running
from retrap.kernel import kernels
from retrap.kernel.kernels import Kernel
from retrap.kernel.machine_config import MachineConfig

SLOT = "c1:0:0"
WHERE = "/boot/retrap/c1/mainline"
ENTRY = """\
menuentry 'retrap mainline' --id retrap-mainline {{
  linux {where}/vmlinuz root=PARTUUID={root} ro {console} panic=10 \\
    retrap.slot=${{retrap_slot}}
}}
"""


def facts(machine: RehearsalMachine) -> MachineConfig:
    """Once all that its distribution starts has started."""
    machine.ssh("systemctl is-system-running --wait; udevadm settle", BOOT_S)
    return MachineConfig.read(
        machine.ssh("cat /boot/config-$(uname -r)"),
        machine.ssh("cat /proc/modules"),
        machine.ssh("findmnt -no FSTYPE /"),
    )


def lay(machine: RehearsalMachine, kernel: Kernel, directory: Path) -> None:
    """The kernel's file, and an entry of GRUB's that is nobody's default."""
    root = machine.ssh("findmnt -no PARTUUID /").strip()
    entry = directory / "custom.cfg"
    console = "console=ttyS0,115200"
    entry.write_text(ENTRY.format(where=WHERE, root=root, console=console))
    machine.ssh(f"mkdir -p {WHERE}")
    machine.copy_to(kernel.image, f"{WHERE}/vmlinuz")
    machine.copy_to(entry, "/boot/grub/custom.cfg")


def test_a_kernel_of_the_machines_own_facts_boots_once(
    machine: RehearsalMachine, tmp_path: Path
) -> None:
    machine.start()
    stock = machine.wait_for_ssh(BOOT_S)
    variants = load_variants()
    with Progress() as progress:
        kernel = kernels.ensure(
            variants["mainline"], variants, progress, X86_64, machine=facts(machine)
        )
    lay(machine, kernel, tmp_path)
    machine.ssh(f"grub-editenv /boot/grub/grubenv set retrap_slot={SLOT}")
    machine.ssh("grub-reboot retrap-mainline && sync -f /boot/grub")
    machine.ssh("systemctl --no-block reboot")
    ours = machine.wait_for_ssh(BOOT_S, boot=2)
    assert ours.command_line and f" retrap.slot={SLOT}" in ours.command_line
    assert ours.release and ours.release.endswith("-retrap")
    notes = tmp_path / "notes"
    notes.write_bytes(base64.b64decode(machine.ssh("base64 /sys/kernel/notes")))
    assert running.build_id(notes) == kernel.meta()["build_id"]
    assert machine.ssh("systemctl --failed --no-legend") == ""
    assert "next_entry=\n" in machine.ssh("grub-editenv /boot/grub/grubenv list")
    machine.ssh("systemctl --no-block reboot")
    assert machine.wait_for_ssh(BOOT_S, boot=3).release == stock.release
