# SPDX-License-Identifier: GPL-2.0-only
"""A short walk of the models on the kernel that has all the designs; the long
ones are in tests/all."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrap.executors import guest
from retrap.build.programs import Programs
from retrap.config.experiments import Guest
from retrap.kernel.kernels import Kernel
from retrap.base.progress import Task


@pytest.mark.parametrize(
    ("arguments", "status"),
    [("", "0"), ("--interface listen --model please-notify", "1")],
)
def test_combined_does_what_the_models_allow(
    built: dict[str, Kernel],
    programs: Programs,
    tmp_path: Path,
    arguments: str,
    status: str,
) -> None:
    """And not what the model of another design allows."""
    line = f"exec model retrap-model --steps 20000 --seed 20110526 {arguments}"
    how = Guest(2, 300, exact=False)
    guest.run(built["combined"], programs, [line], tmp_path / "w", how, Task("model"))
    results = tmp_path / "w/results"
    said = (results / "model.txt").read_text()
    assert (results / "model.status").read_text().strip() == status, said
    assert said.count(": pass") == (4 if status == "0" else 0), said
