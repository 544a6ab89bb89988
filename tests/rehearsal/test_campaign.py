# SPDX-License-Identifier: GPL-2.0-only
"""A campaign on a machine that really reboots, from `./retrap matrix --on` to its
table; and the machine is as it was."""

from __future__ import annotations

import subprocess
from pathlib import Path

from image import Image
from rehearsal import RehearsalMachine

from retrap.base.paths import ROOT
from retrap.campaign import journal
from retrap.results import store

BOOT_S = 600
CAMPAIGN_S = 3600
EXPERIMENT = """\
variants = ["mainline", "please-notify"]
baseline = "mainline"
placements = ["same-cpu"]
scenarios = ["floor/pipe", "retrap/trigger:sigcont", "retrap/trigger:interrupt"]

[machine]
samples = 20
boots = 1
"""
# Every file of the machine by hash, kind, mode and owner; what runs and what logs
# aside, and what each boot of a machine writes anew. And what EFI keeps, without its
# counter of boots.
STATE = r"""
files() {
  find / $(findmnt -nro TARGET -t vfat) -xdev \( -path /var/log -o \
    -path /var/lib/systemd -o -path /var/cache -o -path /tmp -o -path /var/tmp -o \
    -path /root/.ansible -o -path /etc/machine-id -o -name '__pycache__' -o \
    -path /boot/efi/loader/random-seed \) -prune -o "$@"
}
files -printf '%p %y %m %U %G %l\n' | sort
files -type f -print0 | sort -z | xargs -0 sha256sum
for each in /sys/firmware/efi/efivars/*; do
  kept=$(od -An -tu1 -N1 "$each" 2>/dev/null)
  case $each:$kept in
    */MTC-*) ;;
    *[13579]) sha256sum "$each" ;;
  esac
done
until units=$(systemctl list-unit-files --no-legend); do sleep 1; done
dpkg-query -W; echo "$units"; sysctl -a 2>/dev/null |
  grep -v -e random -e 'fs\.\(dentry\|inode\|file\|quota\|aio\)' -e pty.nr \
  -e ns_last_pid -e vm.user_reserve -e sched_domain -e stat
if command -v grub-editenv >/dev/null; then grub-editenv /boot/grub/grubenv list; fi
"""


def inventory(machine: RehearsalMachine, path: Path) -> Path:
    ssh = f"ansible_ssh_common_args='-F {machine.ssh_config}'"
    path.write_text(f"{machine.name} {ssh}\n")
    return path


def retrap(*words: object, limit_s: float = 300) -> subprocess.CompletedProcess[str]:
    argv = [str(ROOT / "retrap"), *map(str, words)]
    return subprocess.run(
        argv, capture_output=True, text=True, cwd=ROOT, timeout=limit_s
    )


def state(machine: RehearsalMachine) -> str:
    return machine.ssh(STATE, 600)


def assert_equal(now: str, before: str) -> None:
    """Line by line, so that what differs is shown."""
    changed = set(now.splitlines()) ^ set(before.splitlines())
    assert not changed, "\n".join(sorted(changed))


def test_a_campaign_ends_in_a_table_and_the_machine_as_it_was(
    machine: RehearsalMachine, image: Image, tmp_path: Path
) -> None:
    (tmp_path / "small.toml").write_text(EXPERIMENT)
    hosts = inventory(machine, tmp_path / "hosts")
    machine.start()
    machine.wait_for_ssh(BOOT_S)
    before = state(machine)
    done = retrap(
        *("matrix", tmp_path / "small.toml", "--on", hosts),
        *("--results", tmp_path / "results"),
        limit_s=CAMPAIGN_S,
    )
    assert done.returncode == 0, done.stderr
    (directory,) = tmp_path.glob("results/small@target/*")
    story = journal.read(directory)
    assert story.finished
    assert {name: s.state for name, s in story.states.items()} == {
        "mainline/block-1": "done",
        "mainline/block-1-again": "done",
        "please-notify/block-1": "done",
    }
    results = store.load(directory)
    (where,) = results.machines
    assert str(where) == f"vm {image.arch.name}"
    assert len({b.record["kernel_build_id"] for b in results.boots}) == 2
    assert len({b.facts["boot_id"] for b in results.boots}) == 3
    for boot in results.boots:
        assert boot.record["quiet"]["waited_s"] > 0
        assert len(boot.cells) == 3
    releases = [boot.release for boot in machine.boots]
    assert len(releases) == 5, releases
    assert releases[0] == releases[-1] and releases[0].endswith(image.own)
    assert "SIGCONT -> notification" in done.stdout
    assert "A boot took" in done.stderr
    assert_equal(state(machine), before)
