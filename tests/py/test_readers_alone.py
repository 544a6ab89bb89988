# SPDX-License-Identifier: GPL-2.0-only
"""Files that are read one at a time, as they may have become on their way: what reads
each returns, or refuses it by its name. Files of results are in test_readers.py."""

from __future__ import annotations

import io
import json
import lzma
import re
import tarfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import hostile
import pytest
from hypothesis import given
from test_profile_trace import whole as whole_trace
from test_readers import CODES, fuzzed, quiet, tree  # noqa: F401
from test_rooms import modules

from retrap.base.errors import EXIT_OK, RetrapError
from retrap.base.paths import ROOT
from retrap.base.textgrid import printable
from retrap.config import experiments
from retrap.config.plan import Run
from retrap.config.variants import load_variants
from retrap.executors import box, qemu
from retrap.fleet import archive, site
from retrap.kernel import patchsize
from retrap.report import lkml, quote, reply
from retrap.results import boot_times, perf_stat, trace
from retrap.target import record
from retrap.target.record import Kernel, Target

MAIL = b"""From bob Thu May 26 10:00:00 2011
From: =?utf-8?q?Jos=C3=A9?= <bob@example.org>
To: "Doe, Jane" <jane@example.org>, list@example.org
Cc: tejun@example.org
Subject: [PATCH] ptrace: a patch
Date: Thu, 26 May 2011 10:00:00 +0200
Message-ID: <a.1@example.org>
References: <a.0@example.org>
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

> Deeper.
It costs too much. caf=E9

--x--
"""
HYBRID = (ROOT / "tests/data/perf/hybrid.jsonl").read_bytes()
TARGET = Target(
    "c1",
    {"mine": Kernel("mine", "00", "id", ("listen",), ("listen",), {})},
    ("panic=10",),
    60,
    65534,
)
RUN = Run("retrap/trigger:sigcont", "same-cpu", "listen", 20, None, 7, "+listen")
JOURNAL = b"".join(
    json.dumps({"at": f"2026-11-28T0{n}:00:00Z", "job": "a/b", "state": state}).encode()
    + b"\n"
    for n, state in enumerate(("planned", "armed", "running", "failed"))
)


def tarred(*names: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = len(name)
            file.addfile(member, io.BytesIO(name.encode()))
    return out.getvalue()


def answered(path: Path) -> None:
    original = reply.read(path)
    assert isinstance(original.body, str)
    reply.headers(original, "me@example.org")
    try:
        quote.quote(original, "costs")
    except RetrapError:
        pass
    people = lkml.POLICY  # what is made of it is a mail
    message = lkml.EmailMessage(people)
    for name, value in reply.headers(original).items():
        message[name] = value if isinstance(value, str) else lkml._people(value)
    assert len(message.as_bytes().split(b"\n\n")[0].split(b"\n")) == len(message)


def sent_home(path: Path) -> None:
    qemu._unpack("mine", path.read_bytes(), path.parent / "into", "")


def plan_of_a_box(path: Path) -> None:
    """Its runs have their files in the directory of the boot."""
    folder, boot = path.parent, path.parent / "into"
    (folder / "plans").mkdir(exist_ok=True)
    path.replace(folder / "plans/listen")
    (boot / "plan").write_text("plans/listen")
    for line in box.lines_of(folder, boot):
        assert (boot / Run.of(line).output).parent == boot


def runs_of_a_box(path: Path) -> None:
    box.build_id(path.parent)


def experiment(path: Path) -> None:
    experiments.load_experiment(path, load_variants())


def variants(path: Path) -> None:
    for each in load_variants(path).bad.values():
        raise each


@dataclass(frozen=True)
class Reader:
    """`named`: a refusal names the file; else who calls it does. `once`: what was read
    wrong."""

    file: str
    data: bytes
    read: Callable[[Path], Any]
    named: bool = True
    once: tuple[bytes, ...] = ()


READERS = {
    "an experiment": Reader(
        "x.toml",
        (ROOT / "configs/experiments/quick.toml").read_bytes(),
        experiment,
        once=(b"seed = " + b"9" * 5000,),
    ),
    "variants": Reader(
        "v.toml", (ROOT / "configs/variants.toml").read_bytes(), variants
    ),
    "a mail": Reader(
        "mail.eml",
        MAIL.partition(b"\n")[2],
        answered,
        once=tuple(
            MAIL.partition(b"\n")[2].replace(b"=?utf-8?q?Jos=C3=A9?=", word)
            for word in (b"=?utf-8?q?J=C3=C3=A9?=", b"=?\x80utf-8?q?J=C3=A9?=")
        ),
    ),
    "a mailbox": Reader(
        "thread.mbox", MAIL, answered, once=(MAIL.replace(b"bob", b"b\xe9", 1),)
    ),
    "perf stat": Reader(
        "x.jsonl", HYBRID, lambda path: perf_stat.parse(path, "u")
    ),
    "a trace": Reader(trace.PACKED, lzma.compress(whole_trace()), trace.read),
    "words of a trace": Reader(
        trace.PACKED, whole_trace(), lambda path: trace.parse(path, path.read_bytes())
    ),
    "a target": Reader(
        record.FILE,
        json.dumps({"schema": record.SCHEMA, **asdict(TARGET)}).encode(),
        lambda path: record.read(path.parent),
    ),
    "times of a journal": Reader(
        "journal.jsonl", JOURNAL, lambda path: boot_times.boot_times(path.parent)
    ),
    "what a machine sends": Reader(
        "x.tar",
        tarred("journal.jsonl", "raw/mine/m-1/boot.json"),
        lambda path: archive.unpack(path, path.parent / "into"),
        False,
    ),
    "what a guest sends": Reader("x.tar", tarred("a.npy", "b.json"), sent_home, False),
    "a patch": Reader(
        "x.patch",
        next(ROOT.glob("kernel-patch/*/*.patch")).read_bytes(),
        lambda path: patchsize.lines([path]),
    ),
    "a plan of a box": Reader(
        "listen", RUN.line.encode() + b"\n", plan_of_a_box, named=False
    ),
    "a run of a box": Reader(
        "a.run.json",
        next(ROOT.glob("results/reference/quick/raw/*/*/*.run.json")).read_bytes(),
        runs_of_a_box,
    ),
    "an inventory": Reader(
        "x.json",
        json.dumps({"_meta": {}, "all": {"children": []}, "lab": {"hosts": ["a"]}}
                   ).encode(),
        lambda path: site.hosts(path, path.read_text("utf-8", "replace")),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", READERS)
def test_a_file(tmp_path: Path, name: str) -> None:
    reader = READERS[name]
    place = tmp_path / "quick/in"
    place.mkdir(parents=True)
    (place / "into").mkdir()
    file = place / reader.file
    file.write_bytes(reader.data)
    reader.read(file)
    outside = tree(tmp_path)

    @fuzzed(100)
    @given(hostile.mutated(reader.file, reader.data))
    def go(data: bytes) -> None:
        right(data)

    def right(data: bytes) -> None:
        file.write_bytes(data)
        try:
            reader.read(file)
        except RetrapError as error:
            assert error.exit_code in CODES - {EXIT_OK} and error.remedy
            assert not reader.named or str(file) in error.message
            printable(error.message).encode("utf-8")

    for data in reader.once:
        right(data)
    go()
    assert tree(tmp_path) == outside


def test_a_plan_of_a_box_that_leads_out(tmp_path: Path) -> None:
    """What is beside the result directory would be deleted."""
    (tmp_path / "into").mkdir()
    out = replace(RUN, placement="../../x").line
    for line in (out, f"{RUN.line} --samples 3", "bench", f"{RUN.line} '"):
        (tmp_path / "x").write_text(line)
        with pytest.raises(RetrapError, match="is no line of a plan"):
            plan_of_a_box(tmp_path / "x")


# Files of python/retrap and plots/ that read files, by what the files are. What others
# may have written is mutated here and in test_readers.py.
MUTATED = """
base.rawfile base.tomlfile campaign.journal campaign.manifest cli.box cli.rules
cli.follow cli.pack cli.scenarios config.experiments config.plan config.variants
executors.box executors.qemu fleet.archive fleet.site kernel.patchsize profile.measure
profile.summary report.reply results.boot_times results.measured results.mismatch
results.pack results.perf_stat results.redact results.redacted results.samples
results.boots results.sealed results.store results.trace results.unpack rules.conform
rules.mutanttable target.record report.html.machines report.html.rows
"""
OWN = {
    "files of the clone": """
        base.schema base.version build.packages cli.lint plots.profile_html
        profile.reach report.elsewheretable
        report.html.page report.numbers report.results_page rules.docs_tables
        rules.mutations rules.rulebook""",
    "what it has built, or prints": """
        build.programs build.static build.suites build.sysroot cli.bisecting
        cli.kernel cli.stages config.registry kernel.building kernel.interrupted
        kernel.kernels kernel.leftover kernel.moved kernel.objects machine.pmu
        report.tried_functions""",
    "sources and configs that the user names, and builds": """
        build.own cli.attempt_files config.fragments config.prebuilt kernel.debs
        kernel.given kernel.given_files kernel.kconfig kernel.machine_config
        kernel.patched_files kernel.source kernel.touched
        report.patchlist report.reproduce""",
    "boots that it makes, before they are closed": """
        campaign.directory executors.boot_record executors.counted executors.guest
        executors.host executors.initramfs executors.precision profile.derive
        profile.lines rules.mutate rules.rule_boot target.agent""",
    "what a kernel and a boot loader say": """
        executors.lanes executors.patience executors.running machine.confinement
        machine.files machine.load target.__main__ target.check target.grub
        target.lay target.quiet target.softdog target.systemd_boot
        target.this_machine target.tune target.user_file""",
    "the cache": "results.remembered",
}
READS = re.compile(
    r"\b(read_(text|bytes|plain|json|record|toml|checked|samples)|parse_json|np\.load"
    r"|json\.loads?|tomllib\.loads?|tarfile\.(open|TarFile)|mailbox\.mbox)\("
)


def test_whatever_reads_a_file_is_known() -> None:
    found = {
        name for name, path in modules(ROOT).items() if READS.search(path.read_text())
    }
    known = [*MUTATED.split(), *" ".join(OWN.values()).split()]
    assert len(known) == len(set(known)) and found ^ set(known) == set()
