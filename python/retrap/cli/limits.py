# SPDX-License-Identifier: GPL-2.0-only
"""What a path may cost more, as options say it. By the standard library alone: the
command line is read before anything is installed."""

from __future__ import annotations

import argparse
from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """What a path may cost more: a share of the base, or instructions."""

    amount: float
    of_base: bool = True


def share(word: str) -> float:
    """Of `3%`, or of `3`: 0.03."""
    try:
        found = float(word.removesuffix("%")) / 100
    except ValueError:
        found = -1.0
    if not 0 <= found < 10:
        raise argparse.ArgumentTypeError(f"{word!r} is no percentage, as 3%")
    return found


def limit(word: str) -> Limit:
    """Of `3%`, or of `20` instructions."""
    if word.endswith("%"):
        return Limit(share(word))
    if not word.isdecimal():
        raise argparse.ArgumentTypeError(
            f"{word!r} is no number of instructions, as 20, and no percentage, as 3%"
        )
    return Limit(float(word), of_base=False)
