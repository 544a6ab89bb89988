# SPDX-License-Identifier: GPL-2.0-only
"""lkml.eml: the results as a mail, short enough to be read. No figure of it is written
down here.

It is plain text, it may be a reply, and it has no Signed-off-by: who sends it adds
theirs. Nothing is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from fnmatch import fnmatch
from pathlib import Path

from retrap.analysis.compare import comparisons
from retrap.base.errors import EXIT_USAGE, RetrapError
from retrap.base.textgrid import wrap
from retrap.report import amounts, appendix, designstable, mailtable, setup, topics
from retrap.report.quote import quote
from retrap.report.reply import Original, headers
from retrap.report.sentences import caution, counts
from retrap.report.timetable import judged
from retrap.results.store import Machine, Results, atomic_write, load

FILE = "lkml.eml"
LINES = 60  # of a short mail, headers included
# No header is folded: Python encodes a folded one, which breaks a thread.
POLICY = policy.default.clone(max_line_length=998, cte_type="8bit")


@dataclass(frozen=True)
class Wanted:
    """`rows`: scenarios or patterns of them, with commas between. `long`: with every
    table; `profile`: with what `matrix --profile` found, too. `original`: the mail that
    is answered, of which the sentence with `words` is quoted, by `oneself`."""

    rows: str = ""
    long: bool = False
    profile: bool = False
    original: Original | None = None
    words: str = ""
    oneself: str = ""


def write(dir: Path, profile: bool = False) -> Path:
    """Write lkml.eml into the result directory. Errors: EXIT_RESULTS."""
    return store(dir, mail(dir, Wanted(long=profile, profile=profile)))


def store(dir: Path, mail: bytes) -> Path:
    atomic_write(dir / FILE, mail)
    return dir / FILE


def mail(dir: Path, wanted: Wanted = Wanted()) -> bytes:
    """Of a result directory. Errors: EXIT_RESULTS; EXIT_USAGE, of what is wanted."""
    results = load(dir)
    functions = _functions(dir, results.plan["baseline"]) if wanted.profile else []
    return message(results, wanted, functions)


def message(
    results: Results, wanted: Wanted = Wanted(), functions: list[str] | None = None
) -> bytes:
    """RFC 5322: headers, an empty line, lines of at most 72 columns."""
    shown = {m: _shown(results, m, wanted) for m in _machines(results)}
    found = EmailMessage(POLICY)
    if wanted.original:
        for name, value in headers(wanted.original, wanted.oneself).items():
            found[name] = value if isinstance(value, str) else _people(value)
    else:
        found["Subject"] = topics.subject(results, next(iter(shown.values())))
    room = LINES - len(found) - 4  # MIME's three, and the empty line
    told = _short(results, wanted, shown, room)
    if wanted.long or wanted.profile:
        told += ["", "-" * 8, "", *appendix.sections(results, functions or [])]
    text = "\n".join(told).rstrip() + "\n"
    plain = text.isascii()
    found.set_content(
        text,
        charset="us-ascii" if plain else "utf-8",
        cte="7bit" if plain else "8bit",
    )
    return found.as_bytes()


def _people(pairs: list[tuple[str, str]]) -> list[Address]:
    return [Address(name, addr_spec=address) for name, address in pairs]


def _functions(dir: Path, baseline: str) -> list[str]:
    """What `matrix --profile` found, in short."""
    from retrap.profile import designs, stored
    from retrap.profile.summary import CHEAPEST

    profiles = stored.profiles(dir / stored.NESTED)
    head = wrap(
        "Guest instructions a sample that each function adds, and how many the "
        "baseline has of it: every instruction between the two clock reads, on "
        "both CPUs. The sums are the differences of the totals, exactly. Figures: "
        f"{stored.NESTED}/figures/."
    )
    return [head, *designs.tables(profiles, baseline, CHEAPEST)]


def _machines(results: Results) -> list[Machine]:
    """Those on which kernels are compared; all, where there is no such one."""
    every = list(results.machines)
    return [machine for machine in every if judged(results, machine)] or every


def _shown(results: Results, machine: Machine, wanted: Wanted) -> list[str]:
    """The scenarios of the tables: those asked for, else notifications, else all paths.
    What they measured has no say in it. Errors: EXIT_USAGE."""
    known = results.paths(machine)
    if not wanted.rows:
        if designstable.fits(results, machine, known):
            return designstable.shown(known)
        return [name for name in known if name in amounts.NOUNS] or known
    patterns = wanted.rows.split(",")
    every = results.scenarios(machine)
    for pattern in patterns:
        if not any(fnmatch(name, pattern) for name in every):
            raise RetrapError(
                f"--rows: no scenario {pattern!r} in {results.path}",
                f"there are {', '.join(every)}",
                EXIT_USAGE,
            )
    return [name for name in every if any(fnmatch(name, p) for p in patterns)]


def _short(
    results: Results, wanted: Wanted, shown: dict[Machine, list[str]], room: int
) -> list[str]:
    """Lines, at most `room`: rows that do not fit are left out, and counted."""
    begin = []
    if wanted.original and wanted.words:
        begin = [*quote(wanted.original, wanted.words).split("\n"), ""]
    for text in _told(results, shown):
        begin += wrap(text).split("\n")
    machines = list(shown)
    end = ["", *setup.lines(results, machines), *_limits(results, machines)]
    tables = []
    for machine, scenarios in shown.items():
        base = judged(results, machine)
        if base and not wanted.rows and designstable.fits(results, machine, scenarios):
            made = designstable.lines(results, machine, base, scenarios)
            tables.append([made[:-1], made[-1:]])  # whole, or not at all
            tables.append(mailtable.integers(results, machine, scenarios))
            continue
        tables.append(mailtable.integers(results, machine, scenarios))
        tables.append(mailtable.changes(results, machine, scenarios))
    rest = room - len(begin) - len(end)
    return [*begin, *_fitted(tables, rest), *end]


def _told(results: Results, shown: dict[Machine, list[str]]) -> list[str]:
    """What the rows that are shown say, and how many of the others say what."""
    found = []
    for machine, scenarios in shown.items():
        base = judged(results, machine)
        if base is None:
            continue
        said = amounts.sentences(results, machine, base, scenarios)
        found += [text.removeprefix("! ") for text in said if text[0] != "~"]
        rows = [row for row in comparisons(results) if row.machine == machine]
        floors = [row for row in rows if row.scenario in results.floors]
        rest = [
            row for row in rows if row.scenario not in (*scenarios, *results.floors)
        ]
        if rest and set(scenarios) <= set(amounts.NOUNS):  # else all have been told of
            found.append(counts(f"Paths not shown [{machine}]", rest))
        if floors and not caution(results, rows):
            what = f"Floors, which hold no ptrace work [{machine}]"
            found.append(counts(what, floors))
    nothing = "Not measured on the baseline and on another variant: no comparison."
    return found or [nothing]


def _fitted(tables: list[list[mailtable.Group]], room: int) -> list[str]:
    """Whole groups, as long as there is room for them and for a line about the rest."""
    lines: list[str] = []
    left = 0
    for head, *groups in filter(None, tables):
        pending = ["", *head]
        for group in groups:
            if left or len(lines) + len(pending) + len(group) > room - 1:
                left += len(group) - 1
                continue
            lines += [*pending, *group]
            pending = []
    return [*lines, f"{left} more rows: lkml --long, or --rows"] if left else lines


def _limits(results: Results, machines: list[Machine]) -> list[str]:
    told = ["", "What this does not show:"]
    for text in setup.limits(results, machines):
        told += wrap(f"- {text}", "", "  ").split("\n")
    return told
