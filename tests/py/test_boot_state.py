# SPDX-License-Identifier: GPL-2.0-only
"""What a patch does is told from what boots of one kernel differ in."""

from __future__ import annotations

import pytest
from profiled import BASE, OTHER, profile

from retrap.profile import boot_state, difference
from retrap.profile.boot_state import Span
from retrap.profile.symbols import Function

NAME = "signal"  # 20 in the base, 15 in the other
SIDES = {
    "both steady": ([(20, 20)] * 3, [(15, 15)] * 3, True),
    "a boot of the base has it too": ([(20, 20), (15, 15)], [(15, 15)] * 2, False),
    "its samples vary": ([(14, 20)] * 2, [(15, 15)] * 2, False),
    "the boots of the other vary by more": ([(20, 20)] * 2, [(15, 15), (9, 9)], False),
    "and by less": ([(20, 20)] * 2, [(15, 15), (12, 12)], True),
    "a boot that does not run it": ([(20, 20)] * 2, [(15, 15), None], False),
}


@pytest.mark.parametrize("sides", SIDES.values(), ids=SIDES)
def test_a_patch_does_what_boots_do_not(
    sides: tuple[list[Span | None], list[Span | None], bool]
) -> None:
    *boots, by_the_patch = sides
    found = difference.compare(profile("a", BASE), profile("b", OTHER), "all")
    spans = [
        [{Function(NAME): span} if span else {} for span in side] for side in boots
    ]
    apart = boot_state.apart(found, *spans)
    told, left = (
        {str(c.function) for c in each} for each in (apart.told, apart.left_behind)
    )
    assert (NAME in told, NAME in left) == (by_the_patch, not by_the_patch)
    assert apart.changes == found.changes and told | left == {
        str(change.function) for change in found.told
    }
