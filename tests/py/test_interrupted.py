# SPDX-License-Identifier: GPL-2.0-only
"""A kernel's build that was interrupted goes on; and when it may not."""

from __future__ import annotations

from pathlib import Path

import pytest
from kernel_trees import KERNEL, Builds, commit

from retrap.base.errors import RetrapError
from retrap.kernel import interrupted

# The second object takes a file that is not there yet.
CUT = """\
$(O)/exit.o: exit.c $(O)/signal.o
\t@test -e {ready}
\t@echo "  CC      $@"
\t@cat $< >$@
"""


@pytest.fixture
def cut(builds: Builds, tmp_path: Path) -> Builds:
    """`main` has failed after one object of two; from now on it does not."""
    assert builds.source.tree
    ready = tmp_path / "ready"
    (builds.source.tree / "Makefile").write_text(KERNEL + CUT.format(ready=ready))
    commit(builds.source.tree)
    with pytest.raises(RetrapError, match="failed"):
        builds.ensure("main")
    ready.touch()
    return builds


def test_it_goes_on_with_what_is_compiled(cut: Builds, tmp_path: Path) -> None:
    assert cut.ensure("main") == 1
    assert cut.image("main") == "int x;\nint x;\n"
    assert not list((tmp_path / "cache/trees").rglob(interrupted.NOTE))


def test_it_begins_anew_after_a_crash_of_this_machine(
    cut: Builds, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "boot_id").write_text("another\n")
    monkeypatch.setattr(interrupted, "BOOT_ID", tmp_path / "boot_id")
    assert cut.ensure("main") == 2


def test_another_kernel_begins_anew(cut: Builds) -> None:
    cut.add("other", None, config="CONFIG_OTHER=y\n")
    assert cut.ensure("other") == 2
    assert cut.ensure("main") == 2
