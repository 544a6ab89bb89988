# SPDX-License-Identifier: GPL-2.0-only
"""A planted change of two percent, and none: how often this machine finds them.

    PYTHONPATH=python:tests/py /usr/bin/python3 tests/py/planted.py here
    PYTHONPATH=python:tests/py /usr/bin/python3 tests/py/planted.py exact

Natively a busy loop is planted before the wait of trap/trigger:interrupt, same-cpu
(control/trigger:interrupt/turns:N); with no turns it is the A/A pair. The pairs are of
processes, as many as `./retrap plan` says for 1.5 % after a pilot. In exact mode a
patch is planted into the kernel. A repetition is a boot of each kernel, with a seed of
its own; the A/A pair is mainline with this seed and the one before. Writes
docs/validity.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from retrap.base.marked import fill
from retrap.base.paths import ROOT
from retrap.config.variants import VARIANTS

PAGE = ROOT / "docs/validity.md"
STORED = ROOT / "tests/data/planted.json"
PATCH = ROOT / "tests/data/planted-interrupt.patch"
BASE = "trap/trigger:interrupt"
SHARE, REPETITIONS, PILOT, SAMPLES = 0.02, 20, 16, 200
DETECT = 0.015  # planned for: what is planted is then found in more than 80 %
EXACT = "[exact]\nsamples = 10000\ncycles = 0\ncpus = 2\ntimeout_s = 180"
KERNELS = ("mainline", "planted")
LONG = 20_000  # turns, to know what one takes
Document = dict[str, Any]


@dataclass(frozen=True)
class Repetition:
    """Verdicts of the pairs, and what the planted one was found to add, as a share."""

    planted: str
    again: str
    added: float
    seconds: float


@dataclass(frozen=True)
class Tried:
    """`rounds` and `planned_s`: of `./retrap plan`, natively. `unit`: of a pair."""

    unit: str
    turns: int
    rounds: int
    planned_s: float
    repetitions: tuple[Repetition, ...]

    @property
    def found(self) -> int:
        return sum(one.planted == "more" for one in self.repetitions)

    @property
    def alarms(self) -> int:
        return sum(one.again in ("more", "fewer") for one in self.repetitions)

    @property
    def slower(self) -> float:
        """The median time of a repetition, of the planned one."""
        times = sorted(one.seconds for one in self.repetitions)
        return times[len(times) // 2] / self.planned_s


def control(turns: int) -> str:
    return f"control/trigger:interrupt/turns:{turns}"


def retrap(*words: object) -> str:
    argv = [str(ROOT / "retrap"), *map(str, words)]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def experiment(
    path: Path,
    scenarios: Sequence[str],
    seed: int,
    how: str,
    variants: Sequence[str] = (),
) -> Path:
    """`how`: its tables."""
    lines = [
        f"variants = {json.dumps(list(variants))}",
        'placements = ["same-cpu"]',
        f"scenarios = {json.dumps(list(scenarios))}",
        f"seed = {seed}",
        how,
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def row(directory: Path, base: str, test: str) -> Document:
    (found,) = rows(directory, "--scenarios", f"{base},{test}")
    return found


def rows(*words: object) -> list[Document]:
    """Of `./retrap compare`."""
    found = json.loads(retrap("compare", *words, "--json"))["compared"][0]["rows"]
    assert isinstance(found, list)
    return found


def newest(results: Path, name: str) -> Path:
    return max((results / name).iterdir())


def run_here(place: Path, scenarios: Sequence[str], seed: int, rounds: int) -> Path:
    how = f"[host]\nsamples = {SAMPLES}\nrounds = {rounds}"
    file = experiment(place / "here.toml", scenarios, seed, how)
    retrap("run", file, "--fresh", "--results", place)
    return newest(place, "here-host")


def natively(place: Path) -> Tried:
    pilot = run_here(place, [BASE, control(LONG)], 0, PILOT)
    got = row(pilot, BASE, control(LONG))
    turn_ns = got["estimate"] / LONG
    turns = round(SHARE * got["base_median"] / turn_ns)
    cells = [BASE, control(0), control(turns)]
    pilot = run_here(place, cells, 0, PILOT)
    pair = f"{BASE},{control(turns)}"
    words = ("--scenarios", pair, "--from", pilot, "--detect", f"{100 * DETECT}%")
    plan = json.loads(retrap("plan", place / "here.toml", *words, "--json"))
    done = []
    for seed in range(1, REPETITIONS + 1):
        directory = run_here(place, cells, seed, plan["rounds"])
        seconds = _measured_s(directory, plan["rounds"])
        planted = row(directory, BASE, control(turns))
        again = row(directory, BASE, control(0))
        assert planted["units"] == "process"
        share = planted["estimate"] / planted["base_median"]
        done.append(
            Repetition(planted["verdict"], again["verdict"], share, round(seconds, 1))
        )
    return Tried("process", turns, plan["rounds"], plan["duration_s"], tuple(done))


def _measured_s(directory: Path, rounds: int) -> float:
    """From the start of the first round to the end of the last."""
    lines = (directory / "journal.jsonl").read_text().splitlines()
    at = [
        time.mktime(time.strptime(line["at"], "%Y-%m-%dT%H:%M:%SZ"))
        for line in map(json.loads, lines)
        if line["state"] in ("running", "done")
    ]
    return max(at) - min(at)


def exactly(place: Path) -> Tried:
    """Two kernels, one of them with the patch; A/A: mainline with the seed before."""
    variants = place / "variants.toml"
    patch = json.dumps([str(PATCH)])
    variants.write_text(
        f'{VARIANTS.read_text()}\n[planted]\nbase = "mainline"\npatches = {patch}\n'
    )

    def boots(seed: int) -> Path:
        file = experiment(place / "exact.toml", [BASE], seed, EXACT, KERNELS)
        words = ("--guests", "--fresh", "--variants", variants, "--results", place)
        retrap("matrix", file, *words)
        return newest(place, "exact")

    done, before = [], boots(0)
    for seed in range(1, REPETITIONS + 1):
        began = time.monotonic()
        directory = boots(seed)
        (planted,) = rows(directory)
        again, _ = rows(before, directory)  # mainline's, planted's
        share = planted["estimate"] / planted["base_median"]
        seconds = round(time.monotonic() - began, 1)
        done.append(Repetition(planted["verdict"], again["verdict"], share, seconds))
        before = directory
    return Tried("boot", 0, 1, 0.0, tuple(done))


NAMES = {"here": "natively", "exact": "exact"}
HOW = {"here": natively, "exact": exactly}


def tables(stored: Document) -> dict[str, str]:
    known = [tried(stored[key]) for key in HOW if key in stored]
    heads = [NAMES[key] for key in HOW if key in stored]
    lines = [f"{'':24}" + "".join(f"{head:>12}" for head in heads)]
    for label, of in (
        ("turns of the loop", lambda one: one.turns or "-"),
        ("pairs a repetition", lambda one: one.rounds),
        ("repetitions", lambda one: len(one.repetitions)),
        ("planted, found dearer", lambda one: one.found),
        ("added at least, in %", lambda one: f"{100 * min(_added(one)):.2f}"),
        ("added at most, in %", lambda one: f"{100 * max(_added(one)):.2f}"),
        ("A/A, decided", lambda one: one.alarms),
        ("planned, in s", lambda one: f"{one.planned_s:.0f}" if one.planned_s else "-"),
        ("measured, of planned", lambda one: _slower(one)),
    ):
        lines.append(f"{label:24}" + "".join(f"{of(one)!s:>12}" for one in known))
    return {"planted": "\n".join(lines) + "\n"}


def _added(one: Tried) -> list[float]:
    return [each.added for each in one.repetitions]


def _slower(one: Tried) -> str:
    return f"{one.slower:.2f}" if one.planned_s else "-"


def tried(stored: Document) -> Tried:
    done = tuple(Repetition(**one) for one in stored["repetitions"])
    return Tried(**{**stored, "repetitions": done})


def page(stored: Document) -> str:
    return fill(PAGE.read_text(), tables(stored), PAGE)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("how", choices=HOW)
    how = parser.parse_args().how
    with tempfile.TemporaryDirectory() as place:
        tried = HOW[how](Path(place))
    stored = json.loads(STORED.read_text()) if STORED.exists() else {}
    STORED.write_text(json.dumps({**stored, how: asdict(tried)}, indent=1) + "\n")
    PAGE.write_text(page(json.loads(STORED.read_text())))


if __name__ == "__main__":
    main()
