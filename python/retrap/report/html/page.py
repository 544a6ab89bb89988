# SPDX-License-Identifier: GPL-2.0-only
"""report.html of a result directory: the answer, every row, what it rests on.

One file that loads nothing. Whatever a result directory says is text: the template
escapes it, and the page's policy lets no script run but its own.
"""

from __future__ import annotations

import base64
import hashlib
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from retrap.analysis import family
from retrap.analysis.comparison import COLUMNS
from retrap.analysis.statistic import MEDIAN
from retrap.profile import stored
from retrap.report import brief, reproduce, table
from retrap.report.html import rows as comparisons
from retrap.report.html.kernels import kernels
from retrap.report.html.machines import machines, noise
from retrap.results.store import Results, atomic_write, load

HERE = Path(__file__).parent
NAME = "report.html"
TEMPLATE, STYLE, SCRIPT = "report.html.j2", "report.css", "report.js"
SECTIONS = {
    "answer": "answer",
    "rows": "every comparison",
    "figures": "figures",
    "kernels": "kernels",
    "machines": "machines and noise",
    "text": "tables",
    "data": "data and commands",
}
FIGURES = {
    "overview": "Medians of every scenario, kernel and placement, and what changes",
    "within": "Differences of a kernel's interfaces within its boots",
}
DERIVED = ("*.csv", "table.txt", "lkml.eml", "plan.json", "figures/*.svg")


def write(dir: Path) -> Path:
    """Write report.html. Errors: EXIT_RESULTS."""
    path = dir / NAME
    atomic_write(path, render(load(dir)))
    return path


def render(results: Results) -> str:
    """The page."""
    maker = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    maker.filters["urlencode"] = quote
    return maker.get_template(TEMPLATE).render(_content(results))


def _content(results: Results) -> dict[str, Any]:
    found = comparisons.rows(results)
    first, path = results.machines[0], results.path
    shown, base = brief.shown(results, first), results.base(first)
    figures = _figures(path)
    absent = set() if figures else {"figures"}
    script = (HERE / SCRIPT).read_text(encoding="utf-8")
    return {
        "title": f"{results.plan['experiment']} {path.resolve().name}",
        "sections": [each for each in SECTIONS.items() if each[0] not in absent],
        "told": brief.told(results),
        "base": base,
        "baseline": results.baseline(first),
        "headline": [
            row
            for row in found
            if (row.of.machine, row.of.base) == (first, base)
            and row.of.scenario in shown
            and row.of.family != family.AGAIN
            and row.of.statistic is MEDIAN
        ],
        "rows": found,
        "headings": comparisons.headings(found),
        "choices": comparisons.choices(found),
        "figures": figures,
        "kernels": kernels(results),
        "machines": machines(results),
        "noise": noise(results),
        "tables": table.tables(results),
        "again": reproduce.command(results.plan),
        "directory": shlex.quote(f"results/{'/'.join(path.resolve().parts[-2:])}"),
        "files": _there(path, DERIVED),
        "profiles": _there(path, _profiled()),
        "version": results.plan.get("version") or "of an unknown version",
        "values": {
            "schema": "retrap.report/1",
            "columns": [*COLUMNS, "link"],
            "rows": [[*row.values, f"#{row.id}"] for row in found],
        },
        "style": Markup((HERE / STYLE).read_text(encoding="utf-8")),
        "script": Markup(script),
        "script_hash": Markup(_hash(script)),
    }


def _hash(script: str) -> str:
    """As a Content-Security-Policy names a script."""
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _figures(path: Path) -> list[tuple[str, str, str]]:
    """Those of the whole: where each is, what it shows, and the picture itself. As a
    picture no script in it runs."""
    found = []
    for name, about in FIGURES.items():
        for file in _plain(path, f"{stored.FIGURES}/{name}-*.svg"):
            told = f"{about}: {file.stem.removeprefix(f'{name}-')}"
            content = base64.b64encode(file.read_bytes()).decode("ascii")
            picture = f"data:image/svg+xml;base64,{content}"
            found.append((f"{stored.FIGURES}/{file.name}", told, picture))
    return found


def _profiled() -> tuple[str, ...]:
    """What is shown of a profile, in the directory or in that of `matrix --profile`."""
    kinds = (f"{stored.FIGURES}/profile-*.html", f"{stored.PROFILES}/*-less-*.csv")
    return *kinds, *(f"{stored.NESTED}/{kind}" for kind in kinds)


def _there(path: Path, kinds: tuple[str, ...]) -> list[str]:
    found = (file for kind in kinds for file in _plain(path, kind))
    return [str(file.relative_to(path)) for file in found]


def _plain(path: Path, kind: str) -> list[Path]:
    """Files, and no links: those may lead out of the directory."""
    found = sorted(path.glob(kind))
    return [file for file in found if file.is_file() and not file.is_symlink()]
