# SPDX-License-Identifier: GPL-2.0-only
"""Two machines and a controller. The controller is killed at random, one machine loses
its power at random, and the tables have the shape that nobody's death would change."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from image import Image
from rehearsal import RehearsalMachine
from campaigns import CAMPAIGN_S, assert_equal, inventory, state, up

from retrap.base.paths import ROOT
from retrap.campaign import journal
from retrap.campaign.journal import ARMED, DONE
from retrap.campaign.manifest import Manifest
from retrap.results import store

# Nothing of it is of one architecture, and it takes long.
pytestmark = pytest.mark.parametrize("image", ["x86_64"], indirect=True)
EXPERIMENT = """\
variants = ["mainline", "async-retrap", "please-notify"]
baseline = "mainline"
placements = ["same-cpu"]
scenarios = ["floor/pipe", "retrap/trigger:sigcont"]

[machine]
samples = 20
boots = 2
"""
KILLS = 4  # of the controller
CUTS = 3  # of the power; more could meet one job three times, which gives it up
SEED = int(os.environ.get("RETRAP_SEED", time.time_ns() % 10**6))


class Controller:
    """The same command again and again, until it ends by itself."""

    def __init__(self, words: list[str], log: Path) -> None:
        self._argv, self._log = [str(ROOT / "retrap"), *words], log
        self._start()

    def _start(self) -> None:
        with self._log.open("a") as out:
            self._process = subprocess.Popen(
                self._argv, stdout=out, stderr=out, cwd=ROOT
            )

    def kill(self) -> None:
        """It has not ended when this is called, or that is all the same."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._start()

    def again(self) -> bool:
        """Whether it has ended well; where it has not, it is started again: a machine
        may have lost its power under it."""
        if self._process.poll() is None:
            return False
        if self._process.returncode == 0:
            return True
        self._start()
        return False

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def shape(directory: Path) -> dict[str, object]:
    """Of a result directory what no kill may change."""
    results = store.load(directory)
    jobs = Manifest(directory).jobs
    return {
        "states": {n: s.state for n, s in journal.read(directory).states.items()},
        "order": list(jobs),
        "cells": sorted(
            {
                f"{b.variant}/{b.name}/{c.path.name}"
                for b in results.boots
                for c in b.cells
            }
        ),
        "build ids": {b.variant: b.record["kernel_build_id"] for b in results.boots},
    }


def ran_in_order(directory: Path) -> bool:
    """The machine took its jobs in the order that was planned."""
    lines = map(json.loads, (directory / journal.FILE).read_text().splitlines())
    begun = [row["job"] for row in lines if row["state"] == ARMED]
    return list(dict.fromkeys(begun)) == list(Manifest(directory).jobs)


def disturb(
    controller: Controller, machine: RehearsalMachine, rng: random.Random
) -> None:
    """Kills and cuts in random order. Between two cuts the machine boots twice."""
    deaths = ["kill"] * KILLS + ["cut"] * CUTS
    rng.shuffle(deaths)
    boots = 1
    for death in deaths:
        time.sleep(rng.uniform(2, 60))
        if controller.again():
            return
        if death == "kill":
            controller.kill()
        else:
            machine.wait_for_boot(boots + 1, CAMPAIGN_S)
            time.sleep(rng.uniform(0, 40))
            machine.power_cut()
            boots = len(machine.boots) + 1


def test_random_kills_change_no_table(image: Image, tmp_path: Path) -> None:
    print(f"RETRAP_SEED={SEED}")
    rng = random.Random(SEED)
    (tmp_path / "small.toml").write_text(EXPERIMENT)
    with RehearsalMachine(image, tmp_path / "cut", "cut") as cut, RehearsalMachine(
        image, tmp_path / "calm", "calm"
    ) as calm:
        both = (cut, calm)
        before = {}
        for machine in both:
            before[machine.name] = up(machine)
        hosts = tmp_path / "hosts"
        hosts.write_text(
            "".join(inventory(m, tmp_path / m.name / "h").read_text() for m in both)
        )
        words = ["matrix", str(tmp_path / "small.toml"), "--on", str(hosts)]
        log = tmp_path / "controller.log"
        controller = Controller([*words, "--results", str(tmp_path / "results")], log)
        try:
            disturb(controller, cut, rng)
            until = time.monotonic() + CAMPAIGN_S
            while not controller.again():
                assert time.monotonic() < until, log.read_text()[-3000:]
                time.sleep(1)
        finally:
            controller.close()
        (of_cut,) = tmp_path.glob("results/small@cut/*")
        (of_calm,) = tmp_path.glob("results/small@calm/*")
        told = shape(of_cut)
        assert told == shape(of_calm), log.read_text()[-3000:]
        assert set(told["states"].values()) == {DONE}
        assert ran_in_order(of_cut) and ran_in_order(of_calm)
        for machine in both:
            assert_equal(state(machine), before[machine.name])
