# SPDX-License-Identifier: GPL-2.0-only
"""`perf stat -j` output.

perf 6.1 writes JSON lines after a `# started on` comment and a blank line;
numbers are strings, and an event it could not count says so in their place.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from retrap.base.rawfile import damaged

ALIASES = {
    "sched:sched_switch": "switches",
    "sched:sched_waking": "wakeups",
    "signal:signal_generate": "signals",
    "raw_syscalls:sys_enter": "syscalls",
}
NOT_COUNTED = ("<not supported>", "<not counted>")
AGAIN = "delete it and repeat the command; run perf with LC_ALL=C"


def parse(path: Path) -> dict[str, float | None]:
    """Counts by event name; None where perf has none. Errors: EXIT_RESULTS.

    An event that ran only part of the time has a scaled count, which is an
    estimate and not a count: None. Lines for several CPUs or threads add up.
    """
    counts: dict[str, float | None] = {}
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise damaged(path, f"cannot be read: {reason}", AGAIN) from None
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        try:
            record = json.loads(line)
        except (json.JSONDecodeError, RecursionError):
            raise damaged(path, f"line {number}: not JSON", AGAIN) from None
        if not isinstance(record, dict):
            raise damaged(path, f"line {number}: not an object", AGAIN)
        if "event" not in record:  # a metric of the event before
            continue
        name = str(record["event"])
        name = ALIASES.get(name, name)
        try:
            count = _count(record)
        except (ValueError, TypeError):
            what = f"line {number}: {name}: bad count {record.get('counter-value')!r}"
            raise damaged(path, what, AGAIN) from None
        before = counts.get(name, 0.0)
        counts[name] = None if count is None or before is None else before + count
    if not counts:
        raise damaged(path, "holds no event: perf was stopped early", AGAIN)
    return counts


def _count(record: dict[str, Any]) -> float | None:
    value = record.get("counter-value")
    if value in NOT_COUNTED or float(record.get("pcnt-running", 100.0)) < 100.0:
        return None
    number = float(str(value))
    if not math.isfinite(number):
        raise ValueError(value)
    return number
