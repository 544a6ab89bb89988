# SPDX-License-Identifier: GPL-2.0-only
"""A result directory of many boots, to see what a reader of it takes:

    PYTHONPATH=python:tests/py:. /usr/bin/python3 tests/py/many_boots.py /tmp/many
"""

from __future__ import annotations

import sys
from pathlib import Path

import conftest

from retrap.base.rawfile import read_json
from retrap.results import sealed

BOOTS, CELLS, SAMPLES = 1000, 100, 60
FLOORS = ("floor/pipe", "floor/futex")


def write(path: Path, boots: int = BOOTS, cells: int = CELLS) -> Path:
    """`boots` of all variants together, each with `cells` timed cells."""
    paths = [f"trap/trigger:interrupt/threads:{n}" for n in range(1, cells // 2 - 1)]
    for name in paths:
        conftest.COST[name] = conftest.COST["trap/trigger:interrupt"]
    maker = conftest.Maker(path, SAMPLES, substrates=("vm",))
    maker.scenarios = (*FLOORS, *paths)
    maker.variants = ("mainline", "async-retrap")
    maker.boots = boots // len(maker.variants)
    maker.write()
    for boot in path.glob("raw/*/*"):
        sealed.close(boot, read_json(boot / sealed.RECORD))
    return path


if __name__ == "__main__":
    print(write(Path(sys.argv[1]) / "quick/20261128-120000"))
