# SPDX-License-Identifier: GPL-2.0-only
"""By what an unfinished run is known again."""

from __future__ import annotations

from typing import Any

import pytest

from retrap.campaign import directory


def test_another_commit_is_the_same_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    plan: dict[str, Any] = {"experiment": "e", "binary_sha256": {"x86_64": "a"}}
    found = []
    for version in ("one", "other-dirty"):
        monkeypatch.setattr(directory, "git_version", lambda version=version: version)
        found.append(directory.identified(plan))
    assert [each["version"] for each in found] == ["one", "other-dirty"]
    assert found[0]["plan_sha256"] == found[1]["plan_sha256"]
    other = directory.identified({**plan, "binary_sha256": {"x86_64": "b"}})
    assert other["plan_sha256"] != found[0]["plan_sha256"]
