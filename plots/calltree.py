# SPDX-License-Identifier: GPL-2.0-only
"""Where the boxes of an icicle are: of one profile, or of one beside another.

Positions are exact, in instructions a sample: a box is as wide as what its
function did there with all that it called. What only the baseline did has room
of its own, at its old width, and is a gap in every row above it.

Functions are the same where their callers are. One that took the place of
another (the same caller, and most of what they call is alike) is compared with
it, so that a new name does not make all below it new.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from retrap.profile.callgraph import OTHER, SIDES, Node
from retrap.profile.summary import Tree
from retrap.profile.symbols import Function

Range = tuple[Fraction, Fraction]  # left, width
Scales = tuple[int, int]  # windows now, before
ALIKE = Fraction(1, 2)


@dataclass
class Box:
    """`width`: with what is gone below it; `inclusive`: without. `own`: its own
    instructions; of what is gone, the old ones. `gaps`: what is gone below it."""

    function: Function
    depth: int
    left: Fraction
    width: Fraction
    own: Fraction
    change: Fraction
    side: str
    gone: bool
    was: Function | None = None
    gaps: list[Range] = field(default_factory=list)

    @property
    def inclusive(self) -> Fraction:
        return self.width - sum((width for _, width in self.gaps), Fraction())

    @property
    def solid(self) -> Range:
        """The widest part without a gap."""
        parts, start = [], self.left
        for left, width in [*self.gaps, (self.left + self.width, Fraction())]:
            parts.append((start, left - start))
            start = left + width
        return max(parts, key=lambda part: part[1])


@dataclass
class _Pair:
    """A function as called from the same functions, before and now."""

    function: Function
    before: Fraction
    now: Fraction
    gone: bool
    sides: Counter[str]
    children: list[_Pair]
    width: Fraction
    inclusive: Fraction
    was: Function | None


def boxes(tree: Tree, before: Tree | None = None) -> list[Box]:
    """Parents first; beside each other by weight, what is gone last."""
    old = {} if before is None else before.roots
    scales = tree.windows, before.windows if before else 1
    found: list[Box] = []
    left = Fraction()
    for pair in _pairs(old, tree.roots, scales):
        _place(pair, left, 0, found)
        left += pair.width
    return found


def width(found: Iterable[Box]) -> Fraction:
    """Of the whole figure."""
    return sum((box.width for box in found if box.depth == 0), Fraction())


def gone(found: Iterable[Box]) -> Fraction:
    """Instructions that only the baseline has."""
    return sum((box.own for box in found if box.gone), Fraction())


def matches(
    old: dict[Function, Node], new: dict[Function, Node], scales: Scales
) -> list[tuple[Node | None, Node | None]]:
    """Before and now: the same function, or one in the place of the other."""
    pairs: list[tuple[Node | None, Node | None]] = [
        (old[function], new[function]) for function in new if function in old
    ]
    before = [node for function, node in old.items() if function not in new]
    now = [node for function, node in new.items() if function not in old]
    like = sorted(
        (
            (-_likeness(a, b, scales), str(a.function), str(b.function), a, b)
            for a in before
            for b in now
        ),
        key=lambda each: each[:3],
    )
    for likeness, _, _, a, b in like:
        if -likeness >= ALIKE and a in before and b in now:
            before.remove(a)
            now.remove(b)
            pairs.append((a, b))
    return [*pairs, *((a, None) for a in before), *((None, b) for b in now)]


def _likeness(a: Node, b: Node, scales: Scales) -> Fraction:
    """The share of their instructions that the same functions ran."""
    counts: list[Counter[Function]] = [Counter(), Counter()]
    for count, top, scale in zip(counts, (a, b), reversed(scales), strict=True):
        for node in top.walk():
            count[node.function] += sum(node.own.values()) * scales[0] * scales[1]
        for function in count:
            count[function] //= scale
    most = max(count.total() for count in counts)
    return Fraction((counts[0] & counts[1]).total(), most) if most else Fraction()


def _pairs(
    old: dict[Function, Node], new: dict[Function, Node], scales: Scales
) -> list[_Pair]:
    pairs = [_pair(a, b, scales) for a, b in matches(old, new, scales)]
    return sorted(
        pairs, key=lambda pair: (-pair.inclusive, -pair.width, str(pair.function))
    )


def _pair(old: Node | None, new: Node | None, scales: Scales) -> _Pair:
    drawn = new or old
    assert drawn is not None
    before, now = (
        Fraction(sum(node.own.values()) if node else 0, scale)
        for node, scale in ((old, scales[1]), (new, scales[0]))
    )
    below = old.children if old else {}, new.children if new else {}
    children = _pairs(*below, scales)
    sides: Counter[str] = Counter()
    for (_, side), count in drawn.own.items():
        sides[side] += count
    for child in children:
        if new is None or not child.gone:
            sides.update(child.sides)
    was = old.function if old and old.function != drawn.function else None
    return _Pair(
        drawn.function,
        before,
        now,
        new is None,
        sides,
        children,
        (now if new else before) + sum(child.width for child in children),
        now + sum(child.inclusive for child in children),
        was,
    )


def _place(pair: _Pair, left: Fraction, depth: int, found: list[Box]) -> list[Range]:
    """What is gone in it."""
    own = pair.before if pair.gone else pair.now
    side = max(SIDES, key=lambda name: pair.sides[name]) if pair.sides else OTHER
    change = pair.now - pair.before
    place = depth, left, pair.width
    box = Box(pair.function, *place, own, change, side, pair.gone, pair.was)
    found.append(box)
    at = left
    for child in pair.children:
        gaps = _place(child, at, depth + 1, found)
        box.gaps += [(at, child.width)] if child.gone else gaps
        at += child.width
    if box.gone:
        box.gaps = []
    return box.gaps


def renamed(old: Tree, new: Tree) -> list[tuple[Node, Node]]:
    """Each that took the place of another: before, now."""
    scales = new.windows, old.windows
    found: list[tuple[Node, Node]] = []
    todo = [(old.roots, new.roots)]
    while todo:
        for a, b in matches(*todo.pop(), scales):
            if a and b:
                todo.append((a.children, b.children))
                found += [(a, b)] if a.function != b.function else []
    return found
