# SPDX-License-Identifier: GPL-2.0-only
"""The functions that make a patch dearer or cheaper, as `retrap try` says them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from retrap.base.cache import subdirectory
from retrap.kernel import patchsize
from retrap.profile import symbols
from retrap.profile.difference import Change, Difference
from retrap.results.store import Results

NAMES = 4  # functions whose length changes, of a screen
IN_PROSE = 3
ONE_CALL = 0.5  # more or less a sample; a mean of calls is no whole number
CODE, CALLS, BRANCH = "code", "calls", "branch"  # why a function's count differs


def why(change: Change, sizes: Mapping[str, int] | None) -> str:
    """BRANCH: neither its code nor how often it is called differs. It finds other
    data."""
    if sizes is None or str(change.function) in map(symbols.fold, sizes):
        return CODE
    return BRANCH if abs(change.b_calls - change.a_calls) < ONE_CALL else CALLS


def line(
    found: Difference, sizes: Mapping[str, int] | None, most: int | None = None
) -> str:
    """Of a cell: those whose code differs come first. Empty where none does."""
    told: dict[str, list[str]] = {CODE: [], CALLS: [], BRANCH: []}
    parts = _largest_first(found)
    for each in parts:
        told[why(each, sizes)].append(_changed(each))
    texts = [", ".join((told[CODE] + told[CALLS])[:most])]
    if told[BRANCH]:
        texts.append(f"another branch in {', '.join(told[BRANCH][:most])}")
    doubtful = [
        each for each in found.left_behind if sizes and why(each, sizes) == CODE
    ]
    if doubtful:
        names = ", ".join([_changed(each) for each in doubtful][:most])
        texts.append(f"no more than boots differ: {names}")
    total = f" {_sum(parts):+}" if len(parts) > 1 else ""
    told_of = "; ".join(filter(None, texts))
    return f"{_where(found)}{total}: {told_of}" if told_of else ""


def whole(found: Difference, sizes: Mapping[str, int] | None) -> Iterator[str]:
    """All of a cell."""
    if told := line(found, sizes):
        yield told
    if found.left_behind:
        names = ", ".join(map(_changed, found.left_behind))
        said = "boots or samples of one kernel differ as much in"
        yield f"{_where(found)}: {said} {names}"


def largest(functions: Iterable[Difference]) -> str:
    """In prose: the cell whose functions add up to most. Empty where none differs."""
    cells = [(_largest_first(found), found) for found in functions]
    cells = [(parts, found) for parts, found in cells if parts]
    if not cells:
        return ""
    parts, found = max(cells, key=lambda each: abs(_sum(each[0])))
    names = ", ".join(map(_changed, parts[:IN_PROSE]))
    more = f" and {len(parts) - IN_PROSE} more" if len(parts) > IN_PROSE else ""
    total = f" ({_sum(parts):+} together)" if len(parts) > 1 else ""
    return f"{_where(found)}: {names}{more}{total}"


def _largest_first(found: Difference) -> list[Change]:
    parts = [each for each in found.told if each.usual]
    return sorted(parts, key=lambda each: -abs(each.usual))


def _changed(each: Change) -> str:
    return f"{each.function}() {each.usual:+}"


def _sum(parts: Sequence[Change]) -> int:
    return sum(each.usual for each in parts)


def _where(found: Difference) -> str:
    return f"{found.b.facts['scenario']} {found.b.facts['placement']}"


def code(results: Results) -> dict[str, int] | None:
    """Bytes by function, of the last kernel's code less the baseline's; None where the
    kernels are no longer in the cache."""
    keys = [
        next(iter(each["kernel_key"].values()))
        for each in (results.plan["variants"][0], results.plan["variants"][-1])
    ]
    maps = [subdirectory("kernels") / str(key) / "System.map" for key in keys]
    if not all(path.is_file() for path in maps):
        return None
    return patchsize.changes(*(path.read_text() for path in maps))


def told_of_code(sizes: Mapping[str, int] | None, whole: bool = False) -> str:
    """A function that changes and keeps its length is not seen."""
    if sizes is None:
        return ""
    if not sizes:
        return "Code: no function changes its length."
    largest = sorted(sizes.items(), key=lambda item: -abs(item[1]))
    shown = largest if whole else largest[:NAMES]
    told = [f"{name}() {size:+}" for name, size in shown]
    if len(sizes) > len(shown):
        told.append(f"{len(sizes) - len(shown)} more")
    return f"Code: {sum(sizes.values()):+} bytes: {', '.join(told)}."
