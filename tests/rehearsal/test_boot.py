# SPDX-License-Identifier: GPL-2.0-only
"""A rehearsal machine is one: it boots, reboots, loses its power."""

from __future__ import annotations

from rehearsal import BOOT_S, CUT, RESET, RehearsalMachine


def test_it_boots_and_keeps_what_it_synced(machine: RehearsalMachine) -> None:
    machine.start()
    first = machine.wait_for_ssh(BOOT_S)
    assert first.release and first.release.endswith("-cloud-amd64")
    assert machine.ssh("uname -r").strip() == first.release
    assert machine.ssh("cat /proc/cmdline").strip() == first.command_line
    machine.ssh("echo kept >/root/synced && sync /root /root/synced")
    machine.power_cut()
    assert first.end == CUT
    machine.wait_for_ssh(BOOT_S, boot=2)
    assert machine.ssh("cat /root/synced") == "kept\n"
    machine.ssh("systemctl --no-block reboot")
    machine.wait_for_ssh(BOOT_S, boot=3)
    assert [boot.end for boot in machine.boots] == [CUT, RESET, None]
