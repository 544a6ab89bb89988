# SPDX-License-Identifier: GPL-2.0-only
"""Patches in the forms that people have them, as files of one folder.

`git mailsplit` and `git mailinfo` read what is mail, as `git am` does: mbox and single
mails, maildirs, quoted-printable, base64, CRLF. A plain diff is a mail without a header
to them.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from retrap.base.errors import EXIT_PATCH, RetrapError
from retrap.base.progress import say
from retrap.base.rawfile import atomic_write
from retrap.kernel import given_files, leading
from retrap.kernel.given_files import AS_IS, DIFF, FORMS, File

CONTEXT = re.compile(r"^\*{15}.*\n\*\*\* \d", re.M)


@dataclass(frozen=True)
class Given:
    """A patch. `subject` and `author` are empty where it has none, `file` where it is
    of no file of the user's."""

    subject: str
    author: str
    text: str  # as it is written: header, message, diff
    file: str = ""

    @property
    def title(self) -> str:
        return self.subject or Path(self.file).name or "a diff without a subject"


def read(words: Iterable[str], scratch: Path) -> list[Given]:
    """In order; `scratch` is an empty folder. Cover letters are left out, and said.
    Errors: EXIT_PATCH, with the file and what is wrong with it."""
    found: list[Given] = []
    for number, word in enumerate(words):
        before = len(found)
        for count, file in enumerate(given_files.of(word)):
            into = scratch / f"{number}-{count}"
            into.mkdir()
            found += _mails(file, into)
        if len(found) == before:
            raise RetrapError(f"{word}: no patch in it", FORMS, EXIT_PATCH)
    return found


def write(patches: list[Given], folder: Path) -> list[Path]:
    """A file each, in order, in a new folder below `folder` that is named by what they
    are: the same patches have the same files, and so the same kernels."""
    whole = "\0".join(patch.text for patch in patches)
    place = folder / hashlib.sha256(whole.encode(errors=AS_IS)).hexdigest()[:12]
    place.mkdir(parents=True, exist_ok=True)
    files = []
    for number, patch in enumerate(patches, 1):
        words = re.sub(r"[^a-z0-9]+", "-", patch.title.lower()).strip("-")
        files.append(place / f"{number:04}-{words[:50]}.patch")
        atomic_write(files[-1], patch.text.encode(errors=AS_IS))
    return files


def _mails(file: File, into: Path) -> list[Given]:
    if not file.data.strip():
        raise RetrapError(f"{file.name} is empty", FORMS, EXIT_PATCH)
    source = into / "source"
    source.write_bytes(file.data)
    _git(file.name, "mailsplit", "-b", f"-o{into}", str(source))
    found = []
    for mail in sorted(into.glob("[0-9]*")):
        given = _mail(file, mail)
        if given:
            found.append(given)
    return found


def _mail(file: File, mail: Path) -> Given | None:
    """None for a mail without a diff: a cover letter, an answer."""
    name = file.name
    message, diff = mail.with_name("message"), mail.with_name("diff")
    said = _git(name, "mailinfo", str(message), str(diff), stdin=mail.read_bytes())
    facts = dict(re.findall(r"^(Author|Email|Subject): (.*)$", said, re.M))
    text = _text(diff)
    subject = facts.get("Subject", "")
    if not DIFF.search(text):
        if file.in_series:
            what = f"{name} holds no diff, and the series has it"
            raise RetrapError(what, "take it out of the series", EXIT_PATCH)
        if mail.read_bytes().strip():
            say(f"{name}: left out, as it holds no diff: {subject or 'no subject'}")
        return None
    author = f"{facts['Author']} <{facts['Email']}>" if "Author" in facts else ""
    head = "".join(
        f"{key}: {value}\n" for key, value in (("From", author), ("Subject", subject))
    )
    return checked(subject, author, f"{head}\n{_text(message)}\n", text, name)


def checked(subject: str, author: str, head: str, diff: str, file: str = "") -> Given:
    """A patch whose names `patch -p1` takes. Errors: EXIT_PATCH."""
    name = file or subject
    if "GIT binary patch" in diff or re.search(r"^Binary files .* differ$", diff, re.M):
        what = f"{name}: a binary patch changes no path of the kernel"
        raise RetrapError(what, "leave it out of the series", EXIT_PATCH)
    if CONTEXT.search(diff):
        what = f"{name}: a context diff"
        raise RetrapError(what, "make it with diff -u", EXIT_PATCH)
    try:
        return Given(subject, author, head + leading.usual(diff), file)
    except ValueError as error:
        what = f"{name}: {error} is below no folder of a kernel"
        raise RetrapError(what, "make it with git diff", EXIT_PATCH) from None


def _text(file: Path) -> str:
    return file.read_bytes().decode(errors=AS_IS)


def _git(name: str, *words: str, stdin: bytes = b"") -> str:
    done = subprocess.run(["git", *words], input=stdin, capture_output=True)
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().splitlines() or [
            "no reason"
        ]
        what = f"{name}: git {words[0]} cannot read it: {last[-1]}"
        raise RetrapError(what, FORMS, EXIT_PATCH)
    return done.stdout.decode(errors="replace")
