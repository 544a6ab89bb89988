# SPDX-License-Identifier: GPL-2.0-only
"""Machines for the rehearsals."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import disk
import pytest
from image import KINDS, Image
from rehearsal import RehearsalMachine

from retrap.base.arch import ARCHES


@pytest.fixture(scope="session", params=list(ARCHES))
def image(request: pytest.FixtureRequest) -> Image:
    probe = ["unshare", "--user", "--mount", "true"]
    if subprocess.run(probe, capture_output=True).returncode != 0:
        pytest.skip("a disk of Debian is made in namespaces: they need root")
    return disk.ensure(KINDS[request.param])


@pytest.fixture
def machine(image: Image, tmp_path: Path) -> Iterator[RehearsalMachine]:
    """One that is off."""
    with RehearsalMachine(image, tmp_path / "target") as made:
        yield made
