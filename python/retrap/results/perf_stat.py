# SPDX-License-Identifier: GPL-2.0-only
"""`perf stat -j` output.

perf 6.1 writes JSON lines after a `# started on` comment and a blank line;
numbers are strings, and an event it could not count says so in their place. Of a
hybrid CPU each event has a line for each kind of core.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, NamedTuple

from retrap.base.rawfile import damaged, parse_json, read_text
from retrap.machine.pmu import event_name

ALIASES = {
    "sched:sched_switch": "switches",
    "sched:sched_waking": "wakeups",
    "signal:signal_generate": "signals",
    "raw_syscalls:sys_enter": "syscalls",
}
NOT_COUNTED = ("<not supported>", "<not counted>")
ROUNDED = 0.02  # percent: perf writes two digits
AGAIN = "delete it and repeat the command; run perf with LC_ALL=C"


class Line(NamedTuple):
    """What one PMU counted, in `running` percent of the time that it was to."""

    value: float | None
    running: float


def parse(path: Path, mode: str = "") -> dict[str, float | None]:
    """Counts by event name; None where perf has none. Errors: EXIT_RESULTS.

    An event that ran only part of the time has an estimate and not a count: None.
    Lines for several CPUs or threads add up. With a `mode`, of a run that counted a
    group of pmu.py, a hardware event is called `cycles:u`, however perf calls it.
    """
    found: dict[str, dict[str, Line]] = {}
    for number, line in enumerate(read_text(path, AGAIN).splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        try:
            record = parse_json(line.encode())
        except ValueError:
            raise damaged(path, f"line {number}: not JSON", AGAIN) from None
        if not isinstance(record, dict):
            raise damaged(path, f"line {number}: not an object", AGAIN)
        if "event" not in record:  # a metric of the event before
            continue
        pmu, name = _name(str(record["event"]), mode)
        try:
            counted = _line(record)
        except (ValueError, TypeError):
            what = f"line {number}: {name}: bad count {record.get('counter-value')!r}"
            raise damaged(path, what, AGAIN) from None
        lines = found.setdefault(name, {})
        lines[pmu] = _sum(lines[pmu], counted) if pmu in lines else counted
    if not found:
        raise damaged(path, "holds no event: perf was stopped early", AGAIN)
    return {name: _whole(list(lines.values())) for name, lines in found.items()}


def _name(text: str, mode: str) -> tuple[str, str]:
    if not mode:
        return "", ALIASES.get(text, text)
    pmu, event = event_name(text)
    return pmu, ALIASES.get(text, f"{event}:{mode}")


def _line(record: dict[str, Any]) -> Line:
    value, running = record.get("counter-value"), record.get("pcnt-running", 100.0)
    if value in NOT_COUNTED:
        return Line(None, 0.0)
    number = float(str(value))
    if not math.isfinite(number):
        raise ValueError(value)
    return Line(number, float(running))


def _sum(a: Line, b: Line) -> Line:
    if a.value is None or b.value is None:
        return Line(None, 0.0)
    return Line(a.value + b.value, min(a.running, b.running))


def _whole(lines: list[Line]) -> float | None:
    """Of a hybrid CPU's kinds of core: a task is on one at a time, and the shares of
    all add up to all of the time."""
    counted = [line for line in lines if line.value is not None]
    shares = [line.running for line in counted]
    if not counted or (
        min(shares) < 100 and (len(shares) == 1 or abs(sum(shares) - 100) > ROUNDED)
    ):
        return None
    return sum(line.value or 0.0 for line in counted)
