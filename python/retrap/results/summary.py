# SPDX-License-Identifier: GPL-2.0-only
"""What one process measured, in a few numbers.

They are computed once and remembered (remembered.py); a reader opens the samples where
it needs the samples themselves.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from retrap.results import stats
from retrap.results.samples import stage_of, tally_of

Counts = dict[int, dict[str, float | None]]


@dataclass(frozen=True)
class Reading:
    """What a scenario read off besides, of the samples that succeeded. A stage: the
    time from the trigger to it. A tally: a whole number a sample. `some`: the share of
    samples in which it is not 0."""

    stage: bool
    quantiles: stats.Quantiles
    mean: float
    some: float


@dataclass(frozen=True)
class Summary:
    """Of a timed cell of one boot. `quantiles` and `cheap` are None where no sample
    succeeded, and classes exist only in `exact`. `bins`: how the latencies that do not
    repeat lie (stats.py)."""

    taken: int
    failures: dict[str, int]  # how many samples of each outcome but ok
    elsewhere: int  # ended on another CPU than the tracer's
    quantiles: stats.Quantiles | None
    sweeps: tuple[int, ...]  # the median of each
    cheap: stats.CheapClass | None
    bins: dict[int, int]
    deviation: float | None  # the standard one, of the latencies
    readings: dict[str, Reading]

    @property
    def failed(self) -> int:
        return sum(self.failures.values())

    def record(self) -> dict[str, Any]:
        return asdict(self)


def of_record(record: dict[str, Any]) -> Summary:
    quantiles, cheap = record["quantiles"], record["cheap"]
    return Summary(
        record["taken"],
        record["failures"],
        record["elsewhere"],
        stats.Quantiles(**quantiles) if quantiles else None,
        tuple(record["sweeps"]),
        stats.CheapClass(**cheap) if cheap else None,
        {int(place): count for place, count in record["bins"].items()},
        record["deviation"],
        {name: _reading(each) for name, each in record["readings"].items()},
    )


def _reading(record: dict[str, Any]) -> Reading:
    quantiles = stats.Quantiles(**record["quantiles"])
    return Reading(record["stage"], quantiles, record["mean"], record["some"])


def summarized(
    samples: npt.NDArray[np.void],
    outcomes: tuple[str, ...],
    tracer_cpu: int | None,
    classes: bool,
) -> Summary:
    """`outcomes`: what the numbers in the samples' `outcome` mean."""
    ok, spans = succeeded(samples), latencies(samples)
    values = spans[ok]
    counts = np.bincount(samples["outcome"], minlength=len(outcomes))
    failures = {outcomes[i]: int(n) for i, n in enumerate(counts) if i and n}
    moved = 0 if tracer_cpu is None else int((samples["cpu"] != tracer_cpu).sum())
    return Summary(
        int(samples.size),
        failures,
        moved,
        stats.quantiles(values),
        stats.sweep_medians(spans, ok),
        stats.cheapest_class(values) if classes else None,
        {} if classes else stats.bins(values),
        float(np.std(values, ddof=1)) if values.size > 1 else None,
        _readings(samples[ok]),
    )


def _readings(samples: npt.NDArray[np.void]) -> dict[str, Reading]:
    """Of samples that succeeded."""
    found = {}
    for field in samples.dtype.names or ():
        values = reading(samples, field)
        if values is None or (quantiles := stats.quantiles(values)) is None:
            continue
        stage = stage_of(field)
        name = stage or tally_of(field) or field
        some = float((values != 0).mean())
        found[name] = Reading(bool(stage), quantiles, float(values.mean()), some)
    return found


def reading(samples: npt.NDArray[np.void], field: str) -> stats.Values | None:
    """A column of readings: of a stage since the trigger; None: it is none."""
    if stage_of(field):
        return np.asarray(samples[field] - samples["t_trigger_ns"], dtype=np.int64)
    if tally_of(field):
        return np.asarray(samples[field], dtype=np.int64)
    return None


def succeeded(samples: npt.NDArray[np.void]) -> npt.NDArray[np.bool_]:
    """Which samples ended as they should."""
    return np.asarray(samples["outcome"] == 0)


def latencies(samples: npt.NDArray[np.void]) -> npt.NDArray[np.int64]:
    """Of every sample in order; 0 where it failed."""
    spans = samples["t_return_ns"] - samples["t_trigger_ns"]
    return np.asarray(np.where(succeeded(samples), spans, 0), dtype=np.int64)
