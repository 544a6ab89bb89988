# SPDX-License-Identifier: GPL-2.0-only
"""Figures of a result directory: each reads result files and nothing else."""

from __future__ import annotations

from pathlib import Path

from plots import (
    boots,
    counters,
    ecdf,
    growth,
    overview,
    path_integers,
    profiles,
    releases,
    series,
    within,
)
from retrap.profile.stored import PROFILES
from retrap.results.store import load


def draw_all(dir: Path) -> list[Path]:
    """Every figure as SVG and PNG, below figures/; of profiles also as HTML.
    Errors: EXIT_RESULTS."""
    results = load(dir)
    into = dir / "figures"
    paths = overview.draw(results, into)
    paths += within.draw(results, into)
    paths += path_integers.draw(results, into)
    paths += counters.draw(results, into)
    paths += ecdf.draw(results, into)
    paths += growth.draw(results, into)
    paths += boots.draw(results, into)
    paths += series.draw(results, into)
    paths += releases.draw(results, into)
    if (dir / PROFILES).is_dir():
        paths += profiles.draw_profiles(dir)
    return paths
