# SPDX-License-Identifier: GPL-2.0-only
"""A base's tree: it serves in a cache that was moved, and what a header costs is
told."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from kernel_trees import KERNEL, Builds, commit

from retrap.kernel import building

# As objtool: it is made again under another name, and every object after it.
TOOL = """\
TOOL := $(abspath $(O))/tools/tool
-include $(O)/tools/.tool.cmd
$(O)/signal.o $(O)/exit.o: $(TOOL)
$(TOOL): FORCE
\t@[ '$(cmd_$(TOOL))' = 'made $(TOOL)' ] || { mkdir -p $(@D); echo tool >$@; \\
\techo 'cmd_$(TOOL) := made $(TOOL)' >$(@D)/.tool.cmd; }
FORCE:
"""


def copied(old: Path, new: Path) -> None:
    subprocess.run(["cp", "-a", old, new], check=True)


def shipped(old: Path, new: Path) -> None:
    """Its times are whole seconds then."""
    archive = new.with_name("cache.tar")
    subprocess.run(["tar", "-C", old, "-cf", archive, "."], check=True)
    new.mkdir()
    subprocess.run(["tar", "-C", new, "-xf", archive], check=True)


def without_times(old: Path, new: Path) -> None:
    """Every object comes before what it is made of."""
    shutil.copytree(old, new, symlinks=True)
    files = [file for file in new.rglob("*") if file.is_file()]
    files.sort(key=lambda file: file.suffix == ".c" or file.name == "tool")
    for number, file in enumerate(files):
        os.utime(file, (10**9 + number, 10**9 + number))


@pytest.mark.parametrize(("many", "told"), [(0, True), (1, False)])
def test_a_header_of_many_objects_is_told_before_they_are_compiled(
    builds: Builds,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    many: int,
    told: bool,
) -> None:
    monkeypatch.setattr(building, "MANY", many)
    assert builds.source.tree
    (builds.source.tree / "all.h").write_text("int x;\n")
    commit(builds.source.tree)
    builds.add("header", "main", "all.h")
    builds.ensure("main")
    (kept,) = (tmp_path / "cache/trees").iterdir()
    (kept / "obj/.signal.o.cmd").write_text("deps := \\\n  ../all.h \\\n")
    builds.ensure("header")
    line = "header: 1 objects include all.h: about 1 min\n"
    assert (line in capsys.readouterr().err) == told


@pytest.mark.parametrize("last_tree", [True, False])
@pytest.mark.parametrize("ship", [copied, shipped, without_times])
def test_a_moved_cache_compiles_what_a_patch_touches(
    builds: Builds,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ship: Callable[[Path, Path], None],
    last_tree: bool,
) -> None:
    assert builds.source.tree
    (builds.source.tree / "Makefile").write_text(KERNEL + TOOL)
    commit(builds.source.tree)
    builds.add("p3", "main", "signal.c")
    builds.ensure("main")
    assert builds.ensure("p1") == 1
    if not last_tree:
        shutil.rmtree(tmp_path / "cache/trees/build.partial")
    ship(tmp_path / "cache", tmp_path / "elsewhere")
    monkeypatch.setenv("RETRAP_CACHE", str(tmp_path / "elsewhere"))
    assert builds.ensure("p3") == 1
    assert builds.image("p3") == "int x;\nint p3;\nint x;\n"
