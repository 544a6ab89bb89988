# SPDX-License-Identifier: GPL-2.0-only
"""The short mail: how short, in which order, about what."""

from __future__ import annotations

import shutil

import pytest
from conftest import Maker

from retrap.analysis.compare import shown
from retrap.analysis.within import changed
from retrap.base.errors import EXIT_USAGE, RetrapError
from retrap.base.textgrid import row
from retrap.report import example_reply, lkml, mailtable, reply
from retrap.report.lkml import Wanted
from retrap.results.store import load

QUICK = example_reply.QUICK


@pytest.mark.parametrize("rows", ["", "*", "retrap/*", "inspect/*,floor/pipe"])
def test_a_short_mail_is_short(rows: str) -> None:
    for original in (None, reply.read(example_reply.ANSWERED)):
        wanted = Wanted(rows=rows, original=original, words=example_reply.WORDS)
        lines = lkml.mail(QUICK, wanted).decode().splitlines()
        assert len(lines) <= 60
        body = lines[lines.index("") :]
        assert all(len(line) <= 72 and line == line.rstrip() for line in body)
        assert max(map(len, lines)) < 998


def test_rows_that_do_not_fit_are_counted() -> None:
    text = lkml.mail(QUICK, Wanted(rows="*")).decode()
    assert "more rows: lkml --long, or --rows" in text
    assert "more rows" not in lkml.mail(QUICK, Wanted(rows="retrap/*")).decode()


def test_rows_are_chosen() -> None:
    text = lkml.mail(QUICK, Wanted(rows="floor/pipe")).decode()
    assert "floor/pipe\n  same-cpu" in text and "retrap/trigger:sigcont\n" not in text
    with pytest.raises(RetrapError, match="no scenario 'nothing'") as caught:
        lkml.mail(QUICK, Wanted(rows="retrap/*,nothing"))
    assert caught.value.exit_code == EXIT_USAGE and "floor/pipe" in caught.value.remedy


def test_counted_is_before_measured() -> None:
    text = lkml.mail(QUICK, Wanted(rows="retrap/*")).decode()
    assert (
        0
        < text.index("Events from sample to sample")
        < text.index("Guest instructions [")
    )
    (line,) = (
        x for x in text.splitlines() if x.startswith("  same-cpu async-r") and "+" in x
    )
    results = load(QUICK)
    (machine,) = results.machines
    where = ("retrap/trigger:sigcont", "same-cpu")
    numbers = []
    for name in ("mainline", "async-retrap"):
        one = shown(results, machine, name, where)
        assert one and one.quantiles
        numbers += [f"{one.median:.0f}", f"{one.quantiles.p10}-{one.quantiles.p90}"]
    change = changed(results, machine, "async-retrap", where)
    assert change and line.split() == [
        *("same-cpu", "async-retrap", *numbers, change.change)
    ]


def test_the_table_of_designs_is_first_and_whole() -> None:
    text = lkml.mail(QUICK).decode()
    begin = text.index("Guest instructions, and changes against mainline")
    assert begin < text.index("Events from sample to sample")
    rows = text[begin : text.index("\n\n", begin)]
    assert all(label in rows for label in ("  armed again", "registers, armed"))
    assert "floor: futex" in rows


def test_subject_and_text_are_about_the_experiment(maker: Maker) -> None:
    """One that notifies nobody says nothing of it."""
    maker.scenarios, maker.substrates = ("trap/trigger:interrupt",), ("exact",)
    path = maker.write()
    for mail in (lkml.mail(path), lkml.mail(path, Wanted(long=True))):
        text = mail.decode()
        assert text.startswith(
            "Subject: ptrace: cost of the first trap of a tracee, 2 "
        )
        for word in ("group-stop", "2011", "semantics", "job control"):
            assert word not in text
    about = lkml.mail(QUICK, Wanted(long=True)).decode()
    assert about.startswith("Subject: ptrace: cost of a group-stop notification, 3 ")
    assert "proposal of May 2011" in about


def test_a_patch_is_known_by_its_subject() -> None:
    text = lkml.mail(QUICK, Wanted(long=True)).decode()
    assert "please-notify (+11): ptrace: Let a STOP trap notify only if asked" in text
    assert '"ptrace: Add PTRACE_JOBCTL_CONT" (sha256 e405ad1b)' in " ".join(
        text.split()
    )


def test_the_long_mail_has_every_table() -> None:
    results = load(QUICK)
    text = lkml.message(results, Wanted(long=True)).decode()
    short = lkml.message(results).decode()
    assert text.startswith(short.rstrip()) and "Path integers: events a cycle" in text


def test_a_machine_with_one_kernel_takes_no_room_from_what_is_compared(
    maker: Maker,
) -> None:
    """As `matrix` leaves it: kernels in QEMU, and the one that runs here."""
    path = maker.write()
    for variant in maker.variants[1:]:
        for boot in path.glob(f"raw/{variant}/vm-*"):
            shutil.rmtree(boot)
    text = lkml.mail(path).decode()
    assert "exact x86_64" in text and "[vm x86_64]" not in text
    assert "nanoseconds of a VM" not in text
    long = lkml.mail(path, Wanted(long=True)).decode()
    assert "[vm x86_64]" in long


def test_no_number_of_a_mail_is_cut() -> None:
    """On a machine events are no integers: `8.994 -> 8.93` read `8.994 -> 8`."""
    before: dict[str, float | None] = {"switches": 8.994, "signals": 1200.4}
    after: dict[str, float | None] = {"switches": 8.93, "signals": 1200.2}
    assert mailtable._pair(before, after, "switches") == "8.99 -> 8.93"
    assert mailtable._pair(before, after, "signals") == "1200"
    assert row("a", ["10.92 -> 8.95", "9"], (11, 3), 4) == "a    10.92 -> 8.95  9"
    assert row("a", ["please-notify"], (8,), 4) == "a    please-"
