# SPDX-License-Identifier: GPL-2.0-only
"""How long each boot of a machine took, by the journal's times and the boots' records.

Whole seconds of the machine's clock, which may have been set.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from retrap.base.rawfile import read_json
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
    path = directory / journal.FILE
    for line in path.read_text().splitlines() if path.exists() else ():
        row = json.loads(line)
        at = time.mktime(time.strptime(row["at"], "%Y-%m-%dT%H:%M:%SZ"))
        name, state = row.get("job", ""), row["state"]
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


def usual(times: list[BootTime]) -> BootTime | None:
    """The median of each; None of none."""
    if not times:
        return None
    return BootTime(
        median(each.up for each in times),
        median(each.quiet for each in times),
        median(each.measured for each in times),
    )


def round_s(directory: Path) -> float | None:
    """How long a round on this machine took, from the first to the last; None where
    there are not two."""
    path = directory / journal.FILE
    ends = []
    for line in path.read_text().splitlines() if path.exists() else ():
        row = json.loads(line)
        if row["state"] == DONE:
            ends.append(time.mktime(time.strptime(row["at"], "%Y-%m-%dT%H:%M:%SZ")))
    return (ends[-1] - ends[0]) / (len(ends) - 1) if len(ends) > 1 else None
