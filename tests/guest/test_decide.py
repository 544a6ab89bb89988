# SPDX-License-Identifier: GPL-2.0-only
"""The scenarios that decide: loops by hand of the same shape agree."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import Boot, bench_line
from test_exact import latencies

BY_HAND = {
    "notification": "cycle/notification",
    "registers": "inspect/registers",
    "sigcont": "uncaring/sigcont",
    "early": "window/sigcont-wait/busy:0/nice:0",
}


def test_loops_by_hand_agree(boot: Boot) -> None:
    """tests/guest/handcycle.c: medians within 1 %, same CPU."""
    lines = []
    for loop, scenario in BY_HAND.items():
        lines.append(bench_line(f"ours-{loop}", "mainline", scenario, 500))
        lines.append(f"exec hand-{loop} retrap-handcycle 500 {loop}")
    results = boot("mainline", lines)
    for loop, scenario in BY_HAND.items():
        ours = float(np.median(latencies(results / f"ours-{loop}.npy")))
        by_hand = np.loadtxt(results / f"hand-{loop}.txt")
        assert len(by_hand) == 500
        hand = float(np.median(by_hand))
        print(f"\n{scenario}: retrap-bench {ours:.0f}, by hand {hand:.0f}")
        assert ours == pytest.approx(hand, rel=0.01), scenario
