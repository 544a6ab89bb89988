# SPDX-License-Identifier: GPL-2.0-only
"""`retrap campaign`: what machines do, their boots home, the machines as they were."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from retrap.base.errors import EXIT_MACHINE, EXIT_RESULTS, RetrapError
from retrap.base.progress import Progress, say
from retrap.base.rawfile import atomic_write, read_record
from retrap.campaign import journal
from retrap.campaign.journal import ARMED, DONE, RUNNING, SKIPPED, VOID
from retrap.cli import matrix
from retrap.fleet.site import GONE, HERE, Site, site
from retrap.results import boot_times
from retrap.results.sealed import verify_campaign

MACHINE = "machine.json"  # in a result directory: the machine, and how it is reached
STOPPED = "the campaign stopped: "
EVERY_S = 20.0  # a look at the machines
LONG_S = 300.0  # of silence: longer than a boot takes, so it is said why
IDLE_S = 900.0  # in its own kernel with nothing armed so long, nobody goes on there
UNNAMED = ("config", "modules")  # of the facts: long, and in the kernels' keys


def campaign_name(directory: Path) -> str:
    """On the machines: `<experiment>-<stamp>`, of letters, digits, dots and dashes."""
    experiment = directory.parent.name.partition("@")[0].lower()
    kept = "".join(c if c.isalnum() and c.isascii() else "-" for c in experiment)
    return f"{kept.strip('-') or 'retrap'}-{directory.name}"


def remember(
    directory: Path, where: str, name: str, first: Path, facts: dict[str, Any]
) -> str:
    """What `retrap campaign` has to know later. The campaign's name on the machine:
    that of before, else one for all machines, after the first result directory."""
    if known := campaign_of(directory):
        record = _record(directory)
        if record.pop("restored", None):  # it was aborted, and goes on now
            _write(directory, record)
        return known
    inventory = where if where == HERE else str(Path(where).absolute())
    kept = {key: value for key, value in facts.items() if key not in UNNAMED}
    word = campaign_name(first)
    reached = {"campaign": word, "on": inventory, "name": name}
    _write(directory, {**reached, **kept})
    return word


def _write(directory: Path, record: dict[str, Any]) -> None:
    atomic_write(directory / MACHINE, json.dumps(record, indent=1) + "\n")


def campaign_of(directory: Path) -> str:
    """The name of a result directory's campaign on the machine; empty: none yet."""
    path = directory / MACHINE
    return str(read_record(path, "machine")["campaign"]) if path.exists() else ""


def restored(directory: Path) -> dict[str, Any] | None:
    """When the machine was put back, and what is not as it was; None: not yet."""
    found: dict[str, Any] | None = _record(directory).get("restored")
    return found


def closed(directory: Path) -> bool:
    """Nothing of its campaign is to be waited for."""
    return journal.read(directory).finished or restored(directory) is not None


def _record(directory: Path) -> dict[str, Any]:
    """Errors: EXIT_RESULTS, where there is none."""
    path = directory / MACHINE
    if not path.exists():
        raise RetrapError(
            f"{directory}: is of no machine's campaign",
            "name a directory that ./retrap matrix --on filled",
            EXIT_RESULTS,
        )
    return read_record(path, "machine")


def needs(directory: Path) -> tuple[str, ...]:
    """The packages by which its machine is reached."""
    return () if _record(directory)["on"] == HERE else ("fleet",)


def remembered(directory: Path) -> tuple[Site, str, str]:
    """The machines of a result directory, this one's name, the campaign's."""
    record = _record(directory)
    return site(str(record["on"])), str(record["name"]), str(record["campaign"])


def follow(
    directories: Mapping[str, Path], machines: Site, word: str, progress: Progress
) -> None:
    """Until each machine's campaign is over; then it is fetched, put back as it was
    and reported. The machines need nobody: killed, `campaign resume` follows again."""
    open_ = dict(directories)
    with progress.task("campaign") as task:
        last = dict.fromkeys(open_, time.monotonic())
        busy = dict(last)
        while open_:
            told = machines.status(word, open_)
            words = []
            for name, directory in list(open_.items()):
                if name not in told:
                    silent = time.monotonic() - last[name]
                    words.append(f"{name}: no contact for {silent:.0f} s")
                    if silent > LONG_S and (why := machines.silence.get(name)):
                        words[-1] += f" ({why})"
                    busy[name] = time.monotonic()
                    continue
                last[name] = time.monotonic()
                if GONE in told[name]:
                    _gone(name, directory)
                    matrix.report(directory, progress)
                    del open_[name]
                    continue
                words.append(f"{name}: {summary(told[name])}")
                if over(told[name]):
                    _fetch(name, directory, machines, word)
                    if text := boot_times.sentence(directory):
                        say(f"{name}: {text}")
                    matrix.report(directory, progress)
                    del open_[name]
                elif why := told[name]["stopped"]:
                    what = f"{name}: {STOPPED}{why}"
                    raise RetrapError(what, mend(directory), EXIT_MACHINE)
                elif told[name]["slot"] or _under_way(told[name]):
                    busy[name] = last[name]
                elif last[name] - busy[name] > IDLE_S:
                    what = f"{name}: nothing is armed since {IDLE_S / 60:.0f} min"
                    raise RetrapError(what, mend(directory), EXIT_MACHINE)
            task.update("; ".join(words))
            if open_:
                time.sleep(EVERY_S)


def mend(directory: Path) -> str:
    """What to do about a campaign that has stopped."""
    return (
        f"mend that and reboot the machine, or ./retrap campaign abort {directory}; "
        "then resume"
    )


def _gone(name: str, directory: Path) -> None:
    """Errors: EXIT_MACHINE, unless all of it is here: it was taken away at the end,
    and whoever did that was killed before it could tell."""
    if journal.read(directory).finished:
        verify_campaign(directory)
        return
    raise RetrapError(
        f"{name}: the campaign is not on the machine: was that reinstalled?",
        f"{_here(directory)}; --fresh begins anew",
        EXIT_MACHINE,
    )


def over(told: dict[str, Any]) -> bool:
    """A machine's campaign has ended, and the machine is in its own kernel."""
    ended = told["finished"] or (told["aborted"] and not _under_way(told))
    return ended and told["slot"] is None


def _under_way(told: dict[str, Any]) -> bool:
    return any(job["state"] in (ARMED, RUNNING) for job in told["jobs"])


def _fetch(name: str, directory: Path, machines: Site, word: str) -> None:
    """Nothing is taken away there before all of it is here and verified. What is not
    as it was is kept beside the results: the machine then knows nothing of it."""
    machines.fetch(word, {name: directory})
    verify_campaign(directory)
    said = machines.restore(word, name)
    found = [line.removeprefix("retrap: ") for line in said]
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    record = _record(directory)
    _write(directory, {**record, "restored": {"at": at, "differences": found}})
    for difference in found:
        say(f"{name}: {difference}")


def summary(told: dict[str, Any]) -> str:
    """Of a status: `5 of 8 boots, 1 failed, block-2 of please-notify is up`."""
    jobs = told["jobs"]
    done = sum(job["state"] == DONE for job in jobs)
    given_up = sum(job["state"] == VOID for job in jobs)
    text = f"{done} of {len(jobs)} boots"
    if given_up:
        text += f", {given_up} given up"
    if skipped := sum(job["state"] == SKIPPED for job in jobs):
        text += f", {skipped} not needed"
    under_way = [job for job in jobs if job["state"] in (ARMED, RUNNING)]
    if under_way:
        text += f", {under_way[0]['job']} is {under_way[0]['state']}"
    return text


def _here(directory: Path) -> str:
    """`24 of 24 boots are here`."""
    states = journal.read(directory).states.values()
    return f"{sum(s.state == DONE for s in states)} of {len(states)} boots are here"


def _show_restored(directory: Path, name: str, told: dict[str, Any]) -> None:
    differences = told["differences"]
    how = (
        "not all is as it was:" if differences else "all that is compared is as it was"
    )
    print(f"{name} was put back at {told['at']}, {how}")
    for difference in differences:
        print(f"  {difference}")
    print(_here(directory))


def show_status(directory: Path, as_json: bool) -> None:
    machines, name, word = remembered(directory)
    if over_there := restored(directory):
        if as_json:
            print(json.dumps({"campaign": word, "restored": over_there}, indent=1))
        else:
            _show_restored(directory, name, over_there)
        return
    told = machines.status(word, [name]).get(name)
    if as_json:
        print(json.dumps(told, indent=1))
        return
    if told is None:
        print(f"{name} does not answer; {_here(directory)}")
        return
    if GONE in told:
        print(f"{name}: nothing of the campaign is on the machine")
        return
    print(f"{name}: {summary(told)}")
    if why := told["stopped"]:
        print(f"  {STOPPED}{why}")
        print(f"  {mend(directory)}")
    for job in told["jobs"]:
        if job["reason"]:
            print(f"  {job['job']}, {job['state']}: {job['reason']}")


def resume(directory: Path, full: bool) -> None:
    machines, name, word = remembered(directory)
    with Progress() as progress:
        if restored(directory):
            matrix.report(directory, progress)
        else:
            follow({name: directory}, machines, word, progress)
    matrix.show(directory, full)


def abort(directory: Path) -> None:
    """Nothing more is armed; what is done is fetched by `resume`."""
    machines, name, word = remembered(directory)
    if told := restored(directory):
        say(f"{name}: it is over, and was put back at {told['at']}")
        return
    machines.abort(word, name)
    say(f"{name}: nothing more is booted; ./retrap campaign resume {directory} fetches")
