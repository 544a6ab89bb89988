# SPDX-License-Identifier: GPL-2.0-only
"""The files that `retrap try` writes: kernels, what is measured of them, the answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_given import git

from retrap.base.arch import ARCHES, native
from retrap.base.errors import RetrapError
from retrap.base.paths import ROOT
from retrap.cli import attempt_files
from retrap.config.experiments import load_experiment
from retrap.config.fragments import asked, config_text
from retrap.config.variants import load_variants, named


def test_the_answer_is_kept(tmp_path: Path) -> None:
    assert attempt_files.keep(tmp_path, "text\n", "{}") == "try.txt, try.json"
    assert (tmp_path / "try.txt").read_text() == "text\n"
    assert (tmp_path / "try.json").read_text() == "{}\n"


def test_its_files_are_read_by_every_command(tmp_path: Path) -> None:
    patches = [tmp_path / f"000{n}-x.patch" for n in (1, 2)]
    for file in patches:
        file.write_text("")
    shipped = ROOT / "configs/variants.toml"
    below = load_variants(shipped)["async-retrap"]
    base = attempt_files.shipped(below, [])
    path = tmp_path / "variants.toml"
    variants = attempt_files.write_variants(path, shipped, base, patches)
    last = variants["patched-2"]
    assert last.patches == (*below.patches, *patches)
    assert last.interfaces == below.interfaces
    path = tmp_path / "try.toml"
    names = [base.name, "patched-1", "patched-2"]
    mine = tmp_path / "mine.cc"
    mine.write_text("int x;")
    words = (path, names, (native(),), ["floor/futex"])
    attempt_files.write_experiment(*words, mine=[mine])
    experiment = load_experiment(path, variants)
    assert [file.path for file in experiment.files] == [mine]
    assert experiment.variants == ("async-retrap", "patched-1", "patched-2")
    assert experiment.baseline == "async-retrap"


def test_a_config_is_of_every_kernel(tmp_path: Path) -> None:
    fragment, patch = tmp_path / "more.config", tmp_path / "0001-x.patch"
    fragment.write_text("CONFIG_SECCOMP=y\n")
    patch.write_text("")
    shipped = ROOT / "configs/variants.toml"
    base = attempt_files.shipped(load_variants(shipped)["mainline"], [fragment])
    path = tmp_path / "variants.toml"
    variants = attempt_files.write_variants(path, shipped, base, [patch])
    for name in ("mainline-configured", "patched-1"):
        assert variants[name].fragments == (fragment,)
    assert variants["patched-1"].patches == (patch,)


@pytest.mark.parametrize(
    ("release", "symbols", "names"),
    [
        ("6.1", "config BASE_FULL\n", ["6.1.config", "6.1-arm64.config"]),
        ("6.6", "config BASE_FULL\n", ["6.1.config"]),
        ("6.12", "config BASE_SMALL\n", []),
        ("7.1", "config BASE_SMALL\n", ["7.x.config", "7.x-arm64.config"]),
    ],
)
def test_a_tree_has_the_fragments_of_its_release(
    tmp_path: Path, release: str, symbols: str, names: list[str]
) -> None:
    tree = tmp_path / "linux"
    (tree / "init").mkdir(parents=True)
    git(tree, "init", "-q")
    major, minor = release.split(".")
    (tree / "Makefile").write_text(f"VERSION = {major}\nPATCHLEVEL = {minor}\n")
    (tree / "init/Kconfig").write_text(f"menu x\n\n{symbols}\tbool\n")
    git(tree, "add", ".")
    git(tree, "commit", "-qm", "x")
    commit = git(tree, "rev-parse", "HEAD").strip()
    (tree / "init/Kconfig").unlink()  # the commit counts
    base = attempt_files.of_tree(tree, commit, [])
    (tmp_path / "x.patch").write_text("")
    shipped = ROOT / "configs/variants.toml"
    words = (shipped, base, [tmp_path / "x.patch"])
    made = attempt_files.write_variants(tmp_path / "variants.toml", *words)
    variant = made["patched-1"]
    assert [file.name for file in variant.fragments] == names
    assert (variant.source.tree, variant.source.ref) == (tree, commit)


def test_the_shipped_variants_have_them_too() -> None:
    variants = load_variants(ROOT / "configs/variants.toml")
    for name, release in (("mainline-6.1", "6.1"), ("mainline-7.x", "7.x")):
        names = [file.name for file in variants[name].fragments]
        assert names == [f"{release}.config", f"{release}-arm64.config"]
    old = variants["mainline-6.1"]
    assert asked(config_text(old, ARCHES["arm64"]))["CONFIG_ARM_PMUV3"] == "n"
    assert "CONFIG_ARM_PMUV3" not in asked(config_text(old, ARCHES["x86_64"]))


def test_images_are_variants(tmp_path: Path) -> None:
    (tmp_path / "obj").mkdir()
    (tmp_path / "bzImage").write_bytes(b"")
    images = [tmp_path / "bzImage", tmp_path / "obj", tmp_path / "none"]
    made = attempt_files.write_images(tmp_path / "variants.toml", images)
    assert [made[f"image-{n}"].source.prebuilt for n in (1, 2)] == images[:2]
    with pytest.raises(RetrapError, match="no image of a kernel at .*none"):
        named(["image-3"], made)


def test_each_tag_is_a_kernel(tmp_path: Path) -> None:
    tree = tmp_path / 'it\'s a "tree"'
    tree.mkdir()
    git(tree, "init", "-q")
    (tree / "Makefile").write_text("VERSION = 7\nPATCHLEVEL = 1\n")
    git(tree, "add", "Makefile")
    git(tree, "commit", "-qm", "x")
    tags = ["v7.1-rc1", "v7.1"]
    for tag in tags:
        git(tree, "tag", tag)
    made = attempt_files.write_releases(tmp_path / "v.toml", tree, tags, [])
    assert [made[tag].source.ref for tag in tags] == tags
    shipped = ROOT / "configs/variants.toml"
    base = attempt_files.of_tree(tree, git(tree, "rev-parse", "v7.1").strip(), [])
    known = attempt_files.write_variants(tmp_path / "w.toml", shipped, base, [])
    assert known[base.name].source.tree == tree
