# SPDX-License-Identifier: GPL-2.0-only
"""What a rehearsal does with a machine: a campaign on it, and a look at all of it
before and after."""

from __future__ import annotations

import subprocess
from pathlib import Path

from rehearsal import RehearsalMachine

from retrap.base.paths import ROOT

# Of the machine's own kernel, which nobody has to build.
SMALL = """\
variants = ["host"]
placements = ["same-cpu"]
scenarios = ["floor/pipe", "retrap/trigger:sigcont"]

[machine]
samples = 20
boots = 1
"""
BOOT_S = 600
CAMPAIGN_S = 3600
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
    return machine.ssh(STATE, 900)


def assert_equal(now: str, before: str) -> None:
    """Line by line, so that what differs is shown."""
    changed = set(now.splitlines()) ^ set(before.splitlines())
    assert not changed, "\n".join(sorted(changed))


def up(machine: RehearsalMachine) -> str:
    """Powers it on; its state."""
    machine.start()
    machine.wait_for_ssh(BOOT_S)
    return state(machine)


def campaign(
    machine: RehearsalMachine, place: Path, experiment: str, *words: object
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """`./retrap matrix --on` the machine, to its end: the result directory, and what
    was said."""
    file = place / "small.toml"
    file.write_text(experiment)
    hosts = inventory(machine, place / "hosts")
    where = ("--on", hosts, "--results", place / "results")
    done = retrap("matrix", file, *where, *words, limit_s=CAMPAIGN_S)
    assert done.returncode == 0, done.stderr
    (directory,) = place.glob("results/small@target/*")
    return directory, done
