# SPDX-License-Identifier: GPL-2.0-only
"""Figures of profiles: widths add up, more and less, pages that load nothing."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from pictures import Camera
from profiled import EVIL, grow

import plots
from plots import calltree, icicle, icicle_difference, profile_html, words
from plots.profiles import slug
from retrap.base.errors import RetrapError
from retrap.profile.callgraph import INTERRUPT, TRACER, Calls
from retrap.profile.callgraph import OTHER as OTHER_TASK
from retrap.profile.summary import CHEAPEST, Profile
from retrap.profile.symbols import Function


def by_name(boxes: list[calltree.Box]) -> dict[str, calltree.Box]:
    return {box.function.name: box for box in boxes}


def test_widths_add_up(pair: tuple[Profile, Profile]) -> None:
    tree = pair[0].trees[CHEAPEST]
    tree.add(Calls([grow(("idle", 8, OTHER_TASK, ()))]), 0)
    tree.roots[Function("idle")].own = {(0, OTHER_TASK): 8}
    boxes = calltree.boxes(tree)
    assert [(box.left, box.side) for box in boxes if box.depth == 0] == [
        (0, TRACER),
        (265, OTHER_TASK),
    ]
    assert calltree.width(boxes) == tree.total == sum(box.own for box in boxes)
    for box in boxes:
        below = [
            each
            for each in boxes
            if each.depth == box.depth + 1
            and box.left <= each.left < box.left + box.width
        ]
        assert box.width == box.own + sum(each.width for each in below)
    names = [box.function.name for box in boxes if box.depth == 1]
    assert names == ["notify_old", "signal", "tick"]
    assert by_name(boxes)["tick"].side == INTERRUPT


def test_changes_add_up_and_what_is_gone_has_room(
    pair: tuple[Profile, Profile],
) -> None:
    old, new = (found.trees[CHEAPEST] for found in pair)
    boxes = calltree.boxes(new, old)
    assert sum(box.change for box in boxes) == new.total - old.total
    found = by_name(boxes)
    assert {n for n, box in found.items() if box.gone} == {"gone", "deep"}
    assert calltree.gone(boxes) == 56
    assert calltree.width(boxes) == new.total + 56
    assert found["signal"].width == 15 + 56 and found["signal"].inclusive == 15
    assert found["kill"].inclusive == new.total
    assert found["kill"].gaps == found["signal"].gaps
    assert found["gone"].gaps == [] and found["gone"].change == -50


def test_what_takes_a_place_is_compared(pair: tuple[Profile, Profile]) -> None:
    old, new = (found.trees[CHEAPEST] for found in pair)
    found = by_name(calltree.boxes(new, old))
    assert found["notify_new"].was == Function("notify_old")
    assert found["notify_new"].change == 5 and found["wake"].change == 0
    assert found[EVIL].was is None
    names = [(a.function.name, b.function.name) for a, b in calltree.renamed(old, new)]
    assert names == [("notify_old", "notify_new")]


def lightness(color: str) -> float:
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_colors_tell_more_from_less(pair: tuple[Profile, Profile]) -> None:
    old, new = (found.trees[CHEAPEST] for found in pair)
    colors = icicle_difference.Colors(calltree.boxes(new, old))
    assert colors.limit == 50
    more, less = (
        [colors.face(Fraction(sign * n)) for n in (1, 10, 50)] for sign in (1, -1)
    )
    for color in more:
        assert int(color[1:3], 16) > int(color[5:7], 16)
    for color in less:
        assert int(color[1:3], 16) < int(color[5:7], 16)
    for row in (more, less):
        assert sorted(row, key=lightness, reverse=True) == row
    assert colors.face(Fraction(0)) == icicle_difference.NEUTRAL
    assert colors.face(Fraction(-1, 30)) == icicle_difference.NEUTRAL
    assert more[2].lower() == icicle_difference.MORE.lower()


def test_sides_differ_in_grey() -> None:
    marked = [lightness(c) for c, marks, _ in icicle.SIDES.values() if not marks]
    gaps = sorted(marked)
    assert all(b - a > 40 for a, b in zip(gaps, gaps[1:], strict=False))


def test_labels_stay_in_their_boxes() -> None:
    room = words.points("abcdefghijkl", icicle.LABEL)
    assert icicle.fit("abcdefghijkl", "", room) == "abcdefghijkl"
    cut = icicle.fit("abcdefghijklm", "+5", room)
    assert cut.endswith("…  +5") and words.points(cut, icicle.LABEL) <= room
    assert icicle.fit("abcdef", "", 3) == ""
    assert words.plain("a\nb\u202e$") == "a?b?$"


@pytest.mark.parametrize("long", ["", "-and-a-name-that-does-not-end" * 8])
def test_no_text_of_a_profile_is_on_another(
    long: str, filled: Path, camera: Camera
) -> None:
    plan = json.loads((filled / "plan.json").read_text())
    path = filled / "profiles" / "async-retrap.json"
    record = json.loads(path.read_text())
    name = "async-retrap" + long
    for entry in record["functions"]:
        entry[1] += long if entry[1] == "notify_new" else ""
    path.write_text(json.dumps({**record, "variant": name}))
    plan["variants"][1]["name"] = name
    (filled / "plan.json").write_text(json.dumps(plan))
    plots.profiles.draw_profiles(filled)
    for picture in camera.pictures.values():
        assert not picture.collisions() + picture.outside()


def test_the_scale_of_a_difference_says_log(filled: Path, camera: Camera) -> None:
    plots.profiles.draw_profiles(filled)
    (picture,) = camera.matching("icicle-difference-")
    bar = picture.drawing.axes[-1]
    assert any("log scale" in text for text, _ in picture.texts)
    assert len([text for text in bar.get_yticklabels() if text.get_text()]) >= 3


def test_every_figure_twice_the_same(filled: Path) -> None:
    paths = plots.draw_all(filled)
    cell = "retrap.trigger-sigcont@same-cpu"
    mine = {path.name for path in paths if "sigcont@" in path.name}
    drawn = [f"icicle-x86_64-{name}-{cell}" for name in ("mainline", "async-retrap")]
    drawn += [f"icicle-difference-x86_64-async-retrap-{cell}"]
    drawn += [f"functions-x86_64-{cell}"]
    assert mine == {
        f"profile-x86_64-{cell}.html",
        *(f"{name}.{suffix}" for name in drawn for suffix in ("svg", "png")),
    }
    before = {path: path.read_bytes() for path in paths if path.name in mine}
    for path in plots.profiles.draw_profiles(filled):
        assert before.pop(path) == path.read_bytes(), path.name
    assert not before


def test_titles_say_the_totals(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(plots.style.SETTINGS, "svg.fonttype", "none")
    for path in plots.profiles.draw_profiles(filled):
        text = " ".join(re.findall(r">([^<>]+)</text>", path.read_text("latin-1")))
        if path.suffix == ".svg" and "difference" in path.name:
            assert "224 less 265 is -41 guest instructions a sample" in text
            assert "3 of 3 and 4 of 4" in text and "(was notify_old)" in text
        elif path.suffix == ".svg" and "mainline" in path.name:
            assert "265 guest instructions a sample" in text and "4 of 4" in text
        elif path.suffix == ".svg" and "functions" in path.name:
            assert "265 in all" in text and "not called" in text


def data_of(page: str) -> dict[str, Any]:
    match = re.search(
        r'<script type="application/json" id="data">(.*?)</script>', page, re.S
    )
    assert match
    found: dict[str, Any] = json.loads(match.group(1))
    return found


def test_a_page_loads_nothing_and_no_name_ends_it(
    pair: tuple[Profile, Profile],
) -> None:
    page = profile_html.page(list(pair), True)
    assert not re.search(r"https?:|//\w|@import|url\(|src=|href=|@[A-Z]+@", page)
    assert "default-src 'none'" in page and "innerHTML" not in page
    assert page.count("</script>") == 2 and EVIL not in page and "<!--" in EVIL
    assert page.count("<!--") == 1  # the licence
    data = data_of(page)
    assert EVIL in data["profiles"][1]["functions"]


def test_a_page_has_the_counts(pair: tuple[Profile, Profile]) -> None:
    data = data_of(profile_html.page(list(pair), True))
    assert data["baseline"] == 0 and data["start"] == "d1"
    for found, stored in zip(pair, data["profiles"], strict=True):
        assert stored["variant"] == found.facts["variant"]
        for kind, tree in stored["trees"].items():
            whole = sum(n for row in tree["nodes"] for _, n in row[3])
            assert Fraction(whole, tree["windows"]) == found.trees[kind].total
    (new, old), *rest = data["profiles"][1]["renamed"][CHEAPEST]
    names = [
        side["functions"][side["trees"][CHEAPEST]["nodes"][row][1]]
        for side, row in ((data["profiles"][1], new), (data["profiles"][0], old))
    ]
    assert names == ["notify_new", "notify_old"] and not rest
    for page in (profile_html.page([*pair], False), profile_html.page([pair[0]], True)):
        assert data_of(page)["start"] == "0"
    assert data_of(profile_html.page(list(pair), False))["baseline"] is None


def test_profiles_of_another_qemu_have_no_difference(
    filled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = filled / "profiles" / "async-retrap.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "qemu": "8.0"}))
    drawn = plots.profiles.draw_profiles(filled)
    assert not [each for each in drawn if "difference" in each.name]
    assert "differ in qemu" in capsys.readouterr().err
    page = next(each for each in drawn if each.suffix == ".html").read_text()
    assert data_of(page)["baseline"] is None


def test_damaged_profiles_are_refused(filled: Path) -> None:
    (filled / "profiles" / "mainline.json").write_text("{}")
    with pytest.raises(RetrapError):
        plots.draw_all(filled)


def test_a_name_of_a_file_stays_in_its_directory() -> None:
    assert "/" not in slug("../../etc/x") and slug("a/b:c@d") == "a.b-c@d"
