# SPDX-License-Identifier: GPL-2.0-only
"""Which cells of a boot need no further block: those that meet the target.

An experiment may say which change is to be found. A block measures a cell no more once
the blocks before it find that change, by what their medians vary by. The rule sees the
spread of each side about its own median, and never a difference of two sides: to stop
where a difference shows would make false alarms (docs/methodology.md).

How large a spread may be comes with the plan (analysis/planner.py), for a machine has
the standard library alone.
"""

from __future__ import annotations

import ast
import statistics
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from retrap.base.rawfile import read_json
from retrap.campaign.manifest import LOCAL, Job, Payload
from retrap.config.plan import Run

RECORD, SUFFIX = "boot.json", ".run.json"
KINDS = {"<u8": "Q", "<i4": "i", "<u2": "H"}  # of a .npy, in letters of struct
Medians = dict[str, dict[str, list[float]]]  # by cell and side, one a process


def met(raw: Path, job: Job, cells: Iterable[Run]) -> dict[str, str]:
    """Those of the job's cells that meet the target, by stem, and why."""
    target = _target(raw)
    if not target:
        return {}
    stems = {cell.stem for cell in cells}
    medians = _medians(_before(raw, job), {_cell(stem) for stem in stems})
    found = {
        cell: why
        for cell, sides in medians.items()
        if (why := reason(list(sides.values()), target))
    }
    return {stem: found[_cell(stem)] for stem in sorted(stems) if _cell(stem) in found}


def enough(raw: Path, job: Job, lines: Payload) -> str:
    """Why the job needs no boot: each of its cells meets the target; or empty."""
    cells = list(map(Run.of, lines)) if _target(raw) else []
    found = met(raw, job, cells)
    if not cells or any(cell.stem not in found for cell in cells):
        return ""
    return "; ".join(f"{stem}: {why}" for stem, why in found.items())


def _target(raw: Path) -> dict[str, Any]:
    """Of the plan; empty where it has none."""
    return read_json(raw.parent / "plan.json").get("target") or {}


def reason(sides: Sequence[Sequence[float]], target: Mapping[str, Any]) -> str:
    """Why no more medians are needed of a cell's sides; empty where more are. All have
    as many as the least of them, and vary as much as the most."""
    number = min(map(len, sides), default=0)
    limit = target["spreads"].get(str(number))
    if limit is None or max(map(spread, sides)) > limit:
        return ""
    return f"target met: {number} medians a side find {100 * target['share']:g} %"


def spread(medians: Sequence[float]) -> float:
    """Their standard deviation, as a share of their median."""
    return statistics.stdev(medians) / statistics.median(medians)


def _cell(stem: str) -> str:
    """Of each of its interfaces: they are measured side by side, or not at all."""
    return stem.partition("+")[0]


def _before(raw: Path, job: Job) -> list[Path]:
    """The boots of the blocks before the job's; on this host rounds of its own boot
    alone, which another boot is not like."""
    found = []
    for path in sorted(raw.glob(f"*/*/{RECORD}")):
        variant, boot = path.parts[-3:-1]
        if boot.endswith(".partial"):  # of a try that failed
            continue
        record = read_json(path)
        mine = (variant, boot.partition(".")[0]) == (
            job.variant,
            job.boot.partition(".")[0],
        )
        if record["block"] < job.block and (mine or job.executor != LOCAL):
            found.append(path)
    return found


def _medians(records: Iterable[Path], cells: set[str]) -> Medians:
    found: Medians = {}
    for path in records:
        for name in read_json(path)["cells"]:
            stem = name.removesuffix(SUFFIX)
            if name == stem or _cell(stem) not in cells:
                continue
            side = f"{path.parts[-3]}{stem.removeprefix(_cell(stem))}"
            sides = found.setdefault(_cell(stem), {})
            sides.setdefault(side, []).extend(_median(path.with_name(f"{stem}.npy")))
    return found


def _median(file: Path) -> list[float]:
    """Of the latencies of samples that succeeded; none where none did."""
    data = file.read_bytes()
    (length,) = struct.unpack_from("<H", data, 8)
    head = ast.literal_eval(data[10 : 10 + length].decode("ascii"))
    names = [name for name, _ in head["descr"]]
    form = "<" + "".join(KINDS[kind] for _, kind in head["descr"])
    begin, end, bad = map(names.index, ("t_trigger_ns", "t_return_ns", "outcome"))
    rows = struct.iter_unpack(form, data[10 + length :])
    taken = [row[end] - row[begin] for row in rows if row[bad] == 0]
    return [float(statistics.median_low(taken))] if taken else []
