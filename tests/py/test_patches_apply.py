# SPDX-License-Identifier: GPL-2.0-only
"""Each design's patches on the sources that are here, as a build applies them.

A source that is not here is skipped: nothing is fetched or compiled."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from retrap.base.errors import RetrapError
from retrap.base.paths import ROOT
from retrap.build import packages
from retrap.config.variants import Variant, load_variants
from retrap.kernel import source

VARIANTS = load_variants()
DESIGNS = [v for v in VARIANTS.values() if v.patches and v.source.package]
PORTED = [
    file
    for file in sorted((ROOT / "kernel-patch/7.x").glob("*/*.patch"))
    if not file.is_symlink()
]
TOUCHED = re.compile(r"^--- a/(\S+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Pristine"]:
    yield Pristine(tmp_path_factory.mktemp("pristine"))


class Pristine:
    """Of each source the files that any design touches, unpacked once."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.of = functools.cache(self._of)

    def copy(self, package: str, into: Path) -> Path:
        return Path(shutil.copytree(self.of(package), into))

    def _of(self, package: str) -> Path:
        tarball = packages.tarball(package)
        if not tarball.is_file():
            pytest.skip(f"{package} is not here: ./retrap packages {package}")
        files = {f for v in DESIGNS for p in v.patches for f in touched(p)}
        tree = Path(tempfile.mkdtemp(dir=self.place))
        # Of those files a release lacks some, which tar calls an error.
        words = ["tar", "-xJf", str(tarball), "--strip-components=1", "-C", str(tree)]
        subprocess.run(
            [*words, "--wildcards", *(f"*/{file}" for file in sorted(files))],
            stderr=subprocess.DEVNULL,
        )
        assert (tree / "kernel/signal.c").is_file()
        return tree


def touched(patch: Path) -> list[str]:
    return TOUCHED.findall(patch.read_text())


@pytest.mark.parametrize("variant", DESIGNS, ids=lambda variant: variant.name)
def test_a_design_applies_to_its_base(
    variant: Variant, pristine: Pristine, tmp_path: Path
) -> None:
    """Where it does not, the failure names patch, file and hunk."""
    assert variant.source.package
    tree = pristine.copy(variant.source.package, tmp_path / "tree")
    source.patch(variant, tree, tmp_path / "log")


@pytest.mark.parametrize("ported", PORTED, ids=lambda file: file.parent.name)
def test_a_port_is_no_copy_of_what_applies_as_it_is(
    ported: Path, pristine: Pristine, tmp_path: Path
) -> None:
    """6.12's own patch in the place of each file in 7.x: by name and hunk, what
    does not apply. Else a link would do."""
    design = next(v for v in DESIGNS if ported.resolve() in v.patches)
    original = ROOT / "kernel-patch/6.12" / ported.parent.name / ported.name
    patches = design.patches[: design.patches.index(ported.resolve())]
    asked = Variant(
        "mine", None, design.source, (*patches, original), (), ("listen",)
    )  # fmt: skip
    assert design.source.package
    tree = pristine.copy(design.source.package, tmp_path / "tree")
    with pytest.raises(RetrapError, match=r"kernel/\w+\.c: Hunk #\d+ FAILED") as said:
        source.patch(asked, tree, tmp_path / "log")
    assert f"{original} does not apply" in str(said.value)


def test_7_x_has_every_patch_of_the_code_of_6_12() -> None:
    """Docs and selftests stay with 6.12: they add nothing to a kernel."""
    code = {
        f"{file.parent.name}/{file.name}"
        for file in (ROOT / "kernel-patch/6.12").glob("*/*.patch")
        if "+++ b/kernel/" in file.read_text()
    }
    there = (ROOT / "kernel-patch/7.x").glob("*/*.patch")
    assert {f"{file.parent.name}/{file.name}" for file in there} == code
    assert len(code) >= 15
