# SPDX-License-Identifier: GPL-2.0-only
"""`retrap plan --scenarios`: how many rounds of one boot a difference takes."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

from retrap.analysis import boots, rounds, scenarios
from retrap.analysis.rounds import Pairs
from retrap.base.errors import EXIT_OK, EXIT_RESULTS, RetrapError
from retrap.base.textgrid import row
from retrap.cli.plan import LABEL, fill, newest, words
from retrap.config.experiments import Experiment
from retrap.results.boot_times import round_s
from retrap.results.store import load

SCHEMA = "retrap.rounds-wanted/1"
HEADS = ("varies by", "finds", "rounds")
WIDTHS = (11, 9, 9)


def run(args: Namespace, experiment: Experiment) -> int:
    """Errors: EXIT_RESULTS, without a pilot of some rounds."""
    path = args.stored or newest(args.results, experiment)
    pairs = rounds.of_rows(scenarios.against(load(path), *args.scenarios))
    if not pairs:
        raise RetrapError(
            f"{path}: has not {rounds.FEWEST} rounds of both {args.scenarios[0]} and "
            f"{args.scenarios[1]}",
            "measure a pilot: rounds = 8 in [host], and ./retrap run EXPERIMENT",
            EXIT_RESULTS,
        )
    each_s = round_s(path)
    print((_document if args.json else _text)(args.detect, pairs, each_s, path))
    return EXIT_OK


def _most(share: float, pairs: list[Pairs]) -> int | None:
    """Rounds for the hardest."""
    wanted = [each.rounds(share, len(pairs)) for each in pairs]
    known = [n for n in wanted if n is not None]
    return max(known) if len(known) == len(wanted) else None


def _text(share: float, pairs: list[Pairs], each_s: float | None, path: Path) -> str:
    alpha, most = boots.ALPHA / len(pairs), _most(share, pairs)
    lines = [
        fill(
            f"To find that {pairs[0].row.test} is dearer than {pairs[0].row.base} by "
            f"{100 * share:g} % in 80 % of repetitions, within one boot, by the rounds "
            f"of {path}"
        ),
        "",
        row("", HEADS, WIDTHS, LABEL),
    ]
    for one in pairs:
        wanted = one.rounds(share, len(pairs))
        cells = [
            f"{100 * one.spread:.2f}%",
            f"{100 * one.finds(one.number, alpha):.2f}%",
            str(wanted) if wanted else f">{rounds.MOST}",
        ]
        where = f"{scenarios.side_of(one.row)} {one.row.placement} [{one.row.machine}]"
        lines.append(row(where, cells, WIDTHS, LABEL))
    told = (
        "varies by: the differences of pairs of processes. finds: the rounds that are "
        f"there. Holm among {len(pairs)} rows takes {rounds.attainable(len(pairs))} "
        "rounds at least."
    )
    lines += ["", fill(told)]
    if most is None:
        told = f"More than {rounds.MOST} rounds: take more samples a round, or measure "
        told += "on a machine that varies less (./retrap doctor)."
    else:
        told = f"{most} rounds"
        if each_s is not None:
            told += f": about {words(most * each_s)}"
        told += f". In the experiment: [host] rounds = {most}"
    return "\n".join([*lines, fill(told)])


def _document(
    share: float, pairs: list[Pairs], each_s: float | None, path: Path
) -> str:
    most = _most(share, pairs)
    document = {
        "schema": SCHEMA,
        "from": str(path),
        "detect": share,
        "base": pairs[0].row.base,
        "test": pairs[0].row.test,
        "rounds": most,
        "duration_s": None if None in (most, each_s) else (most or 0) * (each_s or 0),
        "cells": [
            {
                "machine": str(one.row.machine),
                "side": scenarios.side_of(one.row),
                "placement": one.row.placement,
                "pairs": one.number,
                "spread": one.spread,
                "rounds": one.rounds(share, len(pairs)),
            }
            for one in pairs
        ],
    }
    return json.dumps(document, indent=1)
