# SPDX-License-Identifier: GPL-2.0-only
"""A mail that is answered: whom a reply goes to, where it belongs, what it quotes.

The rules are those of b4. The mail is written by others: no header of it is taken
over as it is, and what cannot be answered is refused.
"""

from __future__ import annotations

import email
import mailbox
import re
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import Path

from retrap.base.errors import EXIT_USAGE, RetrapError

Address = tuple[str, str]  # name, address

LARGEST = 64 << 20  # bytes of a file: a year of a busy list is less
LISTED = 10  # messages of a mailbox that an error names
MOST = 200  # recipients
LINE = 900  # octets of References, which must not be folded
ID = re.compile(r"<[!-;=?A-~]+@[!-;=?A-~]+>")
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")
RAW = (
    "take the raw message: `raw` of its page on lore.kernel.org, or save it by a mailer"
)


@dataclass(frozen=True)
class Original:
    """The mail, its headers decoded and on one line each. `date` and `references` may
    be empty, `body` is its text."""

    message_id: str
    references: tuple[str, ...]
    subject: str
    date: str
    sender: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    body: str


def read(path: Path, message_id: str | None = None) -> Original:
    """The one mail of a file; of a mailbox the one with that Message-ID. Errors:
    EXIT_USAGE."""
    messages = _messages(path)
    if message_id is not None:
        wanted = f"<{message_id.strip().strip('<>')}>"
        messages = [each for each in messages if wanted in _ids(each, "Message-ID")]
        if not messages:
            raise refused(path, f"has no mail {wanted}", "look it up in the file")
    if len(messages) > 1:
        told = [f"  {_first(m, 'Message-ID')} {_text(m, 'Subject')}" for m in messages]
        listed = "\n".join(line[:100] for line in told[:LISTED])
        more = f"\n  and {len(told) - LISTED} more" if len(told) > LISTED else ""
        what = f"holds {len(messages)} mails:\n{listed}{more}"
        raise refused(path, what, "say which: --message-id ID")
    return _original(path, messages[0])


def refused(path: Path, what: str, remedy: str = RAW) -> RetrapError:
    return RetrapError(f"--reply-to {path}: {what}", remedy, EXIT_USAGE)


def _messages(path: Path) -> list[Message]:
    try:
        if not path.is_file():
            raise refused(path, "is no file", "name a mail, or a mailbox (mbox)")
        if path.stat().st_size > LARGEST:
            what = f"is larger than {LARGEST >> 20} MiB"
            raise refused(path, what, "save the one mail into a file")
        data = path.read_bytes()
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
        raise refused(path, what, "check its name and its permissions") from None
    if not data.startswith(b"From "):
        return [email.message_from_bytes(data)]
    box = mailbox.mbox(path, create=False)
    try:
        return list(box)
    except UnicodeDecodeError:
        what = "has a line `From ` before a mail that is not ASCII"
        raise refused(path, what) from None
    finally:
        box.close()


def _original(path: Path, message: Message) -> Original:
    ids = _ids(message, "Message-ID")
    if len(ids) != 1 or len(message.get_all("Message-ID", [])) != 1:
        what = "has no Message-ID, so that no reply can belong to it"
        if message.get_all("Message-ID"):
            what = "has a Message-ID that is none, or more than one"
        raise refused(path, what)
    if len(ids[0]) > LINE:
        raise refused(path, f"has a Message-ID of {len(ids[0])} letters")
    senders = _addresses(message, "From")
    if len(senders) != 1:
        raise refused(path, f"has {len(senders) or 'no'} senders in From")
    to, cc = _addresses(message, "To"), _addresses(message, "Cc")
    if len(to) + len(cc) > MOST:
        what = f"has {len(to) + len(cc)} recipients, more than {MOST}"
        raise refused(path, what, "answer a copy with those whom you mean to write to")
    before = _ids(message, "References")
    if not before and len(told := _ids(message, "In-Reply-To")) == 1:
        before = told
    subject, date = _text(message, "Subject"), _date(message)
    people = senders[0], to, cc
    return Original(ids[0], before, subject, date, *people, _body(path, message))


def _all(message: Message, name: str) -> str:
    """As it stands in the mail, on one line."""
    return " ".join(" ".join(map(str, message.get_all(name, []))).split())


def _ids(message: Message, name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ID.findall(_all(message, name))))


def _first(message: Message, name: str) -> str:
    return next(iter(_ids(message, name)), "(no Message-ID)")


def plain(text: str) -> str:
    """On one line, without what is not printed: a name of two lines adds a header."""
    shown = (letter if letter.isprintable() else " " for letter in text)
    return " ".join("".join(shown).split())


def _decoded(text: str) -> str:
    """No encoded word is left in it: a header of ours would be decoded once more."""
    try:
        found = str(make_header(decode_header(text)))
    except (MessageError, LookupError, ValueError):
        found = text.encode("ascii", "replace").decode()
    return plain(found).replace("=?", "= ?")


def _text(message: Message, name: str) -> str:
    return _decoded(_all(message, name))


def _addresses(message: Message, name: str) -> tuple[Address, ...]:
    """Split before they are decoded: a comma in a name ends none. What is no address is
    left out."""
    pairs = getaddresses([_all(message, name)[: LARGEST >> 10]])
    return tuple((_decoded(n), a) for n, a in pairs if ADDRESS.fullmatch(a))


def _date(message: Message) -> str:
    """`Thu, 26 May 2011`; empty when it is none."""
    try:
        return f"{parsedate_to_datetime(_all(message, 'Date')):%a, %d %b %Y}"
    except (ValueError, TypeError, OverflowError):
        return ""


def _body(path: Path, message: Message) -> str:
    """The first plain text in it."""
    for part in message.walk():
        if part.get_content_type() == "text/plain":
            data = part.get_payload(decode=True)
            assert isinstance(data, bytes)
            try:
                return data.decode(part.get_content_charset("utf-8"), "replace")
            except LookupError:
                return data.decode("utf-8", "replace")
    raise refused(path, "has no plain text")


def headers(original: Original, oneself: str = "") -> dict[str, str | list[Address]]:
    """Of a reply: all that a header needs but its encoding. `oneself`: an address that
    is not written to."""
    seen = {oneself.lower(), ""}
    found: dict[str, list[Address]] = {"To": [], "Cc": []}
    everybody = (("To", (original.sender, *original.to)), ("Cc", original.cc))
    for name, people in everybody:
        for person in people:
            if person[1].lower() not in seen:
                seen.add(person[1].lower())
                found[name].append(person)
    said = re.sub(r"^(re:\s*)+", "", original.subject, flags=re.I)
    return {
        "Subject": f"Re: {said}"[:LINE],
        **{name: people for name, people in found.items() if people},
        "In-Reply-To": original.message_id,
        "References": _references(original),
    }


def _references(original: Original) -> str:
    """The first of the thread, and as many of the last as go into a line."""
    *before, own = (*original.references, original.message_id)
    kept: list[str] = []
    room = LINE - len(own) - len(before[0] if before else "")
    for each in reversed(before[1:]):
        room -= len(each) + 1
        if room < 0:
            break
        kept.insert(0, each)
    first = [each for each in before[:1] if len(each) + len(own) < LINE]
    return " ".join([*first, *kept, own])
