# SPDX-License-Identifier: GPL-2.0-only
"""The verdicts, the same for instructions and for boots; and what one rests on.

shift.py decides on exact samples, boots.py on boots, pairs.py on differences within
boots; compare.py asks one of them, and says same of equal samples.
"""

from __future__ import annotations

from dataclasses import dataclass

SAME, MORE, FEWER, UNDECIDED = "same", "more", "fewer", "undecided"
NOT_APPLICABLE = "n.a."  # a side does not have the cell
VOID = "void"  # a floor moved too: no difference of these two kernels is evidence
DECIDED = (MORE, FEWER)
MARK = "~"  # undecided, in a table: before the estimate


@dataclass(frozen=True)
class Judgement:
    """Test less base, in the unit of the samples. `low` to `high` holds every
    difference that the samples allow; `share`: of the samples that the estimate
    explains, `p_value`: of a test over boots, `p_holm`: that among the rows of its
    family, `detectable`: the difference that is found with 80 % power there,
    `confidence`: what the interval of differences within boots attains; None where
    there is no such thing. `within_margin`: over boots, what is not decided is the
    same."""

    verdict: str
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    share: float | None = None
    p_value: float | None = None
    p_holm: float | None = None
    detectable: float | None = None
    confidence: float | None = None
    within_margin: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """`+104`, `same`, `~+69` undecided, `n.a.`."""
        number = f"{self.estimate:+.0f}" if self.estimate else "0"
        return told(self.verdict, number, self.estimate)


def of_interval(low: float, high: float) -> str:
    """What has 0 outside of it is decided."""
    return MORE if low > 0 else FEWER if high < 0 else UNDECIDED


def told(verdict: str, number: str, estimate: float | None) -> str:
    """A verdict in a column: the number says more than its sign."""
    if verdict in (SAME, NOT_APPLICABLE, VOID):
        return verdict
    if estimate is None:
        return MARK
    return number if verdict in DECIDED else f"{MARK}{number}"
