# SPDX-License-Identifier: GPL-2.0-only
"""The scenario of docs/own-scenario.md, in a folder outside of the clone: compiled,
listed and measured on the running kernel; and files that cannot be."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from pathlib import Path

import pytest

from retrap.base.errors import EXIT_BUILD, EXIT_CONFIG, EXIT_OK, EXIT_USAGE
from retrap.base.paths import ROOT
from retrap.build.programs import Programs
from retrap.results import store

PAGE = (ROOT / "docs/own-scenario.md").read_text()
EXPERIMENT = """
scenarios = ["floor/syscall", "mine/syscall-info/asks:8"]
placements = ["same-cpu"]
scenario_files = ["{}/mine.cc"]
[host]
samples = 100
"""
NAMES = [f"mine/syscall-info/asks:{asks}" for asks in (0, 1)]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the page's example, and an experiment."""
    (text,) = re.findall(r"```cpp\n(.*?)```", PAGE, re.S)
    (tmp_path / "mine.cc").write_text(text)
    (tmp_path / "own.toml").write_text(EXPERIMENT.format(tmp_path))
    (tmp_path / "small.toml").write_text(
        'scenarios = ["floor/syscall"]\nplacements = ["same-cpu"]\n'
        "[host]\nsamples = 100\n"
    )
    return tmp_path


def run(place: Path, *words: str, code: int = EXIT_OK) -> str:
    """`./retrap run` in that folder; what it says on standard error."""
    done = subprocess.run(
        [ROOT / "retrap", "run", *words, "--results", "r", "--no-install"],
        cwd=place,
        capture_output=True,
        text=True,
        env=os.environ,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def results(place: Path, name: str) -> store.Results:
    (path,) = (place / "r" / name).glob("2*")
    return store.load(path)


def test_the_worked_example_is_measured(place: Path) -> None:
    shipped = Programs(ROOT / "build/release").bench
    before = shipped.read_bytes()
    said = run(place, "small.toml", "--scenario", "mine.cc")
    assert "mine/syscall-info/asks:0..64: the entry stop of getppid(2), and" in said
    assert shipped.read_bytes() == before
    data = (place / "mine.cc").read_bytes()
    (place / "mine.cc").unlink()  # what reads results does not need it
    found = results(place, "small+mine-host")
    assert found.plan["scenarios"] == NAMES
    (told,) = found.plan["scenario_files"]
    assert told["name"] == "mine.cc"
    assert told["sha256"] == hashlib.sha256(data).hexdigest()
    assert "\n".join(told["lines"]).encode() == data
    (boot,) = found.boots
    timed = [cell.run for cell in boot.cells if cell.timed]
    assert sorted(each["scenario"] for each in timed) == NAMES
    assert {(each["samples_taken"], each["samples_failed"]) for each in timed} == {
        (100, 0)
    }
    whose = f"mine.cc (sha256 {told['sha256'][:12]}) has scenarios of the user"
    assert whose in (found.path / "table.txt").read_text()
    for command in ("report", "lkml"):
        argv = [ROOT / "retrap", command, found.path, "--no-install"]
        done = subprocess.run(argv, capture_output=True, text=True)
        assert done.returncode == EXIT_OK
    assert whose in done.stdout


def test_an_experiment_takes_a_file_and_a_number_of_its_range(place: Path) -> None:
    run(place, "own.toml")
    found = results(place, "own-host")
    asked = "mine/syscall-info/asks:8"
    assert found.plan["scenarios"] == ["floor/syscall", asked, *NAMES]
    text = (place / "own.toml").read_text()
    (place / "own.toml").write_text(text.replace("asks:8", "asks:65"))
    assert "asks is 0 to 64, not 65" in run(place, "own.toml", code=EXIT_CONFIG)


def test_a_change_of_the_file_makes_new_results(place: Path) -> None:
    words = ("small.toml", "--scenario", "mine.cc")
    run(place, *words)
    assert "this boot is already there" in run(place, *words)
    text = (place / "mine.cc").read_text()
    (place / "mine.cc").write_text(text + "// again\n")
    assert "fills r/small+mine-host" in run(place, *words)


def test_what_the_kernel_lacks_is_said(place: Path) -> None:
    lacking = (
        'static const char* missing() noexcept { return "a moon"; }\n'
        "  static constexpr WaitStatus"
    )
    text = (place / "mine.cc").read_text()
    lacks = text.replace("static constexpr WaitStatus", lacking)
    lacks = lacks.replace("mine/syscall-info", "lacks/syscall-info")
    (place / "lacks.cc").write_text(lacks)
    run(place, "small.toml", "--scenario", "mine.cc", "--scenario", "lacks.cc")
    found = results(place, "small+mine+lacks-host")
    (record,) = (boot.record for boot in found.boots)
    assert set(record["missing"].values()) == {"this kernel does not have a moon"}
    assert len(record["missing"]) == 2 and len(record["cells"]) == 2


def test_two_files_with_one_class(place: Path) -> None:
    """The linker would take the one for the other."""
    text = (place / "mine.cc").read_text().replace("namespace {", "namespace x {")
    text = text.replace("void getppid", "inline void getppid")
    (place / "mine.cc").write_text(text)
    (place / "b.cc").write_text(text.replace("mine/syscall-info", "b/syscall-info"))
    words = ("small.toml", "--scenario", "mine.cc", "--scenario", "b.cc")
    said = " ".join(run(place, *words, code=EXIT_CONFIG).split())
    assert f"{place}/b.cc: class x::SyscallInfo is in mine.cc too" in said


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        (
            "kSyscallStop;",
            "kMistake;",
            EXIT_BUILD,
            "mine.cc:[0-9]+:43: error: .kMistake.",
        ),
        ("struct SyscallInfo", "}}", EXIT_BUILD, "mine.cc:.*: error: expected decl"),
        ("const Registration", "// ", EXIT_CONFIG, "registers no scenario"),
        ("mine/syscall-info", "floor/syscall", EXIT_CONFIG, "is there already"),
        (
            "namespace {",
            "namespace retrap {\n#define SyscallInfo RequestGetsiginfo",
            EXIT_CONFIG,
            "class retrap::RequestGetsiginfo is in retrap too",
        ),
    ],
)
def test_a_file_that_cannot_be_measured(
    place: Path, old: str, new: str, code: int, said: str
) -> None:
    text = (place / "mine.cc").read_text()
    assert old in text
    (place / "mine.cc").write_text(text.replace(old, new))
    message = run(place, "small.toml", "--scenario", "mine.cc", code=code)
    assert re.search(f"{place}/mine.cc.*{said}", message.replace("\n", " "))
    assert not list(place.glob("r/*/2*"))


def test_a_box_takes_none(place: Path) -> None:
    for words in (["bench", "--static"], ["run", "--from", "."]):
        argv = [ROOT / "retrap", *words, "own.toml", "--no-install"]
        done = subprocess.run(argv, cwd=place, capture_output=True, text=True)
        assert done.returncode == EXIT_USAGE
        assert "a box does not take scenarios of yours" in done.stderr


def test_a_bisection_takes_none(place: Path) -> None:
    for words in (["--every-tag"], ["--bisect", "a@same-cpu", "--more-than", "2"]):
        argv = [ROOT / "retrap", "try", "--tree", ".", "a..b", *words, "--no-install"]
        argv += ["--scenario", "mine.cc"]
        done = subprocess.run(argv, cwd=place, capture_output=True, text=True)
        assert done.returncode == EXIT_USAGE
        assert f"--scenario does nothing with {words[0]}" in done.stderr


def test_a_dry_run_builds_nothing(place: Path) -> None:
    text = (place / "mine.cc").read_text()
    (place / "mine.cc").write_text(f"{text}// {os.getpid()}\n")
    own = ROOT / "build/release/own"
    before = sorted(own.iterdir()) if own.is_dir() else []
    words = ["run", "small.toml", "--scenario", "mine.cc", "--dry-run", "--no-install"]
    done = subprocess.run([ROOT / "retrap", *words], cwd=place, capture_output=True)
    assert done.returncode == EXIT_OK
    assert b"0 scenarios and those of mine.cc" in done.stdout
    assert (sorted(own.iterdir()) if own.is_dir() else []) == before
