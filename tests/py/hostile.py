# SPDX-License-Identifier: GPL-2.0-only
"""What may become of a file on its way from somebody else, for hypothesis."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
from hypothesis import strategies as st

NAMES = (
    *("", ".", "..", "../../../x", "/etc/passwd", "a/b", "~", "-x", " ", "x" * 5000),
    *("a\nb", "\x1b[2J\x1b]0;x\x07", "\x9b2J", "\x00", "a\x00b", "\r", "\ud800"),
    *("\u202e", "\x7f", "%s%n", "</script>", "=1+1", '","', "\ufeff", "*", "[", "\\"),
)
# As a file system takes them.
FILE_NAMES = tuple(
    name[:200] for name in NAMES if name.strip("./ ") and not set(name) & {"/", "\0"}
)
VALUES = (
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        3,
        2**31,
        2**63,
        -(2**63),
        2**64,
        10**400,
        0.5,
    ),
    *(1e308, -1e308, 5e-324, float("nan"), float("inf"), [], {}, [None], [[]], {"": 0}),
    *(["x"], [1, 2], {"x": {}}, [[["x"] * 3] * 3] * 3, "x", "1", "0" * 64),
)
hostile = st.sampled_from((*VALUES, *NAMES))
At = st.integers(0, 10**6)  # a place, modulo how many there are
Steps = list[tuple[int, int]]


@st.composite
def damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """Cut, bits turned, a part left out, doubled or moved; lines in another order."""
    how = draw(st.sampled_from(("cut", "bits", "out", "twice", "lines", "noise")))
    at, length = draw(At) % (len(data) + 1), draw(st.integers(1, 64))
    part = data[at : at + length]
    if how == "cut":
        return data[:at]
    if how == "bits":
        changed = bytearray(data)
        for where in draw(st.lists(At, min_size=1, max_size=4)) if data else ():
            changed[where % len(data)] ^= draw(st.integers(1, 255))
        return bytes(changed)
    if how == "out":
        return data[:at] + data[at + length :]
    if how == "twice":
        return data[:at] + part + data[at:]
    if how == "noise":
        return data[:at] + draw(st.binary(max_size=40)) + data[at:]
    lines = data.splitlines(keepends=True)
    return b"".join(draw(st.permutations(lines[:40]))) + b"".join(lines[40:])


@st.composite
def record(draw: st.DrawFn, data: bytes) -> bytes:
    """JSON in which one thing is another, is not there, or has another name."""
    value = json.loads(data)
    node, key = _place(draw, value)
    how = draw(st.sampled_from(("value", "value", "value", "gone", "name", "order")))
    if key is None:
        value = draw(hostile)
    elif how == "value":
        node[key] = draw(hostile)
    elif how == "gone":
        del node[key]
    elif isinstance(node, dict):
        if how == "name":
            node[str(draw(hostile))] = node.pop(key)
        else:
            items = draw(st.permutations(list(node.items())[:30]))
            rest = {k: v for k, v in node.items() if k not in dict(items)}
            node.clear()
            node.update(items)
            node.update(rest)
    else:
        node.reverse()
    return json.dumps(value).encode("utf-8", "surrogatepass")


def _place(draw: st.DrawFn, value: Any) -> tuple[Any, Any]:
    """Somewhere in it, as likely near its root as deep in it."""
    node, key = None, None
    for _ in range(draw(st.integers(0, 6))):
        inner = value if key is None else node[key]
        if not isinstance(inner, (dict, list)) or not inner:
            break
        keys = list(inner) if isinstance(inner, dict) else range(len(inner))
        node, key = inner, keys[draw(At) % len(keys)]
    return node, key


@st.composite
def lines(draw: st.DrawFn, data: bytes) -> bytes:
    """JSON lines, one of which is another."""
    rows = data.splitlines()
    numbers = [n for n, row in enumerate(rows) if row.startswith(b"{")]
    which = numbers[draw(At) % len(numbers)]
    rows[which] = draw(record(rows[which]))
    return b"\n".join(rows) + b"\n"


@st.composite
def words(draw: st.DrawFn, data: bytes) -> bytes:
    """TOML in which the text or number of one line is another."""
    rows = data.decode().splitlines()
    which = [n for n, row in enumerate(rows) if "=" in row]
    at = which[draw(At) % len(which)]
    name, _, _ = rows[at].partition("=")
    value = draw(hostile)
    text = json.dumps(value).replace("NaN", "nan").replace("Infinity", "inf")
    rows[at] = f"{name}= {text.replace('null', '1979-05-27')}"
    return "\n".join(rows).encode("utf-8", "surrogatepass")


@st.composite
def array(draw: st.DrawFn, data: bytes) -> bytes:
    """An .npy of another dtype or shape, or with a header that lies."""
    real = np.load(io.BytesIO(data))
    how = draw(st.sampled_from(("other", "values", "header")))
    if how == "header":
        old = b"'shape': (%d,)" % real.size
        shape = draw(st.sampled_from((b"(10**9,)", b"(-1,)", b"(9,9)", b"()", b"(2e9,)",
                                      b"(99999999999,)", b"(True,)")))  # fmt: skip
        assert old in data
        return data.replace(old, (b"'shape': " + shape).ljust(len(old)), 1)
    if how == "values":
        field = draw(st.sampled_from(real.dtype.names))
        kind = np.iinfo(real.dtype[field])
        value = draw(st.sampled_from((kind.min, kind.max, kind.max // 2, 1)))
        real[field][draw(At) % real.size :] = value
        other = real
    else:
        others: tuple[Any, ...] = (
            *(np.array([{"a": print}], dtype=object), np.array("x"), np.zeros(3)),
            *(real[:0], real[::-1], real.reshape(2, -1), real[0], real["cpu"]),
            *(real.newbyteorder(), real.view("V24"), np.asfortranarray(real)),
            np.zeros(real.size, [real.dtype.descr[n] for n in (1, 0, 2, 3, 4)]),
            np.zeros(real.size, [(n, "O") for n in real.dtype.names]),
            np.zeros(real.size, [(n, "<f8") for n in real.dtype.names]),
            np.zeros(real.size, [("\x1b[2J", "<u8"), ("b", "<u8"), ("c", "<u8")]),
        )
        other = others[draw(At) % len(others)]
    out = io.BytesIO()
    np.save(out, other)
    return out.getvalue()


def mutated(name: str, data: bytes) -> st.SearchStrategy[bytes]:
    """Of the file `name`: what its content may have become."""
    kinds = {".json": record, ".jsonl": lines, ".npy": array, ".toml": words}
    kind = kinds.get(f".{name.rpartition('.')[2]}")
    return st.one_of(damaged(data), kind(data)) if kind else damaged(data)
