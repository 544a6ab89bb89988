# SPDX-License-Identifier: GPL-2.0-only
"""Machines for the rehearsals."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import disk
import pytest
from rehearsal import Image, RehearsalMachine


@pytest.fixture(scope="session")
def image() -> Image:
    probe = ["unshare", "--mount", "true"]
    if subprocess.run(probe, capture_output=True).returncode != 0:
        pytest.skip("a disk of Debian is made in a mount namespace: this needs root")
    return disk.ensure()


@pytest.fixture
def machine(image: Image, tmp_path: Path) -> Iterator[RehearsalMachine]:
    """One that is off."""
    with RehearsalMachine(image, tmp_path / "target") as made:
        yield made
