# SPDX-License-Identifier: GPL-2.0-only
"""A kernel made from a machine's own facts boots there once, and once only."""

from __future__ import annotations

import base64
from pathlib import Path

from image import Image
from rehearsal import BOOT_S, RehearsalMachine

from retrap.base.arch import ARM64, X86_64
from retrap.base.progress import Progress
from retrap.config.variants import load_variants
from retrap.executors import running
from retrap.kernel import kernels
from retrap.kernel.kernels import Kernel
from retrap.kernel.machine_config import MachineConfig

SLOT = "c1:0:0"
# By architecture: where the kernel goes, a file with an entry of the boot loader's that
# is nobody's default, what arms it, and what fails while it is armed.
WHERE = {X86_64: "/boot/retrap/c1/mainline", ARM64: "/boot/efi/retrap/c1/mainline"}
ENTRIES = "/boot/efi/loader/entries"
ENTRY = {
    X86_64: (
        "/boot/grub/custom.cfg",
        "menuentry 'retrap mainline' --id retrap-mainline {{\n"
        "  linux /boot/retrap/c1/mainline/vmlinuz {options} \\\n"
        "    retrap.slot=${{retrap_slot}}\n}}\n",
    ),
    ARM64: (
        f"{ENTRIES}/retrap-mainline.conf",
        "title retrap mainline\nlinux /retrap/c1/mainline/vmlinuz\n"
        f"options {{options}} retrap.slot={SLOT}\n",
    ),
}
ARM = {
    X86_64: f"grub-editenv /boot/grub/grubenv set retrap_slot={SLOT} && "
    "grub-reboot retrap-mainline && sync -f /boot/grub",
    ARM64: "bootctl set-oneshot retrap-mainline.conf",
}
DISARMED = {
    X86_64: "grub-editenv /boot/grub/grubenv list | grep -qx next_entry=",
    ARM64: "! ls /sys/firmware/efi/efivars/LoaderEntryOneShot-*",
}


def facts(machine: RehearsalMachine) -> MachineConfig:
    """Once all that its distribution starts has started."""
    machine.ssh("systemctl is-system-running --wait; udevadm settle", BOOT_S)
    return MachineConfig.read(
        machine.ssh("cat /boot/config-$(uname -r)"),
        machine.ssh("cat /proc/modules"),
        machine.ssh("findmnt -no FSTYPE /"),
    )


def lay(
    machine: RehearsalMachine, image: Image, kernel: Kernel, directory: Path
) -> None:
    root = machine.ssh("findmnt -no PARTUUID /").strip()
    console = machine.ssh("grep -o console=[^[:space:]]* /proc/cmdline").strip()
    options = f"root=PARTUUID={root} ro {console} panic=10"
    where, (place, text) = WHERE[image.arch], ENTRY[image.arch]
    entry = directory / "entry"
    entry.write_text(text.format(options=options))
    machine.ssh(f"mkdir -p {where}")
    machine.copy_to(kernel.image, f"{where}/vmlinuz")
    machine.copy_to(entry, place)


def test_a_kernel_of_the_machines_own_facts_boots_once(
    machine: RehearsalMachine, image: Image, tmp_path: Path
) -> None:
    machine.start()
    stock = machine.wait_for_ssh(BOOT_S)
    variants = load_variants()
    with Progress() as progress:
        kernel = kernels.ensure(
            variants["mainline"], variants, progress, image.arch, machine=facts(machine)
        )
    lay(machine, image, kernel, tmp_path)
    machine.ssh(ARM[image.arch])
    machine.ssh("systemctl --no-block reboot")
    ours = machine.wait_for_ssh(BOOT_S, boot=2)
    assert ours.command_line and f" retrap.slot={SLOT}" in ours.command_line
    assert ours.release and ours.release.endswith("-retrap")
    notes = tmp_path / "notes"
    notes.write_bytes(base64.b64decode(machine.ssh("base64 /sys/kernel/notes")))
    assert running.build_id(notes) == kernel.meta()["build_id"]
    assert machine.ssh("systemctl --failed --no-legend") == ""
    machine.ssh(DISARMED[image.arch])
    machine.ssh("systemctl --no-block reboot")
    assert machine.wait_for_ssh(BOOT_S, boot=3).release == stock.release
