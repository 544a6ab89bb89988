# SPDX-License-Identifier: GPL-2.0-only
"""Numbers and names of the command line that are refused before any work."""

from __future__ import annotations

import argparse
import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from retrap.cli import dryrun, parser as cli
from retrap.config.variants import load_variants
from retrap.rules import conform
from retrap.base.arch import native
from retrap.base.paths import ROOT
from retrap.config.experiments import Experiment, Guest, Sampling
from retrap.config.variants import Source, Variant
from retrap.base.errors import EXIT_KERNEL, EXIT_USAGE, RetrapError
from retrap.cli import profile as command

SIGCONT = "retrap/trigger:sigcont"


@pytest.mark.parametrize(
    "words",
    [
        ["profile", SIGCONT, "--samples", "1000000000000"],
        ["profile", SIGCONT, "--samples", "0"],
        ["profile", SIGCONT, "--cpus", "100"],
        ["profile", SIGCONT, "--top", "9" * 5000],
        ["conform", "--count", "1000000000000"],
        ["conform", "--sweep", "1000000000000"],
        ["conform", "--cpus", "9"],
        ["conform", "--cpus", "two"],
    ],
)
def test_a_number_that_ends_badly_is_bad_usage(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.parse(words)
    assert caught.value.code == EXIT_USAGE and words[-2] in capsys.readouterr().err


def test_more_vcpus_than_the_kernel_has(tmp_path: Path) -> None:
    """It would boot with four, and nothing would say so."""
    args = cli.parse(["profile", SIGCONT, "--cpus", "8", "--results", str(tmp_path)])
    with pytest.raises(RetrapError, match="CONFIG_NR_CPUS of mainline is 4") as caught:
        command.run(args)
    assert caught.value.exit_code == EXIT_USAGE
    options = conform.Options(("mainline",), (native(),), 1, 8, tmp_path)
    with pytest.raises(RetrapError, match="CONFIG_NR_CPUS of mainline is 4"):
        conform.run(options, load_variants(), None)  # type: ignore


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--cpus", "1", "--placement", "cross-cpu"], "needs --cpus 2"),
        (["--interface", "async-retrap"], "mainline does not offer it"),
    ],
)
def test_a_profile_that_cannot_be(more: list[str], said: str, tmp_path: Path) -> None:
    args = cli.parse(["profile", SIGCONT, "--results", str(tmp_path), *more])
    with pytest.raises(RetrapError, match=said) as caught:
        command.run(args)
    assert caught.value.exit_code == EXIT_USAGE


def test_a_dry_run_says_that_a_ref_is_missing(tmp_path: Path) -> None:
    """It called the source one that is not installed yet."""
    mine = Variant("mine", None, Source(None, ROOT, "nosuch"), (), (), ("listen",))
    once = Sampling(10, 0)
    experiment = Experiment(
        *("x", "", ("mine",), "mine", ("same-cpu",), (SIGCONT,), 1),
        *(once, Guest(2, 60), None),
    )
    with pytest.raises(RetrapError, match="mine: no commit 'nosuch'") as caught:
        dryrun.dry_run(experiment, {"mine": mine}, tmp_path / "x.toml", tmp_path)
    assert caught.value.exit_code == EXIT_KERNEL


def test_no_private_name_of_argparse_is_used() -> None:
    private = {name for name in dir(argparse.ArgumentParser()) if name[0] == "_"}
    for file in (ROOT / "python/retrap/cli").glob("*.py"):
        nodes = ast.walk(ast.parse(file.read_text()))
        used = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        assert used & private <= {"__init__"}, file


def test_the_command_line_is_read_before_anything_is_installed() -> None:
    """A machine has Python alone; what is missing is said, or installed, after."""
    installed = "numpy scipy matplotlib jsonschema rich elftools yaml ansible".split()
    script = (
        f"import sys; sys.modules.update(dict.fromkeys({installed}))\n"
        "from retrap.cli.parser import parse"
    )
    argv = [sys.executable, "-c", script]
    env = {**os.environ, "PYTHONPATH": f"{ROOT}/python:{ROOT}"}
    done = subprocess.run(argv, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
