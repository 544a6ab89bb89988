# SPDX-License-Identifier: GPL-2.0-only
"""How a boot is closed, whichever executor it had: boot.json has one writer."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

from retrap.base.errors import EXIT_UNSUPPORTED, RetrapError
from retrap.base.progress import say
from retrap.base.rawfile import atomic_write, read_json
from retrap.base.version import git_version
from retrap.campaign.manifest import Job
from retrap.config.plan import Run
from retrap.machine import environment
from retrap.results import sealed

BootRecord = dict[str, Any]
# What an executor says of its kernel and its machine (docs/data-format.md); null is
# what does not apply to it.
FACTS = (
    *("substrate", "arch", "kernel_key", "kernel_build_id", "source", "patches"),
    *("boot_patches", "compiler", "config_sha256", "qemu_version", "qemu_argv"),
    *("initramfs_sha256", "payload_bytes", "payload_sha256", "wall_s"),
    *("quiet", "tuned"),
)


def write(
    directory: Path,
    job: Job,
    facts: BootRecord,
    done: list[str],
    missing: dict[str, str],
    not_counted: str = "",
    stopped: dict[str, str] | None = None,
) -> None:
    """boot.json: the last file of a boot's directory, after which it is read-only.
    `done` are the files that its cells left, `missing` why others have none,
    `not_counted` why there are no counting runs; `stopped` which were not run, as
    earlier blocks are enough."""
    record = {
        "schema": "retrap.boot/1",
        "variant": job.variant,
        "boot": job.boot,
        "block": job.block,
        "ordinal": job.ordinal,
        "retrap": git_version(),
        **{name: facts.get(name) for name in FACTS},
        **({"cmdline": facts["cmdline"]} if facts.get("cmdline") else {}),
        "cells": done,
        **({"missing": missing} if missing else {}),
        **({"not_counted": not_counted} if not_counted else {}),
        **({"stopped": stopped} if stopped else {}),
    }
    sealed.close(directory, record)


def write_environment(path: Path, facts: dict[str, Any]) -> None:
    record = {"schema": environment.SCHEMA, "facts": facts}
    atomic_write(path, json.dumps(record, indent=1) + "\n")


def now() -> str:
    """UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def stamp_run(record: Path, began: str, **more: Any) -> None:
    """When a run began, and what else retrap-bench cannot know, into its run.json
    before that is kept."""
    if record.name.endswith(".run.json"):
        run = {**read_json(record), "began": began, **more}
        atomic_write(record, json.dumps(run, indent=2) + "\n")


def reason(cell: Run, log: str) -> str:
    """What retrap-bench said of a cell last."""
    said: list[str] = re.findall(
        rf"^retrap-bench: {re.escape(cell.scenario)}: (.+)$", log, re.M
    )
    return said[-1] if said else log or "no output"


def say_missing(where: str, cells: list[Run], missing: dict[str, str]) -> None:
    """Errors: EXIT_UNSUPPORTED, when no cell could run."""
    for stem, why in missing.items():
        say(f"{where}: {stem}: n.a.: {why}")
    if missing and all(cell.stem in missing for cell in cells):
        raise RetrapError(
            f"{where}: no cell can run: {next(iter(missing.values()))}",
            "measure scenarios and placements that it has",
            EXIT_UNSUPPORTED,
        )
