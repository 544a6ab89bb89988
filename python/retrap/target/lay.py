# SPDX-License-Identifier: GPL-2.0-only
"""Lays a campaign on this machine, and takes it away again.

Laid are the kernels, their boot entries, a unit and a drop-in of systemd. What was
there before is kept in `saved.json`, and is compared at the end.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from retrap.base.errors import EXIT_MACHINE, EXIT_REFUSED, RetrapError
from retrap.base.rawfile import atomic_write, read_plain
from retrap.campaign import journal
from retrap.results import sealed
from retrap.target.loader import Loader, image
from retrap.target.record import HOME, Target

UNIT = Path("/etc/systemd/system/retrap-campaign.service")
WANTS = Path("/etc/systemd/system/multi-user.target.wants/retrap-campaign.service")
WATCHDOG = Path("/etc/systemd/system.conf.d/retrap.conf")
SAVED = "saved.json"

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


def lay(directory: Path, target: Target, loader: Loader) -> None:
    """Errors: EXIT_MACHINE; EXIT_REFUSED, where another campaign is on the machine."""
    _refuse_another(directory)
    if why := loader.refusal():
        raise RetrapError(f"no boot can be armed: {why}", "mend that", EXIT_MACHINE)
    root = root_option()
    _refuse_without_room(directory, target, loader)
    if not (directory / SAVED).exists():
        saved = json.dumps(loader.state(), indent=1)
        atomic_write(directory / SAVED, saved + "\n")
    files = {}
    for variant, kernel in target.kernels.items():
        file = image(loader, target.campaign, kernel)
        laid = not kernel.file
        if laid and (not file.exists() or sealed.sha256(file) != kernel.sha256):
            atomic_write(file, (directory / "kernels" / variant).read_bytes())
        files[variant] = file
    loader.lay(target.campaign, files, [root, *kept_options(), *target.options])
    text = UNIT_TEXT.format(campaign=target.campaign, directory=directory)
    os.sync()  # what the unit runs is there before it
    atomic_write(UNIT, text)
    atomic_write(WATCHDOG, WATCHDOG_TEXT.format(seconds=WATCHDOG_S))
    WANTS.parent.mkdir(parents=True, exist_ok=True)
    if not WANTS.is_symlink():
        WANTS.symlink_to(UNIT)
    _systemctl("daemon-reload")
    os.sync()


def restore(directory: Path, target: Target, loader: Loader) -> list[str]:
    """Takes away what was laid; what is not as it was before. The result directory
    stays: whoever fetched it deletes it."""
    saved: dict[str, str | None] = {}
    if (directory / SAVED).exists():  # it has files of the user's: any character
        saved = json.loads(read_plain(directory / SAVED))
    loader.remove(target.campaign, saved)
    kernels = loader.kernels
    shutil.rmtree(kernels / target.campaign, ignore_errors=True)
    if kernels.is_dir() and not list(kernels.iterdir()):
        kernels.rmdir()
    for file in (WANTS, UNIT, WATCHDOG):
        file.unlink(missing_ok=True)
    if WATCHDOG.parent.is_dir() and not list(WATCHDOG.parent.iterdir()):
        WATCHDOG.parent.rmdir()
    _systemctl("daemon-reload")
    os.sync()
    now = loader.state()
    return [
        f"{loader.name}: {name} is not as it was"
        for name, text in saved.items()
        if now[name] != text
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


def _refuse_without_room(directory: Path, target: Target, loader: Loader) -> None:
    """For those kernels that are not there yet."""
    place = loader.kernels.parent
    missing = [
        directory / "kernels" / variant
        for variant, kernel in target.kernels.items()
        if not kernel.file and not image(loader, target.campaign, kernel).exists()
    ]
    needed = sum(file.stat().st_size for file in missing) >> 20
    at = os.statvfs(place)
    if (free := at.f_bavail * at.f_frsize >> 20) <= needed:
        what = f"{place}: {free} MiB are free, the kernels take {needed}"
        raise RetrapError(what, "make room, or compare fewer variants", EXIT_MACHINE)


def laid() -> list[Path]:
    """The folders of the campaigns that go on here, or that have ended here and were
    not taken away to the end."""
    found = sorted(path.parent for path in HOME.glob("*/target.json"))
    unit = UNIT.read_text() if UNIT.exists() else ""
    return [path for path in found if f" {path}\n" in unit or _finished(path)]


def _finished(directory: Path) -> bool:
    with contextlib.suppress(RetrapError):
        return journal.read(directory).finished
    return False


def _systemctl(*words: str) -> None:
    subprocess.run(["systemctl", *words], check=True, capture_output=True)
