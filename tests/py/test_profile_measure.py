# SPDX-License-Identifier: GPL-2.0-only
"""Which of the two plugins a QEMU is given."""

from __future__ import annotations

import pytest

from retrap import qemu
from retrap.arch import native
from retrap.errors import EXIT_GUEST, RetrapError
from retrap.profile.measure import plugin_file

SAID = "QEMU emulator version {} (Debian 1:{}+dfsg-1)"


@pytest.mark.parametrize(
    ("release", "cpus", "interface"),
    [("4.2.1", 2, 1), ("7.2.22", 4, 1), ("8.2.0", 2, 1), ("9.1.0", 1, 3)],
)
def test_by_the_release(
    monkeypatch: pytest.MonkeyPatch, release: str, cpus: int, interface: int
) -> None:
    monkeypatch.setattr(qemu, "version", lambda arch: SAID.format(release, release))
    assert plugin_file(native(), cpus).name == f"retrap-profile-{interface}.so"


@pytest.mark.parametrize(
    ("said", "cpus"), [("9.0.2", 1), ("4.1.0", 1), ("no number", 1), ("10.0.2", 2)]
)
def test_a_qemu_that_cannot_do_it_is_told(
    monkeypatch: pytest.MonkeyPatch, said: str, cpus: int
) -> None:
    monkeypatch.setattr(qemu, "version", lambda arch: SAID.format(said, said))
    with pytest.raises(RetrapError) as caught:
        plugin_file(native(), cpus)
    assert caught.value.exit_code == EXIT_GUEST
    assert said in caught.value.message
