# SPDX-License-Identifier: GPL-2.0-only
"""The kernel patches: in the kernel's own style, and ready for git am."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from pathlib import Path

import pytest

from retrap.base.cache import cache_dir
from retrap.base.paths import ROOT
from retrap.kernel.kernels import Kernel

PATCHES = sorted((ROOT / "kernel-patch").glob("*/*/*.patch"))
IGNORED = "MISSING_SIGN_OFF,FILE_PATH_CHANGES"
SERIES = {
    "listen-republish": ("listen-republish",),
    "async-retrap": ("prep", "async-retrap"),
    "please-notify": ("prep", "please-notify"),
    "combined": ("prep", "async-retrap", "combined"),
}


@pytest.fixture(scope="module")
def tree(built: dict[str, Kernel]) -> Path:
    """The pristine source that mainline was built from."""
    return cache_dir() / "trees" / built["mainline"].key


def test_there_are_patches() -> None:
    found = {path.parent.name for path in PATCHES}
    assert found == {"prep", *SERIES, "x86_64"}  # the last: of the boot


@pytest.mark.parametrize("patch", PATCHES, ids=lambda path: str(path.parent.name))
def test_checkpatch_strict_is_clean(tree: Path, patch: Path) -> None:
    """Signed-off-by is for the person who posts (kernel-patch/README.md). Files
    below tools/testing/selftests and Documentation have a maintainer already."""
    argv = [tree / "scripts/checkpatch.pl", f"--root={tree}", "--strict"]
    argv += ["--no-summary", "--terse", "--ignore", IGNORED, patch]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize("design", SERIES)
def test_git_am(tree: Path, tmp_path: Path, design: str) -> None:
    """What a kernel is made of, in order, on the files it touches."""
    release = ROOT / "kernel-patch/6.12"  # tests/all has the older kernel's
    series = [p for d in SERIES[design] for p in PATCHES if p.parent == release / d]
    touched = {
        line.removeprefix("--- a/").strip()
        for patch in series
        for line in patch.read_text().splitlines()
        if line.startswith("--- a/") and (tree / line[6:].strip()).exists()
    }
    for name in touched:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((tree / name).read_bytes())
    git = ["git", "-C", str(tmp_path), "-c", "user.name=t"]
    git += ["-c", "user.email=t@localhost.invalid"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "base"]):
        subprocess.run([*git, *words], check=True)
    subprocess.run([*git, "am", "-q", *series], check=True)
    log = subprocess.run([*git, "log", "--format=%s"], capture_output=True, text=True)
    assert len(log.stdout.splitlines()) == len(series) + 1


PAGE = Path("/usr/share/man/man2/ptrace.2.gz")  # of manpages-dev


def test_the_man_page_takes_the_patch(tmp_path: Path) -> None:
    folder = ROOT / "kernel-patch/man-pages"
    if not PAGE.is_file():
        pytest.skip(f"no {PAGE}: {(folder / 'base').read_text()}")
    page = tmp_path / "man2/ptrace.2"
    page.parent.mkdir()
    page.write_bytes(gzip.decompress(PAGE.read_bytes()))
    (patch,) = folder.glob("*.patch")
    argv = ["patch", "-p1", "--fuzz=0", "--batch", "-d", tmp_path, "-i", patch]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    if shutil.which("groff"):
        argv = ["groff", "-man", "-Tutf8", "-ww", "-z", page]
        warned = subprocess.run(argv, capture_output=True, text=True)
        assert (warned.returncode, warned.stderr) == (0, "")
