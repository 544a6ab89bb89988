# SPDX-License-Identifier: GPL-2.0-only
"""report.html as text: all rows, nothing loaded, whatever is in the results escaped."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import conftest
import pytest
from conftest import Maker

from retrap.analysis import written
from retrap.base.paths import ROOT
from retrap.report import patchlist, reproduce
from retrap.report.html import kernels, page, rows, strip
from retrap.results.store import load

EVIL = "\"'><img src=x onerror=evil()>{{7*7}}&lt;"
END = "</script><script>evil()</script></style><!--"
VOID = {"meta", "img", "br", "input"}


class Page(HTMLParser):
    """Its elements, the text of each kind, what it points to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, (tag, self.open)

    def handle_data(self, data: str) -> None:
        for tag in dict.fromkeys(self.open):
            self.texts[tag][-1] += data

    def every(self, attribute: str) -> list[str]:
        return [e[attribute] or "" for _, e in self.elements if attribute in e]

    @property
    def values(self) -> dict[str, Any]:
        """The data in it."""
        found: dict[str, Any] = json.loads(self.texts["script"][0])
        return found


def rendered(path: Path) -> Page:
    return Page(page.render(load(path)))


@pytest.fixture(scope="module")
def read(whole: Path) -> Page:
    return rendered(whole)


def test_it_has_every_row_of_the_table(
    whole: Path, read: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        written, "atomic_write", lambda to, text: (tmp_path / to.name).write_text(text)
    )
    written.write(load(whole))
    stored = list(csv.reader((tmp_path / "comparison.csv").open()))
    assert read.values["columns"][:-1] == stored[0]
    told = [["" if v is None else v for v in row[:9]] for row in read.values["rows"]]
    assert sorted(told) == sorted(row[:9] for row in stored[1:]) and len(told) > 20
    bodies = [e["id"] for tag, e in read.elements if tag == "tbody" and "id" in e]
    links = [row[-1] for row in read.values["rows"]]
    assert [f"#{name}" for name in bodies] == links
    assert len(set(bodies)) == len(bodies)


def test_its_answer_comes_first(read: Page) -> None:
    assert read.texts["h2"][0] == "Answer"
    assert "a notification of SIGCONT takes" in read.texts["p"][0]


def test_it_is_in_order_and_has_words_for_each_picture(read: Page) -> None:
    levels = [int(tag[1]) for tag, _ in read.elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b <= a + 1 for a, b in zip(levels, levels[1:]))
    count = sum(tag == "svg" for tag, _ in read.elements)
    assert count > 20 and len([t for t in read.texts["title"] if t]) == count + 1
    assert all(e.get("alt") for tag, e in read.elements if tag == "img")


def test_it_loads_nothing(whole: Path, read: Page) -> None:
    text = page.render(load(whole))
    policy = next(e["content"] for _, e in read.elements if "http-equiv" in e) or ""
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "connect" not in policy and "http" not in policy
    assert all(src.startswith("data:") for src in read.every("src"))
    assert not re.search(r"@import|url\(|//\w+\.\w", "".join(read.texts["style"]))
    assert not [a for _, e in read.elements for a in e if a.startswith("on")]
    assert not [h for h in read.every("href") if re.match(r"\w+:|//", h)]
    assert "eval" not in text and "innerHTML" not in text


def test_what_it_points_to_is_there(whole: Path, read: Page) -> None:
    ids = set(read.every("id"))
    links = read.every("href")
    assert {link[1:] for link in links if link.startswith("#")} <= ids
    files = [whole / unquote(link) for link in links if not link.startswith("#")]
    assert len(files) > 100 and all(file.exists() for file in files)


def hostile(maker: Maker, name: str, word: str) -> Path:
    """Names, facts and warnings that are `word`; the variant is `name`."""
    patch = {"name": f"../{word}", "sha256": "0" * 64}
    maker.variants = ("mainline", name)
    maker.boots, maker.samples, maker.substrates = 6, 30, ("vm",)
    maker.record = {"patches": [patch], "compiler": word, "source": word}
    maker.facts = {"cpu_model": word, "mitigations": {word: word}}
    maker.plan = {"experiment": word}
    path = maker.write()
    for file in path.glob("raw/*/*/*.run.json"):
        run = json.loads(file.read_text())
        file.write_text(json.dumps({**run, "warnings": [word], "argv": [word]}))
    noise = [{"fact": word, "value": word, "verdict": word}]
    named = {"campaign": word, "on": word, "name": word, "noise": noise}
    record = {"schema": "retrap.machine/1", **named}
    (path / "machine.json").write_text(json.dumps(record))
    (path / "figures").mkdir()
    (path / f"figures/overview-{name}.svg").write_text(f"<svg>{END}</svg>")
    return path


def shape(found: Page) -> list[tuple[str, tuple[str, ...]]]:
    return [(tag, tuple(sorted(attributes))) for tag, attributes in found.elements]


def test_no_word_of_the_results_is_markup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (EVIL, "plain"):
        monkeypatch.setitem(conftest.INTERFACES, name, ("please-notify",))
    evil = rendered(hostile(Maker(tmp_path / "evil/1"), EVIL, EVIL + END))
    plain = rendered(hostile(Maker(tmp_path / "plain/1"), "plain", "word"))
    assert shape(evil) == shape(plain) and len(shape(plain)) > 300
    assert any(EVIL in text for text in evil.texts["th"] + evil.texts["td"])
    assert any(EVIL + END in text for text in evil.texts["dd"])
    assert evil.values["rows"][0][8] == EVIL
    assert len(evil.texts["script"]) == 2 and "evil" not in evil.texts["script"][1]
    ids = [name for name in evil.every("id") if name]
    assert all(re.fullmatch(r"[\w.-]+", name) for name in ids)


def test_names_that_no_link_can_hold_have_links(
    maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a'b", 'a"b'):
        monkeypatch.setitem(conftest.INTERFACES, name, ("listen",))
    maker.substrates, maker.variants = ("exact",), ("mainline", "a'b", 'a"b')
    found = [row.id for row in rows.rows(load(maker.write()))]
    assert len(set(found)) == len(found)
    assert "exact-x86_64-floor-futex-same-cpu-a-b-2" in found


def test_a_link_out_of_the_directory_is_no_figure(maker: Maker, tmp_path: Path) -> None:
    path = maker.write()
    (tmp_path / "secret").write_text("secret")
    (path / "figures").mkdir()
    (path / "figures/overview-x.svg").symlink_to(tmp_path / "secret")
    assert not rendered(path).every("src")


def test_the_subject_of_a_patch(tmp_path: Path) -> None:
    content = b"From: a\nSubject: [PATCH 1/2] ptrace: Say what\n  it is\n\nbody\n"
    (tmp_path / "6.12").mkdir()
    (tmp_path / "6.12/0001.patch").write_bytes(content)
    (tmp_path.parent / "out.patch").write_bytes(content)
    (tmp_path / "6.12/none.patch").write_text("no mail\n")
    found = patchlist.subjects(tmp_path)
    same = hashlib.sha256(content).hexdigest()
    assert found[same] == "ptrace: Say what it is" and len(found) == 2
    ours = patchlist.listed([{"name": "../out.patch", "sha256": same}, "nonsense"])
    assert [(each.known, each.subject) for each in ours] == [("", "out")]


def test_the_reference_says_the_subjects() -> None:
    path = ROOT / "results/reference/quick"
    found = {each.name: each for each in kernels.kernels(load(path))}
    assert [each.name for each in found.values()][0] == "mainline"
    subjects = [patch.known for patch in found["please-notify"].patches]
    assert len(subjects) > 5 and all(subjects)
    assert any("PTRACE_JOBCTL_CONT" in text for text in subjects)


SHA256 = hashlib.sha256((ROOT / "configs/experiments/quick.toml").read_bytes())
FILES = [{"name": "a.cc"}, {"name": "b.cc"}]
QUICK = {"experiment": "quick", "experiment_sha256": SHA256.hexdigest()}


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        (QUICK, "./retrap matrix configs/experiments/quick.toml"),
        ({"experiment": "quick"}, "./retrap matrix quick.toml"),
        ({"experiment": "mine"}, "./retrap matrix mine.toml"),
        ({"experiment": "mine@box1"}, "./retrap matrix mine.toml --on HOSTS"),
        (
            {**QUICK, "experiment": "quick-host", "variants": []},
            "./retrap run configs/experiments/quick.toml",
        ),
        (
            {**QUICK, "experiment": "quick+a+b", "scenario_files": FILES},
            "./retrap matrix configs/experiments/quick.toml --scenario a.cc "
            "--scenario b.cc",
        ),
        (
            {**QUICK, "experiment": "quick+a+b-host", "scenario_files": FILES}
            | {"variants": []},
            "./retrap run configs/experiments/quick.toml --scenario a.cc "
            "--scenario b.cc",
        ),
        (
            {"experiment": "mine", "scenario_files": FILES},  # of the experiment
            "./retrap matrix mine.toml",
        ),
        (
            {
                "experiment": "profile",
                "profiler_sha256": {},
                "scenarios": ["a"],
                "scenario_files": FILES,
                "arch": ["x86_64"],
            },
            "./retrap profile a --variant mine --arch x86_64 --scenario a.cc "
            "--scenario b.cc",
        ),
        ({"experiment": "$(evil)"}, "./retrap matrix '$(evil).toml'"),
        (
            {
                "experiment": "profile",
                "profiler_sha256": {},
                "scenarios": ["a", "b"],
                "arch": ["x86_64"],
            },
            "./retrap profile a,b --variant mine --arch x86_64",
        ),
    ],
)
def test_the_command_that_measures_it_again(plan: dict[str, Any], told: str) -> None:
    assert reproduce.command({"variants": [{"name": "mine"}], **plan}) == told


def test_columns_in_which_nothing_stands_are_left_out(whole: Path) -> None:
    found = rows.rows(load(whole))
    order = [name for name in found[0].shown if name != "survives"]  # no layouts
    assert rows.headings(found) == order and order[-4:] == [
        *("p", "finds", "verdict", "notes")
    ]
    exact = [row for row in found if row.of.machine.exact]
    assert not {"p", "finds"} & set(rows.headings(exact))
    assert rows.headings([]) == []


def test_the_exact_profile_of_a_cell_is_linked(maker: Maker) -> None:
    maker.substrates = ("exact", "vm")
    path = maker.write()
    where = path / "profile/figures"
    where.mkdir(parents=True)
    name = "profile-x86_64-retrap.trigger-sigcont@same-cpu.html"
    (where / name).write_text("")
    found = [row for row in rows.rows(load(path)) if row.profiles]
    assert {row.of.where for row in found} == {("retrap/trigger:sigcont", "same-cpu")}
    assert all(row.of.machine.exact for row in found)
    links = [unquote(link) for link in rendered(path).every("href")]
    assert links.count(f"profile/figures/{name}") == len(found) + 1


def test_one_kernel_alone(maker: Maker) -> None:
    maker.variants, maker.boots = ("mainline",), 2
    found = rendered(maker.write())
    assert any("Nothing to compare" in text for text in found.texts["p"])
    assert "retrap/trigger:sigcont" in found.texts["pre"][0]
    assert found.values["rows"] == []


def test_the_small_figure(whole: Path) -> None:
    drawn = {}
    for row in rows.rows(load(whole)):
        if row.of.where == ("retrap/trigger:sigcont", "same-cpu"):
            assert row.strip
            drawn[row.of.machine.substrate, row.of.test] = row.strip
    timed, exact = (drawn[name, "async-retrap"] for name in ("vm", "exact"))
    assert [lane.path.count("h0") for lane in timed.lanes] == [7, 7] and timed.dots
    assert all(lane.ends and lane.ends[0] <= lane.median for lane in timed.lanes)
    assert exact.lanes[0].path.count("v-") > 3 and not exact.dots
    numbers = [float(x) for x in re.findall(r"M([\d.]+)", timed.lanes[0].path)]
    assert 0 < min(numbers) and max(numbers) < strip.WIDTH
    assert len(timed.ticks) > 1 and timed.about.endswith("of 7 boots.")
    assert re.fullmatch(r"\d+ of 800 samples lie outside", exact.left_out)


def test_how_large_the_full_experiment_is(full: Path) -> None:
    text = page.render(load(full))
    assert len(text.encode()) < 2_000_000, "with its figures it has to be below 5 MB"
