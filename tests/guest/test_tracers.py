# SPDX-License-Identifier: GPL-2.0-only
"""tracer/...: what docs/tracers/ says of it holds, and a loop by hand agrees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import Boot, bench_line
from test_exact import latencies

STOP = "tracer/stop"
SHAPES = [
    (how, order, threads)
    for how in ("attach", "seize")
    for order in ("one-by-one", "at-once")
    for threads in (1, 10)
]


def median(results: Path, stem: str) -> float:
    return float(np.median(latencies(results / f"{stem}.npy")))


def test_hand_written_stops_agree(boot: Boot) -> None:
    """tests/guest/handstop.c: each stage of each shape, medians within 1 %."""
    lines = []
    for how, order, n in SHAPES:
        stem = f"{how}-{order}-{n}"
        scenario = f"{STOP}/{how}/{order}/asleep/threads:{n}"
        lines.append(bench_line(stem, "mainline", scenario, 200))
        lines.append(f"exec hand-{stem} retrap-handstop 200 {n} {how} {order}")
    results = boot("mainline", lines)
    for how, order, n in SHAPES:
        stem = f"{how}-{order}-{n}"
        samples = np.load(results / f"{stem}.npy")
        assert (samples["outcome"] == 0).all()
        begin = samples["t_trigger_ns"]
        ends = ("t_stopped_ns", "t_examined_ns", "t_return_ns")
        ours = [float(np.median((samples[end] - begin).astype(int))) for end in ends]
        by_hand = np.loadtxt(results / f"hand-{stem}.txt")
        assert len(by_hand) == 200
        hand = np.median(by_hand, axis=0).tolist()
        print(f"\n{stem}: retrap-bench {ours}, by hand {hand}")
        assert ours == pytest.approx(hand, rel=0.01), stem


def test_what_the_pages_advise_holds(boot: Boot) -> None:
    """docs/tracers/stop-n-threads.md and interrupt-states.md."""
    cells = {
        "busy-each": (f"{STOP}/seize/one-by-one/busy/threads:4", 10),
        "busy-all": (f"{STOP}/seize/at-once/busy/threads:4", 10),
        "each-10": (f"{STOP}/seize/one-by-one/asleep/threads:10", 50),
        "asleep-10": (f"{STOP}/seize/at-once/asleep/threads:10", 50),
        "asleep-100": (f"{STOP}/seize/at-once/asleep/threads:100", 50),
        "attach-threads": (f"{STOP}/attach/at-once/asleep/threads:1000", 10),
        "attach-processes": (f"{STOP}/attach/at-once/asleep/processes:1000", 10),
        "asleep": ("trap/trigger:interrupt", 50),
        "busy": ("tracer/interrupt/busy", 50),
        "vfork": ("tracer/interrupt/vfork", 50),
        "short": ("tracer/interrupt/long-call/kib:64", 50),
        "long": ("tracer/interrupt/long-call/kib:1024", 50),
    }
    lines = [bench_line(stem, "mainline", *cell) for stem, cell in cells.items()]
    results = boot("mainline", lines)
    took = {stem: median(results, stem) for stem in cells}
    print(f"\n{took}")
    assert took["busy-each"] > 100 * took["busy-all"]
    assert took["asleep-10"] < 0.9 * took["each-10"]
    assert took["attach-threads"] > 1.5 * took["attach-processes"]
    assert took["asleep-100"] == pytest.approx(10 * took["asleep-10"], rel=0.1)
    assert took["busy"] < took["asleep"] < took["vfork"]
    assert took["long"] > 5 * took["short"]
