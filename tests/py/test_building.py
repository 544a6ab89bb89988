# SPDX-License-Identifier: GPL-2.0-only
"""Which objects a build compiles, and whose it may take."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from kernel_trees import Builds

from retrap.base.arch import native
from retrap.base.errors import RetrapError
from retrap.kernel import patched_files
from retrap.kernel.machine_config import MachineConfig


def test_a_chain_compiles_what_its_patches_touch(builds: Builds) -> None:
    """p1's tree is not kept: all of it was unpacked and compiled."""
    assert builds.ensure("main") == 2
    assert builds.ensure("p2") == 2 and not builds.built("p1")
    cache = Path(os.environ["RETRAP_CACHE"])
    left = sorted(path.name for path in (cache / "trees").iterdir())
    assert len(left) == 2 and "build.partial" in left


def test_the_last_builds_tree_serves_the_next_one(
    builds: Builds, tmp_path: Path
) -> None:
    """A tree was copied and deleted for each of a hundred mutants."""
    builds.add("p3", "main", "signal.c")
    builds.ensure("main")
    assert builds.ensure("p1") == 1
    work = tmp_path / "cache/trees/build.partial"
    (work / "mark").touch()
    assert builds.ensure("p3") == 1 and (work / "mark").exists()
    assert builds.image("p3") == "int x;\nint p3;\nint x;\n"
    assert builds.ensure("on-own") == 1  # of another base's tree
    assert builds.image("on-own").startswith("int x;\nint on-own;\n")


def test_a_tree_whose_files_a_patch_removed_serves_no_other(
    builds: Builds, tmp_path: Path
) -> None:
    builds.add("gone", "main", "signal.c")
    (tmp_path / "gone.patch").write_text(
        "--- a/Kconfig2\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"
    )
    builds.ensure("main")
    builds.ensure("gone")
    assert not (tmp_path / "cache/trees/build.partial").exists()


def test_a_build_that_failed_leaves_its_tree_to_nobody(
    builds: Builds, tmp_path: Path
) -> None:
    """It would be taken for the base with one file changed."""
    builds.ensure("main")
    builds.ensure("p1")
    builds.add("bad", "main", "exit.c")
    (tmp_path / "bad.patch").write_text("no patch\n")
    with pytest.raises(RetrapError):
        builds.ensure("bad")
    work = tmp_path / "cache/trees/build.partial"
    (work / "mark").touch()
    builds.add("p4", "main", "exit.c")
    assert builds.ensure("p4") == 1 and not (work / "mark").exists()


def test_a_tree_that_was_pruned_is_made_once_more(builds: Builds) -> None:
    """Its kernel is there: each variant on it would compile all."""
    builds.ensure("main")
    (tree,) = (Path(os.environ["RETRAP_CACHE"]) / "trees").iterdir()
    shutil.rmtree(tree)
    assert builds.ensure("p1") == 1 and tree.is_dir()
    assert builds.ensure("p2") == 2


def test_the_base_comes_first_where_its_objects_serve(builds: Builds) -> None:
    assert builds.ensure("p1") == 1 and builds.built("main")


def test_a_config_of_its_own_is_no_reason_to_build_the_base(builds: Builds) -> None:
    assert builds.ensure("own") == 2
    assert not builds.built("main")
    assert builds.ensure("on-own") == 1  # from own's objects, which are kept


def test_objects_of_the_base_serve_where_they_are(builds: Builds) -> None:
    assert builds.ensure("main") == 2
    assert builds.ensure("own") == 0  # this make sees no change in a config


def test_a_patched_file_of_a_chain_is_laid(builds: Builds, tmp_path: Path) -> None:
    builds.ensure("main")
    into = tmp_path / "laid"
    into.mkdir()
    patched_files.lay_source(
        builds.variants["p2"], builds.variants, native(), set(), into
    )
    assert (into / "signal.c").read_text() == "int x;\nint p1;\n"
    assert (into / "exit.c").read_text() == "int x;\nint p2;\n"


def test_a_machine_is_configured_once_for_variants_that_share_it(
    builds: Builds, tmp_path: Path
) -> None:
    """Its three turns of kconfig took longer than what the patches touch."""
    config = "CONFIG_X86_64=y\nCONFIG_ARM64=y\nCONFIG_EXT4_FS=y\n"
    machine = MachineConfig.read(config, "ext4 1 0\n", "ext4")
    assert builds.ensure("main", machine) == 2 and not builds.built("main")
    assert builds.ensure("p1", machine) == 1
    assert builds.ensure("on-own", machine) == 1
    logs = {
        name: next((tmp_path / "cache/logs").glob(f"{name}-*.log")).read_text()
        for name in ("main", "p1", "own")
    }
    turns = {name: text.count("LSMOD=") for name, text in logs.items()}
    assert turns == {"main": 1, "p1": 0, "own": 1}
