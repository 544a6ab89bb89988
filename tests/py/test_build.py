# SPDX-License-Identifier: GPL-2.0-only
"""What a build asks for before it begins, and what of it goes where."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from plots.profiles import draw_profiles
from retrap.build import packages, programs as build, sysroot, toolchain
from retrap.config import experiments
from retrap.config.variants import load_variants
from retrap.executors import initramfs
from retrap.base.arch import ARCHES, native
from retrap.build.programs import BENCH, FOR_QEMU, MEASURING, RULES, Programs
from retrap.base.paths import ROOT
from retrap.base.errors import EXIT_CONFIG, RetrapError
from retrap.profile import measure
from retrap.base.progress import Progress


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


def asked_of_ninja(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The targets of every build from now on; nothing is built."""
    asked: list[list[str]] = []

    def note(argv: list[str], *_: object, **__: object) -> int:
        if "--target" in argv:
            asked.append(argv[argv.index("--target") + 1 :])
        return 0

    monkeypatch.setattr(build, "run_logged", note)
    return asked


def test_a_guest_has_the_programs_that_were_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = asked_of_ninja(monkeypatch)
    with Progress() as progress:
        measuring = build.build_for_guests(progress, MEASURING, native())
        rules = build.build_for_guests(progress, RULES, native())
        everything = build.build(progress)
    assert asked == [[*MEASURING, *FOR_QEMU], [*RULES, *FOR_QEMU], ["all"]]
    assert (measuring.names, rules.names) == (MEASURING, RULES)
    assert everything.names == build.PROGRAMS


def test_a_scenario_that_is_not_there_costs_one_program(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It took a build of all programs to say so."""
    asked = asked_of_ninja(monkeypatch)
    monkeypatch.setattr(Programs, "registry", lambda self: {})
    variants = load_variants()
    request = measure.Request(
        ("nope",), ("mainline",), (native(),), experiments.PLACEMENTS, 10, 2, 1
    )
    with pytest.raises(RetrapError, match="no scenario 'nope'") as caught:
        measure.run(request, variants, tmp_path, fresh=False, draw=draw_profiles)
    assert caught.value.exit_code == EXIT_CONFIG and asked == [[BENCH]]


def programs_of(directory: Path, names: tuple[str, ...]) -> Programs:
    for name in names:
        shutil.copyfile("/bin/true", directory / name)
    return Programs(directory, native(), names)


def test_what_another_command_boots_is_no_other_plan(tmp_path: Path) -> None:
    """A rule of the book that changed made every measurement a new one."""
    measuring = programs_of(tmp_path, MEASURING)
    before = measuring.sha256()
    (tmp_path / "retrap-conform").write_text("new")
    assert measuring.sha256() == before
    (tmp_path / BENCH).write_text("new")
    assert measuring.sha256() != before


@pytest.mark.parametrize("names", [MEASURING, RULES])
def test_an_initramfs_holds_its_own_programs_alone(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    programs = programs_of(tmp_path, names)
    packed = initramfs.make(tmp_path / "work", native(), programs, {})
    inside = subprocess.run(
        ["cpio", "--quiet", "-t"],
        input=packed.read_bytes(),
        capture_output=True,
        check=True,
    )
    found = {
        Path(name).name
        for name in inside.stdout.decode().splitlines()
        if name.startswith("bin/")
    }
    assert found & set(build.PROGRAMS) == set(names)
    assert ("perf" in found) == (names == MEASURING)


@pytest.mark.parametrize("name", ["it's", "a$b", "o'h $x & y #1", "[x] (1) 2^3.*"])
def test_a_clone_of_any_name_builds_once(tmp_path: Path, name: str) -> None:
    """ninja read another name than GCC had written, and built all of it again."""
    clone = tmp_path / name
    clone.mkdir()
    shutil.copy(ROOT / "cmake/Depfiles.cmake", clone)
    (clone / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.25)\nproject(x LANGUAGES C)\n"
        "include(Depfiles.cmake)\nadd_executable(x x.c)\n"
    )
    (clone / "x.c").write_text('#include "x.h"\nint main(void) { return X; }\n')
    (clone / "x.h").write_text("#define X 0\n")
    words = ["cmake", "-G", "Ninja", "-S", str(clone), "-B", f"{clone}/build"]
    subprocess.run(words, check=True, capture_output=True)

    def built() -> bool:
        words = ["cmake", "--build", f"{clone}/build"]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        return "no work to do" not in done.stdout

    assert built() and not built()
    (clone / "x.h").write_text("#define X 1\n")
    assert built() and not built()


def test_a_compiler_of_the_environment_is_left_out_and_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CC", "gcc-11")
    monkeypatch.setenv("CCACHE_DIR", "/elsewhere")
    toolchain.say_left_out.cache_clear()
    found = [toolchain.environment() for _ in range(2)]
    assert all("CC" not in each and "CCACHE_DIR" in each for each in found)
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and "CC=gcc-11" in said[0]
