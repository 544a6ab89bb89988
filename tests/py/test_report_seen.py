# SPDX-License-Identifier: GPL-2.0-only
"""report.html as it is seen and used, in Chromium."""

from __future__ import annotations

import csv
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import browser
import conftest
import pytest
from browser import Browser
from conftest import Maker
from test_report import END, EVIL, hostile

from retrap.report.html import page

pytestmark = pytest.mark.skipif(
    not Path(browser.PROGRAM).exists(), reason="no Chromium: ./retrap packages browser"
)
ROW = "vm-x86_64-retrap-trigger-sigcont-cross-cpu-async-retrap"
SHOWN = "[...document.querySelectorAll('#table > tbody')].filter(e => !e.hidden)"
CONTRAST = 4.5  # WCAG 2, level AA, of text
# Lightness of two colours as WCAG has it, of the text and of what is behind it.
CONTRASTS = """(() => {
  const light = c => c.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
    .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = e => {
    const c = getComputedStyle(e).backgroundColor;
    return c === 'rgba(0, 0, 0, 0)' ? behind(e.parentElement) : c; };
  const body = getComputedStyle(document.body);
  document.documentElement.style.backgroundColor = body.backgroundColor;
  return [...document.querySelectorAll('p, a, td, th, span.verdict, dt, small, .help')]
    .filter(e => e.offsetParent).map(e => {
      const both = [getComputedStyle(e).color, behind(e)].map(light);
      return [e.className + e.tagName,
        (Math.max(...both) + .05) / (Math.min(...both) + .05)]; })
    .sort((a, b) => a[1] - b[1])[0]; })()"""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser.browser(tmp_path_factory.mktemp("chromium")) as found:
        yield found


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of exact and of boots, with a figure."""
    maker = Maker(tmp_path_factory.mktemp("seen") / "quick/20261123-120000")
    directory = maker.write()
    (directory / "figures").mkdir()
    figure = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"
    (directory / "figures/overview-vm-x86_64.svg").write_text(figure)
    return page.write(directory)


@pytest.fixture
def seen(chromium: Browser, path: Path) -> Iterator[Browser]:
    """The page, just opened; at the end it has said nothing and loaded nothing."""
    chromium.said.clear()
    chromium.asked.clear()
    chromium.look(1280)
    chromium.open(path)
    yield chromium
    assert chromium.said == []
    others = {address for address in chromium.asked if address[:5] != "data:"}
    assert {address.partition("#")[0] for address in others} <= {path.as_uri()}


def shown(seen: Browser, column: int = 0) -> list[str]:
    """A column of the rows that are not hidden."""
    found = seen.js(f"{SHOWN}.map(e => e.rows[0].cells[{column}].textContent.trim())")
    return [str(text) for text in found]


def is_open(seen: Browser, row: str) -> tuple[bool, bool]:
    """What one sees of it, and what its button says."""
    there = f"document.getElementById('{row}')"
    visible = seen.js(f"{there}.querySelector('svg').checkVisibility()")
    said = seen.js(f"{there}.querySelector('button').getAttribute('aria-expanded')")
    return bool(visible), said == "true"


def test_a_row_opens_and_closes(seen: Browser) -> None:
    assert is_open(seen, ROW) == (False, False)
    seen.click(f"#{ROW} th button")
    assert is_open(seen, ROW) == (True, True)
    assert seen.js("location.hash") == f"#{ROW}"
    seen.click(f"#{ROW} th button")
    assert is_open(seen, ROW) == (False, False)
    assert seen.js("location.hash") == ""


def test_the_address_of_a_row_opens_it(seen: Browser, path: Path) -> None:
    seen.open(path, f"#{ROW}")
    assert is_open(seen, ROW) == (True, True)
    top = f"document.getElementById('{ROW}').getBoundingClientRect().top"
    assert -1 < seen.js(top) < 900


def test_a_link_to_a_row_that_is_filtered_out_shows_it(seen: Browser) -> None:
    seen.choose("variant", "please-notify")
    assert set(shown(seen, 3)) == {"please-notify"}
    seen.click("table.glance a")
    time.sleep(0.2)  # the form is reset after its event
    first = seen.js("location.hash.slice(1)")
    assert is_open(seen, str(first)) == (True, True)
    assert "async-retrap" in shown(seen, 3)


def test_filters(seen: Browser) -> None:
    every = len(shown(seen))
    assert seen.js("document.getElementById('count').textContent") == (
        f"{every} of {every} rows"
    )
    seen.choose("scenario", "retrap/trigger:sigcont")
    seen.choose("placement", "cross-cpu")
    seen.choose("substrate", "vm")
    seen.choose("statistic", "median")
    assert shown(seen, 3) == ["async-retrap", "please-notify"]
    assert set(shown(seen, 2)) == {"vm x86_64"}
    count = seen.js("document.getElementById('count').textContent")
    assert count == f"2 of {every} rows"
    seen.choose("search", "PLEASE")
    assert shown(seen, 3) == ["please-notify"]
    seen.click("form button[type=reset]")
    time.sleep(0.2)
    assert len(shown(seen)) == every


@pytest.mark.parametrize(("column", "name"), [(8, "change"), (0, "scenario")])
def test_sorting(seen: Browser, column: int, name: str) -> None:
    before = shown(seen, column)
    head = f"#table thead th.{name}"
    state = f"document.querySelector('{head}').getAttribute('aria-sort')"
    keys = f"{SHOWN}.map(e => e.rows[0].cells[{column}].dataset.key ?? '')"
    seen.click(f"{head} button")
    assert seen.js(state) == "ascending"
    up = shown(seen, column)
    numbers = [float(key) for key in seen.js(keys) if key]
    assert numbers == sorted(numbers) and up != before
    if not numbers:
        assert up == sorted(before)
    seen.click(f"{head} button")
    assert seen.js(state) == "descending"
    numbers = [float(key) for key in seen.js(keys) if key]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers or shown(seen, column) == sorted(before, reverse=True)
    empty = [not key for key in seen.js(keys)]
    assert empty == sorted(empty)  # at the end


def test_the_keyboard_alone(seen: Browser) -> None:
    """Tab comes to every row, and one sees where it is."""
    wanted = f"document.activeElement.closest('tbody')?.id === '{ROW}'"
    for _ in range(400):
        seen.key("Tab")
        if seen.js(wanted):
            break
    assert seen.js("document.activeElement.tagName") == "BUTTON"
    assert seen.js("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    seen.key("Enter")
    assert is_open(seen, ROW) == (True, True)
    seen.key(" ")
    assert is_open(seen, ROW) == (False, False)


def test_its_data_can_be_saved(seen: Browser, tmp_path: Path) -> None:
    seen.send("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    for name in ("comparison.csv", "comparison.json"):
        seen.click(f"a[download='{name}']")
        end = time.monotonic() + browser.PATIENCE
        while not (tmp_path / name).exists() and time.monotonic() < end:
            time.sleep(0.05)
    values = json.loads((tmp_path / "comparison.json").read_text())
    rows = list(csv.reader((tmp_path / "comparison.csv").open()))
    assert values["schema"] == "retrap.report/1"
    assert rows[0] == values["columns"] and len(rows) == len(values["rows"]) + 1 > 20
    assert rows[1][:4] == values["rows"][0][:4]


def test_without_script_all_is_there(seen: Browser, path: Path) -> None:
    seen.send("Emulation.setScriptExecutionDisabled", value=True)
    try:
        seen.open(path)
        assert seen.js("document.getElementById('filters').checkVisibility()") is False
        assert not seen.js("document.querySelector('#table button')")
        summary = f"#{ROW} summary"
        seen.click(summary)
        assert seen.js(f"document.querySelector('#{ROW} svg').checkVisibility()")
        assert len(shown(seen)) > 20
    finally:
        seen.send("Emulation.setScriptExecutionDisabled", value=False)


@pytest.mark.parametrize("width", [400, 800, 1280])
def test_it_is_as_wide_as_the_window(seen: Browser, path: Path, width: int) -> None:
    seen.look(width)
    seen.open(path, f"#{ROW}")
    assert seen.js("document.documentElement.scrollWidth") <= width
    verdicts = "[...document.querySelectorAll('#table span.verdict')]"
    ends = seen.js(f"{verdicts}.map(e => e.getBoundingClientRect().right)")
    assert max(ends) <= width or width == 800  # there the table is scrolled
    assert is_open(seen, ROW) == (True, True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read(seen: Browser, path: Path, scheme: str) -> None:
    """The least contrast of a text."""
    seen.look(1280, scheme)
    seen.open(path, f"#{ROW}")
    dark = (
        seen.js("getComputedStyle(document.body).backgroundColor") == "rgb(22, 24, 27)"
    )
    assert dark == (scheme == "dark")
    what, least = seen.js(CONTRASTS)
    assert least >= CONTRAST, what


def test_print(seen: Browser, path: Path) -> None:
    seen.open(path, f"#{ROW}")
    document = seen.pdf()
    assert document.startswith(b"%PDF") and 1 < document.count(b"/Type /Page\n") < 40
    seen.look(720, "dark", "print")
    assert seen.js("getComputedStyle(document.body).backgroundColor") in (
        "rgb(255, 255, 255)"
    )
    for hidden in ("nav", "#filters"):
        assert not seen.js(f"document.querySelector('{hidden}').checkVisibility()")
    assert is_open(seen, ROW)[0]
    assert seen.js("document.documentElement.scrollWidth") <= 720


def test_nothing_in_the_results_runs(
    chromium: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(conftest.INTERFACES, EVIL, ("please-notify",))
    written = page.write(hostile(Maker(tmp_path / "evil/1"), EVIL, EVIL + END))
    chromium.said.clear()
    chromium.asked.clear()
    chromium.open(written)
    assert chromium.js(f"{SHOWN}.map(e => e.rows[0].cells[3].textContent)")[0] == EVIL
    pictures = chromium.js("[...document.images].map(e => e.getAttribute('src'))")
    assert [picture[:26] for picture in pictures] == ["data:image/svg+xml;base64,"]
    assert chromium.said == []
    assert {a for a in chromium.asked if a[:5] != "data:"} == {written.as_uri()}


def test_the_policy_holds(chromium: Browser, path: Path, tmp_path: Path) -> None:
    """A script that got in, a picture and a style of elsewhere: each is refused."""
    intruder = (
        "<script>window.evil = 1</script><img src='http://example.org/x.png' "
        "onerror='window.evil = 2'><link rel=stylesheet href='http://example.org/x'>"
    )
    changed = tmp_path / "report.html"
    changed.write_text(path.read_text().replace("</main>", f"{intruder}</main>"))
    chromium.said.clear()
    chromium.open(changed)
    assert chromium.js("window.evil") is None
    said = " ".join(chromium.said)
    for kind in ("inline script", "inline event handler", "image", "stylesheet"):
        assert re.search(
            f"{kind}.* violates the following Content Security", said
        ), kind
    assert len(chromium.said) == 4
