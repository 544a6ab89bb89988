# SPDX-License-Identifier: GPL-2.0-only
"""What a build asks for before it begins."""

from __future__ import annotations

import pytest

from retrap import build, packages, sysroot
from retrap.arch import ARCHES
from retrap.progress import Progress


class Enough(Exception):
    pass


def test_a_foreign_build_installs_compiler_and_qemu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A machine that has neither: `./retrap conform --arch ...` died of it."""
    foreign = next(arch for arch in ARCHES.values() if not arch.native)
    asked: list[str] = []

    def stop(*_: object) -> None:
        raise Enough

    monkeypatch.setattr(packages, "ensure", lambda *sets: asked.extend(sets))
    monkeypatch.setattr(sysroot, "ensure", stop)
    with Progress() as progress, pytest.raises(Enough):
        build.build(progress, arch=foreign)
    assert asked == [foreign.name, f"cross-{foreign.name}"]
