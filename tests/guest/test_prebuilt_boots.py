# SPDX-License-Identifier: GPL-2.0-only
"""A kernel that is built already, by its image alone, boots and is measured."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from conftest import bench_line

from retrap.base.arch import native
from retrap.base.progress import Progress, Task
from retrap.build.programs import Programs
from retrap.config.experiments import Guest
from retrap.config.variants import Source, Variant
from retrap.executors import guest
from retrap.kernel import kernels
from retrap.kernel.kernels import Kernel

FREE = Guest(cpus=2, timeout_s=300, exact=False)


@pytest.mark.skipif(native().name != "x86_64", reason="an Image tells no config")
def test_an_image_with_its_config_beside_it(
    built: dict[str, Kernel],
    programs: Programs,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = built["mainline"]
    place = tmp_path / "boot"
    place.mkdir()
    shutil.copy(source.image, place / "vmlinuz-mine")
    shutil.copy(source.directory / "config", place / "config-mine")
    origin = Source(None, None, None, place / "vmlinuz-mine")
    mine = Variant("mine", None, origin, (), (), ("listen",))
    monkeypatch.setenv("RETRAP_CACHE", str(tmp_path / "cache"))
    with Progress() as progress:
        kernel = kernels.ensure(mine, {}, progress)
    assert kernel.key != source.key
    work = tmp_path / "w"
    line = bench_line("cell", "mainline", "floor/futex", 50).replace("exact", "vm")
    guest.run(kernel, programs, [line], work, FREE, Task("mine"))
    run = json.loads((work / "results/cell.run.json").read_text())
    assert run["samples_taken"] == 50
    assert run["kernel"]["build_id"] == source.meta()["build_id"]
