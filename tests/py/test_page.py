# SPDX-License-Identifier: GPL-2.0-only
"""docs/conformance.md shows what the stored runs say, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from retrap.report import numbers, results_page
from retrap.rules import docs_tables, rulebook
from retrap.base.errors import RetrapError


def test_page_is_made_of_the_stored_runs() -> None:
    """Else: ./retrap conform --from results/reference/conform --write-docs."""
    text = docs_tables.PAGE.read_text()
    assert docs_tables.fill(text, docs_tables.tables()) == text


def test_the_results_are_made_of_the_stored_runs() -> None:
    """Else: ./retrap docs."""
    assert results_page.PAGE.read_text() == results_page.render()


@pytest.mark.parametrize("page", numbers.PAGES, ids=lambda page: page.name)
def test_no_number_of_a_page_is_typed(page: Path) -> None:
    """Else: ./retrap docs. Each scenario that a page names is stored."""
    text = page.read_text()
    assert numbers.made(text, results_page.REFERENCE) == text
    assert "not stored" not in text
    typed = text.replace("cycle/notification`: ", "cycle/notification`: 1, ")
    assert numbers.made(typed, results_page.REFERENCE) == text != typed


def test_a_line_about_what_is_not_stored_says_so(tmp_path: Path) -> None:
    text = "- `no/such`: 5\n- `no/such`, switches: 6\n- `a`, other things: 7\n"
    assert numbers.made(text, tmp_path) == (
        "- `no/such`: not stored\n- `no/such`, switches: not stored\n"
        "- `a`, other things: 7\n"
    )


def test_a_table_beside_a_stored_run_is_the_one_of_it() -> None:
    """Of mutate: its rules are counted by the code that the page uses, too."""
    made = docs_tables.tables()["mutations"]
    stored = docs_tables.REFERENCE / "mutate/table.txt"
    assert stored.read_text() == made


def test_every_rule_has_its_text() -> None:
    text = docs_tables.PAGE.with_name("rules.md").read_text()
    named = re.findall(r"^- \*\*((?!Q)\w+)\*\* \S", text, re.M)
    assert sorted(named) == sorted(rulebook.load().rules)


def test_fill_replaces_the_table() -> None:
    text = "a\n<!-- table t -->\nold\n<!-- end t -->\nb\n"
    filled = docs_tables.fill(text, {"t": "new \\1\n"})
    assert filled == "a\n<!-- table t -->\n```\nnew \\1\n```\n<!-- end t -->\nb\n"
    assert docs_tables.fill(filled, {"t": "new \\1\n"}) == filled


def test_a_place_must_be_there_once() -> None:
    with pytest.raises(RetrapError, match="0 places for the table t"):
        docs_tables.fill("nothing", {"t": "x\n"})
