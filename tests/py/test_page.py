# SPDX-License-Identifier: GPL-2.0-only
"""docs/conformance.md shows what the stored runs say, and nothing else."""

from __future__ import annotations

import re

import pytest

from retrap.rules import docs_tables, mutate, rulebook
from retrap.base.errors import RetrapError


def test_page_is_made_of_the_stored_runs() -> None:
    """Else: ./retrap conform --from results/reference/conform --write-docs."""
    text = docs_tables.PAGE.read_text()
    assert docs_tables.fill(text, docs_tables.tables()) == text


def test_of_each_rule_a_test_failed_on_a_mutant() -> None:
    """In the stored run. Else: break the rule in kernel-patch/mutations/."""
    record = mutate.load(docs_tables.REFERENCE / "mutate")
    assert mutate.survivors(record) == []
    assert mutate.never_failed(record, rulebook.load().rules) == []


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
