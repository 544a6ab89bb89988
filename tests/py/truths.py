# SPDX-License-Identifier: GPL-2.0-only
"""Boots of known truth: what a machine might do to a cell, simulated.

A boot has SAMPLES samples about MEDIAN ns, and is known by their median, in whole ns.
A kernel that is dearer adds the same to each sample.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import signal

MEDIAN, SAMPLES = 5000, 100
BOOT, SAMPLE = 50.0, 100.0  # ns: what boots vary by, and samples within one
STEP = 0.5  # of a random walk from boot to boot, in deviations of a boot
SLOPE = 4.0  # from the first boot to the last, in the same

Floats = npt.NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, int]], Floats]


def normal(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    return _boots(BOOT * rng.normal(size=shape), SAMPLE * _noise(rng, shape))


def skewed(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    return _boots(
        BOOT * (rng.lognormal(0, 1, shape) - 1),
        SAMPLE * (rng.lognormal(0, 1, (*shape, SAMPLES)) - 1),
    )


def two_modes(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """A boot has any share of its samples in the upper one."""
    share = rng.uniform(0, 1, (*shape, 1))
    upper = rng.uniform(size=(*shape, SAMPLES)) < share
    return _boots(np.zeros(shape), 600 * (upper - 0.5) + 20 * _noise(rng, shape))


def autocorrelated(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """A sample is like the one before it."""
    noise, keeps = _noise(rng, shape), 0.98
    noise[..., 1:] *= np.sqrt(1 - keeps**2)
    found = signal.lfilter([1.0], [1.0, -keeps], noise, axis=-1)
    return _boots(np.zeros(shape), SAMPLE * found)


def heavy_tails(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    return _boots(
        BOOT * rng.standard_t(3, shape),
        SAMPLE * rng.standard_t(2, (*shape, SAMPLES)),
    )


def boot_effects(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Samples agree; boots do not."""
    return _boots(BOOT * rng.normal(size=shape), 2 * _noise(rng, shape))


def coarse_clock(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Boots tie."""
    tick = TICKS["coarse clock"]
    return np.round(normal(rng, shape) / tick) * tick


TRUTHS: dict[str, Draw] = {
    "normal": normal,
    "skewed": skewed,
    "two modes": two_modes,
    "autocorrelated": autocorrelated,
    "heavy tails": heavy_tails,
    "boot effects": boot_effects,
    "coarse clock": coarse_clock,
}

TICKS = {"coarse clock": 40}  # ns; 1 elsewhere


def _noise(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    return rng.normal(size=(*shape, SAMPLES))


def _boots(boot: Floats, samples: Floats) -> Floats:
    values = np.round(MEDIAN + boot[..., None] + samples)
    middle = (SAMPLES - 1) // 2  # observed, as stats.median() has it
    return np.asarray(np.partition(values, middle)[..., middle])


def drift(
    kind: str, rng: np.random.Generator, rounds: int, boots: int, spread: float
) -> Floats:
    """What is added to each boot in the order of time, shape (rounds, boots)."""
    if kind == "steady":
        line = np.linspace(0, SLOPE * spread, boots)
        return np.tile(line, (rounds, 1))
    if kind == "wandering":
        return np.cumsum(STEP * spread * rng.normal(size=(rounds, boots)), axis=1)
    return np.zeros((rounds, boots))


def campaign(
    truth: str,
    kind: str,
    rng: np.random.Generator,
    rounds: int,
    n: int,
    spread: float,
    in_turns: bool = True,
) -> tuple[Floats, Floats]:
    """Of one kernel under two names the boots' medians, each of shape (rounds, n). A
    block has a boot of each, in an order of chance; or all of one come first."""
    boots = TRUTHS[truth](rng, (rounds, 2 * n))
    tick = TICKS.get(truth, 1)
    moved = boots + drift(kind, rng, rounds, 2 * n, spread)
    boots = np.round(moved / tick) * tick
    if not in_turns:
        return boots[:, :n], boots[:, n:]
    blocks = rng.permuted(boots.reshape(rounds, n, 2), axis=2)
    return blocks[..., 0], blocks[..., 1]
