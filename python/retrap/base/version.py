# SPDX-License-Identifier: GPL-2.0-only
"""Which commit of retrap this clone is at."""

from __future__ import annotations

from retrap.base.paths import ROOT
from retrap.base.process import capture


def git_version() -> str:
    """As git describe has it, with -dirty; of a copy without git, what its file
    `version` says; else `unknown`."""
    told = ROOT / "version"
    if told.is_file():
        return told.read_text().strip()
    words = ["git", "-c", "safe.directory=*", "describe", "--always", "--dirty"]
    return (capture(words, ROOT) or "unknown").strip()
