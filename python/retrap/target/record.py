# SPDX-License-Identifier: GPL-2.0-only
"""target.json: what a machine has to know of its campaign, beside the manifest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrap.base.errors import EXIT_MACHINE, RetrapError
from retrap.base.rawfile import damaged, read_json
from retrap.campaign.manifest import Job
from retrap.target import own, tune

FILE = "target.json"
SCHEMA = "retrap.target/1"
HOME = Path("/var/lib/retrap")
NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")  # of a campaign, a variant, a boot
OPTION = re.compile(r"[A-Za-z0-9_.,:=/+@-]+")  # a word of a kernel's command line


@dataclass(frozen=True)
class Kernel:
    """A variant's, as it lies on the machine. `facts` go into each boot.json. `file`:
    where it lies already, of the distribution's own (own.py); empty: it is laid."""

    variant: str
    sha256: str
    build_id: str
    interfaces: tuple[str, ...]
    offers: tuple[str, ...]
    facts: dict[str, Any]
    file: str = ""


@dataclass(frozen=True)
class Target:
    """`options` are on the command line of each kernel alike, `quiet_s` is how long
    a boot may wait for the machine to be quiet, `uid` who measures, on `cpus` (none:
    on any), after what `tuned` names was done (tune.py)."""

    campaign: str
    kernels: dict[str, Kernel]
    options: tuple[str, ...]
    quiet_s: float
    uid: int
    tuned: tuple[str, ...] = ()
    cpus: tuple[int, ...] = ()

    def slot(self, job: Job, tries: int) -> str:
        """`retrap.slot` on the command line of a boot: it names one try of one job."""
        return f"{self.campaign}:{job.variant}:{job.boot}:{tries}"


def read(directory: Path) -> Target:
    """Errors: EXIT_RESULTS; EXIT_MACHINE where a name could be something else too."""
    path = directory / FILE
    record = read_json(path)
    if record.get("schema") != SCHEMA:
        raise damaged(path, f"schema is not {SCHEMA}")
    try:
        kernels = {
            name: Kernel(
                name,
                str(row["sha256"]),
                str(row["build_id"]),
                tuple(map(str, row["interfaces"])),
                tuple(map(str, row["offers"])),
                dict(row["facts"]),
                str(row["file"]),
            )
            for name, row in record["kernels"].items()
        }
        options = tuple(map(str, record["options"]))
        quiet_s, uid = float(record["quiet_s"]), int(record["uid"])
        tuned = tuple(map(str, record["tuned"]))
        cpus = tuple(map(int, record["cpus"]))
        name = str(record["campaign"])
        found = Target(name, kernels, options, quiet_s, uid, tuned, cpus)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise damaged(path, f"is no target: {error!r}") from None
    for word in (found.campaign, *kernels):
        if not NAME.fullmatch(word):
            raise _bad(path, word)
    if lacking := set(tuned) - tune.WORDS.keys():
        raise damaged(path, f"there is no {lacking.pop()!r} to tune")
    for kernel in kernels.values():
        if kernel.file and not own.FILE.fullmatch(kernel.file):
            raise _bad(path, kernel.file)
    for word in options:
        if not OPTION.fullmatch(word):
            raise _bad(path, word)
    return found


def _bad(path: Path, word: str) -> RetrapError:
    what = f"{path}: {word!r} cannot stand in a boot entry"
    return RetrapError(what, "use letters, digits, dots and dashes", EXIT_MACHINE)
