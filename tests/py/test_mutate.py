# SPDX-License-Identifier: GPL-2.0-only
"""Mutations: how they are read, made into patches and judged."""

from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path

import pytest

from retrap.rules import mutanttable, mutate, mutations, rule_boot, rulebook
from retrap.base.arch import ARM64, X86_64, native
from retrap.config.variants import load_variants
from retrap.rules.rule_boot import BookBoot, _lost
from retrap.base.paths import ROOT
from retrap.base.errors import EXIT_CONFIG, EXIT_KERNEL, RetrapError
from retrap.rules.mutations import Mutation

BROKEN = Mutation("m", "d", "x", ("AR05",), "f.c", "\tb();\n", "")


def found(outcome: str = "ok", *failures: str) -> BookBoot:
    return BookBoot(outcome, "", "", {}, dict.fromkeys(failures, "said"), "", 1.0)


def test_the_repository_s_mutations() -> None:
    known = mutations.load()
    assert len(known) >= 12
    assert {m.design for m in known.values()} == {
        "mainline",
        "listen-republish",
        "async-retrap",
        "please-notify",
        "both",
        "mainline-ia32",
    }


def test_patch_applies(tmp_path: Path) -> None:
    (tmp_path / "f.c").write_text("a();\n\tb();\nc();\n")
    text = mutations.patch_of(BROKEN, tmp_path)
    subprocess.run(["patch", "-sp1"], input=text, text=True, cwd=tmp_path, check=True)
    assert (tmp_path / "f.c").read_text() == "a();\nc();\n"


@pytest.mark.parametrize("text", ["", "\tb();\n\tb();\n"])
def test_before_must_be_there_once(text: str, tmp_path: Path) -> None:
    (tmp_path / "f.c").write_text(text)
    with pytest.raises(RetrapError, match="must be once") as caught:
        mutations.patch_of(BROKEN, tmp_path)
    assert caught.value.exit_code == EXIT_KERNEL
    (tmp_path / "f.c").unlink()
    with pytest.raises(RetrapError, match="no such file"):
        mutations.patch_of(BROKEN, tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        '[m]\nrules = ["C01"]\nfile = "f"\nbefore = "a"\nafter = "b"\n',
        '[m]\nbreaks = "x"\nrules = []\nfile = "f"\nbefore = "a"\nafter = "b"\n',
        '[m]\nbreaks = "x"\nrules = ["C01"]\nfile = "f"\nbefore = "a"\nafter = "a"\n',
        '[m]\nbreaks = "x"\nrules = ["C01"]\nfile = "f"\nbefore = ""\nafter = "a"\n',
        '[m]\nbreaks = "x"\nrules = ["C01"]\nfile = "f"\nbefore = "a"\nafter = "b"\n'
        "swept = 1\n",
    ],
)
def test_bad_mutation(text: str, tmp_path: Path) -> None:
    (tmp_path / "d.toml").write_text(text)
    with pytest.raises(RetrapError) as caught:
        mutations.load(tmp_path)
    assert caught.value.exit_code == EXIT_CONFIG


def test_what_only_a_sweep_tells_is_swept() -> None:
    """In exact mode, the sweeps of its rules; the unbroken kernel takes all that
    any mutant does."""
    swept = dataclasses.replace(BROKEN, swept=True)
    [only] = mutate.tries(swept)
    assert only.guest.exact and "--sweep 10000" in only.arguments
    assert only.arguments.endswith(" --gtest_filter=*AR05_Sweep*")
    whole = mutate.Try(mutate.GUEST, mutate.ARGUMENTS)
    assert mutate._unbroken([BROKEN]) == {"unbroken": whole}
    other = dataclasses.replace(swept, rules=("AR20",))
    boots = mutate._unbroken([BROKEN, other, swept])
    assert list(boots) == ["unbroken", "unbroken-swept"]
    assert boots["unbroken-swept"].arguments.endswith("=*AR05_Sweep*:*AR20_Sweep*")


def test_its_own_rules_come_first_and_the_book_decides() -> None:
    """A boot of the book is half a minute; the tests of a rule are seconds."""
    mutation = dataclasses.replace(BROKEN, rules=("PN05", "AR05"))
    aimed, whole = mutate.tries(mutation)
    assert aimed.arguments == f"{whole.arguments} --gtest_filter=*AR05_*:*PN05_*"
    assert whole == mutate.Try(mutate.GUEST, mutate.ARGUMENTS)
    assert not aimed.guest.exact


def test_unknown_mutation() -> None:
    with pytest.raises(RetrapError, match="no mutation frob$"):
        mutations.choose(["frob"], mutations.load(), native())
    with pytest.raises(RetrapError, match="asked-for; near it: asked-for-ever"):
        mutations.choose(["asked-for"], mutations.load(), native())


def test_what_breaks_code_of_another_architecture_is_left_out() -> None:
    known = mutations.load()
    x86 = {m.name for m in known.values() if m.file.startswith("arch/x86/")}
    assert {m.name for m in mutations.choose([], known, X86_64)} == set(known)
    assert {m.name for m in mutations.choose([], known, ARM64)} == set(known) - x86
    assert x86


def test_a_design_with_a_config_of_its_own_is_broken_itself() -> None:
    variants = load_variants()
    ia32 = dataclasses.replace(BROKEN, design="mainline-ia32")
    assert mutate.kernel_name(ia32, variants) == "mainline-ia32"
    plain = dataclasses.replace(BROKEN, design="please-notify")
    assert mutate.kernel_name(plain, variants) == "combined"


def test_verdicts() -> None:
    assert mutate.verdict(BROKEN, found()) == ("SURVIVED", [])
    both = ("AR05_X/same", "AR05_X/cross")
    assert mutate.verdict(BROKEN, found("ok", *both)) == ("tests", ["AR05_X"])
    assert mutate.verdict(BROKEN, found("ok", "C01_Y/same"))[0] == "ELSEWHERE"
    two = dataclasses.replace(BROKEN, rules=("AR05", "AR06"))
    assert mutate.verdict(two, found("ok", *both))[0] == "ELSEWHERE"
    assert mutate.verdict(two, found("ok", *both, "AR06_Z"))[0] == "tests"
    assert mutate.verdict(BROKEN, found("hang"))[0] == "by hang"
    assert mutate.verdict(BROKEN, found("splat"))[0] == "by splat"
    assert mutate.verdict(BROKEN, found("no report"))[0] == "no report"


def test_without_a_kernel_to_break() -> None:
    with pytest.raises(RetrapError, match="no variant combined, and no d"):
        mutate.run([BROKEN], {}, native(), Path())


def test_rules_of_mutations_are_rules() -> None:
    named = {rule for m in mutations.load().values() for rule in m.rules}
    assert named <= set(rulebook.load().rules)


def test_table_and_survivors() -> None:
    row = {"design": "async-retrap", "rules": ["AR05"]}
    many = ["C01_A", "C02_B", "AR05_C", "C03_D"]
    rows = [
        {**row, "name": "one", "verdict": "tests", "killers": many},
        {**row, "name": "two", "verdict": "SURVIVED", "killers": []},
        {**row, "name": "three", "verdict": "by hang", "killers": []},
        {**row, "name": "four", "verdict": "ELSEWHERE", "killers": ["C01_A"]},
    ]
    record = {
        "stamp": "s", "version": "v", "arch": "x86_64", "arguments": "-x",
        "mutants": rows,
    }  # fmt: skip
    assert mutanttable.survivors(record) == ["two", "four"]
    lines = mutanttable.render(record).splitlines()[3:]
    assert lines[1].split() == ["one", "async-retrap", "AR05_C"]
    assert lines[4].strip() == "and 1 more"
    assert lines[5].split() == ["two", "async-retrap", "SURVIVED"]
    assert lines[-1] == "2 of 4 mutants killed"


def test_rules_that_no_mutant_breaks_are_named() -> None:
    """A rule counts as broken when a test of it failed, whoever was aimed at."""
    row = {
        "name": "one", "design": "both", "verdict": "tests",
        "rules": ["AR05", "C02"], "killers": ["AR05_C", "C01_A"], "message": "",
    }  # fmt: skip
    record = {
        "stamp": "s", "version": "v", "arch": "x86_64", "arguments": "-x",
        "mutants": [row],
    }  # fmt: skip
    rules = ("C01", "C02", "ML01", "AR05")
    lost = {**row, "verdict": "by splat", "message": "BUG (in C02_B/same)"}
    assert mutanttable.never_failed({"mutants": [row, lost]}, rules) == ["ML01"]
    assert mutanttable.never_failed(record, rules) == ["C02", "ML01"]
    assert mutanttable.render(record, rules).splitlines()[-4:] == [
        "1 of 1 mutants killed",
        "made to break 2 of 4 rules; tests of 2 rules failed",
        "rules of which no test failed on any mutant: 2",
        "C02 ML01",
    ]
    assert mutanttable.render(record).endswith("1 of 1 mutants killed\n")


def test_a_boot_that_is_lost_names_its_test() -> None:
    console = (
        "retrap: step 1/1 exec conform\n"
        "retrap: step Rules/CommonRules.C01_A/same\n"
        "retrap: failed Rules/CommonRules.C01_A/same, where GetParam() = same (3 ms)\n"
        "retrap: step Rules/CommonRules.C02_B/same\n"
    )
    lost = _lost(console, "guest x: no end after 4 s\nmore", True, "--count 1", 4.0)
    assert (lost.outcome, lost.last) == ("hang", "C02_B/same")
    assert list(lost.failures) == ["C01_A/same"]
    splat = _lost(console + "WARNING: CPU: 0 PID: 9\n", "x", False, "", 4.0)
    assert splat.outcome == "splat" and "WARNING: CPU: 0" in splat.message


def test_a_tracer_that_its_watchdog_kills_has_hung(tmp_path: Path) -> None:
    source = (ROOT / "bench/core/ptrace/standstill.cc").read_text()
    assert rule_boot.WATCHDOG in source
    (tmp_path / "conform.log").write_text("retrap: killing the tracer.\nKilled\n")
    console = "retrap: failed Rules/CommonRules.C01_A/same, where (3 ms)\n"
    hung = rule_boot._read(tmp_path, console, "", 1.0)
    assert (hung.outcome, list(hung.failures)) == ("hang", ["C01_A/same"])
    (tmp_path / "conform.log").write_text("Segmentation fault\n")
    assert rule_boot._read(tmp_path, "", "", 1.0).outcome == "no report"
