# SPDX-License-Identifier: GPL-2.0-only
"""The patches as text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from retrap.base.paths import ROOT

PATCHES = sorted((ROOT / "kernel-patch").glob("[0-9]*/*/*.patch"))
# git-merge(1): seven of one character, and a label after all but the middle one.
MARKER = re.compile(r"^[+ ](<{7} |={7}$|>{7} )", re.MULTILINE)


def test_there_are_patches() -> None:
    assert len(PATCHES) >= 30


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.parent.name)
def test_no_conflict_is_left(patch: Path) -> None:
    assert MARKER.search(patch.read_text()) is None
