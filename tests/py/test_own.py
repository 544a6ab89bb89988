# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios of a user's file: how the file is read, and which names it may take."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from retrap.base.errors import EXIT_BUILD, EXIT_CONFIG, RetrapError
from retrap.base.paths import ROOT
from retrap.base.schema import problems
from retrap.build import own
from retrap.build.programs import Programs
from retrap.cli import scenarios
from retrap.config import experiments, scenario_files
from retrap.config.scenario_files import ScenarioFile

PAGE = ROOT / "docs/own-scenario.md"
FILE = ScenarioFile(Path("/x/mine.cc"), "int x;\n")


def row(name: str, family: str, *usual: int) -> dict[str, object]:
    """What --list --json says of a family. With `usual` numbers it has a parameter."""
    parameters = [{"name": "n", "least": 0, "most": 9, "usual": usual}] if usual else []
    return {
        "scenario": name,
        "family": family,
        "parameters": parameters,
        "help": "does this",
        "placements": ["same-cpu"],
        "interfaces": ["listen"],
        "floor": False,
    }


SHIPPED = (row("floor/pipe", "floor/pipe"), row("a/b/n:0..9", "a/b", 1))


def program(folder: Path, *rows: dict[str, object]) -> Programs:
    """A retrap-bench that lists these, and does no more."""
    folder.mkdir()
    listed = {"schema": "retrap.list/1", "scenarios": rows}
    text = json.dumps({**listed, "placements": [], "interfaces": []})
    (folder / "retrap-bench").write_text(f"#!/bin/sh\ncat << 'END'\n{text}\nEND\n")
    (folder / "retrap-bench").chmod(0o755)
    return Programs(folder)


def names(tmp_path: Path, *more: dict[str, object]) -> tuple[str, ...]:
    """The scenarios of a file that registers `more`."""
    shipped = program(tmp_path / "shipped", *SHIPPED)
    mine = program(tmp_path / "mine", *SHIPPED, *more)
    return own.usual(own.families(shipped, mine, (FILE,)))


def test_the_usual_numbers_of_a_file_are_measured(tmp_path: Path) -> None:
    got = names(tmp_path, row("m/s/n:0..9", "m/s", 0, 8), row("m/t", "m/t"))
    assert got == ("m/s/n:0", "m/s/n:8", "m/t")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ((), "registers no scenario"),
        ((SHIPPED[0],), "floor/pipe is there already"),  # the very same
        ((row("a/b", "a/b"),), "a/b is there already"),  # with no number
        ((row("a/b/n:4", "a/b/n:4"),), "a/b/n:4 is there already"),  # by its number
        ((row("m/s", "m/s"), row("m/s", "m/s")), "m/s is there already"),
        ((row("Mine", "Mine"),), "'Mine' is no name of a scenario"),
    ],
)
def test_a_name_that_cannot_be_is_refused(
    tmp_path: Path, more: tuple[dict[str, object], ...], said: str
) -> None:
    with pytest.raises(RetrapError, match=said) as caught:
        names(tmp_path, *more)
    assert caught.value.exit_code == EXIT_CONFIG
    assert caught.value.message.startswith("/x/mine.cc: ")


def test_the_first_errors_are_of_the_users_own_file(tmp_path: Path) -> None:
    log = tmp_path / "log"
    noise = "[1/2] Building CXX object\nFAILED: x\ng++ -c mine.cc\n"
    error = f"{tmp_path}/mine.cc:7:1: error: 'x' was not declared\n    7 | x\n"
    log.write_text(f"{noise}{error}ninja: build stopped: subcommand failed.\n")
    with pytest.raises(RetrapError) as caught:
        own._fail(log, tmp_path, (FILE,))
    assert caught.value.exit_code == EXIT_BUILD
    assert caught.value.message == (
        "/x/mine.cc: does not compile:\n"
        "  /x/mine.cc:7:1: error: 'x' was not declared\n"
        "      7 | x"
    )
    log.write_text("g++ was killed\n")  # says nothing that is known
    with pytest.raises(RetrapError, match="does not compile:\n  g[+]+ was killed"):
        own._fail(log, tmp_path, (FILE,))


def test_the_folder_is_named_by_what_the_files_say() -> None:
    shipped = Programs(Path("/build"))
    assert own.place(shipped, ()) == shipped
    elsewhere = replace(FILE, path=Path("/y/mine.cc"))
    folders = {
        own.place(shipped, files).directory
        for files in (
            (FILE,),
            (replace(FILE, text="int y;\n"),),
            (replace(FILE, path=Path("/x/other.cc")),),
            (FILE, replace(FILE, path=Path("/x/other.cc"))),
        )
    }
    assert len(folders) == 4
    assert own.place(shipped, (elsewhere,)) == own.place(shipped, (FILE,))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("mine.cpp", b"", "its name is not one of letters"),
        ("mi;ne.cc", b"", "its name is not one of letters"),
        ("mine.cc", None, "cannot be read: No such file"),
        ("mine.cc", b"\xff", "cannot be read: is not UTF-8 text"),
        ("mine.cc", b" " * ((1 << 20) + 1), "is longer than"),
        ("mine.cc", "folder", "is no plain file"),
    ],
)
def test_a_file_that_is_none_is_refused(
    tmp_path: Path, name: str, content: bytes | str | None, said: str
) -> None:
    path = tmp_path / name
    if content == "folder":
        path.mkdir()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    with pytest.raises(RetrapError, match=said) as caught:
        scenario_files.read([path])
    assert caught.value.exit_code == EXIT_CONFIG and str(path) in caught.value.message


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.cc").touch()
    with pytest.raises(RetrapError, match="two files are named mine.cc"):
        scenario_files.read(tmp_path.glob("*/mine.cc"))


def test_a_plan_has_the_file_whole() -> None:
    (told,) = scenario_files.told((FILE,))["scenario_files"]
    data = "\n".join(told["lines"]).encode()
    assert hashlib.sha256(data).hexdigest() == told["sha256"] and told["lines"]
    plan = {"schema": "retrap.plan/1", "baseline": "", "variants": [], "placements": []}
    plan = {**plan, "scenarios": [], **scenario_files.told((FILE,))}
    assert not list(problems("plan", plan))
    assert scenario_files.told(()) == {}  # the plans of before have the same hash


def test_an_experiment_names_files(tmp_path: Path) -> None:
    (tmp_path / "mine.cc").write_text(FILE.text)
    path = tmp_path / "x.toml"
    files = f'scenario_files = ["{tmp_path}/mine.cc"]\n[host]\nsamples = 10\n'
    path.write_text(f'scenarios = ["floor/pipe"]\n{files}')
    loaded = experiments.load_experiment(path)
    assert [file.text for file in loaded.files] == [FILE.text]
    path.write_text(f"scenarios = []\n{files}")
    assert experiments.load_experiment(path).files == loaded.files
    path.write_text("scenarios = []\n[host]\nsamples = 10\n")
    with pytest.raises(RetrapError, match="x.toml:1: scenarios: is empty, and so is"):
        experiments.load_experiment(path)


def test_the_option_takes_the_place_of_the_scenarios(tmp_path: Path) -> None:
    (tmp_path / "mine.cc").write_text(FILE.text)
    quick = experiments.load_experiment()
    got = scenarios.of_files(quick, [tmp_path / "mine.cc"])
    assert (got.name, got.scenarios) == ("quick+mine", ())
    assert [file.sha256 for file in got.files] == [FILE.sha256]
    assert replace(got, name=quick.name, scenarios=quick.scenarios, files=()) == quick


def test_the_worked_example_has_forty_lines() -> None:
    (text,) = re.findall(r"```cpp\n(.*?)```", PAGE.read_text(), re.S)
    assert text.count("\n") <= 40
