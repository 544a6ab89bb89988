# SPDX-License-Identifier: GPL-2.0-only
"""The command that measures a result directory again, as far as its plan says it."""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path
from typing import Any

from retrap.base.paths import ROOT

EXPERIMENTS = "configs/experiments"


def command(plan: dict[str, Any]) -> str:
    """For a shell. An experiment that is not in configs/, or is another one there, is
    named as a file of yours."""
    if "profiler_sha256" in plan:
        return shlex.join(_profile(plan))
    words = ["./retrap", "matrix" if plan["variants"] else "run"]
    name, machine = _name(plan)
    words.append(f"{EXPERIMENTS}/{name}.toml" if stored(plan) else f"{name}.toml")
    if _measured(plan) != name:
        words += _files(plan)
    return shlex.join([*words, *(["--on", "HOSTS"] if machine else [])])


def stored(plan: dict[str, Any]) -> bool:
    """The experiment is in configs/, and is the same."""
    file = ROOT / EXPERIMENTS / f"{_name(plan)[0]}.toml"
    if not file.is_file():
        return False
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    return bool(plan.get("experiment_sha256") == sha256)


def of_the_user(plan: dict[str, Any]) -> list[str]:
    """A line a file of the user that scenarios are from: plan.json has its text."""
    return [
        f"{file['name']} (sha256 {str(file['sha256'])[:12]}) has scenarios of the user"
        for file in plan.get("scenario_files", ())
    ]


def _name(plan: dict[str, Any]) -> tuple[str, str]:
    """Of the experiment's file, and of the machine, empty where it was this one."""
    machine = str(plan["experiment"]).partition("@")[2]
    stems = "".join(f"+{Path(name).stem}" for name in _names(plan))
    return _measured(plan).removesuffix(stems), machine


def _measured(plan: dict[str, Any]) -> str:
    """The same with what `--scenario` added to it (cli/scenarios.py)."""
    name = str(plan["experiment"]).partition("@")[0]
    return name if plan["variants"] else name.removesuffix("-host")


def _names(plan: dict[str, Any]) -> list[str]:
    return [str(file["name"]) for file in plan.get("scenario_files", ())]


def _files(plan: dict[str, Any]) -> list[str]:
    return [word for name in _names(plan) for word in ("--scenario", name)]


def _profile(plan: dict[str, Any]) -> list[str]:
    lists = {
        "--variant": [each["name"] for each in plan["variants"]],
        "--arch": plan["arch"],
    }
    words = ["./retrap", "profile", ",".join(plan["scenarios"])]
    for option, values in lists.items():
        words += [option, ",".join(map(str, values))]
    return [*words, *_files(plan)]
