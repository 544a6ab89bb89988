# SPDX-License-Identifier: GPL-2.0-only
"""A variant that names its compiler: key, objects, packages, what is refused."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from kernel_trees import Builds

from retrap.base.arch import ARM64, X86_64, native
from retrap.base.errors import EXIT_CONFIG, EXIT_KERNEL, RetrapError
from retrap.build import packages, toolchain
from retrap.config.variants import Variant, load_variants
from retrap.kernel import kernels

HERE, FOREIGN = (X86_64, ARM64) if native() is X86_64 else (ARM64, X86_64)


@pytest.fixture
def gcc_99(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    program = tmp_path / "bin/gcc-99"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho gcc-99 of a test\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return program.name


def test_objects_of_another_compiler_do_not_serve(
    builds: Builds, gcc_99: str, tmp_path: Path
) -> None:
    builds.add("other", "main")
    builds.variants["other"] = replace(builds.variants["other"], compiler=gcc_99)
    builds.add("on-other", "other", "signal.c")
    builds.variants["on-other"] = replace(builds.variants["on-other"], compiler=gcc_99)
    assert builds.ensure("main") == 2
    assert builds.ensure("other") == 2
    assert builds.ensure("on-other") == 1
    for name, compiler in (("main", "gcc ("), ("on-other", "gcc-99 of a test; GNU ld")):
        kernel = kernels.find(builds.variants[name])
        assert kernel and kernel.meta()["compiler"].startswith(compiler)
    logs = {log.name[:4]: log.read_text() for log in tmp_path.glob("cache/logs/*.log")}
    assert "CC=gcc-99" in logs["on-o"] and "CC=" not in logs["main"]


def test_a_compiler_that_is_not_here_is_named_with_its_package(
    builds: Builds,
) -> None:
    mine = replace(builds.variants["main"], compiler="clang-98")
    with pytest.raises(RetrapError, match="clang-98 or ld is missing") as caught:
        kernels.kernel_key(mine, HERE)
    assert caught.value.exit_code == EXIT_KERNEL
    assert caught.value.remedy == f"./retrap packages guest {HERE.name} clang-98"


def test_what_each_compiler_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """gcc is one a target, clang one for all."""
    cross = FOREIGN.triplet
    assert toolchain.kbuild(HERE) == [f"ARCH={HERE.name}"]
    words = [f"ARCH={FOREIGN.name}", f"CROSS_COMPILE={cross}-"]
    assert toolchain.kbuild(FOREIGN, "gcc-11") == [*words, f"CC={cross}-gcc-11"]
    assert toolchain.kbuild(FOREIGN, "clang-14") == [*words, "CC=clang-14"]
    package = f"gcc-98-{cross.replace('_', '-')}"
    assert packages.compiler_package(FOREIGN, "gcc-98") == package
    (need,) = packages.missing([package])
    assert need.thing == f"command {cross}-gcc-98" and need.packages == (package,)
    (need,) = packages.missing(["clang-98"])
    assert need.thing == "command clang-98"
    assert packages.asked(package) == package


def test_only_variants_that_name_a_compiler_ask_for_its_package(
    builds: Builds,
) -> None:
    main = builds.variants["main"]
    mine = replace(main, compiler="clang-98")
    assert packages.of_variants([main], HERE, FOREIGN) == ()
    assert packages.of_variants([main, mine], HERE, FOREIGN) == ("clang-98",)
    assert "clang-98" in packages.guests([HERE], [mine])


def table(tmp_path: Path, compiler: str) -> dict[str, Variant]:
    file = tmp_path / "variants.toml"
    file.write_text(
        f'[a]\npackage = "linux-source-6.12"\ncompiler = "{compiler}"\n'
        '[b]\nbase = "a"\n[c]\nbase = "b"\ncompiler = "gcc-12"\n'
    )
    return load_variants(file)


def test_the_compiler_is_that_of_the_base(tmp_path: Path) -> None:
    variants = table(tmp_path, "clang-14")
    assert [each.compiler for each in variants.values()] == [
        *["clang-14"] * 2,
        "gcc-12",
    ]
    assert variants["b.aligned"].compiler == "clang-14"


@pytest.mark.parametrize("name", ["icc", "gcc", "/usr/bin/gcc-11", "gcc-11; true"])
def test_a_compiler_is_refused_by_name(tmp_path: Path, name: str) -> None:
    variants = table(tmp_path, name)
    with pytest.raises(RetrapError, match="as gcc-11 or clang-14") as caught:
        variants["a"]
    assert caught.value.exit_code == EXIT_CONFIG and ":3: " in caught.value.message
