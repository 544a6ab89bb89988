# SPDX-License-Identifier: GPL-2.0-only
"""The rules on kernels that tell on themselves; and that they do tell."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import DEBUG, KERNELS, Run, chosen, kernel, of_model
from planted import MISTAKES, planted

from retrap.kernel import kernels
from retrap.rules.rule_boot import told
from retrap.base.errors import EXIT_GUEST, RetrapError
from retrap.base.progress import Progress
from retrap.rules.verdicts import FAIL, parse

NAMES = [name for name, _ in chosen(DEBUG)]
BOOK = "exec rules retrap-conform --count 200 --deadline 300"
MODEL = "exec model retrap-model --steps 20000 --seed 20110526"


@pytest.fixture(scope="session")
def mistaken() -> kernels.Kernel:
    """mainline-debug with the mistakes; built here, for this test alone."""
    kernel("mainline-debug")
    with Progress() as progress:
        return kernels.ensure(planted(KERNELS["mainline-debug"]), KERNELS, progress)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_fails_the_run(
    run: Run,
    mistaken: kernels.Kernel,
    compiled: Callable[[str], Path],
    mistake: str,
) -> None:
    """The message names the line of the kernel log which is about it."""
    request, text = MISTAKES[mistake]
    step = f"exec plant /retrap/plant {request}"
    with pytest.raises(RetrapError) as caught:
        run(mistaken, [step], {"/retrap/plant": compiled("plant")})
    assert caught.value.exit_code == EXIT_GUEST
    first = caught.value.message.splitlines()[0]
    assert "the kernel log has" in first and text in first, caught.value.message


@pytest.mark.parametrize("name", NAMES)
def test_rules_and_models_hold_and_the_log_is_clean(run: Run, name: str) -> None:
    """run() refuses a kernel log with a splat in it."""
    variant = KERNELS[name]
    book = f"{BOOK}{told(variant)} --gtest_output=json:rules.json"
    results = run(name, [book, MODEL + of_model(variant)], {})
    verdicts, failures = parse(json.loads((results / "rules.json").read_text()))
    assert verdicts and failures == {}
    assert FAIL not in verdicts.values()
    said = (results / "model.txt").read_text()
    assert (results / "model.status").read_text() == "0\n", said
