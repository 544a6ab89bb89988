# SPDX-License-Identifier: GPL-2.0-only
"""What the commands take that measure: matrix, run, bench, campaign; and plan."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from retrap.cli.manpage import ManParser
from retrap.cli.limits import share
from retrap.cli.parts import (
    fresh_option,
    full_option,
    json_option,
    results_option,
    scenario_option,
    subcommand,
    two_scenarios,
    variants_option,
)
from retrap.config import experiments
from retrap.target import tune


def matrix(adder: Any) -> None:
    command = subcommand(
        adder,
        "matrix",
        "the whole experiment: kernels, guests, host, report",
        """Builds the programs and the kernels, boots every kernel in QEMU's
        exact mode, measures the running kernel, then summarizes, compares,
        draws and writes the mail. What is already there is not done again;
        an interrupted run resumes.""",
        "./retrap matrix",
        "./retrap matrix --dry-run",
        "./retrap matrix --profile",
        "./retrap matrix --guests",
        "./retrap matrix configs/experiments/quick.toml --results /tmp/out",
    )
    _measuring_options(command)
    command.add_argument(
        "--guests",
        action="store_true",
        help="boot guests alone, and leave this machine out (default: measure the "
        "running kernel too, where the experiment has [host])",
    )
    command.add_argument(
        "--profile",
        action="store_true",
        help="also profile the notification scenarios, function by function, into "
        "profile/ of the result directory and the mail (default: do not)",
    )
    command.add_argument(
        "--on",
        metavar="HOSTS",
        help="boot the kernels on machines: those of the Ansible inventory HOSTS, or "
        "`here` (default: in QEMU). docs/bare-metal.md",
    )
    command.add_argument(
        "--yes",
        action="store_true",
        help="with `--on here`: do not ask before this machine is rebooted (default: "
        "ask)",
    )
    command.add_argument(
        "--tune",
        type=tune_words,
        default=(),
        metavar="WORDS",
        help="with --on: make each boot quieter, by some of "
        f"{','.join(tune.WORDS)} or all, with commas between (default: none)",
    )


def campaign(adder: Any) -> None:
    command = subcommand(
        adder,
        "campaign",
        "a campaign on a machine: what it does, go on, end it",
        """A machine that `matrix --on` began goes on by itself. `status` asks it,
        `resume` follows it, fetches its boots, puts it back as it was and reports;
        `abort` lets it boot nothing more.""",
        "./retrap campaign status results/quick@box1/20261128-093000",
        "./retrap campaign resume results/quick@box1/20261128-093000",
    )
    command.add_argument("action", choices=("status", "resume", "abort"), help="what")
    command.add_argument("dir", type=Path, metavar="DIR", help="its result directory")
    json_option(command)
    full_option(command)


def plan(adder: Any) -> None:
    command = subcommand(
        adder,
        "plan",
        "how many boots an experiment takes, and how long",
        """From boots that are there it takes what each cell varies by, and says how
        many blocks find a change of PERCENT in 80 % of repetitions, among all rows
        that are decided together, and how long they take.""",
        "./retrap plan --detect 2%",
        "./retrap plan --detect 1% --from results/quick@box1/20261128-093000",
        "./retrap plan mine.toml --scenarios floor/pipe,floor/futex",
    )
    _experiment(command)
    command.add_argument(
        "--detect",
        type=share,
        default=0.02,
        metavar="PERCENT",
        help="the change that is to be found (default: 2%)",
    )
    command.add_argument(
        "--from",
        dest="stored",
        type=Path,
        metavar="DIR",
        help="boots of its cells (default: the newest of the experiment)",
    )
    command.add_argument(
        "--scenarios",
        type=two_scenarios,
        metavar="X,Y",
        help="how many rounds of one boot ([host] rounds) find that scenario Y is "
        "dearer than X by PERCENT (default: how many boots of kernels)",
    )
    results_option(command)
    variants_option(command)
    json_option(command)


def bench(adder: Any) -> None:
    command = subcommand(
        adder,
        "bench",
        "static programs for a machine without Python or compiler",
        """Makes an archive for a machine that has neither: a static retrap-bench and
        `retrap-box`, which measures the running kernel there and leaves a boot in
        the folder. `./retrap run --from FOLDER` takes it home. It counts nothing:
        perf is not in it.""",
        "./retrap bench --static",
        "./retrap bench --static --arch arm64 --out /tmp/box.tar.gz",
    )
    _experiment(command)
    command.add_argument(
        "--static",
        action="store_true",
        required=True,
        help="load no library (no default: it is the one kind there is)",
    )
    command.add_argument(
        "--arch", help="of the machine: x86_64 or arm64 (default: of this one)"
    )
    command.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="the archive (default: retrap-box-ARCH.tar.gz)",
    )
    variants_option(command)


def run(adder: Any) -> None:
    command = subcommand(
        adder,
        "run",
        "the running kernel alone",
        """Builds the programs, measures the running kernel through the
            interface that it offers, then summarizes and draws. A kernel of
            ./retrap kernel goes by its variant's name, another one by host. In
            another boot of this machine the same command adds a boot to the
            directory; from six boots a kernel on, two kernels are compared.
            Boot them in turns.""",
        "./retrap run",
        "./retrap run --scenario mine.cc",
        "./retrap run --from retrap-box",
    )
    _measuring_options(command)
    command.add_argument(
        "--from",
        dest="stored",
        type=Path,
        metavar="FOLDER",
        help="take the boots that retrap-box left in it; measure nothing here "
        "(default: measure this machine)",
    )


def _experiment(command: ManParser) -> None:
    command.add_argument(
        "experiment",
        nargs="?",
        type=Path,
        default=experiments.DEFAULT_EXPERIMENT,
        metavar="EXPERIMENT.toml",
        help="what to measure (default: configs/experiments/quick.toml)",
    )


def _measuring_options(command: ManParser) -> None:
    _experiment(command)
    results_option(command)
    fresh_option(command)
    command.add_argument(
        "--dry-run",
        action="store_true",
        help="print the plan and do nothing (default: do it)",
    )
    scenario_option(command, "those of the experiment")
    variants_option(command)
    full_option(command)


def tune_words(text: str) -> tuple[str, ...]:
    """Of --tune, in the order in which they are done."""
    words = tuple(tune.WORDS) if text == "all" else tuple(text.split(","))
    for word in words:
        if word not in tune.WORDS:
            known = ", ".join(tune.WORDS)
            raise argparse.ArgumentTypeError(f"no {word!r}: {known}, or all")
    return tuple(word for word in tune.WORDS if word in words)
