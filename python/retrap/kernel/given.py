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
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from retrap.base.errors import EXIT_PATCH, RetrapError
from retrap.base.progress import say
from retrap.base.rawfile import atomic_write
from retrap.kernel import leading

STDIN = "-"
DIFF = re.compile(r"^(diff --git |--- \S)", re.M)
AS_IS = "surrogateescape"  # a source need not be UTF-8
FORMS = "give files of git format-patch, a folder of them, an mbox, a maildir, or -"


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
        for count, (name, data) in enumerate(_contents(word)):
            into = scratch / f"{number}-{count}"
            into.mkdir()
            found += _mails(name, data, into)
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


def _contents(word: str) -> Iterator[tuple[str, bytes]]:
    """Of each file that a word names: its name, and what is in it."""
    if word == STDIN:
        yield "standard input", sys.stdin.buffer.read()
        return
    path = Path(word)
    try:
        files = _of_folder(path) if path.is_dir() else [path]
        for file in files:
            yield str(file), file.read_bytes()
    except OSError as error:
        what = f"{error.filename}: {error.strerror}"
        raise RetrapError(what, FORMS, EXIT_PATCH) from None


def _of_folder(folder: Path) -> list[Path]:
    """A quilt series in its order, the mails of a maildir, else *.patch and *.diff."""
    series = folder / "series"
    if series.is_file():
        lines = (line.split("#")[0].split() for line in _text(series).splitlines())
        return [folder / words[0] for words in lines if words]
    if (folder / "new").is_dir() and (folder / "cur").is_dir():
        mails = [*(folder / "cur").iterdir(), *(folder / "new").iterdir()]
        return sorted((m for m in mails if m.name[0] != "."), key=_in_maildir)
    return sorted(f for f in folder.iterdir() if f.suffix in (".patch", ".diff"))


def _in_maildir(mail: Path) -> list[tuple[int, int]]:
    """The order of git mailsplit: all of cur first; a number is less than a greater
    one, whatever its digits."""
    name = f"{mail.parent.name}/{mail.name}"
    return [
        (ord("0"), int(word)) if word.isdecimal() else (ord(word), 0)
        for word in re.findall(r"[0-9]+|[^0-9]", name)
    ]


def _mails(name: str, data: bytes, into: Path) -> list[Given]:
    if not data.strip():
        raise RetrapError(f"{name} is empty", FORMS, EXIT_PATCH)
    source = into / "source"
    source.write_bytes(data)
    _git(name, "mailsplit", "-b", f"-o{into}", str(source))
    found = []
    for mail in sorted(into.glob("[0-9]*")):
        given = _mail(name, mail)
        if given:
            found.append(given)
    return found


def _mail(name: str, mail: Path) -> Given | None:
    """None for a mail without a diff: a cover letter, an answer."""
    message, diff = mail.with_name("message"), mail.with_name("diff")
    said = _git(name, "mailinfo", str(message), str(diff), stdin=mail.read_bytes())
    facts = dict(re.findall(r"^(Author|Email|Subject): (.*)$", said, re.M))
    text = _text(diff)
    subject = facts.get("Subject", "")
    if not DIFF.search(text):
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
