# SPDX-License-Identifier: GPL-2.0-only
"""What was tried on stored results, and every command that reads them: each names the
file, and writes nothing. The ids of the test are the table."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest
from conftest import Maker, close
from profiled import BASE, OTHER, profile

from retrap.base.errors import EXIT_RESULTS, RetrapError
from retrap.campaign import journal, manifest
from retrap.cli.parser import parse
from retrap.results import sealed, store

COMMANDS = {
    "compare": ["compare"],
    "plot": ["plot"],
    "lkml": ["lkml"],
    "report": ["report"],
    "profile --from": ["profile", "--from"],
}
READ_PROFILES = ("plot", "profile --from")
PATIENCE_S = 60  # a pipe that is opened never ends

BOOT = "raw/async-retrap/exact-1"
OTHER_BOOT = "raw/mainline/exact-1"
CELL = f"{BOOT}/retrap.trigger-sigcont@same-cpu"
OTHER_CELL = f"{BOOT}/retrap.trigger-sigcont@cross-cpu"
RUN = f"{CELL}.run.json"
PERF = f"{CELL}.perf-100.jsonl"
PROFILE = "profiles/async-retrap.json"
Change = Callable[[Path], Any]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two kernels, closed with hashes and a journal, and their profiles."""
    path = tmp_path_factory.mktemp("kept") / "quick/20261123-120000"
    maker = Maker(
        path, 20, substrates=("exact",), variants=("mainline", "async-retrap")
    )
    maker.scenarios = ("floor/clock", "retrap/trigger:sigcont")
    maker.write()
    close(path)
    (path / "profiles").mkdir()
    for found in (profile("mainline", BASE), profile("async-retrap", OTHER)):
        file = path / f"profiles/{found.facts['variant']}.json"
        file.write_text(json.dumps(found.record()))
    yield path


@pytest.fixture
def stored(kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Read once, and remembered."""
    monkeypatch.setenv("RETRAP_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "quick"
    shutil.copytree(kept, path)
    for file in path.rglob("*"):
        file.chmod(0o755 if file.is_dir() else 0o644)
    store.load(path)
    assert len(list((tmp_path / "cache/boots").iterdir())) == 2
    return path


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    def end(number: int, frame: FrameType | None) -> None:
        pytest.fail("it reads what has no end")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(PATIENCE_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def run(command: str, path: Path) -> int:
    args = parse([*COMMANDS[command], str(path)])
    status: int = args.run(args)
    return status


def files(path: Path) -> set[str]:
    return {str(each.relative_to(path)) for each in path.rglob("*")}


def exchange(one: str, other: str) -> Change:
    def change(path: Path) -> None:
        (path / one).rename(path / "aside")
        (path / other).rename(path / one)
        (path / "aside").rename(path / other)

    return change


def edit_sample(path: Path) -> None:
    samples = np.load(path / f"{CELL}.npy")
    samples["t_return_ns"][0] -= 1
    np.save(path / f"{CELL}.npy", samples)


def replace(name: str, old: str, new: str) -> Change:
    def change(path: Path) -> None:
        text = (path / name).read_text()
        assert old in text
        (path / name).write_text(text.replace(old, new, 1))

    return change


def cut(name: str) -> Change:
    return lambda path: os.truncate(path / name, (path / name).stat().st_size - 9)


def gone(name: str) -> Change:
    return lambda path: (path / name).unlink()


def link(name: str) -> Change:
    """To a copy, so that all but the link is right."""

    def change(path: Path) -> None:
        (path / name).rename(path.parent / "copy")
        (path / name).symlink_to(path.parent / "copy")

    return change


def pipe(name: str) -> Change:
    def change(path: Path) -> None:
        (path / name).unlink()
        os.mkfifo(path / name)

    return change


def folder(name: str) -> Change:
    def change(path: Path) -> None:
        (path / name).unlink()
        (path / name).mkdir()

    return change


def extra(name: str) -> Change:
    return lambda path: (path / name).write_text("{}")


def renamed(path: Path) -> None:
    (path / BOOT).parent.rename(path / "raw/mine")


def boot_added(path: Path) -> None:
    shutil.copytree(path / BOOT, path / "raw/async-retrap/exact-2")


def no_journal(change: Change) -> Change:
    """As results from before there was one: the schemas alone are in the way."""

    def both(path: Path) -> None:
        for name in (journal.FILE, manifest.FILE):
            (path / name).unlink()
        change(path)

    return both


def foreign(name: str) -> Change:
    return replace(name, '/1"', '/9"')


TRIED: list[tuple[str, Change, str]] = [
    ("variants swapped", exchange(BOOT, OTHER_BOOT), "boot.json"),
    ("variant renamed", renamed, "boot.json"),
    ("samples exchanged", exchange(f"{CELL}.npy", f"{OTHER_CELL}.npy"), ".npy"),
    ("a sample edited", edit_sample, f"{CELL}.npy"),
    ("run.json edited", replace(RUN, '"seed": 7', '"seed": 8'), RUN),
    ("boot.json edited", replace(f"{BOOT}/boot.json", "7.2.22", "7.2.23"), "boot.json"),
    ("plan.json edited", replace("plan.json", "mainline", "async-retrap"), "plan.json"),
    ("journal edited", replace(journal.FILE, '"done"', '"gone"'), journal.FILE),
    *((f"{name} cut", cut(name), name) for name in (f"{CELL}.npy", PERF)),
    *((f"{name} cut", cut(name), name) for name in (f"{BOOT}/boot.json", "plan.json")),
    *(
        (f"{name} is {what}", change(name), name)
        for what, change in (("gone", gone), ("a link", link), ("a pipe", pipe))
        for name in (f"{CELL}.npy", RUN, PERF, f"{BOOT}/boot.json")
    ),
    ("samples are a directory", folder(f"{CELL}.npy"), f"{CELL}.npy"),
    ("env is a pipe", pipe(f"{BOOT}/env-before.json"), "env-before.json"),
    ("plan.json is a link", link("plan.json"), "plan.json"),
    ("plan.json is a pipe", pipe("plan.json"), "plan.json"),
    ("journal is gone", gone(journal.FILE), journal.FILE),
    ("journal is a link", link(journal.FILE), journal.FILE),
    ("journal is a pipe", pipe(journal.FILE), journal.FILE),
    ("manifest is a pipe", pipe(manifest.FILE), manifest.FILE),
    ("manifest is foreign", foreign(manifest.FILE), manifest.FILE),
    ("a file added", extra(f"{BOOT}/mine.run.json"), "mine.run.json"),
    ("a boot added", boot_added, "exact-2/boot.json"),
    ("a boot gone", lambda p: shutil.rmtree(p / BOOT), f"{BOOT}/boot.json"),
    ("a boot is a link", link(BOOT), BOOT),
    *(
        (f"{name} is foreign, no journal", no_journal(foreign(name)), name)
        for name in ("plan.json", f"{BOOT}/boot.json")
    ),
    ("no journal: boot.json is a pipe", no_journal(pipe(f"{BOOT}/boot.json")), "boot"),
    ("no journal: complete.json is a pipe",
     no_journal(lambda p: os.mkfifo(p / sealed.WHOLE)), sealed.WHOLE),
]  # fmt: skip
TRIED_ON_PROFILES: list[tuple[str, Change, str]] = [
    ("profile cut", cut(PROFILE), PROFILE),
    ("profile is a pipe", pipe(PROFILE), PROFILE),
    ("profile is a link", link(PROFILE), PROFILE),
    ("profile is foreign", foreign(PROFILE), PROFILE),
    ("profile edited", replace(PROFILE, "[[0, 60]]", "[[0, 61]]"), PROFILE),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_whole_is_read(stored: Path, command: str) -> None:
    assert run(command, stored) == 0


@pytest.mark.parametrize(
    ("change", "named", "command"),
    [
        pytest.param(change, named, command, id=f"{command}: {what}")
        for rows, commands in ((TRIED, COMMANDS), (TRIED_ON_PROFILES, READ_PROFILES))
        for what, change, named in rows
        for command in commands
    ],
)
def test_what_was_tampered_with_is_refused(
    stored: Path, change: Change, named: str, command: str
) -> None:
    change(stored)
    before = files(stored)
    with pytest.raises(RetrapError) as caught:
        run(command, stored)
    assert caught.value.exit_code == EXIT_RESULTS
    assert named in caught.value.message.split(": ")[0]
    assert caught.value.remedy
    assert not {name for name in files(stored) - before if name.endswith((".txt", "v"))}
