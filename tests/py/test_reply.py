# SPDX-License-Identifier: GPL-2.0-only
"""A reply: what mailers make of it, and what a hostile mail does."""

from __future__ import annotations

import email
import email.policy
import os
import subprocess
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path
from typing import Any

import pytest

from retrap.base.errors import EXIT_USAGE, RetrapError
from retrap.build import packages
from retrap.cli.parser import parse
from retrap.report import example_reply, lkml, reply
from retrap.report.lkml import Wanted

QUICK = example_reply.QUICK
MAIL = """\
From: =?utf-8?q?Jos=C3=A9_Nu=C3=B1ez=2C_Jr=2E?= <jose@example.org>
To: Tejun Heo <tj@example.org>, "Doe, Jane" <jane@example.org>
Cc: list@example.org, me@example.org, =?utf-8?q?B=C3=B8b?= <bob@example.org>
Subject: Re: RE: [PATCH] ptrace: a patch
Date: Thu, 26 May 2011 10:45:55 -0500
Message-ID: <a.1@example.org>
References: <r1@example.org> <r2@example.org>
In-Reply-To: <r2@example.org>
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Hello.

> > jobctl stop, it can wait(). The only complication is: INTERRUPT should
> > guarantee th\u00e9 trap after.

Yes. It should guarantee a trap, as if
the tracee was running. Fine. Fine.
"""


def read(path: Path, text: str | bytes = MAIL, **more: Any) -> reply.Original:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return reply.read(path, **more)


def parsed(mail: bytes) -> EmailMessage:
    found = email.message_from_bytes(mail, policy=email.policy.default)
    assert isinstance(found, EmailMessage) and not found.defects
    return found


@pytest.fixture
def answer(tmp_path: Path) -> bytes:
    original = read(tmp_path / "o.eml")
    return lkml.mail(
        QUICK, Wanted(original=original, words="as if the", oneself="ME@example.org")
    )


def test_a_reply_is_b4s(answer: bytes, tmp_path: Path) -> None:
    """As b4 answers a mail; but nobody is written to twice, and not oneself."""
    mail = parsed(answer)
    assert [a for _, a in getaddresses([mail["To"]])] == [
        *("jose@example.org", "tj@example.org", "jane@example.org")
    ]
    assert [a for _, a in getaddresses([mail["Cc"]])] == [
        *("list@example.org", "bob@example.org")
    ]
    assert mail["Subject"] == "Re: [PATCH] ptrace: a patch"
    assert mail["In-Reply-To"] == "<a.1@example.org>"
    assert mail["References"] == "<r1@example.org> <r2@example.org> <a.1@example.org>"
    assert mail["From"] is None and "Jos\u00e9 Nu\u00f1ez, Jr." in mail["To"]
    head = answer.partition(b"\n\n")[0]
    assert head.isascii() and b"=?utf-8?" in head and b"\n " not in head
    assert "format" not in mail["Content-Type"].params
    said = mail.get_content()
    assert said.startswith(
        "On Thu, 26 May 2011, Jos\u00e9 Nu\u00f1ez, Jr. wrote:\n"
        "> It should guarantee a trap, as if the tracee was running.\n\n"
    )


def test_a_sentence_that_was_quoted_before(tmp_path: Path) -> None:
    original = read(tmp_path / "o.eml")
    mail = lkml.mail(QUICK, Wanted(original=original, words="interrupt SHOULD guar"))
    text = parsed(mail).get_content()
    assert "> > > The only complication is: INTERRUPT should guarantee th\u00e9" in text
    for words, said in (("nowhere", "in no"), ("", "in no"), ("should guar", "in 2")):
        with pytest.raises(RetrapError, match=f"is {said} sentence") as caught:
            lkml.mail(QUICK, Wanted(original=original, words=words or " "))
        assert caught.value.exit_code == EXIT_USAGE


def replaced(name: str, value: str) -> str:
    lines = MAIL.split("\n")
    kept = [line for line in lines[:10] if not line.startswith(f"{name}:")]
    return "\n".join([*([f"{name}: {value}"] if value else []), *kept, *lines[10:]])


HUGE = " ".join(f"<{n}.{'x' * 40}@example.org>" for n in range(2000))


def test_headers_of_a_hostile_mail_stay_headers(tmp_path: Path) -> None:
    evil = "=?utf-8?q?Hi=1B=5B2J=0D=0ABcc=3A_evil=40example=2Ecom=0A=0Abody?="
    for name, value in (
        ("Subject", f"Re: {evil}"),
        ("From", f"{evil} <jose@example.org>"),
        ("Cc", f"{evil} <bob@example.org>, {evil}, x y <no address>"),
        ("References", f"{evil} <r1@example.org>\n Bcc: evil@example.com"),
        ("Date", evil),
    ):
        original = read(tmp_path / "o.eml", replaced(name, value))
        mail = parsed(lkml.mail(QUICK, Wanted(original=original)))
        assert set(mail.keys()) <= {
            *("Subject", "To", "Cc", "In-Reply-To", "References"),
            *("MIME-Version", "Content-Type", "Content-Transfer-Encoding"),
        }
        people = getaddresses([mail["To"], mail["Cc"]])
        assert all(address.endswith("@example.org") for _, address in people), name
        assert all(str(value).isprintable() for value in mail.values()), name


def test_references_of_100_kb_fit_in_a_line(tmp_path: Path) -> None:
    original = read(tmp_path / "o.eml", replaced("References", HUGE))
    mail = lkml.mail(QUICK, Wanted(original=original))
    assert len(HUGE) > 100_000 and max(map(len, mail.splitlines())) < 998
    assert b"\n " not in mail.partition(b"\n\n")[0]
    ids = parsed(mail)["References"].split()
    assert ids[0].startswith("<0.") and ids[-1] == "<a.1@example.org>"
    assert ids[-2].startswith("<1999.") and len(ids) > 10


REFUSED: list[tuple[str, str | bytes, str]] = [
    ("none", replaced("Message-ID", ""), "has no Message-ID"),
    ("no id", replaced("Message-ID", "hello"), "is none, or more than one"),
    ("two", replaced("Message-ID", "<a@b.c> <d@e.f>"), "is none, or more than one"),
    ("long", replaced("Message-ID", f"<{'x' * 1000}@b.c>"), "Message-ID of 1006 lett"),
    ("quadratic", replaced("Message-ID", f"<{'a@' * 50000}"), "is none, or more"),
    ("nobody", replaced("From", "somebody"), "has no senders in From"),
    ("many", replaced("From", "a@b.c, d@e.f"), "has 2 senders in From"),
    (
        "crowd",
        replaced("Cc", ", ".join(f"a{n}@b.c" for n in range(999))),
        "more than 200",
    ),
    ("html", replaced("Content-Type", "text/html"), "has no plain text"),
    ("empty", b"", "has no Message-ID"),
    ("binary", bytes(range(256)) * 9, "has no Message-ID"),
]


@pytest.mark.parametrize(
    ("text", "said"), [e[1:] for e in REFUSED], ids=[e[0] for e in REFUSED]
)
def test_what_cannot_be_answered_is_refused(
    tmp_path: Path, text: str | bytes, said: str
) -> None:
    with pytest.raises(RetrapError, match=said) as caught:
        read(tmp_path / "o.eml", text)
    assert caught.value.exit_code == EXIT_USAGE and caught.value.remedy
    assert str(tmp_path / "o.eml") in caught.value.message


def test_files_that_are_no_mail(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere", Path("/dev/zero")):
        with pytest.raises(RetrapError, match="is no file"):
            reply.read(path)


def test_of_a_mailbox_one_is_said(tmp_path: Path) -> None:
    other = MAIL.replace("<a.1@", "<b.2@").replace("a patch", "another")
    box = "".join(
        f"From mboxrd@z Thu Jan  1 00:00:00 1970\n{m}\n" for m in (MAIL, other)
    )
    with pytest.raises(RetrapError, match="holds 2 mails") as caught:
        read(tmp_path / "box", box)
    assert "<b.2@example.org> Re: RE: [PATCH] ptrace: another" in caught.value.message
    for said in ("b.2@example.org", "<b.2@example.org>"):
        assert read(tmp_path / "box", box, message_id=said).subject.endswith("another")
    with pytest.raises(RetrapError, match="has no mail <c.3@example.org>"):
        read(tmp_path / "box", box, message_id="c.3@example.org")
    alone = box[: box.index("From ", 9)]
    assert read(tmp_path / "box", alone).message_id == "<a.1@example.org>"


def test_options_that_would_do_nothing() -> None:
    for option in ("--message-id", "--quote"):
        args = parse(["lkml", str(QUICK), option, "x"])
        with pytest.raises(RetrapError, match=f"{option} goes with --reply-to"):
            args.run(args)


def test_the_example_is_made_of_the_stored_run() -> None:
    """Else: ./retrap docs."""
    assert example_reply.PAGE.read_bytes() == example_reply.render()
    assert b"example.org" in example_reply.PAGE.read_bytes()


def _there(name: str) -> Callable[[Any], Any]:
    lacking = [
        need.name for need in packages.missing(["mail"]) if name in need.packages
    ]
    return pytest.mark.skipif(bool(lacking), reason=f"no {name} here")


def outside(tmp_path: Path, *words: str, text: str = "") -> str:
    who = {f"GIT_{role}_EMAIL": "me@example.org" for role in ("AUTHOR", "COMMITTER")}
    env = {**os.environ, **who, "HOME": str(tmp_path), "TERM": "dumb"}
    done = subprocess.run(
        words,
        cwd=tmp_path,
        env=env,
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@_there("git-email")
def test_git_send_email_reads_it(answer: bytes, tmp_path: Path) -> None:
    (tmp_path / "r.eml").write_bytes(answer)
    quiet = ("--suppress-cc=self", "--confirm=never", "--from=me@example.org")
    said = outside(tmp_path, "git", "send-email", "--dry-run", *quiet, "r.eml")
    assert "Dry-OK" in said or "Result: OK" in said
    assert "Subject: Re: [PATCH] ptrace: a patch\n" in said
    assert "In-Reply-To: <a.1@example.org>\n" in said
    assert "References: <r1@example.org> <r2@example.org> <a.1@example.org>" in said
    for address in ("jose", "tj", "jane", "list", "bob"):
        assert f"{address}@example.org" in said


@_there("mutt")
def test_mutt_takes_it_as_a_draft(answer: bytes, tmp_path: Path) -> None:
    """It sends into a file, as its sendmail."""
    (tmp_path / "r.eml").write_bytes(answer)
    catch = tmp_path / "catch"
    catch.write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/people\ncat > {tmp_path}/sent\n'
    )
    catch.chmod(0o755)
    settings = (f"set sendmail={catch}", "set copy=no", "set from=me@example.org")
    options = [word for each in settings for word in ("-e", each)]
    outside(tmp_path, "mutt", "-n", *options, "-H", "r.eml")
    sent = parsed((tmp_path / "sent").read_bytes())
    assert sent["In-Reply-To"] == "<a.1@example.org>"
    assert sent["References"].split()[-1] == "<a.1@example.org>"
    assert sent.get_content() == parsed(answer).get_content()
    assert "bob@example.org" in (tmp_path / "people").read_text()


@_there("b4")
def test_b4_reads_it_and_answers_as_it_does(answer: bytes, tmp_path: Path) -> None:
    script = """
import email, sys, b4, b4.ty
b4.get_excluded_addrs = lambda: set()
mine = b4.LoreMessage(email.message_from_bytes(open("r.eml", "rb").read()))
old = b4.LoreMessage(email.message_from_bytes(open("o.eml", "rb").read()))
data = {"myname": "Me", "myemail": "me@example.org", "fromname": old.fromname,
        "fromemail": old.fromemail, "to": str(old.msg["to"]), "cc": str(old.msg["cc"]),
        "msgid": old.msgid, "references": str(old.msg["references"]),
        "subject": "[PATCH] ptrace: a patch"}
theirs = b4.ty.make_reply("text", data, None)
for name in ("In-Reply-To", "References", "Subject"):
    assert str(theirs[name]) == str(mine.msg[name]), name
people = [{a for _, a in email.utils.getaddresses([str(m["To"]), str(m["Cc"])])}
          for m in (theirs, mine.msg)]
assert people[0] == people[1], people
print(mine.in_reply_to, mine.body.split("\\n")[0])
"""
    (tmp_path / "r.eml").write_bytes(answer)
    said = outside(tmp_path, "/usr/bin/python3", "-c", script)
    assert said.startswith("a.1@example.org On Thu, 26 May 2011, Jos\u00e9 Nu\u00f1ez")


def test_no_header_is_folded_or_encoded(tmp_path: Path) -> None:
    """Python folds a long one, and encodes what it folds."""
    many = " ".join(f"<{n}.{'y' * 30}@example.org>" for n in range(15))
    original = read(tmp_path / "o.eml", replaced("References", many))
    mail = lkml.mail(QUICK, Wanted(original=original)).decode()
    assert f"\nReferences: {many} <a.1@example.org>\n" in mail
