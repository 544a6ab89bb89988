# SPDX-License-Identifier: GPL-2.0-only
"""docs/results.md, made of the runs stored in results/reference and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from retrap.base.paths import ROOT
from retrap.base.rawfile import atomic_write
from retrap.base.textgrid import wrap
from retrap.analysis import layouts
from retrap.analysis.compare import comparisons
from retrap.profile import designs, difference, report, summary
from retrap.report import basetable, brief, sentences, table
from retrap.results import boot_times
from retrap.results.store import Machine, load
from retrap.rules import conform, mutanttable, ruletable

PAGE = ROOT / "docs/results.md"
REFERENCE = ROOT / "results/reference"
QUICK = "results/reference/quick"
PROFILE = "results/reference/profile"
BASES = (("6.12", "quick"), ("6.12", "arm64"), ("7.x", "7.x"))
KIND, MOST = "cheapest", 8  # class of samples; functions
HEAD = """<!-- SPDX-License-Identifier: GPL-2.0-only -->
<!-- Made by `./retrap docs` from results/reference, as a test checks. -->
# Results

What the stored runs say. How the numbers come about, and what they do not say, is in
[methodology.md](methodology.md); what is stored, in [results](../results/README.md).
"""


def render(reference: Path = REFERENCE) -> str:
    """The page. Errors: those of the readers of each run."""
    quick, profiled = reference / "quick", reference / "profile"
    measured = load(quick)
    told = sentences.paragraphs(measured)
    parts = [
        HEAD,
        "## In short\n",
        f"`./retrap compare {QUICK}` prints:\n",
        block(brief.render(measured)),
        *(text if text[0] == "*" else f"{text}\n" for text in told),
        *_bases(reference),
        *_preemption(reference / "preempt"),
        *_machine(reference / "rehearsal"),
        "## Where the instructions go\n",
        f"`./retrap profile --from {PROFILE}` has every function,",
        "both placements, and arm64. The largest changes in two cells:\n",
        *map(block, _functions(profiled)),
        "## Which rules hold\n",
        "How many rules pass, fail, fail where that is expected, are not offered by",
        "the kernel, or have no test ([rule by rule](conformance.md)).\n",
        block("\n".join(ruletable.counts(conform.load(reference / "conform")))),
        f"{_mutants(mutanttable.load(reference / 'mutate'))}\n",
        "## Every cell\n",
        f"`./retrap compare {QUICK} --full` prints:\n",
        block(table.render(quick)),
        "## What it was run with\n",
        *_tools(reference),
    ]
    return "\n".join(parts) + "\n"


def _bases(reference: Path) -> list[str]:
    """Nothing where no run of another base is stored."""
    found: dict[str, basetable.Base] = {}
    for release, name in BASES:
        if (reference / name).is_dir():
            results = load(reference / name)
            for machine in filter(lambda each: each.exact, results.machines):
                found[_called(release, machine)] = results, machine
    if len(found) < 2:
        return []
    return [
        "## By base\n",
        "Medians and changes on Linux 6.12 and on today's, with one config but for",
        "what the newer one lacks (`configs/kernel/7.x.config`), and on arm64.",
        "`./retrap matrix configs/experiments/7.x.toml --guests` measures the newer",
        "ones, `arm64.toml` 6.12 on arm64. `a/b`: a at same-cpu, b at cross-cpu. A",
        "`~` marks what is undecided, and says nothing for or against a sign.\n",
        block(basetable.render(found)),
    ]


def _preemption(run: Path) -> list[str]:
    """Nothing where no run under other command lines is stored."""
    if not run.is_dir():
        return []
    return [
        "## Under other preemption\n",
        "The kernels are voluntary about preemption, as Debian's. `./retrap matrix",
        "configs/experiments/preempt.toml --guests` boots them with `preempt=none` and",
        "`preempt=full` too, and asks of each verdict whether it holds there.\n",
        f"{wrap(layouts.sentence(comparisons(load(run))))}\n",
    ]


def _machine(run: Path) -> list[str]:
    """Nothing where no campaign on a machine is stored."""
    if not run.is_dir():
        return []
    return [
        "## In time, over boots\n",
        "A campaign of eight blocks on a virtual machine that reboots, under QEMU, by",
        "`./retrap matrix --on HOSTS configs/experiments/rehearsal.toml`. It shows",
        "what a campaign ends in ([bare-metal.md](bare-metal.md)). Its times are",
        "QEMU's, and no evidence about hardware.\n",
        block(brief.render(load(run))),
        f"{wrap(boot_times.sentence(run))}\n",
    ]


def _called(release: str, machine: Machine) -> str:
    arch = machine.arch
    return release if arch == "x86_64" else f"{release}, {arch}"


def block(text: str) -> str:
    return f"```\n{text.rstrip()}\n```\n"


def _functions(run: Path) -> list[str]:
    """What differs from mainline on x86_64, cross-cpu; the notification first."""
    paths = sorted((run / "profiles").glob("*-x86_64-*@cross-cpu.json"))
    pairs = designs.pairs([summary.load(path) for path in paths], "mainline")
    return [
        report.difference(difference.compare(a, b, KIND), KIND, False, MOST)
        for a, b in sorted(pairs, key=lambda pair: pair[0].cell, reverse=True)
    ]


def _mutants(record: dict[str, Any]) -> str:
    """Of a stored mutate.json: how many broken patches a test noticed."""
    tried, alive = len(record["mutants"]), len(mutanttable.survivors(record))
    return (
        f"Of {tried} patches with one planted mistake each, the rules' tests\n"
        f"notice {tried - alive}."
    )


def _tools(reference: Path) -> list[str]:
    """Source, compiler and QEMU, as the boots of all runs say; and which runs those
    are."""
    found: dict[str, dict[str, None]] = {}
    for path in sorted(reference.glob("*/raw/*/*/boot.json")):
        record = json.loads(path.read_text())
        words = [record.get(key) for key in ("source", "compiler", "qemu_version")]
        if all(words):
            text = f"{record['arch']}: {'; '.join(words)}"
            found.setdefault(text, {})[path.relative_to(reference).parts[0]] = None
    return [
        f"- {', '.join(f'`{run}`' for run in runs)}, {text}"
        for text, runs in found.items()
    ]


def write() -> Path:
    atomic_write(PAGE, render())
    return PAGE
