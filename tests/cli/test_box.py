# SPDX-License-Identifier: GPL-2.0-only
"""A machine without Python or compiler: `retrap bench --static`, retrap-box there, and
`retrap run --from` here."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from retrap.base.paths import ROOT
from retrap.executors import box

EXPERIMENT = """\
scenarios = ["floor/clock", "trap/trigger:interrupt"]
placements = ["same-cpu"]

[host]
samples = 100
"""


def retrap(*words: object) -> subprocess.CompletedProcess[str]:
    argv = [str(ROOT / "retrap"), *map(str, words)]
    return subprocess.run(argv, capture_output=True, text=True, cwd=ROOT)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As it lies on the machine."""
    place = tmp_path_factory.mktemp("box")
    (place / "small.toml").write_text(EXPERIMENT)
    archive = place / "box.tar.gz"
    done = retrap("bench", "--static", place / "small.toml", "--out", archive)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(archive)
    with tarfile.open(archive) as tar:
        tar.extractall(place / "machine")
    return place / "machine" / box.BOX


@pytest.fixture(scope="module")
def measured(folder: Path) -> Path:
    """With sh and nothing of ours but the folder."""
    done = subprocess.run(
        ["env", "-i", "/bin/sh", str(folder / "retrap-box")],
        cwd="/",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "is whole; bring this folder home" in done.stdout
    return folder


def test_it_loads_no_library(folder: Path) -> None:
    told = subprocess.run(
        ["readelf", "--dynamic", "--program-headers", str(folder / "retrap-bench")],
        capture_output=True,
        text=True,
    ).stdout
    assert "There is no dynamic section" in told and "INTERP" not in told


def test_what_it_leaves_is_a_boot(measured: Path) -> None:
    results = measured.parent / "results"
    where = ("--from", measured, "--results", results)
    done = retrap("run", measured.parent.parent / "small.toml", *where)
    assert done.returncode == 0, done.stderr
    assert "trap/trigger:interrupt" in done.stdout
    (record,) = results.glob("small-host/*/raw/host/boot-*/boot.json")
    boot = json.loads(record.read_text())
    assert boot["substrate"] in ("vm", "bare-metal") and boot["block"] == 1
    assert {"env-before.json", "env-after.json"} < boot["sha256"].keys()
    samples = [name for name in boot["sha256"] if name.endswith(".npy")]
    assert len(samples) == 2
    (directory,) = results.glob("small-host/*")
    assert retrap("compare", directory).returncode == 0
    again = retrap("run", measured.parent.parent / "small.toml", *where)
    assert again.returncode == 0, again.stderr
    assert len(list(results.glob("small-host/*"))) == 1  # the boot is there already


def test_the_same_boot_is_not_measured_twice(measured: Path) -> None:
    done = subprocess.run(
        ["/bin/sh", str(measured / "retrap-box")], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "is there already; a reboot makes another" in done.stderr


def test_a_folder_without_boots_is_named(tmp_path: Path) -> None:
    done = retrap("run", "--from", tmp_path, "--results", tmp_path / "r")
    assert done.returncode == 8
    assert f"{tmp_path}: there is no boots/ of retrap-box in it" in done.stderr


@pytest.mark.parametrize("gone", ["arch", "boots/boot-*/plan", "boots/boot-*/*.status"])
def test_a_file_of_the_box_that_is_gone_is_named(
    measured: Path, tmp_path: Path, gone: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(measured, copy)
    file = sorted(copy.glob(gone))[0]
    file.unlink()
    done = retrap("run", "--from", copy, "--results", tmp_path / "r")
    assert done.returncode == 8 and f"{file.name}: cannot be read" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_link_in_a_boot_is_refused(measured: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(measured, copy)
    (boot,) = copy.glob("boots/boot-*")
    (boot / "mine.log").symlink_to("/etc/passwd")
    done = retrap("run", "--from", copy, "--results", tmp_path / "r")
    assert done.returncode == 8 and "mine.log: is no plain file" in done.stderr
