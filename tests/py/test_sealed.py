# SPDX-License-Identifier: GPL-2.0-only
"""Stored results that are not what was measured: each is refused, by name."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from retrap.base.errors import EXIT_RESULTS, RetrapError
from retrap.base.paths import ROOT
from retrap.campaign.stamp import Stamp, finish
from retrap.results.store import load

BOOT = "raw/async-retrap/exact-x86_64-1"
CELL = f"{BOOT}/retrap.trigger-sigcont@same-cpu"
OTHER = f"{BOOT}/retrap.trigger-sigcont@cross-cpu"
Change = Callable[[Path], None]


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """The reference run, finished, and writable."""
    path = tmp_path / "quick"
    shutil.copytree(ROOT / "results/reference/quick", path)
    for file in path.rglob("*"):
        file.chmod(0o755 if file.is_dir() else 0o644)
    finish(Stamp(path, "fills", os.open("/dev/null", os.O_RDONLY)))
    load(path)
    return path


def exchange(one: str, other: str) -> Change:
    def change(path: Path) -> None:
        (path / one).rename(path / "aside")
        (path / other).rename(path / one)
        (path / "aside").rename(path / other)

    return change


def edit(path: Path) -> None:
    """One sample is a hundred instructions less."""
    file = path / f"{CELL}.npy"
    samples = np.load(file)
    samples["t_return_ns"][0] -= 100
    np.save(file, samples)


def link(path: Path) -> None:
    (path / f"{CELL}.npy").unlink()
    (path / f"{CELL}.npy").symlink_to(path / f"{OTHER}.npy")


def cut(path: Path) -> None:
    file = path / f"{CELL}.npy"
    file.write_bytes(file.read_bytes()[:-24])


def pipe(path: Path) -> None:
    (path / f"{CELL}.npy").unlink()
    os.mkfifo(path / f"{CELL}.npy")


def foreign(path: Path) -> None:
    (path / BOOT / "mine.run.json").write_text("{}")


def linked_boot(path: Path) -> None:
    shutil.rmtree(path / BOOT)
    (path / BOOT).symlink_to(path / "raw/mainline/exact-x86_64-1")


def another_name(path: Path) -> None:
    (path / "raw/async-retrap").rename(path / "raw/mine")


def boot_twice(path: Path) -> None:
    shutil.copytree(path / BOOT, path / "raw/async-retrap/exact-x86_64-2")


def record(path: Path) -> None:
    file = path / BOOT / "boot.json"
    file.write_text(file.read_text().replace("6.12.117", "6.12.118"))


def plan(path: Path) -> None:
    file = path / "plan.json"
    file.write_text(file.read_text().replace('"baseline": "m', '"baseline": "n'))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (exchange(f"{CELL}.npy", f"{OTHER}.npy"), ".npy"),
        (exchange("raw/async-retrap", "raw/please-notify"), "boot.json"),
        (edit, "sigcont@same-cpu.npy"),
        (link, "sigcont@same-cpu.npy"),
        (cut, "sigcont@same-cpu.npy"),
        (pipe, "sigcont@same-cpu.npy"),
        (foreign, "mine.run.json"),
        (linked_boot, "exact-x86_64-1"),
        (another_name, "boot.json"),
        (boot_twice, "exact-x86_64-2/boot.json"),
        (record, "async-retrap/exact-x86_64-1/boot.json"),
        (plan, "plan.json"),
        (lambda path: (path / f"{CELL}.npy").unlink(), "sigcont@same-cpu.npy"),
        (lambda path: shutil.rmtree(path / BOOT), "exact-x86_64-1/boot.json"),
    ],
)
@pytest.mark.parametrize("finished", [True, False])
def test_what_was_changed_is_refused(
    stored: Path, change: Change, named: str, finished: bool
) -> None:
    """Of a run that is not finished, the boots alone are known."""
    if not finished:
        (stored / "complete.json").unlink()
    change(stored)
    in_the_record = change in (record, plan) or named == "exact-x86_64-1/boot.json"
    if not finished and in_the_record:
        load(stored)
        return
    with pytest.raises(RetrapError) as caught:
        load(stored)
    assert caught.value.exit_code == EXIT_RESULTS
    assert named in caught.value.message


def test_references_have_hashes() -> None:
    found = list((ROOT / "results/reference").glob("*/raw/*/*/boot.json"))
    assert len(found) > 10
    assert all('"sha256"' in file.read_text() for file in found)
