# SPDX-License-Identifier: GPL-2.0-only
"""--lines on kernels whose difference is one known line.

The kernels are built with debug information here: a full build the first time.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

import pytest
from conftest import KERNELS

from plots.profiles import draw_profiles
from retrap.kernel import kernels, patched_files
from retrap.rules import mutations
from retrap.base.arch import native
from retrap.config.variants import Variant
from retrap.rules.mutations import Mutation
from retrap.profile import derive, lines, measure, stored
from retrap.profile.summary import CHEAPEST
from retrap.base.progress import Progress

FILE, FUNCTION, SAMPLES = "kernel/signal.c", "ptrace_trap_notify", 50
BEFORE = "WARN_ON_ONCE(!(t->ptrace & PT_SEIZED));\n\tlockdep_assert_held"
PLANTED = 'asm volatile(".rept 100\\n\\tnop\\n\\t.endr");'
AFTER = f"{PLANTED}\n\t{BEFORE}"

Found = dict[str, list[lines.Line]]


@pytest.fixture(scope="module")
def variants(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Variant]:
    base, into = KERNELS["mainline"], tmp_path_factory.mktemp("planted")
    (into / "source").mkdir()
    patched_files.lay_source(base, KERNELS, native(), {FILE}, into / "source")
    change = Mutation("planted", "", "", (), FILE, BEFORE, AFTER)
    made = mutations.mutant(change, base, into / "source", into)
    planted = dataclasses.replace(made, name="planted", base="mainline")
    return {"mainline": base, "planted": planted}


@pytest.fixture(scope="module")
def found(
    variants: dict[str, Variant], tmp_path_factory: pytest.TempPathFactory
) -> Found:
    """The lines of FUNCTION in the cheapest class of the notification; and they
    add up to what the profile has of it."""
    cell = ("retrap/trigger:sigcont",), tuple(variants), (native(),), ("same-cpu",)
    request = measure.Request(*cell, SAMPLES, 2, seed=1)
    path = measure.run(
        request, variants, tmp_path_factory.mktemp("r"), fresh=True, draw=draw_profiles
    )
    seen: Found = {}
    for profile in stored.profiles(path):
        name = profile.facts["variant"]
        kernel = kernels.find(variants[name])
        assert kernel
        counts, windows = derive.addresses(path, profile, kernel, FUNCTION, CHEAPEST)
        with Progress() as progress:
            rows = lines.read(kernel, variants, counts, windows, progress)
        (row,) = (
            each
            for each in profile.trees[CHEAPEST].rows()
            if each.function.name == FUNCTION and each.function.kernel
        )
        assert row.own > 0 and sum(each.own for each in rows) == row.own
        seen[name] = rows
    return seen


def test_the_planted_line_has_what_was_planted(found: Found) -> None:
    own = {line.text: line.own for line in found["planted"]}
    assert own[PLANTED] == 100
    assert PLANTED not in {line.text for line in found["mainline"]}


def test_the_other_lines_have_what_they_had(found: Found) -> None:
    """By their text: the planted line moves those below it by one."""
    texts: dict[str, dict[tuple[str, str, str], Fraction]] = {}
    for name, rows in found.items():
        own = texts[name] = defaultdict(Fraction)
        for line in rows:
            if line.text != PLANTED:
                own[line.file, line.inlined, line.text] += line.own
    assert texts["mainline"] == texts["planted"]


def test_every_line_has_its_text(found: Found) -> None:
    """Of the source that was built, headers too."""
    lost = [line for rows in found.values() for line in rows if not line.text]
    assert lost == []
    places = {Path(line.file).suffix for rows in found.values() for line in rows}
    assert places <= {".c", ".h"}
