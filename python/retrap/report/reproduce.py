# SPDX-License-Identifier: GPL-2.0-only
"""The command that measures a result directory again, as far as its plan says it."""

from __future__ import annotations

import hashlib
import shlex
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
    return shlex.join([*words, *(["--on", "HOSTS"] if machine else [])])


def stored(plan: dict[str, Any]) -> bool:
    """The experiment is in configs/, and is the same."""
    file = ROOT / EXPERIMENTS / f"{_name(plan)[0]}.toml"
    if not file.is_file():
        return False
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    return bool(plan.get("experiment_sha256") == sha256)


def _name(plan: dict[str, Any]) -> tuple[str, str]:
    """Of the experiment, and of the machine, empty where it was this one."""
    name, _, machine = str(plan["experiment"]).partition("@")
    return name if plan["variants"] else name.removesuffix("-host"), machine


def _profile(plan: dict[str, Any]) -> list[str]:
    lists = {
        "--variant": [each["name"] for each in plan["variants"]],
        "--arch": plan["arch"],
    }
    words = ["./retrap", "profile", ",".join(plan["scenarios"])]
    for option, values in lists.items():
        words += [option, ",".join(map(str, values))]
    return words
