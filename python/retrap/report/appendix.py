# SPDX-License-Identifier: GPL-2.0-only
"""The long part of a mail, on request: every table, the method, the kernels patch by
patch, all limits. No figure here is written down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from retrap.analysis.shift import COVERED
from retrap.results.store import Boot, Cell, Machine, Results
from retrap.analysis.summarize import timed
from retrap.analysis.within import within_boots
from retrap.report import topics
from retrap.report.patchlist import listed
from retrap.report.table import tables
from retrap.base.textgrid import WIDTH, ascii_only, wrap
from retrap.report.sentences import paragraphs

DESIGNS = {
    "listen": (
        "PTRACE_LISTEN, what mainline has: the tracer lets a stopped tracee "
        "listen, and a change of the group-stop re-traps it."
    ),
    "listen-republish": (
        "PTRACE_LISTEN with one small patch to mainline and no new interface: "
        "PTRACE_INTERRUPT of a listening tracee reports its trap again without "
        "waking it up. This is no part of any of the designs, and each that has "
        "the tracer wait for news can have it; please-notify has it too."
    ),
    "async-retrap": (
        "T. Heo's proposal of May 2011: the trapped tracee re-traps by itself on "
        "every change. A reconstruction on today's kernel: the patches of that "
        "series that notify are not in the archives, its cover letter and the "
        "answer to it are."
    ),
    "please-notify": (
        "O. Nesterov's answer of 26 May 2011: no re-trap unless the tracer asks "
        "for it with PTRACE_JOBCTL_CONT. The mail describes it; the code is new."
    ),
}
EXACT_LIMITS = (
    "Instruction counts are not time. There is no cache, no branch predictor and "
    "no IPI latency in them: a path that misses caches or waits for another CPU "
    "costs more than it shows here.",
    "QEMU's CPUs take turns: an exact cross-cpu count is what both CPUs executed "
    "until the tracer was back, not a latency.",
    "The guest's configuration is small (no modules, LSM or audit).",
)
LIMITS = (
    "An idle machine; a loaded one and real workloads are other questions.",
    "A number holds the whole span from the trigger to the return, with the system "
    "calls in it. Floors are shown and not subtracted.",
)
NOTIFICATION_LIMITS = (
    "One tracee with one thread. Many tracees and threads are other questions.",
    "Which of the designs has the better semantics is not measured.",
)
# By design: what an idle machine does not show of it.
LOADED_LIMITS = {
    "async-retrap": (
        "async-retrap: WNOHANG and requests wait as long as a tracee that re-traps "
        "gets no CPU. With the others they return at once, and may have found "
        "nothing."
    ),
}
TIMED_LIMITS = {
    "vm": (
        "The nanoseconds are of a virtual machine and hold its host's scheduling "
        "too; they are no evidence about a kernel."
    ),
    "bare-metal": (
        "The nanoseconds are of one machine; another microarchitecture may "
        "order the variants otherwise."
    ),
}


def sections(results: Results, functions: Sequence[str] = ()) -> list[str]:
    """Each with its title. `functions`: of a profile."""
    about = _designs(results)
    return [
        *([_section("The designs", about, gap="\n")] if about else []),
        _section("Result", paragraphs(results)),
        tables(results).rstrip() + "\n",
        *([_section("Function by function", list(functions))] if functions else []),
        _section("Method", [wrap(line) for line in _method(results)]),
        _section("Kernels and machine", _machine(results), gap="\n"),
        _section("To know the same run again", _hashes(results), gap="\n"),
        _section("What this does not show", _limits(results), gap="\n"),
    ]


def _section(title: str, paragraphs: list[str], gap: str = "\n\n") -> str:
    return f"{title}\n{'-' * len(title)}\n" + gap.join(paragraphs) + "\n"


def _interfaces(results: Results) -> dict[str, list[str]]:
    """Sides by design: what a kernel does for every tracee, or the interface that
    the runs say."""
    found: dict[str, list[str]] = {}
    told = {
        variant["name"]: variant["properties"]
        for variant in results.plan.get("variants", ())
        if variant.get("properties")
    }
    for machine in results.machines:
        through = {c.side: c.interface for c in results.cells() if not c.floor}
        for name in results.sides(machine):
            design = told.get(name, [through[name]])[0]
            names = found.setdefault(design, [])
            if name not in names:
                names.append(name)
    return found


def _designs(results: Results) -> list[str]:
    """Of who is told of a group-stop change; of results about something else none."""
    if not topics.of_notification(results):
        return []
    head = wrap(
        "A group-stop of a tracee begins and ends without its tracer: a SIGCONT "
        "to a tracee that sits in a ptrace-stop changes the state of the group, "
        "and wait4(2) says nothing. A tracer that wants to be transparent to "
        "job control has to be told. How was discussed in May 2011, and the "
        "designs differ in what they make the tracee do:"
    )
    found = _interfaces(results)
    told = [
        wrap(f"* {', '.join(found[interface])}: {text}", "", "  ")
        for interface, text in DESIGNS.items()
        if interface in found
    ]
    return [head, "", *told]


def _set(values: list[Any]) -> str:
    known = sorted({value for value in values if value is not None})
    return ", ".join(str(value) for value in known) or "unknown"


def _method(results: Results) -> list[str]:
    told = [
        "The two processes of a scenario, as tracer and tracee, are each pinned to a "
        "CPU: the same (same-cpu) or two different ones (cross-cpu). On one CPU both "
        "run under SCHED_BATCH: under SCHED_OTHER the one that is woken preempts the "
        "other at times, and one scenario is two paths. A sample is the span from "
        "just before the trigger to just after the return, as of the wait that reports "
        "the stop. Wait status and start state of each are checked outside the span; a "
        "sample that is not what it should be is counted as failed and marked !, none "
        "is dropped."
    ]
    if exact := [cell for cell in timed(results) if cell.machine.exact]:
        told.append(_exact_method(exact))
    for machine in results.machines:
        cells = [cell for cell in timed(results) if cell.machine == machine]
        if not cells or machine.exact:
            continue
        size, seed = _size(cells)
        names = results.variants(machine)
        boots = _set([results.booted(machine, name) for name in names])
        told.append(
            f"On the host ({machine}): samples a cell and boot: {size}; boots a "
            f"variant: {boots}; seed {seed}. A boot is one observation; samples "
            "within it are not independent."
        )
        if any(each.machine == machine for each in within_boots(results)):
            told.append(
                "Interfaces of one kernel are compared within its boots: each boot "
                "runs a process for each, in an order of chance, and gives one "
                "difference a cell. That cancels what a boot adds to both, and is of "
                "one kernel that holds all the designs."
            )
    told.append(
        "The path integers come from separate runs under perf stat, one of N and "
        "one of 2N cycles, so that start-up and tear-down cancel; of several N the "
        "median counts, and counters.csv says how many agree. A cycle is one timed "
        "event and what re-arms it. A switch is the tracer or the tracee going to "
        "sleep (S or t), a wakeup is of one of them, a signal is any generated, a "
        "system call is ptrace, wait4, kill or tgkill: preemption by kernel threads "
        "and the checks of the start state do not count."
    )
    return told


def _size(cells: list[Cell]) -> tuple[str, str]:
    """Samples taken, and the seeds."""
    taken = _set([int(cell.run["samples_taken"]) for cell in cells])
    return taken, _set([cell.run["seed"] for cell in cells])


def _of(results: Results, machine: Machine) -> list[Boot]:
    return [boot for boot in results.boots if boot.machine == machine]


def _exact_method(cells: list[Cell]) -> str:
    size, seed = _size(cells)
    return (
        "exact: the kernel runs in QEMU (TCG, -icount shift=0), where the guest's "
        "clock advances by 1 ns an instruction, so that a run repeats to the "
        f"instruction and the unit is one guest instruction. Samples a cell: {size}; "
        f"seed {seed}. The scheduler's load tracking skips an update within 1024 ns "
        "of the last one and does more work at the end of a period of 1024 us, "
        "which makes classes of samples on one path: seeded delays spread the "
        "samples over them. A patch that adds d instructions to a path adds them to "
        "each class, whatever share the classes have: two variants are compared by "
        "the shift that lays the samples of one on those of the other. It counts if "
        f"it explains {100 * COVERED:.0f} % of the samples of either, and no shift of "
        "another sign does."
    )


def _machine(results: Results) -> list[str]:
    """What all variants of a machine share once, then what sets one apart."""
    lines = []
    for machine in results.machines:
        told = {
            variant: _build([b for b in _of(results, machine) if b.variant == variant])
            for variant in results.variants(machine)
        }
        shared = set.intersection(*(set(entries) for entries in told.values()))
        first = next(iter(told.values()))
        common = "; ".join(entry for entry in first if entry in shared)
        lines.append(wrap(f"* {machine}: {common or 'nothing is known'}", "", "  "))
        for variant, entries in told.items():
            own = "; ".join(entry for entry in entries if entry not in shared)
            if own or len(told) == 1:
                lines.append(wrap(f"- {variant}: {own or 'as above'}", "  ", "  "))
    return lines


def _build(boots: list[Boot]) -> list[str]:
    """Facts of the boots of one variant, each once."""
    found: dict[str, None] = {}
    for boot in boots:
        record, facts = boot.record, boot.facts
        for key, value in (
            ("source", record.get("source")),
            ("release", _release(boot.cells)),
            ("compiler", record.get("compiler")),
            ("", record.get("qemu_version")),
            ("CPU", None if boot.machine.exact else facts.get("cpu_model")),
            ("config sha256", str(record.get("config_sha256") or "")[:16]),
            ("patches", _patches(record.get("patches"))),
            ("patches of the boot", _patches(record.get("boot_patches"))),
        ):
            if value:
                found[f"{key} {value}".strip()] = None
    return list(found)


def _release(cells: tuple[Cell, ...]) -> str | None:
    names = {cell.run["kernel"].get("release") for cell in cells} - {None}
    return ", ".join(sorted(names)) or None


def _patches(patches: Any) -> str | None:
    """`"ptrace: Do this" (sha256 1f9a3c2b)`: a subject says what a hash does not."""
    names = [f'"{each.subject}" (sha256 {each.sha256[:8]})' for each in listed(patches)]
    return ", ".join(names) or None


def _hashes(results: Results) -> list[str]:
    told = []
    for key in ("experiment_sha256", "plan_sha256", "binary_sha256"):
        value = results.plan.get(key) or {}
        each = value if isinstance(value, dict) else {"": value}
        hashes = [f"{arch} {sha[:16]}".strip() for arch, sha in each.items()]
        told += [f"  {key} {text}" for text in hashes]
    return [ascii_only(line)[:WIDTH] for line in told]


def _limits(results: Results) -> list[str]:
    present = {machine.substrate for machine in results.machines}
    limits = list(EXACT_LIMITS if "exact" in present else ()) + list(LIMITS)
    if topics.of_notification(results):
        designs = _interfaces(results)
        limits += NOTIFICATION_LIMITS
        limits += [text for key, text in LOADED_LIMITS.items() if key in designs]
    limits += [text for key, text in TIMED_LIMITS.items() if key in present]
    return [wrap(f"* {text}", "", "  ") for text in limits]
