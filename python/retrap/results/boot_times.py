# SPDX-License-Identifier: GPL-2.0-only
"""How long each boot of a machine took, by the journal's times and the boots' records.

Whole seconds of the machine's clock, which may have been set.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from retrap.base.rawfile import damaged, parse_json, read_json, read_plain
from retrap.campaign import journal
from retrap.campaign.journal import ARMED, DONE, RUNNING
from retrap.results.sealed import RECORD


@dataclass(frozen=True)
class BootTime:
    """Seconds: from one kernel to the next, until it was quiet, measured."""

    up: float
    quiet: float
    measured: float

    @property
    def whole(self) -> float:
        return self.up + self.quiet + self.measured


def boot_times(directory: Path) -> list[BootTime]:
    """Of the boots that a machine measured; none where no journal says it."""
    armed, running, found = {}, {}, []
    for name, state, at in _told(directory / journal.FILE):
        if state == ARMED:
            armed[name] = at
        elif state == RUNNING:
            running[name] = at
        elif state == DONE and name in armed and name in running:
            record = read_json(directory / "raw" / name / RECORD)
            quiet = (record.get("quiet") or {}).get("waited_s", 0.0)
            up, measured = running[name] - armed[name], at - running[name] - quiet
            found.append(BootTime(up, quiet, measured))
    return found


def _told(path: Path) -> Iterator[tuple[str, str, float]]:
    """Job, state and time of each line. Errors: EXIT_RESULTS."""
    for number, line in enumerate(_lines(path), 1):
        try:
            row = parse_json(line)
            at = time.mktime(time.strptime(row["at"], "%Y-%m-%dT%H:%M:%SZ"))
            yield str(row.get("job", "")), row["state"], at
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            what = f"line {number} has no time"
            raise damaged(path, what, journal.GONE) from None


def _lines(path: Path) -> list[bytes]:
    """Without one that is being written."""
    whole = read_plain(path, journal.GONE) if path.exists() else b""
    return whole.rpartition(b"\n")[0].splitlines()


def usual(times: list[BootTime]) -> BootTime | None:
    """The median of each; None of none."""
    if not times:
        return None
    return BootTime(
        median(each.up for each in times),
        median(each.quiet for each in times),
        median(each.measured for each in times),
    )


def sentence(directory: Path) -> str:
    """What a boot of the campaign took; empty where none says it."""
    times = boot_times(directory)
    one = usual(times)
    if one is None:
        return ""
    return (
        f"A boot took {one.whole:.0f} s: {one.up:.0f} s from one kernel to the "
        f"next, {one.quiet:.0f} s until it was quiet, {one.measured:.0f} s measured "
        f"(medians of {len(times)})."
    )


def round_s(directory: Path) -> float | None:
    """How long a round on this machine took, from the first to the last; None where
    there are not two."""
    told = _told(directory / journal.FILE)
    ends = [at for _, state, at in told if state == DONE]
    return (ends[-1] - ends[0]) / (len(ends) - 1) if len(ends) > 1 else None
