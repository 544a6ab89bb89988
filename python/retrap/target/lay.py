# SPDX-License-Identifier: GPL-2.0-only
"""Lays a campaign on this machine, and takes it away again.

Laid are the kernels below /boot/retrap, their boot entries, a unit and a drop-in of
systemd. What was there before is kept in `saved`, and put back and compared.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from retrap.base.errors import EXIT_MACHINE, EXIT_REFUSED, RetrapError
from retrap.base.rawfile import atomic_write, read_json
from retrap.results import sealed
from retrap.target.grub import Grub
from retrap.target.record import HOME, Target
from retrap.target.this_machine import image

UNIT = Path("/etc/systemd/system/retrap-campaign.service")
WANTS = Path("/etc/systemd/system/multi-user.target.wants/retrap-campaign.service")
WATCHDOG = Path("/etc/systemd/system.conf.d/retrap.conf")
SAVED = "saved.json"
PATCHED = ("custom.cfg", "grubenv")  # of GRUB's directory

UNIT_TEXT = """\
[Unit]
Description=retrap: the next boot of campaign {campaign}
After=multi-user.target ssh.service network.target
ConditionPathExists={directory}/journal.jsonl

[Service]
Type=exec
Environment=PYTHONPATH={directory}/python
ExecStart=/usr/bin/python3 -S -P -m retrap.target go-on {directory}
WorkingDirectory=/
KillMode=control-group

[Install]
WantedBy=multi-user.target
"""
WATCHDOG_TEXT = """\
# A user space that hangs is reset by the watchdog, in each kernel alike.
[Manager]
RuntimeWatchdogSec={seconds}
"""
WATCHDOG_S = 60


def lay(directory: Path, target: Target, grub: Grub) -> None:
    """Errors: EXIT_MACHINE; EXIT_REFUSED, where another campaign is on the machine."""
    _refuse_another(directory)
    if why := grub.refusal():
        raise RetrapError(f"no boot can be armed: {why}", "mend that", EXIT_MACHINE)
    assert grub.directory
    root = root_option()
    if not (directory / SAVED).exists():
        saved = {name: _text(grub.directory / name) for name in PATCHED}
        atomic_write(directory / SAVED, json.dumps({"files": saved}, indent=1) + "\n")
    files = {}
    for variant, kernel in target.kernels.items():
        file = image(target.campaign, variant)
        if not file.exists() or sealed.sha256(file) != kernel.sha256:
            atomic_write(file, (directory / "kernels" / variant).read_bytes())
        files[variant] = file
    grub.lay(target.campaign, files, [root, *kept_options(), *target.options])
    text = UNIT_TEXT.format(campaign=target.campaign, directory=directory)
    atomic_write(UNIT, text)
    atomic_write(WATCHDOG, WATCHDOG_TEXT.format(seconds=WATCHDOG_S))
    WANTS.parent.mkdir(parents=True, exist_ok=True)
    if not WANTS.is_symlink():
        WANTS.symlink_to(UNIT)
    _systemctl("daemon-reload")
    os.sync()


def restore(directory: Path, target: Target, grub: Grub) -> list[str]:
    """Takes away what was laid; what is not as it was before. The result directory
    stays: whoever fetched it deletes it."""
    kernels = Path("/boot/retrap")
    shutil.rmtree(kernels / target.campaign, ignore_errors=True)
    if kernels.is_dir() and not list(kernels.iterdir()):
        kernels.rmdir()
    saved: dict[str, str | None] = dict.fromkeys(PATCHED)
    if (directory / SAVED).exists():
        saved = read_json(directory / SAVED)["files"]
    if grub.directory:
        grub.remove(target.campaign, saved["grubenv"] or "")
    for file in (WANTS, UNIT, WATCHDOG):
        file.unlink(missing_ok=True)
    if WATCHDOG.parent.is_dir() and not list(WATCHDOG.parent.iterdir()):
        WATCHDOG.parent.rmdir()
    _systemctl("daemon-reload")
    os.sync()
    if grub.directory is None or not (directory / SAVED).exists():
        return []
    return [
        f"{grub.directory / name} is not as it was"
        for name in PATCHED
        if _text(grub.directory / name) != saved[name]
    ]


def root_option() -> str:
    """`root=` for a kernel without initrd. Errors: EXIT_MACHINE, where it takes one."""
    argv = ["findmnt", "-no", "PARTUUID,FSTYPE", "/"]
    done = subprocess.run(argv, capture_output=True, text=True)
    words = done.stdout.split()
    if done.returncode != 0 or len(words) != 2:
        raise RetrapError(
            "/ is on no partition of its own (LVM, RAID, LUKS, network)",
            "retrap's kernels have no initrd and cannot mount it",
            EXIT_MACHINE,
        )
    return f"root=PARTUUID={words[0]} rootfstype={words[1]}"


def kept_options() -> list[str]:
    """Of the running kernel's command line, what says where it writes and mounts."""
    words = Path("/proc/cmdline").read_text().split()
    kept = re.compile(r"(ro|rw|rootflags=\S+|console=\S+|earlycon\S*|net\.ifnames=\S+)")
    return [word for word in words if kept.fullmatch(word)]


def _refuse_another(directory: Path) -> None:
    if UNIT.exists() and f" {directory}\n" not in UNIT.read_text():
        other = re.search(r"go-on (\S+)", UNIT.read_text())
        what = f"{other.group(1) if other else UNIT}: a campaign is on this machine"
        remedy = "let it end, or end it: ./retrap campaign abort"
        raise RetrapError(what, remedy, EXIT_REFUSED)


def laid() -> list[Path]:
    """The campaigns whose folders are here."""
    return sorted(path.parent for path in HOME.glob("*/target.json"))


def _text(path: Path) -> str | None:
    return path.read_bytes().decode("latin-1") if path.exists() else None


def _systemctl(*words: str) -> None:
    subprocess.run(["systemctl", *words], check=True, capture_output=True)
