# SPDX-License-Identifier: GPL-2.0-only
"""async-retrap hides the re-trap of a tracee that sleeps in the freezer: the tracer
waits for it, and must not keep the machine from being suspended meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Run


@pytest.mark.parametrize("how", ["wait", "request"])
@pytest.mark.parametrize("name", ["async-retrap-debug", "combined-debug"])
def test_a_tracer_that_waits_can_be_frozen(
    run: Run, compiled: Callable[[str], Path], name: str, how: str
) -> None:
    program = {"/retrap/freezer": compiled("freezer")}
    results = run(name, [f"exec freezer /retrap/freezer {how}"], program)
    said = (results / "freezer.txt").read_text()
    assert (results / "freezer.status").read_text() == "0\n", said
    assert said == "frozen and thawed\n"
