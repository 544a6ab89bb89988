# SPDX-License-Identifier: GPL-2.0-only
"""`retrap profile`: measure or load, then show."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

from retrap.config import experiments, scenario_files
from retrap.config.variants import load_variants
from retrap.kernel import kernels
from retrap.base.arch import ARCHES, asked, native
from retrap.base.errors import EXIT_KERNEL, EXIT_OK, EXIT_USAGE, RetrapError
from retrap.profile import (
    derive,
    designs,
    difference,
    lines,
    measure,
    report,
    screen,
    stored,
)
from retrap.profile.summary import Profile
from retrap.base.progress import Progress

SEED = 20110526
TOP, FEW = 30, 4  # functions of a table


def run(args: Namespace) -> int:
    path = args.stored or _measure(args)
    chosen = [found for found in stored.profiles(path) if _wanted(found, args)]
    if not chosen:
        raise RetrapError(
            f"{path}: holds no profile of what was asked for",
            "leave out SCENARIO, --variant, --placement or --arch",
            EXIT_USAGE,
        )
    pairs: list[screen.Pair] = _pairs(chosen, args)
    if args.json:
        print(json.dumps([as_json(a, b, args.kind) for a, b in pairs], indent=1))
        return EXIT_OK
    if len(_variants(args)) > 1 and not args.against:
        base = _variants(args)[0]
        tables = designs.tables(chosen, base, args.kind)
        pairs = list(designs.pairs(chosen, base))
        text = "\n".join(tables)
    else:
        text = _tables(pairs, path, args)
    brief = not (_asked_for(args) or screen.fits(text))
    print(screen.brief(pairs, args.kind, args.kernel_only) if brief else text)
    more = " (--full prints the tables)" if brief else ""
    print(f"profiles  {path}/{stored.PROFILES}/{more}")
    if (path / stored.FIGURES).is_dir():
        print(f"figures   {path}/{stored.FIGURES}/")
    return EXIT_OK


def _asked_for(args: Namespace) -> bool:
    """The tables, however long."""
    return bool(args.full or args.top or args.by or args.lines)


def _tables(pairs: list[screen.Pair], path: Path, args: Namespace) -> str:
    """As many functions of each as a screen holds, where it holds FEW."""
    for most in range(TOP, FEW - 1, -1):
        text = "\n".join(_table(a, b, path, args, args.top or most) for a, b in pairs)
        if _asked_for(args) or screen.fits(text):
            break
    return text


def _table(
    a: Profile, b: Profile | None, path: Path, args: Namespace, most: int
) -> str:
    """Of one profile, or of B less A."""
    if args.lines:
        return "\n".join(
            report.lines(each, args.lines, _lines(path, each, args))
            for each in ((a, b) if b else (a,))
        )
    if b is None:
        return report.profile(a, args.kind, args.by, args.kernel_only, most)
    found = difference.compare(a, b, args.kind)
    return report.difference(found, args.kind, args.kernel_only, most)


def _lines(path: Path, found: Profile, args: Namespace) -> list[lines.Line]:
    """The source lines of --lines in one cell, from the stored windows."""
    variants = load_variants(args.variants)
    facts = found.facts
    variant = variants.get(facts["variant"])
    kernel = kernels.find(variant, ARCHES[facts["arch"]]) if variant else None
    if kernel is None or kernel.key != facts["kernel"]["key"]:
        raise RetrapError(
            f"--lines: the kernel that ran ({facts['variant']}, "
            f"{facts['kernel']['key']}) is not in the cache",
            "profile it again: ./retrap profile SCENARIO --variant ... --lines ...",
            EXIT_KERNEL,
        )
    counts, windows = derive.addresses(path, found, kernel, args.lines, args.kind)
    if not counts:
        names = [str(row.function) for row in found.trees[args.kind].rows()]
        raise lines.not_there(args.lines, names)
    with Progress() as progress:
        return lines.read(kernel, variants, counts, windows, progress)


def _measure(args: Namespace) -> Path:
    if args.cpus == 1 and args.placement == "cross-cpu":
        raise RetrapError(
            "--placement cross-cpu: needs --cpus 2 or more",
            "leave out --cpus, or take --placement same-cpu",
            EXIT_USAGE,
        )
    placements = (
        experiments.PLACEMENTS if args.placement == "both" else (args.placement,)
    )
    names = [*_variants(args), *([args.against] if args.against else [])]
    request = measure.Request(
        scenarios=_named(args.scenario),
        variants=tuple(dict.fromkeys(names)),
        arches=asked(args.arch or native().name),
        placements=placements if args.cpus > 1 else ("same-cpu",),
        samples=args.samples,
        cpus=args.cpus,
        seed=SEED,
        interface=args.interface,
        files=scenario_files.read(args.files),
    )
    variants = load_variants(args.variants)
    from plots import profiles

    return measure.run(
        request, variants, args.results, args.fresh, profiles.draw_profiles
    )


def _named(scenarios: str | None) -> tuple[str, ...]:
    """None: all of the user's files."""
    return tuple(dict.fromkeys(scenarios.split(","))) if scenarios else ()


def _variants(args: Namespace) -> list[str]:
    return list(dict.fromkeys(args.variant.split(",")))


def _wanted(found: Profile, args: Namespace) -> bool:
    facts = found.facts
    return (
        (args.scenario is None or facts["scenario"] in args.scenario.split(","))
        and args.placement in ("both", facts["placement"])
        and (args.arch is None or facts["arch"] in args.arch.split(","))
        and facts["variant"] in (*_variants(args), args.against)
    )


def _pairs(
    chosen: list[Profile], args: Namespace
) -> list[tuple[Profile, Profile | None]]:
    """Each profile of A, with B's of the same cell."""
    mine = [found for found in chosen if found.facts["variant"] in _variants(args)]
    if args.against is None:
        return [(found, None) for found in mine]
    pairs: list[tuple[Profile, Profile | None]] = []
    for a in mine:
        pairs += [
            (a, b)
            for b in chosen
            if b.facts["variant"] == args.against
            and (b.cell, b.facts["arch"]) == (a.cell, a.facts["arch"])
        ]
    return pairs


def as_json(a: Profile, b: Profile | None, kind: str) -> dict[str, object]:
    """Numbers are per sample, as floats; profile.json has the whole ones."""
    if b is None:
        tree = a.trees[kind]
        return {
            **a.facts,
            "class": kind,
            "samples": tree.windows,
            "total": float(tree.total),
            "functions": [
                {
                    "function": str(row.function),
                    "self": float(row.own),
                    "inclusive": float(row.inclusive),
                    "calls": float(row.calls),
                    "groups": {
                        f"vcpu{vcpu} {side}": float(count)
                        for (vcpu, side), count in row.groups.items()
                    },
                }
                for row in tree.rows()
            ],
        }
    found = difference.compare(a, b, kind)
    return {
        "a": a.facts,
        "b": b.facts,
        "class": kind,
        "totals": [float(total) for total in found.totals],
        "change": float(found.delta),
        "verdict": found.judgement.verdict,
        "estimate": found.judgement.estimate,
        "functions": [
            {
                "function": str(change.function),
                "steady": change.steady,
                "kind": change.kind,
                "before": float(change.a),
                "after": float(change.b),
                "change": float(change.delta),
                "calls": [float(change.a_calls), float(change.b_calls)],
                "by_cost": float(change.by_cost),
                "by_calls": float(change.by_calls),
            }
            for change in found.changes
        ],
        "other_callers": [
            {
                "function": str(each.function),
                "left": [str(function) for function in each.left],
                "joined": [str(function) for function in each.joined],
            }
            for each in found.moved
        ],
    }
