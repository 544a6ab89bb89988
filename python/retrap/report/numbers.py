# SPDX-License-Identifier: GPL-2.0-only
"""Numbers on pages that people write: lines that stored results make.

Such a line begins with "- `SCENARIO`", says what of it is meant, and has a colon.
What is behind the colon is made here, so that no number on a page is typed:

    - `cycle/notification`: mainline 9129; listen-republish +3, async-retrap +388
    - `retrap/trigger:interrupt`, switches: 2 (mainline), 0 (listen-republish)
    - `window/sigcont-wait/busy:0/nice:0`, first look: 2729 (mainline), ...
    - `tracer/wait/any/tracees:N`, exponent: 0.27/0.22
    - `window/sigcont-wait/busy:0/nice:0`, too early in time: 100% (listen), ...

`a/b`: a at same-cpu, b at cross-cpu. What was measured at cross-cpu alone says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

from retrap.analysis import growth, readings
from retrap.analysis.compare import shown
from retrap.analysis.verdict import NOT_APPLICABLE
from retrap.analysis.within import changes
from retrap.base.paths import ROOT
from retrap.base.rawfile import atomic_write
from retrap.base.textgrid import alternatives, number
from retrap.report.table import path_integers
from retrap.report.windows import STAGE, TALLY, grouped
from retrap.results.store import Machine, Results, load

OF_TRACERS = (
    "stop-n-threads",
    "interrupt-states",
    "attach-detach",
    "one-request",
    "resume",
    "intercepted-call",
    "how-to-wait",
)
PAGES = (
    ROOT / "docs/argument.md",
    ROOT / "docs/decide.md",
    ROOT / "docs/threads-and-storms.md",
    *(ROOT / f"docs/tracers/{name}.md" for name in OF_TRACERS),
)
# Of results/reference; the first that has a scenario.
IN_TIME = "in time"  # of a virtual machine, in ns; the others are exact
STORED = (
    *("quick", "decide", "starved", "threads", "storms"),
    *("tracers", "tracers-memory", "tracers-stop", "tracers-calls"),
    *("elsewhere", "combined-guests", "starved-guests"),
)
SAME_CPU, EXPONENT = "same-cpu", "exponent"
LINE = re.compile(r"^- `(?P<scenario>[^`]+)`(?:, (?P<what>[a-z ]+))?:.*$", re.M)


def write(reference: Path) -> Iterator[Path]:
    """All pages. Errors: those of the readers."""
    for page in PAGES:
        atomic_write(page, made(page.read_text(), reference))
        yield page


def made(text: str, reference: Path) -> str:
    """A page with the numbers of the stored runs. A line about what none of them has
    says so."""
    stored = [load(reference / name) for name in STORED if (reference / name).is_dir()]

    def line(found: re.Match[str]) -> str:
        scenario, what = found["scenario"], found["what"] or ""
        if what not in KINDS:
            return found[0]  # a list of other things
        head = found[0][: found[0].index("`:" if not what else f"{what}:")]
        head += "`:" if not what else f"{what}:"
        for results in stored:
            for machine in results.machines:
                of_this = machine.exact != what.endswith(IN_TIME)
                if of_this and _has(results, machine, scenario, what):
                    told = KINDS[what](results, machine, scenario)
                    return f"{head} {told}{_alone(results, machine)}"
        return f"{head} not stored"

    return LINE.sub(line, text)


def _has(results: Results, machine: Machine, scenario: str, what: str) -> bool:
    if what == EXPONENT:
        return bool(_grown(results, machine, scenario))
    return scenario in results.scenarios(machine)


def _grown(results: Results, machine: Machine, family: str) -> list[growth.Growth]:
    every = _growths(results)
    return [one for one in every if (one.machine, one.family) == (machine, family)]


_growths = lru_cache(maxsize=len(STORED))(growth.growths)


def _exponents(results: Results, machine: Machine, family: str) -> str:
    """Of N in the family's name, fitted as in growth.csv."""
    found: dict[str, list[str]] = {}
    for one in _grown(results, machine, family):
        found.setdefault(one.side, []).append(f"{round(one.fit.exponent, 2) + 0:.2f}")
    return grouped((name, alternatives(texts)) for name, texts in found.items())


def _alone(results: Results, machine: Machine) -> str:
    """The placement, where it is the only one and not the usual one."""
    places = results.placements(machine)
    return "" if SAME_CPU in places else f" [{', '.join(places)}]"


def _changes(results: Results, machine: Machine, scenario: str) -> str:
    """The baseline's medians, and what each other side changes."""
    base = results.base(machine, scenario) or ""
    places = [(scenario, place) for place in results.placements(machine)]
    sides = [shown(results, machine, base, where) for where in places]
    first = alternatives([number(one.median) for one in sides if one])
    first += "" if machine.exact else " ns"
    told = []
    for name in results.sides(machine, scenario):
        if name != base:
            rows = changes(results, machine, name, scenario)
            change = alternatives(row.change for row in rows)
            told.append(f"{_design(name)} {change}")
    return f"{_design(base)} {first}" + (f"; {', '.join(told)}" if told else "")


def _design(name: str) -> str:
    """Of `combined/async-retrap` the interface."""
    return name.rpartition("/")[2]


def _medians(results: Results, machine: Machine, scenario: str) -> str:
    """Of each side that has it, the baseline or not."""
    found = {}
    for name in results.sides(machine, scenario):
        places = [(scenario, place) for place in results.placements(machine)]
        sides = [shown(results, machine, name, where) for where in places]
        if texts := [number(one.median) for one in sides if one]:
            found[name] = alternatives(texts)
    return grouped(found.items())


def _switches(results: Results, machine: Machine, scenario: str) -> str:
    """Of a cycle."""

    def of(name: str) -> str:
        counted = (
            path_integers(results, machine, name, (scenario, place))
            for place in results.placements(machine)
        )
        known = [
            f"{e['switches']:.4g}" for e in counted if e and e["switches"] is not None
        ]
        return alternatives(known) or NOT_APPLICABLE

    return grouped((name, of(name)) for name in results.sides(machine, scenario))


def _reading(
    name: str, told: Callable[[readings.Reading], str] | None = None
) -> Callable[[Results, Machine, str], str]:
    """Of a stage, from the trigger, or a tally; the median, or what is told of it."""
    return lambda results, machine, scenario: _of_readings(
        results, machine, scenario, name, told or _median
    )


def _a_task(results: Results, machine: Machine, scenario: str) -> str:
    """Medians, divided by the number that the scenario's name ends with."""
    tasks = int(scenario.rpartition(":")[2])

    def of(name: str) -> str:
        where = [(scenario, place) for place in results.placements(machine)]
        found = [shown(results, machine, name, each) for each in where]
        medians = [one.median for one in found if one and one.median is not None]
        return alternatives([number(median / tasks) for median in medians])

    return grouped((name, of(name)) for name in results.sides(machine, scenario))


def _of_readings(
    results: Results,
    machine: Machine,
    scenario: str,
    key: str,
    told: Callable[[readings.Reading], str],
) -> str:
    values: dict[str, list[str]] = {}
    for place in results.placements(machine):
        found = readings.of(results, machine, (scenario, place))
        for name, each in found.items():
            values.setdefault(_design(name), []).append(told(each[key]))
    return grouped((name, alternatives(texts)) for name, texts in values.items())


def _median(reading: readings.Reading) -> str:
    return number(reading.quantiles.median)


def _share(reading: readings.Reading) -> str:
    """Of the samples in which it is not 0."""
    return f"{100 * reading.some:.3g}%"


KINDS: dict[str, Callable[[Results, Machine, str], str]] = {
    "": _changes,
    IN_TIME: _changes,
    "medians": _medians,
    "switches": _switches,
    "first look": _reading(STAGE),
    "too early": _reading(TALLY, _share),
    "looks too early": _reading(TALLY),
    f"first look {IN_TIME}": _reading(STAGE),
    f"too early {IN_TIME}": _reading(TALLY, _share),
    "a task": _a_task,
    EXPONENT: _exponents,
    **{
        name: _reading(name)
        for name in ("stops", "stopped", "examined", "interrupted", "reports")
    },
}
