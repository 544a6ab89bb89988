# SPDX-License-Identifier: GPL-2.0-only
"""Which of the two plugins a QEMU is given."""

from __future__ import annotations

import pytest

from retrap.executors import qemu
from retrap.base.arch import native
from retrap.base.errors import EXIT_GUEST, RetrapError
from retrap.profile.measure import plugin_file

SAID = "QEMU emulator version {} (Debian 1:{}+dfsg-1)"


@pytest.mark.parametrize(
    ("release", "interface"),
    [("4.2.1", 1), ("7.2.22", 1), ("8.2.0", 1), ("9.1.0", 3), ("10.0.13", 3)],
)
def test_by_the_release(
    monkeypatch: pytest.MonkeyPatch, release: str, interface: int
) -> None:
    monkeypatch.setattr(qemu, "version", lambda arch: SAID.format(release, release))
    assert plugin_file(native()).name == f"retrap-profile-{interface}.so"


@pytest.mark.parametrize("said", ["9.0.2", "4.1.0", "no number"])
def test_a_qemu_that_cannot_do_it_is_told(
    monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setattr(qemu, "version", lambda arch: SAID.format(said, said))
    with pytest.raises(RetrapError) as caught:
        plugin_file(native())
    assert caught.value.exit_code == EXIT_GUEST
    assert said in caught.value.message
