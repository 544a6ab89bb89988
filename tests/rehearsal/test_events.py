# SPDX-License-Identifier: GPL-2.0-only
"""One campaign that everything happens to which is no fault of a kernel: each costs a
boot at most, and what it needs of somebody is said."""

from __future__ import annotations

import contextlib
import json
import re
import time
import subprocess
from pathlib import Path

import pytest
from rehearsal import RehearsalMachine
from campaigns import BOOT_S, CAMPAIGN_S, assert_equal, inventory, retrap, state, up

from retrap.base.errors import EXIT_MACHINE
from retrap.campaign import journal
from retrap.campaign.journal import DONE, FAILED
from retrap.results import store

# What is done to the boot loader's files is done to GRUB's.
pytestmark = pytest.mark.parametrize("image", ["x86_64"], indirect=True)
EXPERIMENT = """\
variants = ["mainline"]
placements = ["same-cpu"]
scenarios = ["retrap/trigger:sigcont"]

[machine]
samples = 20
boots = 4
"""
HOME, BOOT = "/var/lib/retrap", "/boot/retrap"
ENTRIES = "/boot/grub/custom.cfg"
# Each is told to the machine while a boot of ours is up, before that is measured or
# while it is. In words of a shell that goes on without the connection.
NETWORK = "for dev in /sys/class/net/e*; do ip link set ${dev##*/} down; done"
CLOCK = "date -s 2031-01-01"
PID1 = "kill -SEGV 1"  # systemd freezes then, and feeds no watchdog
BENCH = "until pkill -STOP retrap-bench; do sleep 0.1; done"
WRONG = "sed -i 's/retrap.slot=[^ ]*/retrap.slot=another/' " + ENTRIES
RIGHT = "sed -i 's/retrap.slot=[^ ]*/retrap.slot=${retrap_slot}/' " + ENTRIES
FULL = f"fallocate -l $(($(df --output=avail -B1M {HOME} | tail -1) - 100))M /root/full"
WIPE = (
    f"systemctl disable retrap-campaign; rm -rf {HOME} {BOOT} {ENTRIES} "
    "/etc/systemd/system/retrap-campaign.service; systemctl --no-block reboot"
)


class Watched:
    """A campaign on a machine, and the controller that follows it."""

    def __init__(self, machine: RehearsalMachine, place: Path, boots: int) -> None:
        self.machine, self.place = machine, place
        text = EXPERIMENT.replace("boots = 4", f"boots = {boots}")
        (place / "small.toml").write_text(text)
        self.words = [
            *("matrix", str(place / "small.toml")),
            *("--on", str(inventory(machine, place / "hosts"))),
            *("--results", str(place / "results")),
        ]

    @property
    def directory(self) -> Path:
        (found,) = self.place.glob("results/small@target/*")
        return found

    def start(self) -> subprocess.Popen[str]:
        return self._popen(self.words)

    def resume(self) -> subprocess.Popen[str]:
        return self._popen(["campaign", "resume", str(self.directory)])

    @staticmethod
    def _popen(words: list[str]) -> subprocess.Popen[str]:
        argv = ["./retrap", *words]
        pipe = subprocess.PIPE
        return subprocess.Popen(argv, stdout=pipe, stderr=pipe, text=True)

    def happens(self, boot: int, what: str) -> None:
        """In the machine's boot of that number, as soon as it answers."""
        self.machine.wait_for_ssh(BOOT_S, boot=boot)
        self.machine.ssh(f"nohup sh -c {quoted(what)} >/dev/null 2>&1 &")

    def wait_for_done(self, jobs: int) -> None:
        """Until so many have ended well."""
        until = time.monotonic() + CAMPAIGN_S
        while time.monotonic() < until:
            with contextlib.suppress(subprocess.SubprocessError):
                text = self.machine.ssh(f"cat {HOME}/*/{journal.FILE}")
                if text.count('"done"') >= jobs:
                    return
            time.sleep(1)
        raise TimeoutError(f"{jobs} jobs are not done")

    def reboot(self) -> None:
        boots = len(self.machine.boots)
        self.machine.ssh("systemctl --no-block reboot")
        self.machine.wait_for_ssh(BOOT_S, boot=boots + 1)

    def story(self) -> dict[str, list[str]]:
        """Of each job what the machine's journal says, in order."""
        told: dict[str, list[str]] = {}
        lines = (self.directory / journal.FILE).read_text().splitlines()
        for row in map(json.loads, lines):
            words = f"{row['state']} {row.get('reason', '')}".strip()
            told.setdefault(row.get("job", ""), []).append(words)
        return told


def quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def ends(controller: subprocess.Popen[str], status: int) -> str:
    """What it says."""
    out, err = controller.communicate(timeout=CAMPAIGN_S)
    assert controller.returncode == status, out + err
    return out + err


def test_what_happens_to_a_machine_costs_boots_and_no_result(
    machine: RehearsalMachine, tmp_path: Path
) -> None:
    """Eight jobs. One is measured again, one comes after wrong boots, and twice
    somebody has to help."""
    it = Watched(machine, tmp_path, boots=4)
    before = up(machine)
    controller = it.start()
    it.happens(2, NETWORK)
    it.happens(3, CLOCK)
    it.happens(4, PID1)
    machine.wait_for_boot(5, BOOT_S)
    assert "watchdog did not stop" in machine.boots[3].text  # nobody feeds it
    it.happens(5, BENCH)
    it.happens(6, WRONG)
    it.happens(7, RIGHT)
    it.wait_for_done(5)
    machine.ssh(FULL)
    assert re.search(
        "[0-9]+ MiB are free, 256 are needed", ends(controller, EXIT_MACHINE)
    )
    machine.ssh("rm /root/full")
    file = machine.ssh(f"echo {BOOT}/*/mainline/vmlinuz").strip()
    machine.ssh(f"rm {file}")
    it.reboot()
    assert f"{file}: is not the kernel that it was" in ends(it.resume(), EXIT_MACHINE)
    second = retrap(*it.words[:-1], tmp_path / "others")
    assert second.returncode == EXIT_MACHINE
    assert "a campaign is on this machine" in second.stderr
    machine.ssh(f"cp {HOME}/*/kernels/mainline {file}")
    it.reboot()
    ends(it.resume(), 0)
    told = it.story()
    states = journal.read(it.directory).states
    assert {s.state for s in states.values()} == {DONE}
    failed = [line for row in told.values() for line in row if FAILED in line]
    wrong = f"{FAILED} the boot of another is up"
    assert wrong in failed
    (hung,) = [line for line in failed if line != wrong]
    assert re.search("on this machine: (killed by SIGKILL|no end after)", hung)
    boots = store.load(it.directory).boots
    assert len({boot.facts["boot_id"] for boot in boots}) == 8
    machine.ssh("rm /core")  # systemd's own, of PID1
    assert_equal(state(machine), before)


def test_a_machine_that_was_reinstalled_is_not_waited_for(
    machine: RehearsalMachine, tmp_path: Path
) -> None:
    it = Watched(machine, tmp_path, boots=1)
    machine.start()
    machine.wait_for_ssh(BOOT_S)
    controller = it.start()
    machine.wait_for_ssh(BOOT_S, boot=2)
    machine.ssh(WIPE)
    said = ends(controller, EXIT_MACHINE)
    assert "the campaign is not on the machine: was that reinstalled?" in said
    shown = retrap("campaign", "status", it.directory)
    assert "nothing of the campaign is on the machine" in shown.stdout
