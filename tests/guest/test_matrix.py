# SPDX-License-Identifier: GPL-2.0-only
"""`retrap matrix --profile`, from the command line to the mail."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from retrap.config import ROOT
from retrap.profile import designs, measure
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


def retrap(*words: str | Path) -> str:
    """What it prints; it must succeed."""
    done = subprocess.run(
        [ROOT / "retrap", *words], capture_output=True, text=True, cwd=ROOT
    )
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
    profiles = measure.stored(matrix / measure.NESTED)
    assert [(p.facts["variant"], p.facts["scenario"]) for p in profiles] == [
        ("mainline", "retrap/trigger:sigcont"),
        ("please-notify", "retrap/trigger:sigcont"),
    ]
    assert list((matrix / measure.NESTED / measure.FIGURES).glob("*.svg"))


def test_the_mail_has_the_functions_on_request(matrix: Path) -> None:
    with_functions = (matrix / "lkml.txt").read_text()
    (table,) = designs.tables(
        measure.stored(matrix / measure.NESTED), "mainline", CHEAPEST
    )
    assert table in with_functions
    assert len(table.splitlines()) <= 10
    assert max(map(len, with_functions.splitlines())) <= 72
    assert retrap("lkml", "--profile", matrix) == with_functions
    without = retrap("lkml", matrix)
    assert table not in without and "guest instructions" in without.lower()
