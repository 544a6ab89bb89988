# SPDX-License-Identifier: GPL-2.0-only
"""docs/example-reply.eml: what `./retrap lkml --reply-to` writes, of the stored run and
of a mail of 2011. Its Message-IDs and addresses are placeholders under example.org:
the archive has none."""

from __future__ import annotations

from pathlib import Path

from retrap.base.paths import ROOT
from retrap.base.rawfile import atomic_write
from retrap.report import lkml, reply

PAGE = ROOT / "docs/example-reply.eml"
ANSWERED = ROOT / "docs/example/2011-05-26-excerpt.eml"
QUICK = ROOT / "results/reference/quick"
WORDS = "no need to re-trap"
ROWS = "retrap/trigger:interrupt"


def render() -> bytes:
    """As `./retrap lkml QUICK --reply-to ANSWERED --quote WORDS --rows ROWS`, by
    somebody whom the mail was not written to."""
    wanted = lkml.Wanted(rows=ROWS, original=reply.read(ANSWERED), words=WORDS)
    return lkml.mail(QUICK, wanted)


def write() -> Path:
    atomic_write(PAGE, render())
    return PAGE
