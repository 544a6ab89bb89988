# SPDX-License-Identifier: GPL-2.0-only
"""`python3 -m retrap.target`: check; and of a campaign's DIR lay, go-on,
measure, status, abort, restore."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from retrap.base.errors import EXIT_MACHINE, EXIT_OK, EXIT_USAGE, RetrapError
from retrap.build.programs import Programs
from retrap.campaign import journal
from retrap.campaign.manifest import Manifest
from retrap.executors import host
from retrap.executors.running import Running
from retrap.base.progress import Task, say
from retrap.base.rawfile import read_json
from retrap.target import agent, check, lay, record, softdog
from retrap.target.loader import of_this_machine
from retrap.target.this_machine import BOOT, ThisMachine

# Why the campaign does not go on: gone with the boot that says so, and on no disk that
# may be full.
STOPPED = Path("/run/retrap-stopped")


def status(directory: Path) -> dict[str, object]:
    """What the journal says, and what is up."""
    story = journal.read(directory)
    target = record.read(directory)
    machine = ThisMachine(directory, target)
    jobs = [
        {
            "job": name,
            "state": s.state,
            "at": s.at,
            "reason": s.reason,
            "tries": s.tries,
        }
        for name, s in story.states.items()
    ]
    return {
        "campaign": target.campaign,
        "finished": story.finished,
        "stopped": STOPPED.read_text().strip() if STOPPED.exists() else None,
        "aborted": (directory / agent.ABORT).exists(),
        "slot": machine.slot,
        "boot_id": machine.boot_id,
        "jobs": jobs,
    }


def go_on(directory: Path, target: record.Target) -> None:
    """One boot's work. Where it cannot go on it says why, and goes back to the
    distribution's kernel, which says it again."""
    softdog.stop()
    machine = ThisMachine(directory, target)
    try:
        say(agent.go_on(directory, target, machine))
    except Exception as error:  # a full disk is an OSError
        if isinstance(error, RetrapError):
            told = error
        else:
            remedy = "mend that; the next boot goes on"
            told = RetrapError(f"{type(error).__name__}: {error}", remedy, EXIT_MACHINE)
        STOPPED.write_text(f"{told.message}\n")
        if machine.slot is not None:
            machine.reboot()
        raise told from None


def measure(directory: Path, name: str) -> None:
    """One job's payload, in the boot that is up; as whoever runs this."""
    target, manifest = record.read(directory), Manifest(directory)
    if target.cpus:
        os.sched_setaffinity(0, target.cpus)
    job = manifest.jobs[name]
    kernel = target.kernels[job.variant]
    running = Running(kernel.variant, kernel.interfaces, kernel.build_id, kernel.offers)
    host.measure(
        job,
        manifest.payloads[job.payload],
        running,
        Programs(directory / "bin"),
        directory / "raw" / job.variant / job.boot,
        Task("measure"),
        {**kernel.facts, **read_json(directory / BOOT)},
    )


def main(words: list[str]) -> int:
    try:
        if words == ["check"]:
            print(json.dumps(check.facts(), indent=1))
            return EXIT_OK
        command, directory = words[0], Path(words[1]).absolute()
        target = record.read(directory)
        if command == "lay":
            lay.lay(directory, target, of_this_machine())
        elif command == "go-on":
            go_on(directory, target)
        elif command == "measure":
            measure(directory, words[2])
        elif command == "status":
            print(json.dumps(status(directory), indent=1))
        elif command == "abort":
            (directory / agent.ABORT).touch()
        elif command == "restore":
            STOPPED.unlink(missing_ok=True)
            for difference in lay.restore(directory, target, of_this_machine()):
                say(difference)
        else:
            raise IndexError
    except IndexError:
        print(__doc__, file=sys.stderr)
        return EXIT_USAGE
    except RetrapError as error:
        print(f"retrap: error: {error.message}\n  {error.remedy}", file=sys.stderr)
        return error.exit_code
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
