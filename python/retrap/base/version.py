# SPDX-License-Identifier: GPL-2.0-only
"""Which commit of retrap this clone is at."""

from __future__ import annotations

from retrap.base.paths import ROOT
from retrap.base.process import capture


def git_version() -> str:
    """As git describe has it, with -dirty; `unknown` outside a git clone."""
    words = ["git", "-c", "safe.directory=*", "describe", "--always", "--dirty"]
    return (capture(words, ROOT) or "unknown").strip()
