# SPDX-License-Identifier: GPL-2.0-only
"""Sides and floors are told apart in grey, and by colour-blind readers."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
from matplotlib.colors import to_rgb

from plots import looks

Color = npt.NDArray[np.float64]
XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)
# How linear RGB is seen: Machado, Oliveira, Fernandes 2009, severity 1.
EYES = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def lab(color: str, eye: str = "all cones") -> Color:
    """CIE L*a*b*."""
    rgb = np.array(to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = XYZ @ np.clip(EYES[eye] @ linear, 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_the_first_four_sides_and_the_floors_differ_in_grey() -> None:
    colors = [look.color for look in looks.LOOKS[:4]] + [looks.FLOOR]
    for a, b in itertools.combinations(colors, 2):
        assert abs(lab(a)[0] - lab(b)[0]) > 11, (a, b)


def test_sides_differ_for_every_eye() -> None:
    for eye in EYES:
        for a, b in itertools.combinations([look.color for look in looks.LOOKS], 2):
            assert np.linalg.norm(lab(a, eye) - lab(b, eye)) > 10, (a, b, eye)


def test_lines_marks_and_hatches_differ() -> None:
    for attribute in ("line", "marker", "hatch"):
        found = {str(getattr(look, attribute)) for look in looks.LOOKS}
        assert len(found) == len(looks.LOOKS), attribute


def test_floors_are_thin_and_have_marks_of_their_own() -> None:
    thin = looks.Floor("x", "-", "x").settings["linewidth"]
    assert all(look.width >= 1.9 * thin for look in looks.LOOKS)
    assert not set(looks.FLOOR_MARKS) & {look.marker for look in looks.LOOKS}
    pairs = {
        (
            str(looks.FLOOR_LINES[n % len(looks.FLOOR_LINES)]),
            looks.FLOOR_MARKS[n % len(looks.FLOOR_MARKS)],
        )
        for n in range(24)
    }
    assert len(pairs) == 24
