# SPDX-License-Identifier: GPL-2.0-only
"""A matrix that is killed at random moments ends as one that nobody kills."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path

from retrap.base.paths import ROOT
from retrap.campaign import journal

KILLS = 20
EXPERIMENT = """
variants = ["mainline", "please-notify", "async-retrap"]
placements = ["same-cpu"]
scenarios = ["floor/syscall", "retrap/trigger:sigcont"]
seed = 5

[exact]
samples = 50
cycles = 8
"""


def matrix(place: Path, results: str, killed_after_s: float | None) -> bool:
    """Whether it came to its end."""
    argv = [ROOT / "retrap", "matrix", "kills.toml", "--results", results]
    with (place / "log").open("w") as log:
        process = subprocess.Popen(argv, cwd=place, stdout=log, stderr=log)
        try:
            status = process.wait(killed_after_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return False
    assert status == 0, (place / "log").read_text()
    return True


def outcome(path: Path) -> dict[str, bytes]:
    assert journal.read(path).finished
    tables = [path / f"{name}.csv" for name in ("measured", "counters", "comparison")]
    samples = sorted(path.glob("raw/*/*/*.npy"))
    assert len(samples) == 6
    return {str(f.relative_to(path)): f.read_bytes() for f in [*tables, *samples]}


def test_killed_at_random_moments(tmp_path: Path) -> None:
    (tmp_path / "kills.toml").write_text(EXPERIMENT)
    start = time.monotonic()
    assert matrix(tmp_path, "whole", None)
    seconds = time.monotonic() - start
    whole = outcome(next((tmp_path / "whole/kills").glob("2*")))
    chance = random.Random(20110526)
    kills = runs = 0
    while kills < KILLS:
        runs += 1
        results = f"killed-{runs}"
        while kills < KILLS and not matrix(
            tmp_path, results, chance.uniform(0.2, seconds)
        ):
            kills += 1
        assert matrix(tmp_path, results, None)
        directories = sorted((tmp_path / results / "kills").glob("2*/journal.jsonl"))
        for file in directories:
            if journal.read(file.parent).finished:
                assert outcome(file.parent) == whole
        assert any(journal.read(file.parent).finished for file in directories)
    print(f"\n{kills} kills of {runs} runs of {seconds:.0f} s")
