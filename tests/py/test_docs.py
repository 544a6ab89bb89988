# SPDX-License-Identifier: GPL-2.0-only
"""The worked examples of the documents are run: each prints what it says."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from retrap.base.paths import ROOT

PAGES = [path for path in (ROOT / "docs").glob("*.md") if "\n>>> " in path.read_text()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_print_what_they_say(
    page: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    failed, tried = doctest.testfile(str(page), module_relative=False)
    assert tried > 5 and failed == 0, capsys.readouterr().out


def test_methodology_has_examples() -> None:
    assert ROOT / "docs/methodology.md" in PAGES
