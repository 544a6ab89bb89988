# SPDX-License-Identifier: GPL-2.0-only
"""Verdicts of rules from reports of guests, the table and KTAP made of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from retrap.rules import conform, ktap, rulebook, ruletable
from retrap.base.errors import EXIT_CONFIG, EXIT_RESULTS, RetrapError
from retrap.rules.rulebook import Difference, RuleBook
from retrap.rules.verdicts import Column, Judgement, Report, judge, parse, properties

BOOK = RuleBook({"C": "listen", "AR": "async-retrap"}, ("C01", "AR01"), {}, {})
C, AR = "C01_Holds/same", "AR01_Retraps/same"
GOOD = {C: "pass", AR: "pass"}
BOTH = ("listen", "async-retrap")


def column(
    smp: dict[str, str], exact: dict[str, str] | None = None, offers: Any = BOTH
) -> Column:
    boots = {
        "smp": Report("ok", "", smp),
        "exact": Report("ok", "", smp if exact is None else exact),
    }
    return Column("k", "x86_64", offers, boots)


def rules(judged: Judgement) -> dict[str, str]:
    return {rule: row["x86_64/k"] for rule, row in judged.rules.items()}


def test_all_pass() -> None:
    judged = judge([column(GOOD)], BOOK)
    assert rules(judged) == {"C01": "pass", "AR01": "pass"}
    assert judged.surprises == []


def test_a_rule_passes_only_when_it_passed_in_both_boots() -> None:
    for smp, exact in ((GOOD, {**GOOD, C: "FAIL"}), ({**GOOD, C: "FAIL"}, GOOD)):
        judged = judge([column(smp, exact)], BOOK)
        assert rules(judged) == {"C01": "FAIL", "AR01": "pass"}
        assert len(judged.surprises) == 1 and f"{C}: failed" in judged.surprises[0]


def test_one_test_of_a_rule_fails_it() -> None:
    judged = judge([column({**GOOD, "C01_Other/cross": "FAIL"})], BOOK)
    assert rules(judged)["C01"] == "FAIL"


def test_interface_that_is_not_offered() -> None:
    judged = judge([column({**GOOD, AR: "skip"}, offers=("listen",))], BOOK)
    assert rules(judged) == {"C01": "pass", "AR01": "n.a."}
    assert judged.surprises == []


def test_interface_that_works_where_it_is_not_offered() -> None:
    judged = judge([column(GOOD, offers=("listen",))], BOOK)
    assert rules(judged)["AR01"] == "FAIL"
    assert "ran, though async-retrap is not offered" in judged.surprises[0]


def test_a_property_requires_rules_and_waives_others() -> None:
    """A kernel without it keeps the others; nobody asks it for the former."""
    book = RuleBook(
        {"C": "listen", "LR": "listen-republish"},
        *(("C01", "LR01"), {}, {}, {"listen-republish": ("C01",)}),
    )
    ran = {C: "FAIL", "LR01_Reports/same": "pass"}
    judged = judge([column(ran, offers=("listen", "listen-republish"))], book)
    assert rules(judged) == {"C01": "n.a.", "LR01": "pass"}
    assert judged.surprises == []
    judged = judge([column({C: "pass", "LR01_Reports/same": "skip"})], book)
    assert rules(judged) == {"C01": "pass", "LR01": "n.a."}
    assert judged.surprises == []
    judged = judge([column({C: "pass", "LR01_Reports/same": "pass"})], book)
    assert "ran, though listen-republish is not offered" in judged.surprises[0]


def test_a_skip_where_the_interface_is_offered_hides_nothing() -> None:
    judged = judge([column(GOOD, {**GOOD, AR: "skip"})], BOOK)
    assert rules(judged)["AR01"] == "none"
    assert "was skipped" in judged.surprises[0]


def test_a_test_that_one_kernel_did_not_run() -> None:
    other = Column("l", "x86_64", BOTH, {"smp": Report("ok", "", {C: "pass"})})
    judged = judge([column(GOOD), other], BOOK)
    assert judged.rules["AR01"] == {"x86_64/k": "pass", "x86_64/l": "none"}
    assert any("did not run" in text for text in judged.surprises)


@pytest.mark.parametrize("outcome", ["hang", "splat", "no report", "not built"])
def test_a_lost_boot_is_told_once_and_passes_nothing(outcome: str) -> None:
    boots = {"smp": Report("ok", "", GOOD), "exact": Report(outcome, "said\nmore", {})}
    lost = Column("l", "x86_64", BOTH, boots)
    judged = judge([column(GOOD), lost], BOOK)
    assert judged.surprises == [f"x86_64/l (exact): {outcome}: said"]
    assert judged.rules["C01"] == {"x86_64/k": "pass", "x86_64/l": "none"}


def test_expected_difference() -> None:
    known = Difference(("k",), (), "because")
    book = RuleBook(BOOK.families, BOOK.rules, {}, {"C01_Holds": known})
    judged = judge([column({**GOOD, C: "FAIL"})], book)
    assert rules(judged)["C01"] == "expected" and judged.surprises == []
    judged = judge([column(GOOD)], book)
    assert rules(judged)["C01"] == "FAIL"
    assert "expects a difference" in judged.surprises[0]
    elsewhere = RuleBook(
        BOOK.families,
        BOOK.rules,
        {},
        {"C01_Holds": Difference(("k",), ("arm64",), "because")},
    )
    assert rules(judge([column({**GOOD, C: "FAIL"})], elsewhere))["C01"] == "FAIL"


def test_rules_without_tests_and_tests_without_rules() -> None:
    judged = judge([column({C: "pass", "C99_New/same": "pass"})], BOOK)
    assert rules(judged)["AR01"] == "none"
    assert judged.surprises == [
        "C99: tested, but no rule of configs/conform.toml",
        "AR01: has no test and no reason for that",
    ]
    excused = RuleBook(BOOK.families, BOOK.rules, {"AR01": "no such machine"}, {})
    assert judge([column({C: "pass"})], excused).surprises == []
    assert "listed as untested" in judge([column(GOOD)], excused).surprises[0]


def test_difference_of_a_test_that_does_not_exist() -> None:
    gone = {"C01_Gone": Difference(("k",), (), "because")}
    judged = judge([column(GOOD)], RuleBook(BOOK.families, BOOK.rules, {}, gone))
    assert judged.surprises == ["C01_Gone: has a difference listed and does not exist"]


def test_parse() -> None:
    rows = [
        {"name": "C01_A/same", "result": "COMPLETED"},
        {"name": "C01_B/same", "result": "COMPLETED", "failures": [{"failure": "x "}]},
        {"name": "C01_C/same", "result": "SKIPPED"},
        {"name": "C01_D/same", "result": "SUPPRESSED"},
    ]
    verdicts, failures = parse({"testsuites": [{"testsuite": rows}]})
    assert list(verdicts.values()) == ["pass", "FAIL", "skip", "none"]
    assert failures == {"C01_B/same": "x"}


def test_properties_are_what_the_test_recorded() -> None:
    row = {"name": "ML22_A/same", "result": "COMPLETED", "time": "1s", "turns": "970"}
    other = {"name": "C01_A/same", "result": "COMPLETED", "file": "x", "line": 1}
    found = properties({"testsuites": [{"testsuite": [row, other]}]})
    assert found == {"ML22_A/same": {"turns": "970"}}


def record(*columns: Column) -> dict[str, Any]:
    """What conform.json would hold."""
    judged = judge(columns, BOOK)
    return {
        "stamp": "20261124-000000",
        "version": "v",
        "cpus": 2,
        "count": 7,
        "rules": judged.rules,
        "tests": judged.tests,
        "untested": {},
        "surprises": judged.surprises,
        "columns": {
            each.name: {
                "boots": {
                    kind: {
                        "outcome": boot.outcome,
                        "message": boot.message,
                        "tests": boot.tests,
                        "failures": {C: "two\nlines"},
                    }
                    for kind, boot in each.boots.items()
                }
            }
            for each in columns
        },
    }


def test_table() -> None:
    text = ruletable.render(record(column({**GOOD, C: "FAIL"}, GOOD)))
    assert "races: at most 7 turns" in text.splitlines()[0]
    assert re.search(r"^C01 +1 +FAIL$", text, re.M)
    assert re.search(r"^AR01 +1 +pass$", text, re.M)
    assert "surprise: x86_64/k (smp): C01_Holds/same: failed" in text
    assert text.endswith("2 rules, 2 tests, 1 kernels, 1 surprises\n")


def test_ktap() -> None:
    """Plans match their numbers; SKIP, a failure with its text, a hang."""
    lost = Column("l", "x86_64", ("listen",), {"smp": Report("hang", "no end", {})})
    bare = column({C: "FAIL", AR: "skip"}, {C: "pass", AR: "skip"}, ("listen",))
    lines = ktap.render(record(bare, lost)).splitlines()
    assert lines[:2] == ["KTAP version 1", "1..3"]
    assert lines[2:5] == ["  KTAP version 1", "  # Subtest: x86_64/k/smp", "  1..2"]
    assert "  ok 1 AR01_Retraps/same # SKIP interface is not offered" in lines
    failed = lines.index("  not ok 2 C01_Holds/same")
    assert (lines[failed - 2], lines[failed - 1]) == ("  # two", "  # lines")
    assert [line for line in lines if re.match("(not )?ok", line)] == [
        "not ok 1 x86_64/k/smp",
        "ok 2 x86_64/k/exact",
        "not ok 3 x86_64/l/smp # TIMEOUT",
    ]


def test_rule_book_file() -> None:
    book = rulebook.load()
    assert {"C19", "ML23", "AR27", "PN26", "P1"} <= set(book.rules)
    assert book.interface("LR01") == "listen-republish"
    assert book.interface("AR07") == "async-retrap" and book.interface("Z1") is None


@pytest.mark.parametrize(
    "text",
    [
        "[untested]\n",
        '[families]\nC = { rules = 1, interface = "nope" }\n',
        '[families]\nC = { rules = 1, property = "listen" }\n',
        '[families]\nC = { rules = 1, interface = "listen" }\n'
        '[waived]\nlisten-republish = ["C02"]\n',
        '[families]\nC = { rules = 1, interface = "listen" }\n'
        '[waived]\nlisten = ["C01"]\n',
        '[families]\nC = { rules = 1, interface = "listen" }\n[untested]\nC09 = "x"\n',
        '[families]\nC = { rules = 1, interface = "listen" }\n[untested]\nC01 = ""\n',
        '[families]\nC = { rules = 9, interface = "listen" }\n[untested]\n'
        + "".join(f'C0{number} = "x"\n' for number in range(1, 7)),
        '[families]\nC = { rules = 1, interface = "listen" }\n'
        '[differences.C01_X]\nkernels = ["k"]\n',
    ],
)
def test_bad_rule_book_file(text: str, tmp_path: Path) -> None:
    path = tmp_path / "conform.toml"
    path.write_text(text)
    with pytest.raises(RetrapError) as caught:
        rulebook.load(path)
    assert caught.value.exit_code == EXIT_CONFIG and str(path) in caught.value.message


def test_no_sweep_is_no_word(tmp_path: Path) -> None:
    """retrap-conform takes numbers from 1 on."""
    words = {
        steps: conform.Options((), (), 1, 2, tmp_path, steps).boots()["exact"][1]
        for steps in (0, 8)
    }
    assert "--sweep" not in words[0]
    assert words[8].endswith(" --sweep 8")


@pytest.mark.parametrize("text", [None, '{"schema": "retrap.plan/1"}'])
def test_a_directory_of_something_else_is_told(
    tmp_path: Path, text: str | None
) -> None:
    """Not that it is damaged: it is another directory."""
    if text:
        (tmp_path / "conform.json").write_text(text)
    with pytest.raises(RetrapError) as caught:
        conform.load(tmp_path)
    assert caught.value.exit_code == EXIT_RESULTS
    assert "retrap conform" in caught.value.remedy
