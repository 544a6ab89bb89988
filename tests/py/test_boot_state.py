# SPDX-License-Identifier: GPL-2.0-only
"""What a patch does is told from what boots of one kernel differ in."""

from __future__ import annotations

from dataclasses import replace

import pytest
from profiled import BASE, OTHER, profile

from retrap.profile import boot_state, difference
from retrap.profile.boot_state import Span
from retrap.profile.symbols import Function

NAME = "signal"  # 20 in the base, 15 in the other


def always(count: int) -> Span:
    return count, count, count


BEFORE, AFTER = always(20), always(15)
VARIES = (14, 20, 22)
SIDES = {
    "both steady": ([BEFORE] * 3, [AFTER] * 3, -5),
    "a boot of the base has it too": ([BEFORE, AFTER], [AFTER] * 2, None),
    "a quartile that stays": ([VARIES] * 2, [(14, 15, 17)] * 2, None),
    "a quartile that moves the other way": ([VARIES] * 2, [AFTER] * 2, None),
    "all of them move": ([VARIES] * 2, [(9, 15, 17)] * 2, -5),
    "the boots of the other vary by more": ([BEFORE] * 2, [AFTER, always(9)], None),
    "and by less": ([BEFORE] * 2, [AFTER, always(12)], -5),
    "a boot that does not run it": ([BEFORE] * 2, [AFTER, None], None),
}


@pytest.mark.parametrize("sides", SIDES.values(), ids=SIDES)
def test_a_patch_does_what_boots_do_not(
    sides: tuple[list[Span | None], list[Span | None], int | None]
) -> None:
    *boots, change = sides
    found = difference.compare(profile("a", BASE), profile("b", OTHER), "all")
    spans = [
        [{Function(NAME): span} if span else {} for span in side] for side in boots
    ]
    apart = boot_state.apart(found, *spans)
    told = {str(each.function): each.usual for each in apart.told}
    assert told == ({NAME: change} if change else {})
    others = {str(each.function) for each in found.told} - {NAME}
    left = {str(each.function) for each in apart.left_behind}
    assert left == others | (set() if change else {NAME})


def test_a_change_that_no_boot_and_no_sample_shows_is_not_left_behind() -> None:
    """Its mean differs, by a sample of many."""
    found = difference.compare(profile("a", BASE), profile("b", OTHER), "all")
    rare = tuple(replace(each, steady=None) for each in found.changes)
    apart = boot_state.apart(replace(found, changes=rare), [{}] * 2, [{}] * 2)
    assert apart.told == [] and apart.left_behind == []
