# SPDX-License-Identifier: GPL-2.0-only
"""`retrap matrix --profile`, from the command line to the mail."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from retrap.campaign import journal
from retrap.base.arch import native
from retrap.base.paths import ROOT
from retrap.base.errors import EXIT_CONFIG, EXIT_GUEST
from retrap.profile import designs, stored
from retrap.profile.summary import CHEAPEST

EXPERIMENT = """
variants = ["mainline", "please-notify"]
baseline = "mainline"
placements = ["same-cpu"]
scenarios = ["floor/syscall", "retrap/trigger:sigcont"]
seed = 1

[exact]
samples = 50
cycles = 0
cpus = 2
timeout_s = 300
"""


def run(
    *words: str | Path, path: str = os.environ["PATH"]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "retrap", *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PATH": path},
    )


def retrap(*words: str | Path) -> str:
    """What it prints; it must succeed."""
    done = run(*words)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The result directory."""
    into = tmp_path_factory.mktemp("matrix")
    (into / "small.toml").write_text(EXPERIMENT)
    retrap("matrix", into / "small.toml", "--profile", "--results", into / "results")
    (found,) = (into / "results/small").glob("2*")
    return found


def test_profiles_the_notification_alone(matrix: Path) -> None:
    profiles = stored.profiles(matrix / stored.NESTED)
    assert [(p.facts["variant"], p.facts["scenario"]) for p in profiles] == [
        ("mainline", "retrap/trigger:sigcont"),
        ("please-notify", "retrap/trigger:sigcont"),
    ]
    assert list((matrix / stored.NESTED / stored.FIGURES).glob("*.svg"))


def test_the_mail_has_the_functions_on_request(matrix: Path) -> None:
    with_functions = (matrix / "lkml.eml").read_text()
    (table,) = designs.tables(
        stored.profiles(matrix / stored.NESTED), "mainline", CHEAPEST
    )
    assert table in with_functions
    assert len(table.splitlines()) <= 10
    body = with_functions.partition("\n\n")[2]
    assert max(map(len, body.splitlines())) <= 72
    assert retrap("lkml", "--profile", matrix) == with_functions
    without = retrap("lkml", matrix)
    assert table not in without and "guest instructions" in without.lower()


def test_a_qemu_that_cannot_profile_costs_the_profile_alone(tmp_path: Path) -> None:
    """One that calls itself 9.0: matrix fails, and all else is there."""
    qemu = native().qemu
    (tmp_path / "small.toml").write_text(EXPERIMENT)
    (tmp_path / qemu).write_text(
        f"""#!/bin/sh
[ "$1" = --version ] && exec echo 'QEMU emulator version 9.0.2'
exec {shutil.which(qemu)} "$@"
"""
    )
    (tmp_path / qemu).chmod(0o755)
    words = ("--profile", "--results", tmp_path / "results")
    done = run(
        "matrix",
        tmp_path / "small.toml",
        *words,
        path=f"{tmp_path}:{os.environ['PATH']}",
    )
    assert done.returncode == EXIT_GUEST, done.stderr
    assert (
        "does not take the profiler" in done.stderr and "Traceback" not in done.stderr
    )
    (found,) = (tmp_path / "results/small").glob("2*")
    assert "retrap/trigger:sigcont" in (found / "lkml.eml").read_text()
    assert not journal.read(found).finished


def test_no_notification_no_profile(tmp_path: Path) -> None:
    text = EXPERIMENT.replace(', "retrap/trigger:sigcont"', "")
    (tmp_path / "floor.toml").write_text(text)
    words = ("--profile", "--results", tmp_path)
    done = run("matrix", tmp_path / "floor.toml", *words)
    assert done.returncode == EXIT_CONFIG, done.stderr
    assert "none of its scenarios is a notification" in done.stderr
