# SPDX-License-Identifier: GPL-2.0-only
"""What a short mail says of machine, kernels and the command that was run, and what its
numbers do not show."""

from __future__ import annotations

import re
from collections.abc import Iterable

from retrap.base.textgrid import WIDTH, ascii_only, command
from retrap.machine import cmdline
from retrap.report import reproduce, topics
from retrap.report.patchlist import Patch, listed
from retrap.results.store import Boot, Machine, Results

LONGEST = 75  # of the command that is shown
LIMITS = {
    "exact": (
        "time: instructions of QEMU know no cache, branch predictor, IPI or idle "
        "state. Its CPUs take turns: cross-cpu counts are no latencies",
    ),
    "vm": ("the kernel alone: nanoseconds of a VM hold its host's scheduling",),
    "bare-metal": (
        "other machines; nor whether a change survives another alignment of the code",
    ),
}


def lines(results: Results, machines: Iterable[Machine]) -> list[str]:
    """Machine, kernel, config, command line; the patches; the command that was run."""
    found = []
    for machine in machines:
        found += _machine(results, machine)
    return [*found, *_patches(results), "", "To reproduce:", *_commands(results)]


def _machine(results: Results, machine: Machine) -> list[str]:
    boots = [boot for boot in results.boots if boot.machine == machine]
    facts = boots[0].facts
    who = _each(str(b.record.get("qemu_version") or "") for b in boots)
    who = re.sub(r"QEMU emulator version (\S+)[^,]*", r"QEMU \1", who)
    if not machine.exact:
        who = ", ".join(filter(None, (str(facts.get("cpu_model") or ""), who)))
    compiler = _each(str(b.record.get("compiler") or "") for b in boots)
    configs = _each(str(b.record.get("config_sha256") or "")[:12] for b in boots)
    config = f"sha256 {configs}" if configs else ""
    parts = (config, compiler.partition(";")[0])
    told = {
        f"{machine}": "; ".join(filter(None, (_size(results, machine, boots), who))),
        "kernel": ", ".join(filter(None, (_release(boots), _source(boots)))),
        "config": "; ".join(filter(None, parts)),
        "command line": cmdline.told(str(facts.get("cmdline") or "")),
    }
    return [_cut(f"{name}: {text}") for name, text in told.items() if text]


def _size(results: Results, machine: Machine, boots: list[Boot]) -> str:
    """`8 to 16 boots a kernel, 3000 samples a cell`."""
    names = results.variants(machine)
    found = {results.booted(machine, name) for name in names}
    many = " to ".join(map(str, sorted({min(found), max(found)})))
    cells = [cell for boot in boots for cell in boot.cells if cell.timed]
    taken = _each(str(cell.run["samples_taken"]) for cell in cells)
    return f"{many} boot{'' if many == '1' else 's'} a kernel, {taken} samples a cell"


def _release(boots: list[Boot]) -> str:
    known = (c.run["kernel"].get("release") for b in boots for c in b.cells)
    return _each(str(name) for name in known if name)


def _source(boots: list[Boot]) -> str:
    return _each(str(boot.record.get("source") or "") for boot in boots)


def _each(texts: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(text for text in texts if text))


def _cut(text: str) -> str:
    text = ascii_only(text)
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 4].rstrip()} ..."


def _patches(results: Results) -> list[str]:
    """A line a kernel: the first patch that no other kernel has, and how many more."""
    series: dict[str, list[Patch]] = {}
    for boot in results.boots:
        series.setdefault(boot.variant, listed(boot.record.get("patches")))
    found = []
    for name, mine in series.items():
        others = {p.sha256 for n, each in series.items() if n != name for p in each}
        own = [patch for patch in mine if patch.sha256 not in others] or mine
        if own:
            more = f" (+{len(mine) - 1})" if len(mine) > 1 else ""
            found.append(_cut(f"{name}{more}: {own[0].subject}"))
    return found


def _commands(results: Results) -> list[str]:
    """As it was run, as far as the plan says it."""
    plan = results.plan
    version, sha256 = plan.get("version"), str(plan.get("experiment_sha256"))
    told = [f"  git checkout {version}"] if version else []
    run = reproduce.command(plan)
    if len(run) > LONGEST:
        run = "./retrap matrix EXPERIMENT.toml"
    note = [f"  (an experiment of sha256 {sha256[:12]})"]
    return [
        *told,
        *ascii_only(command(run)).split("\n"),
        *([] if reproduce.stored(plan) else note),
        *(_cut(f"  ({told})") for told in reproduce.of_the_user(plan)),
    ]


def limits(results: Results, machines: Iterable[Machine]) -> list[str]:
    found = [
        text
        for substrate in dict.fromkeys(m.substrate for m in machines)
        for text in LIMITS[substrate]
    ]
    if topics.of_notification(results):
        found.append("many tracees or threads, a loaded machine, real workloads")
        found.append("which of the designs has the better semantics")
    else:
        found.append("a loaded machine, real workloads")
    return found
