# SPDX-License-Identifier: GPL-2.0-only
"""A pack is named where a directory is: it is printed, and leaves nothing behind."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_cli import ROOT, refused, retrap

from retrap.results import pack

QUICK = ROOT / "results/reference/quick"


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("packed") / "theirs.pack"
    assert retrap("pack", str(QUICK), "--out", str(file)).returncode == 0
    return file


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where it is unpacked; empty again in the end."""
    path = tmp_path / "scratch"
    path.mkdir()
    monkeypatch.setenv("TMPDIR", str(path))
    yield path
    assert list(path.iterdir()) == []


def answer(*words: str) -> tuple[str, str]:
    done = retrap(*words)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def test_two_packs(packed: Path, scratch: Path) -> None:
    mine = shutil.copy(packed, scratch.parent / "mine.pack")
    told, said = answer("compare", str(mine), str(packed))
    assert told.startswith(f"A: {mine}\nB: {packed}\n") and said == ""
    assert "Identical sample by sample: 86 of 86 cells." in told
    assert {p.name for p in scratch.parent.iterdir()} == {"mine.pack", "scratch"}


def test_a_pack_and_what_it_was_made_of(packed: Path, scratch: Path) -> None:
    told, _ = answer("compare", str(QUICK), str(packed), "--json")
    (both,) = json.loads(told)["compared"]
    assert (both["a"], both["b"]) == (str(QUICK), str(packed))
    assert {row["verdict"] for row in both["rows"]} == {"same"}


@pytest.mark.parametrize("words", [("compare",), ("compare", "--full"), ("lkml",)])
def test_it_says_what_the_directory_says(
    packed: Path, scratch: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    whole = tmp_path / "whole"
    shutil.copytree(QUICK, whole)
    told, said = answer(words[0], str(packed), *words[1:])
    of_directory, _ = answer(words[0], str(whole), *words[1:])
    if words[0] == "compare":  # at the end come the files that were written
        of_directory = of_directory.rpartition(str(whole))[0] + f"{packed}\n"
    assert told == of_directory
    assert said == f"retrap: {packed} is a pack: printed here, nothing is stored\n"


def test_one_that_is_changed_is_refused_by_its_name(
    packed: Path, scratch: Path, tmp_path: Path
) -> None:
    """By who changed the list with it, too: the seals of the boot are left."""
    changed = pack.collect(QUICK)
    file = next(name for name in changed.files if name.endswith(".run.json"))
    data = (QUICK / file).read_bytes().replace(b'"tracer_cpu": 0', b'"tracer_cpu": 1')
    sha256 = hashlib.sha256(data).hexdigest()
    changed.files[file] = pack.Member(sha256, len(data), data)
    bad = tmp_path / "bad.pack"
    pack.store(changed, bad)
    for words in (("compare", bad), ("compare", packed, bad), ("lkml", bad)):
        said = refused(8, *map(str, words))
        assert said.startswith(f"retrap: {bad}/{file}: is not what the boot wrote")


def test_what_is_written_into_a_directory_wants_one(packed: Path) -> None:
    for command in ("report", "plot"):
        assert f"verify {packed} --unpack DIR" in refused(8, command, str(packed))
