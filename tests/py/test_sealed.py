# SPDX-License-Identifier: GPL-2.0-only
"""Stored results that are not what was measured: each is refused, by name."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from retrap.base.errors import EXIT_RESULTS, RetrapError
from retrap.base.paths import ROOT
from retrap.campaign.directory import Campaign
from retrap.campaign.manifest import QEMU_EXACT, Job
from retrap.campaign import journal, manifest
from retrap.results.sealed import sha256
from retrap.results.store import load

BOOT = "raw/async-retrap/exact-x86_64-1"
CELL = f"{BOOT}/retrap.trigger-sigcont@same-cpu"
OTHER = f"{BOOT}/retrap.trigger-sigcont@cross-cpu"
Change = Callable[[Path], None]


def writable_copy(path: Path) -> Path:
    """The reference run, without its journal."""
    shutil.copytree(ROOT / "results/reference/quick", path)
    for file in path.rglob("*"):
        file.chmod(0o755 if file.is_dir() else 0o644)
    for name in (journal.FILE, manifest.FILE):
        (path / name).unlink(missing_ok=True)
    return path


@pytest.fixture(params=[True, False], ids=["finished", "unfinished"])
def stored(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The reference run, with a journal, and writable."""
    path = writable_copy(tmp_path / "quick")
    campaign = Campaign(path, "fills", os.open("/dev/null", os.O_RDONLY))
    boots = [record.parent for record in path.glob("raw/*/*/boot.json")]
    jobs = [
        Job(boot.parent.name, boot.name, "x86_64", QEMU_EXACT, "cells")
        for boot in boots
    ]
    campaign.plan(jobs, {"cells": ()})
    assert campaign.run(lambda job, lines, into: None, (jobs, 1)) == []
    if request.param:
        campaign.finish()
    campaign.close()
    load(path)
    return path


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The same from before there was a journal."""
    path = writable_copy(tmp_path / "old")
    hashes = {
        str(file.relative_to(path)): sha256(file)
        for file in path.rglob("*")
        if file.is_file()
    }
    (path / "complete.json").write_text(
        json.dumps({"schema": "retrap.complete/1", "sha256": hashes})
    )
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
def test_what_was_changed_is_refused(stored: Path, change: Change, named: str) -> None:
    change(stored)
    if change is boot_twice and not journal.read(stored).finished:
        assert load(stored).unfinished == ("async-retrap/exact-x86_64-2",)
        return
    refused(stored, named)


@pytest.mark.parametrize("change", [record, plan, boot_twice, edit])
def test_so_it_is_of_a_run_without_a_journal(old: Path, change: Change) -> None:
    change(old)
    refused(old, ".json" if change is not edit else ".npy")


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (lambda text: "", "is empty"),
        (lambda text: text.replace('"begun"', '"done"'), "line 1 is no line"),
        (lambda text: text.replace("running", "ready", 1), "is no line of a journal"),
        (lambda text: text.replace('"sha256": "', '"sha256": "0', 1), "was changed"),
    ],
)
def test_a_journal_that_is_not_ours(
    stored: Path, edit: Callable[[str], str], why: str
) -> None:
    file = stored / journal.FILE
    file.write_text(edit(file.read_text()))
    with pytest.raises(RetrapError, match=why):
        load(stored)


def test_a_journal_that_is_gone(stored: Path) -> None:
    (stored / journal.FILE).unlink()
    refused(stored, journal.FILE)


def refused(path: Path, named: str) -> None:
    with pytest.raises(RetrapError) as caught:
        load(path)
    assert caught.value.exit_code == EXIT_RESULTS
    assert named in caught.value.message


def test_references_have_hashes() -> None:
    found = list((ROOT / "results/reference").glob("*/raw/*/*/boot.json"))
    assert len(found) > 10
    assert all('"sha256"' in file.read_text() for file in found)
