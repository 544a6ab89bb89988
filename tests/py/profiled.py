# SPDX-License-Identifier: GPL-2.0-only
"""Two synthetic profiles of one cell, and a result directory that has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from retrap.profile import summary
from retrap.profile.callgraph import INTERRUPT, TRACEE, TRACER, Calls, Node
from retrap.profile.summary import Profile, Tree
from retrap.profile.symbols import Function

EVIL = "</script><b>$f$ & <!--"
# A tree: name, own, side, children.
Made = tuple[str, int, str, tuple[Any, ...]]
WAKE = ("wake", 40, TRACER, (("activate", 30, TRACER, ()),))
BASE: Made = (
    "kill",
    100,
    TRACER,
    (
        ("notify_old", 7, TRACER, (WAKE, ("log", 3, TRACER, ()))),
        ("signal", 20, TRACER, (("gone", 50, TRACER, (("deep", 6, TRACER, ()),)),)),
        ("tick", 9, INTERRUPT, ()),
    ),
)
OTHER: Made = (
    "kill",
    110,
    TRACER,
    (
        ("notify_new", 12, TRACER, (WAKE, ("log", 3, TRACER, ()))),
        ("signal", 15, TRACER, ()),
        ("tick", 9, INTERRUPT, ()),
        (EVIL, 5, TRACEE, ()),
    ),
)


def grow(made: Made, parent: Node | None = None) -> Node:
    name, own, side, children = made
    node = Node(Function(name), parent)
    node.calls, node.own = 1, {(0, side): own}
    for child in children:
        grow(child, node)
    return node


def profile(variant: str, made: Made, windows: int = 4) -> Profile:
    tree = Tree()
    tree.add(Calls([grow(made)]), windows)
    facts = {
        "scenario": "retrap/trigger:sigcont",
        "placement": "same-cpu",
        "interface": "listen",
        "variant": variant,
        "arch": "x86_64",
        "substrate": "exact",
        "cpus": 2,
        "seed": 1,
        "qemu": "7.2",
        "kernel": {},
        "jumps": 0,
        "lost_returns": 0,
        "faults": 0,
    }
    counts = (int(tree.total),) * windows
    return Profile(facts, counts, {name: tree for name in summary.CLASSES})


@pytest.fixture
def pair() -> tuple[Profile, Profile]:
    return profile("mainline", BASE), profile("async-retrap", OTHER, 3)


@pytest.fixture
def filled(maker: Any, pair: tuple[Profile, Profile]) -> Path:
    maker.substrates, maker.samples, maker.scenarios = (
        ("exact",),
        30,
        ("retrap/trigger:sigcont",),
    )
    maker.placements = ("same-cpu",)
    path: Path = maker.write()
    (path / "profiles").mkdir()
    for found in pair:
        text = json.dumps(found.record())
        (path / "profiles" / f"{found.facts['variant']}.json").write_text(text)
    return path
