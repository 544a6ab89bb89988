# SPDX-License-Identifier: GPL-2.0-only
"""Children and an interrupt."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from retrap.base import process


def test_a_child_that_ends_in_an_interrupt_did_not_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a make that Ctrl-C killed would be a kernel that does not build."""
    stopping = threading.Event()
    monkeypatch.setattr(process, "_stopping", stopping)
    log = tmp_path / "log"
    assert process.run_logged(["false"], log) == 1
    with pytest.raises(process.Interrupted):
        process.run_logged(["echo", "x"], log, lambda line: stopping.set())
    assert log.read_text() == "+ false\n+ echo x\nx\n"
