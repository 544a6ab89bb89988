# SPDX-License-Identifier: GPL-2.0-only
"""`--on here`, typed on a machine that has this clone, its programs, and no Ansible."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import disk
from campaigns import BOOT_S, CAMPAIGN_S, SMALL, assert_equal, state
from image import KINDS
from rehearsal import RehearsalMachine

from retrap.base.arch import X86_64
from retrap.base.cache import cache_dir
from retrap.base.errors import EXIT_MACHINE
from retrap.base.paths import ROOT
from retrap.base.progress import Progress
from retrap.build import packages, static
from retrap.results import store

SETS = ("report", "figures", "config", "terminal", "build")
PLACE = "/var/tmp"  # is not looked at when the machine is compared
MATRIX = f"./retrap matrix {PLACE}/small.toml --on here --results {PLACE}/results"
LONG_S = 1200  # a command of ours, on a CPU that is translated


def typed(machine: RehearsalMachine, command: str) -> subprocess.CompletedProcess[str]:
    """By root, in the clone; it ends with its answer, or with the connection."""
    words = f"RETRAP_CACHE={cache_dir()} RETRAP_INSTALL=no MPLCONFIGDIR={PLACE}/fonts"
    line = f"cd {ROOT} && env {words} {command} </dev/null 2>&1"
    argv = ["ssh", "-F", str(machine.ssh_config), machine.name, line]
    return subprocess.run(argv, capture_output=True, text=True, timeout=LONG_S)


def carry(machine: RehearsalMachine, place: Path) -> None:
    """The clone and what it has built, at the same place: a user's own clone."""
    with Progress() as progress:
        static.programs(progress, X86_64)
    listed = ["git", "ls-files", "--", ".", ":!results", ":!docs"]
    files = subprocess.check_output(listed, text=True, cwd=ROOT).split("\n")[:-1]
    names = [*(str(ROOT / name) for name in files), str(cache_dir() / "static")]
    names += [str(ROOT / "build" / preset) for preset in ("release", "static")]
    (place / "names").write_text("\n".join(names))
    tar = ["tar", "-C", "/", "-czf", str(place / "clone.tar.gz"), "--exclude=*.log"]
    subprocess.run([*tar, "-P", "-T", str(place / "names")], check=True)
    machine.copy_to(place / "clone.tar.gz", PLACE, 600)
    machine.ssh(f"tar -C / -Pxzf {PLACE}/clone.tar.gz && sync", 600)
    (place / "small.toml").write_text(SMALL)
    machine.copy_to(place / "small.toml", PLACE)


def without_clone(text: str) -> str:
    ours = (f" {ROOT}", f" {cache_dir()}", f"{ROOT} ", f"{ROOT}/", f"{cache_dir()}/")
    return "\n".join(x for x in text.splitlines() if not any(o in x for o in ours))


def test_a_machine_measures_itself_and_is_as_it_was(tmp_path: Path) -> None:
    needed = [name for group in SETS for name in packages.names(group)]
    image = disk.ensure(KINDS["x86_64"], *needed)
    with RehearsalMachine(image, tmp_path / "target") as machine:
        machine.start()
        machine.wait_for_ssh(BOOT_S)
        carry(machine, tmp_path)
        before = without_clone(state(machine))
        asked = typed(machine, MATRIX)
        assert asked.returncode == EXIT_MACHINE, asked.stdout
        assert "will be rebooted 3 times" in asked.stdout
        assert "not agreed: nothing was done" in asked.stdout
        begun = typed(machine, f"{MATRIX} --yes")
        assert "this machine reboots now" in begun.stdout, begun.stdout
        machine.wait_for_boot(4, CAMPAIGN_S)
        machine.wait_for_ssh(BOOT_S, 4)
        there = f"{PLACE}/results/small@here"
        directory = f"{there}/{machine.ssh(f'ls {shlex.quote(there)}').strip()}"
        ended = typed(machine, f"./retrap campaign resume {directory}")
        assert ended.returncode == 0, ended.stdout
        assert_equal(without_clone(state(machine)), before)
        machine.copy_from(directory, tmp_path / "results")
    results = store.load(tmp_path / "results")
    assert {str(where) for where in results.machines} == {"vm x86_64"}
    names = sorted(f"{boot.variant}/{boot.name}" for boot in results.boots)
    assert names == ["host/block-1", "host/block-1-again"]
