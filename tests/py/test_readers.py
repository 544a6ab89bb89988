# SPDX-License-Identifier: GPL-2.0-only
"""Every file that somebody else may have written, as it may have become on its way.

Each is made by the code itself, mutated by hypothesis (hostile.py), and read by a
command that reads it. It is read, or refused: one message that names the path, an exit
code that is documented, nothing written outside, nothing that a terminal obeys.
Results without hashes are used, so that it is not the hash that refuses a file.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import lzma
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import hostile
import pytest
from conftest import Maker, close
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from profiled import BASE, OTHER, profile

from retrap import __main__ as retrap
from retrap.base.errors import EXIT_FAILURE, EXIT_OK, EXIT_REFUSED, EXIT_RESULTS
from retrap.base.errors import EXIT_STATUS
from retrap.base.paths import ROOT
from retrap.base.textgrid import printable
from retrap.campaign import journal, manifest
from retrap.results import pack, redacted, sealed

PATIENCE_S = 60  # of an example
MORE = int(os.environ.get("RETRAP_EXAMPLES", "1"))  # times as many examples, others


def fuzzed(examples: int) -> settings:
    return settings(
        max_examples=examples * MORE,
        deadline=None,
        derandomize=MORE == 1,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


CODES = {code for code, _ in EXIT_STATUS} - {EXIT_FAILURE}

BOOT, TIMED = "raw/mainline/exact-1", "raw/async-retrap/vm-x86_64-1"
CELL = "retrap.trigger-sigcont@same-cpu"
COMPARE = ("compare {}", "compare {} --full", "compare {} --json", "compare {} {}")
EVERY = (*COMPARE, "report {}", "lkml {} --long", "pack {} --list")
PROFILE = ("profile --from {}",)
# A file of a result directory, and what reads it.
RESULTS: dict[str, tuple[str, ...]] = {
    "plan.json": (*EVERY, *PROFILE),
    f"{BOOT}/boot.json": EVERY,
    f"{BOOT}/env-before.json": EVERY,
    f"{BOOT}/{CELL}.run.json": EVERY,
    f"{BOOT}/{CELL}.npy": EVERY,
    f"{BOOT}/{CELL}.perf-100.jsonl": EVERY,
    f"{TIMED}/boot.json": EVERY,
    f"{TIMED}/{CELL}.run.json": EVERY,
    f"{TIMED}/{CELL}.npy": EVERY,
    f"{TIMED}/{CELL}.perf-200.u1.jsonl": (*EVERY, "compare {} --beside {}"),
    "profiles/mainline.json": PROFILE,
    "machine.json": ("report {}", "pack {} --list"),
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Instructions and nanoseconds, counters of both kinds, and profiles."""
    path = tmp_path_factory.mktemp("stored") / "quick/20261123-120000"
    maker = Maker(path, 20, variants=("mainline", "async-retrap"), boots=2)
    maker.scenarios = ("floor/futex", "retrap/trigger:sigcont")
    maker.placements = ("same-cpu",)
    maker.hardware = {name: (2.0, 1.0, 9.0, 4.0) for name in maker.variants}
    maker.write()
    (path / "profiles").mkdir()
    for found in (profile("mainline", BASE), profile("async-retrap", OTHER)):
        file = path / f"profiles/{found.facts['variant']}.json"
        file.write_text(json.dumps(found.record()))
    noise = {"fact": "turbo", "value": "on", "verdict": "bad"}
    machine = {"campaign": "c1", "on": "here", "name": "lab1", "noise": [noise]}
    record = {"schema": "retrap.machine/1", **machine}
    (path / "machine.json").write_text(json.dumps(record))
    return path


@pytest.fixture(autouse=True)
def quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is installed, and no example takes for ever."""
    monkeypatch.setenv("RETRAP_INSTALL", "skip")
    monkeypatch.setenv("RETRAP_DEBUG", "1")  # what is a bug of ours comes out
    monkeypatch.setenv("RETRAP_CACHE", str(tmp_path / "cache"))

    def end(number: int, frame: FrameType | None) -> None:
        raise AssertionError("it does not end")

    before = signal.signal(signal.SIGALRM, end)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def answer(command: str, path: Path) -> tuple[int, str]:
    """What retrap says to a command about `path`, and its exit code."""
    out, said = io.StringIO(), io.StringIO()
    words = [word.replace("{}", str(path)) for word in command.split()]
    signal.alarm(PATIENCE_S)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
        status = retrap.answer(words)
    signal.alarm(0)
    for text in (out.getvalue(), said.getvalue()):
        assert printable(text) == text
        text.encode("utf-8")
    return status, said.getvalue()


def right(command: str, path: Path, codes: tuple[int, ...] = ()) -> None:
    """It is read, or refused by its name."""
    status, said = answer(command, path)
    assert status in (codes or (EXIT_OK, EXIT_RESULTS, EXIT_REFUSED)), said
    if status == EXIT_RESULTS:
        assert said.startswith("retrap: ") and str(path) in said, said


@contextlib.contextmanager
def instead(file: Path, data: bytes) -> Iterator[None]:
    before = file.read_bytes()
    file.write_bytes(data)
    try:
        yield
    finally:
        file.write_bytes(before)


def tree(path: Path) -> set[Path]:
    return {each for each in path.rglob("*") if "quick" not in each.parts}


@pytest.mark.parametrize("name", RESULTS)
def test_a_file_of_results(results: Path, name: str) -> None:
    file, there = results / name, tree(results.parents[1])
    whole = file.read_bytes()

    @fuzzed(20)
    @given(st.sampled_from(RESULTS[name]), hostile.mutated(name, whole))
    def go(command: str, data: bytes) -> None:
        with instead(file, data):
            right(command, results)

    for command in RESULTS[name]:
        assert answer(command, results)[0] == EXIT_OK
    there |= tree(results.parents[1])
    go()
    assert tree(results.parents[1]) == there


def test_a_finding_without_a_verdict(results: Path) -> None:
    file = results / "machine.json"
    record = json.loads(file.read_text())
    del record["noise"][0]["verdict"]
    with instead(file, json.dumps(record).encode()):
        status, said = answer("report {}", results)
    assert status == EXIT_RESULTS and f"{file}: noise[0].verdict: missing" in said


# What says which boots there are, and which of their files were changed.
CLOSED = (journal.FILE, manifest.FILE, sealed.WHOLE, redacted.FILE)


@pytest.fixture
def closed(results: Path, tmp_path: Path) -> Path:
    path = tmp_path / "quick/closed"
    shutil.copytree(results, path)
    close(path)
    file = f"{BOOT}/env-before.json"
    sha256 = sealed.sha256(path / file)
    entry = {"sealed": sha256, "sent": sha256, "taken_out": ["a path"]}
    record = {"schema": "retrap.redacted/1", "files": {file: entry}}
    (path / redacted.FILE).write_text(json.dumps(record))
    found = [path / "plan.json", *path.glob("raw/*/*/boot.json")]
    hashes = {str(f.relative_to(path)): sealed.sha256(f) for f in found}
    record = {"schema": "retrap.complete/1", "sha256": hashes}
    (path / sealed.WHOLE).write_text(json.dumps(record))
    return path


@pytest.mark.parametrize("name", CLOSED)
def test_a_file_that_closes_results(closed: Path, name: str) -> None:
    if name == sealed.WHOLE:  # of before there was a journal
        (closed / journal.FILE).unlink()
        (closed / manifest.FILE).unlink()
    file = closed / name

    @fuzzed(20)
    @given(st.sampled_from(COMPARE), hostile.mutated(name, file.read_bytes()))
    def go(command: str, data: bytes) -> None:
        with instead(file, data):
            right(command, closed)

    go()


RULES = {
    "conform": ("conform.json", "conform.tap", "table.txt"),
    "mutate": ("mutate.json", "table.txt"),
}
SHOWN = {"conform": ("", " --full", " --tap", " --json"), "mutate": ("", " --full")}


def shorter(data: bytes) -> bytes:
    """Of three rules, tests and mutants, on two kernels."""
    record = json.loads(data)
    for name, most in (("columns", 2), ("rules", 3), ("tests", 3), ("untested", 1)):
        record[name] = dict(list(record.get(name, {}).items())[:most])
    for kind in ("rules", "tests"):
        for key, row in record[kind].items():
            record[kind][key] = {name: row[name] for name in record["columns"]}
    record["mutants"] = record.get("mutants", [])[:3]
    return json.dumps(record).encode()


@pytest.mark.parametrize("kind", RULES)
def test_a_run_of_the_rules(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "quick"
    shutil.copytree(ROOT / f"results/reference/{kind}", path)
    whole = {name: (path / name).read_bytes() for name in RULES[kind]}
    whole[f"{kind}.json"] = shorter(whole[f"{kind}.json"])
    codes = (EXIT_OK, EXIT_FAILURE, EXIT_RESULTS)  # 1: it has surprises

    @fuzzed(20)
    @given(st.data(), st.sampled_from(RULES[kind]), st.sampled_from(SHOWN[kind]))
    def go(data: st.DataObject, name: str, how: str) -> None:
        with instead(path / name, data.draw(hostile.mutated(name, whole[name]))):
            right(f"{kind} --from {{}}{how}", path, codes)

    (path / f"{kind}.json").write_bytes(whole[f"{kind}.json"])
    assert answer(f"{kind} --from {{}}", path)[0] in (EXIT_OK, EXIT_FAILURE)
    go()


def test_a_rule_without_one_of_the_kernels(tmp_path: Path) -> None:
    path = tmp_path / "conform.json"
    record = json.loads((ROOT / "results/reference/conform/conform.json").read_text())
    del next(iter(record["rules"].values()))[next(iter(record["columns"]))]
    path.write_text(json.dumps(record))
    status, said = answer("conform --from {}", tmp_path)
    assert status == EXIT_RESULTS and f"{path}: rules.C01: is not of its" in said


def test_a_pack(results: Path, tmp_path: Path) -> None:
    file = tmp_path / "quick/x.pack"
    file.parent.mkdir()
    pack.store(pack.collect(results), file)
    whole = file.read_bytes()
    inner = lzma.decompress(whole)
    commands = st.sampled_from(("verify {}", "compare {}", "lkml {}"))

    @fuzzed(20)
    @given(commands, hostile.damaged(whole) | hostile.damaged(inner), st.booleans())
    def go(command: str, data: bytes, packed: bool) -> None:
        file.write_bytes(lzma.compress(data, preset=0) if packed else data)
        right(command, file)

    assert answer("verify {}", file)[0] == EXIT_OK
    go()
    assert tree(tmp_path) == {tmp_path / "cache"} & tree(tmp_path)


def test_names_that_a_file_system_takes(results: Path, tmp_path: Path) -> None:
    """Of boots and of files in them; a boot of a kernel that nobody planned."""
    path = tmp_path / "quick/named"
    shutil.copytree(results, path)
    commands = itertools.cycle(EVERY)
    for name in hostile.FILE_NAMES:
        name = name.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")
        for boot in (path / "raw" / name / "vm-1", path / "raw/mainline" / name):
            shutil.copytree(path / TIMED, boot)
            right(next(commands), path)
            (boot / "boot.json").unlink()
            right(next(commands), path)
            shutil.rmtree(boot)
        for file in (path / name, path / BOOT / name, path / f"{BOOT}/{name}.run.json"):
            file.write_text("{}")
            right(next(commands), path)
            file.unlink()
    assert answer("compare {}", path)[0] == EXIT_OK
