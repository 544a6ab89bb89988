# SPDX-License-Identifier: GPL-2.0-only
"""`retrap try` that fails: it names what the user gave, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_given import git
from test_try_choice import place  # noqa: F401

from retrap.base.errors import RetrapError
from retrap.base.tomlfile import read_toml
from retrap.build import own
from retrap.cli import attempt, attempt_files, beside, scenarios
from retrap.cli.parser import parse
from retrap.config.registry import Registry, Scenario
from retrap.kernel.given import Given

FAILING = (
    (["broken.patch"], "broken.patch.*Hunk #1 FAILED"),
    (["x.patch", "x.patch"], "patched-2: x.patch does not apply: it is applied"),
    (["empty.patch"], "empty.patch"),
    (["x.patch", "--scenarios", "no/such"], "no/such"),
    (["x.patch", "--scenario", "none.cc"], "none.cc"),
    (["x.patch", "--config", "none.config"], "--config none.config: no such file"),
    (["x.patch", "--arch", "vax"], "--arch: no architecture 'vax'"),
    (["x.patch", "--base", "none"], "no variant 'none'"),
    (["x.patch", "--native", "none"], "--native none: there is no such inventory"),
    (["--image", "none", "--image", "x.patch"], "--image none: no such file"),
    (["--image", "x.patch", "--image", "x.patch"], "x.patch: no"),
    (["--image", "obj", "--image", "obj"], "obj: no .* in it"),
    (["--tree", "other", "v2"], "is no kernel source: it has no Kbuild"),
    (["--tree", "other", "v1..v2", "--base", "mainline"], "the patch 'x' does not"),
    (["--tree", "other", "--every-tag", "v1..v2", "--scenarios", "no/such"], "no/such"),
    (["--tree", "other", "--every-tag", "v1..none"], "none"),
    (["--scenario", "none.cc"], "none.cc"),
    (["--scenario", "mine.cc", "--base", "none"], "no variant 'none'"),
    (["--scenario", "mine.cc", "--scenarios", "no/such"], "no/such"),
    (["--make-map", "--base", "none"], "no variant 'none'"),
)


@pytest.mark.parametrize(("words", "said"), FAILING)
def test_nothing_is_left(
    place: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    said: str,
) -> None:
    text = (place / "x.patch").read_text()
    (place / "broken.patch").write_text(text.replace("return 1", "return 7"))
    (place / "empty.patch").write_text("")
    (place / "obj").mkdir()
    (place / "mine.cc").write_text("")
    (place / "other/kernel").mkdir(parents=True)
    git(place / "other", "init", "-q")
    for tag in ("v1", "v2"):
        (place / "other/kernel/b.c").write_text(tag)
        git(place / "other", "add", ".")
        git(place / "other", "commit", "-qm", "x")
        git(place / "other", "tag", tag)
    registry = Registry([Scenario("floor/futex", (), ())], {}, ())
    monkeypatch.setattr(own, "known", lambda *_: (registry, ()))
    monkeypatch.setattr(beside, "ensure", lambda *_: None)
    before = sorted(place.iterdir())
    more = ["--variants", "variants.toml", "--results", "results"]
    with pytest.raises(RetrapError, match=said) as caught:
        attempt.run(parse(["try", *words, *more]))
    told = f"{caught.value.message} {caught.value.remedy}"
    assert "cache/work" not in told and "results" not in told
    assert {*place.iterdir()} - {*before} <= {place / "cache"}


def test_what_no_kernel_can_run(
    place: Path, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:
    """It is found in the experiment that is written, which the error does not name."""

    def none(experiment: object, variants: object, path: Path) -> None:
        raise read_toml(path, "experiment").fail("scenarios", "nothing to run")

    monkeypatch.setattr(scenarios, "known_unbuilt", none)
    with pytest.raises(RetrapError, match="^scenarios: nothing to run$"):
        attempt.run(parse(["try", "x.patch", "--variants", "variants.toml"]))


def test_what_is_kept_is_named_beside_the_file_of_the_user(tmp_path: Path) -> None:
    ours = tmp_path / "0001-x.patch"
    for kept, told in ((True, f"my.diff (as {ours})"), (False, "my.diff")):
        with pytest.raises(RetrapError) as caught:
            with attempt_files.as_given([Given("", "", "", "my.diff")], [ours], kept):
                raise RetrapError(f"{ours} does not apply", "rebase", 6)
        assert caught.value.message == f"{told} does not apply"
        assert caught.value.remedy == "rebase" and caught.value.exit_code == 6
