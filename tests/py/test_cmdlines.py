# SPDX-License-Identifier: GPL-2.0-only
"""Command lines as an axis: the same kernel, booted with other words."""

from __future__ import annotations

from pathlib import Path

import conftest
import pytest
from conftest import Maker

from retrap.analysis import compare
from retrap.base.arch import native
from retrap.base.errors import EXIT_CONFIG, RetrapError
from retrap.base.paths import ROOT
from retrap.cli import machines
from retrap.cli.matrix_plan import layout_of
from retrap.config import cmdlines
from retrap.config.fragments import asked, config_text
from retrap.config.experiments import Experiment, load_experiment
from retrap.config.variants import load_variants, named
from retrap.kernel.kernels import kernel_key
from retrap.report import brief, table
from retrap.results.store import load

CELL = ("retrap/trigger:sigcont", "same-cpu")
EXPERIMENT = """variants = ["mainline", "please-notify"]
scenarios = ["floor/pipe"]
cmdline = {}
[exact]
samples = 10
"""
PREEMPTION = [f"CONFIG_PREEMPT{kind}" for kind in ("_NONE", "_VOLUNTARY", "", "_RT")]
BOTH = '["preempt=none", "preempt=full  mitigations=off"]'


def read(directory: Path, words: str) -> Experiment:
    path = directory / "x.toml"
    path.write_text(EXPERIMENT.format(words))
    return load_experiment(path)


def test_each_variant_is_booted_with_each(tmp_path: Path) -> None:
    assert read(tmp_path, BOTH).kernels == (
        *("mainline", "please-notify"),
        *("mainline+preempt=none", "please-notify+preempt=none"),
        "mainline+preempt=full+mitigations=off",
        "please-notify+preempt=full+mitigations=off",
    )


def test_it_is_the_same_kernel() -> None:
    variants = load_variants()
    name = "please-notify+preempt=full"
    assert name in variants and variants[name].name == name
    plain = kernel_key(variants["please-notify"], native())
    assert kernel_key(variants[name], native()) == plain
    assert "other+preempt=full" not in variants and "mainline+" not in variants


def test_a_real_time_kernel_is_a_config_and_has_no_switch() -> None:
    variants = load_variants(ROOT / "configs/preempt.toml")
    for name in ("mainline-rt", "please-notify-rt", "async-retrap-rt"):
        asks = asked(config_text(variants[name], native()))
        assert asks["CONFIG_PREEMPT_RT"] == "y"
        assert asks["CONFIG_PREEMPT_DYNAMIC"] == "n"
        choice = [s for s in asks if s in PREEMPTION]  # the last word wins
        assert choice[-1] == "CONFIG_PREEMPT_RT"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("console=ttyS1", "'console=ttyS1' is set by retrap itself; leave it out"),
        ("preempt=full tsc_early_khz=1", "'tsc_early_khz=1' is set by retrap itself"),
        ("rdinit=/x", "'rdinit=/x' is set by retrap itself"),
        ("lapic_timer_khz=3", "'lapic_timer_khz=3' is set by retrap itself"),
        ("rcupdate.rcu_expedited=1", "'rcupdate.rcu_expedited=1' has a dot"),
        ("a;b", "'a;b' is no word like preempt=full"),
        ("ballast=0", "'ballast=0': ballast= takes 1 to 64"),
        ("ballast=1 ballast=2", "'ballast=1 ballast=2' names ballast= twice"),
        ("ballast=٣", "'ballast=٣' is no word like preempt=full"),
        (" ", "an empty one is what each kernel has anyway"),
    ],
)
def test_other_words_are_refused(tmp_path: Path, words: str, why: str) -> None:
    with pytest.raises(RetrapError) as raised:
        read(tmp_path, f'["{words}"]')
    assert raised.value.exit_code == EXIT_CONFIG
    assert f"cmdline: {why}" in raised.value.message


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("mainline+ballast=99", "mainline+ballast=99: 'ballast=99': ballast= takes"),
        ("mainline+ballast=1+ballast=2", "names ballast= twice"),
        ("other+ballast=99", "no variant 'other+ballast=99'"),
    ],
)
def test_a_name_with_a_bad_word_says_which(name: str, why: str) -> None:
    with pytest.raises(RetrapError) as raised:
        named([name], load_variants())
    assert why in raised.value.message and raised.value.exit_code == EXIT_CONFIG


def test_twice_the_same_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RetrapError, match="names one twice"):
        read(tmp_path, '["preempt=full", " preempt=full"]')


def test_the_plan_says_the_words() -> None:
    assert layout_of("mainline+a=b+c") == {"cmdline": "a=b c"}
    assert layout_of("mainline") == {}


def test_ballast_is_no_word_of_the_kernel() -> None:
    assert cmdlines.ballast("preempt=full ballast=3 quiet") == (
        *(3, "preempt=full quiet"),
    )
    assert cmdlines.ballast("preempt=full") == (0, "preempt=full")
    assert cmdlines.split("mainline+ballast=3") == ("mainline", "ballast=3")


UNKNOWN = 'Unknown kernel command line parameters "preempt=full", will be passed'


@pytest.mark.parametrize(
    ("words", "found", "console", "why"),
    [
        ("preempt=full", "quiet preempt=full", "Dynamic Preempt: full", ""),
        ("preempt=full", "quiet", "", "/proc/cmdline has no preempt=full: quiet"),
        ("preempt=full", "preempt=full", UNKNOWN, "the kernel does not know it: "),
        ("mitigations=off", "mitigations=off", UNKNOWN, ""),
        (
            "preempt=lazy",
            "preempt=lazy",
            "[ 0.1] Dynamic Preempt: unsupported mode: lazy",
            "the kernel does not know it: Dynamic Preempt: unsupported mode: lazy",
        ),
        (
            "mitigations=of",
            "mitigations=of",
            "Unsupported mitigations=of, system may still be vulnerable",
            "the kernel does not know it: Unsupported mitigations=of",
        ),
        (
            "mitigations=off",
            "mitigations=off",
            "Kernel compiled without mitigations, ignoring 'mitigations'; system may",
            "the kernel does not know it: Kernel compiled without mitigations",
        ),
    ],
)
def test_a_boot_says_whether_it_had_them(
    words: str, found: str, console: str, why: str
) -> None:
    told = cmdlines.refused(words, found, console)
    assert told.startswith(why) and bool(told) == bool(why)


def test_a_machine_refuses_them(tmp_path: Path) -> None:
    with pytest.raises(RetrapError, match="cmdline: is for guests"):
        machines.refuse_words(read(tmp_path, BOTH))


@pytest.mark.parametrize(("less", "told"), [(0, "yes"), (1500, "no")])
def test_each_is_held_against_the_baseline_with_the_same_words(
    maker: Maker, monkeypatch: pytest.MonkeyPatch, less: int, told: str
) -> None:
    """With the words both kernels are 500 dearer, and async-retrap adds `less`
    less."""
    words, names = "preempt=full threadirqs", ("mainline", "async-retrap")
    under = {name: cmdlines.under(name, words) for name in names}
    for name, again in under.items():
        monkeypatch.setitem(conftest.INTERFACES, again, conftest.INTERFACES[name])
        dearer = 500 - (less if name != "mainline" else 0)
        monkeypatch.setitem(conftest.DEARER, again, dearer)
    maker.variants = (*names, *under.values())
    maker.plan = {
        "variants": [{"name": name} for name in names]
        + [{"name": again, "cmdline": words} for again in under.values()]
    }
    results = load(maker.write())
    found = compare.comparisons(results)
    assert {row.test for row in found} == {"async-retrap"}
    word = next(r.survives for r in found if r.where == CELL and r.machine.exact)
    assert word == f"{words} {told}"
    text = brief.render(results)
    assert f"survive under other command lines: {words} in" in " ".join(text.split())
    assert f"survives: {words} {told}" in table.tables(results)
