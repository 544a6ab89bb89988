# SPDX-License-Identifier: GPL-2.0-only
"""What a boot's log must say of QEMU's turns."""

from __future__ import annotations

import pytest

from retrap.executors import qemu


@pytest.mark.parametrize(
    ("log", "good"),
    [
        ("retrap-turns: 1 turns", True),
        ("warning: x\nretrap-turns: 20480 turns\n", True),
        ("retrap-turns: 0 turns", False),  # loaded, and the vCPUs never came by
        ("ERROR: ld.so: object './turns.so' cannot be preloaded", False),
        ("", False),
    ],
)
def test_a_boot_without_a_turn_does_not_take_turns(log: str, good: bool) -> None:
    assert qemu.takes_turns(log) is good
