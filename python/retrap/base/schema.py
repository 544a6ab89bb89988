# SPDX-License-Identifier: GPL-2.0-only
"""What a record or a TOML file may hold: the JSON Schemas of schemas/.

They are the reference of every field. What does not agree is said in plain words,
with where in the file it is.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from retrap.base.paths import ROOT

SCHEMAS = ROOT / "python/retrap/schemas"
LONGEST = 60  # characters of a value that a message shows

_TYPES = {
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a table",
    "null": "null",
}


class Problem(NamedTuple):
    """`where`: the keys and indices that lead to what is wrong."""

    where: tuple[str | int, ...]
    what: str

    def __str__(self) -> str:
        """`variants[0].name: missing`."""
        steps = (f"[{w}]" if isinstance(w, int) else f".{w}" for w in self.where)
        return f"{''.join(steps).lstrip('.')}: {self.what}".removeprefix(": ")


@functools.cache
def load(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMAS / f"{name}.json").read_text())
    return found


def identity(name: str) -> str | None:
    """`retrap.run/1`: what the field `schema` of a record must say."""
    found: str | None = load(name)["properties"].get("schema", {}).get("const")
    return found


def problems(name: str, value: Any) -> Iterator[Problem]:
    """What in `value` is not as the schema `name` says, as it is come upon."""
    return (_problem(error) for error in _validator(name).iter_errors(value))


def fill(name: str, value: dict[str, Any]) -> None:
    """Puts the schema's defaults into a valid `value` where it is silent."""
    whole = load(name)

    def go(node: dict[str, Any], here: Any) -> None:
        node = whole["$defs"][node["$ref"].split("/")[-1]] if "$ref" in node else node
        if not isinstance(here, dict):
            return
        for key, below in node.get("properties", {}).items():
            if "default" in below:
                here.setdefault(key, below["default"])
        for key in here:
            go(node.get("properties", {}).get(key) or _others(node), here[key])

    go(whole, value)


def _others(node: dict[str, Any]) -> dict[str, Any]:
    found = node.get("additionalProperties")
    return found if isinstance(found, dict) else {}


@functools.cache
def _validator(name: str) -> Any:
    # Here, as it takes longer than all of `retrap --help`.
    from jsonschema import Draft202012Validator as Draft
    from jsonschema import ValidationError, validators

    def whole(_: Any, pattern: str, text: Any, __: Any) -> Iterator[Any]:
        """JSON Schema's $ is the end; Python's is also before a last newline."""
        if isinstance(text, str) and not re.fullmatch(pattern, text):
            yield ValidationError("")

    # 1.0 is an integer to JSON Schema, and no count to us.
    types = Draft.TYPE_CHECKER.redefine(
        "integer", lambda _, v: isinstance(v, int) and not isinstance(v, bool)
    )
    ours = validators.extend(Draft, {"pattern": whole}, type_checker=types)
    return ours(load(name))


def _problem(error: Any) -> Problem:
    where = tuple(error.absolute_path)
    value, wanted, node = error.instance, error.validator_value, error.schema
    if "propertyNames" in error.absolute_schema_path:
        where = (*where, value)
    match error.validator:
        case "required":
            return Problem((*where, _first(wanted, value)), "missing")
        case "additionalProperties":
            known = node.get("properties", {})
            what = f"unknown key; known: {', '.join(known)}"
            return Problem((*where, _first(value, known)), what)
        case "uniqueItems":
            return Problem(where, "names something twice")
        case "minItems" | "minLength":
            return Problem(where, "is empty")
        case "maxProperties":
            return Problem(where, f"has {len(value)} entries, at most {wanted}")
        case "anyOf" if nearer := _branch(error):
            return _problem(nearer)
    return Problem(where, f"must be {_wanted(error)}, is {_short(value)}")


def _branch(error: Any) -> Any:
    """What is wrong with the one alternative that is of the value's type."""
    branches: dict[int, list[Any]] = {}
    for each in error.context:
        branches.setdefault(each.schema_path[0], []).append(each)
    typed = [
        found
        for found in branches.values()
        if not any(e.validator == "type" and len(e.schema_path) == 2 for e in found)
    ]
    return typed[0][0] if typed else None


def _wanted(error: Any) -> str:
    """A noun: the schema's title, or what the keyword asks for."""
    wanted, node = error.validator_value, error.schema
    if "title" in node:
        return str(node["title"])
    match error.validator:
        case "type":
            kinds = [wanted] if isinstance(wanted, str) else wanted
            return " or ".join(_TYPES[kind] for kind in kinds)
        case "enum":
            return f"one of {', '.join(_word(each) for each in wanted)}"
        case "const":
            return _word(wanted)
        case "minimum" | "maximum" if {"minimum", "maximum"} <= node.keys():
            return f"{node['minimum']} to {node['maximum']}"
        case "minimum":
            return f"{wanted} or more"
    return f"otherwise ({error.validator} {wanted})"


def _word(value: Any) -> str:
    return "null" if value is None else str(value)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _first(names: Iterable[str], known: Iterable[str]) -> str:
    return next(name for name in names if name not in known)
