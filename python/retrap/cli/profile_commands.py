# SPDX-License-Identifier: GPL-2.0-only
"""What `retrap profile` takes."""

from __future__ import annotations

from typing import Any

from retrap.config import experiments
from retrap.cli.parts import (
    cpus_option,
    fresh_option,
    full_option,
    json_option,
    number,
    results_option,
    scenario_option,
    stored_option,
    subcommand,
    variants_option,
)


def add(adder: Any) -> None:
    command = subcommand(
        adder,
        "profile",
        "the functions of a sample, to the instruction",
        """Boots kernels in exact mode with a profiler in QEMU, which writes down
        every instruction between the two clock reads of a sample, on all vCPUs.
        Prints the functions by instructions of their own a sample; with
        --against what every function adds to the difference of two kernels.
        Counts are whole and add up to the clock. Samples are those of a boot
        without the profiler. Stores all of it in results/profile/<stamp>/.""",
        "./retrap profile retrap/trigger:sigcont --variant mainline",
        "./retrap profile retrap/trigger:sigcont --against async-retrap",
        "./retrap profile trap/trigger:interrupt --variant mine --by side",
        "./retrap profile --from results/profile/<stamp> --kernel-only",
    )
    command.add_argument(
        "scenario",
        nargs="?",
        metavar="SCENARIO",
        help="what to profile, with commas between (default: what --from holds, or all "
        "of --scenario)",
    )
    command.add_argument(
        "--variant",
        metavar="A",
        default="mainline",
        help="the kernel; of several, with commas between, a short table says what "
        "each adds to the first (default: mainline)",
    )
    command.add_argument(
        "--against",
        metavar="B",
        help="print what B changes (default: print A alone)",
    )
    command.add_argument(
        "--arch",
        metavar="ARCH",
        help="architectures of the guests, with commas between (default: this "
        "machine's; of --from: all)",
    )
    command.add_argument(
        "--placement",
        choices=(*experiments.PLACEMENTS, "both"),
        default="both",
        help="where tracer and tracee run (default: both)",
    )
    command.add_argument(
        "--interface",
        metavar="NAME",
        help="how the tracer is told: listen, async-retrap or please-notify (default: "
        "each kernel's own)",
    )
    command.add_argument(
        "--samples",
        type=number(1, experiments.MOST_SAMPLES),
        default=200,
        metavar="N",
        help="samples of each cell (default: 200)",
    )
    cpus_option(command)
    _looks(command)
    results_option(command)
    fresh_option(command)
    scenario_option(command, "those of retrap alone")
    stored_option(command)
    variants_option(command)
    json_option(command)


def _looks(command: Any) -> None:
    command.add_argument(
        "--class",
        dest="kind",
        choices=("all", "cheapest"),
        default="cheapest",
        help="which samples: all, or the class with the fewest instructions, the "
        "path without load-tracking updates (default: cheapest)",
    )
    command.add_argument(
        "--by",
        metavar="WHAT",
        choices=("side", "vcpu"),
        help="split each function by side, who ran it: tracer, tracee, interrupt, "
        "other; or by vcpu (default: do not)",
    )
    command.add_argument(
        "--kernel-only",
        action="store_true",
        help="leave out functions of user space (default: all functions)",
    )
    command.add_argument(
        "--top",
        type=number(1, 1_000_000),
        metavar="N",
        help="print tables of N functions; the rest is one line (default: the tables "
        "where they fit a screen, of 30)",
    )
    full_option(command)
    command.add_argument(
        "--lines",
        metavar="FUNCTION",
        help="print the source lines of one function as well; builds the kernel "
        "with debug information (default: no lines)",
    )
