# SPDX-License-Identifier: GPL-2.0-only
"""What `retrap try` says, for a program (schemas/try.json)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from retrap.analysis.comparison import Comparison
from retrap.analysis.steps import against_first, steps
from retrap.base import schema
from retrap.kernel.given import Given
from retrap.kernel.given_files import AS_IS
from retrap.profile.difference import Change, Difference
from retrap.report.tried import Tried
from retrap.report.tried_functions import code, why
from retrap.results.store import Results


def document(
    results: Results, patches: Sequence[Given], tried: Tried
) -> dict[str, Any]:
    """Rows are those of comparison.csv: each patch with those before it, against the
    base; with what the last of these adds; and controls are marked."""
    choice, sizes = tried.choice, code(results)
    added = {
        (machine, each.test, each.where): each
        for machine in results.machines
        for rows in steps(results, machine)
        for each in rows
    }
    return {
        "schema": schema.identity("try"),
        "directory": str(results.path),
        "base": results.plan["baseline"],
        "arch": list(results.plan["arch"]),
        "patches": [
            {
                "subject": patch.subject,
                "author": patch.author,
                "sha256": hashlib.sha256(patch.text.encode(errors=AS_IS)).hexdigest(),
            }
            for patch in patches
        ],
        "scenarios": list(choice.scenarios),
        "controls": list(choice.controls),
        "unreached": None if choice.unreached is None else list(choice.unreached),
        "rows": [
            {
                **row.record(),
                "change": row.change,
                "control": row.scenario in choice.controls,
                "increment": _increment(added.get((row.machine, row.test, row.where))),
            }
            for row in against_first(results)
        ],
        "functions": [
            {**_changed(found, change), "why": why(change, sizes)}
            for found in tried.functions
            for change in found.told
            if change.usual
        ],
        "boot_state": [
            _changed(found, change)
            for found in tried.functions
            for change in found.left_behind
        ],
        "code_bytes": sizes,
    }


def _changed(found: Difference, change: Change) -> dict[str, Any]:
    return {
        "scenario": found.b.facts["scenario"],
        "placement": found.b.facts["placement"],
        "function": str(change.function),
        "change": change.usual,
    }


def _increment(added: Comparison | None) -> dict[str, Any] | None:
    """None where the kernel has no such cell."""
    if added is None:
        return None
    keys = ("base", "base_median", "verdict", "estimate", "low", "high", "warnings")
    record = added.record()
    return {**{key: record[key] for key in keys}, "change": added.change}
