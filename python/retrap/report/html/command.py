# SPDX-License-Identifier: GPL-2.0-only
"""The command that measures a result directory again."""

from __future__ import annotations

import shlex
from typing import Any

from retrap.base.paths import ROOT


def again(plan: dict[str, Any]) -> str:
    """For a shell. An experiment that is not in configs/ is named as a file here."""
    if "profiler_sha256" in plan:
        return shlex.join(_profile(plan))
    name, _, machine = str(plan["experiment"]).partition("@")
    alone = name.endswith("-host") and not plan["variants"]
    name = name.removesuffix("-host") if alone else name
    file = f"configs/experiments/{name}.toml"
    words = ["./retrap", "run" if alone else "matrix"]
    words.append(file if (ROOT / file).is_file() else f"{name}.toml")
    return shlex.join([*words, *(["--on", "HOSTS"] if machine else [])])


def _profile(plan: dict[str, Any]) -> list[str]:
    lists = {
        "--variant": [each["name"] for each in plan["variants"]],
        "--arch": plan["arch"],
    }
    words = ["./retrap", "profile", ",".join(plan["scenarios"])]
    for option, values in lists.items():
        words += [option, ",".join(map(str, values))]
    return words
