# SPDX-License-Identifier: GPL-2.0-only
"""What a patch says of itself, in the header of its mail."""

from __future__ import annotations

import email
import re
from email import policy
from email.errors import MessageError


def subject_of(content: bytes) -> str:
    """Without `[PATCH 1/2]`; empty, for a diff without a header."""
    subject = _header(content, "Subject")
    return re.sub(r"^(\[[^\]]*\]\s*)+", "", subject)


def author_of(content: bytes) -> str:
    """The name alone, without an address; empty where none is said."""
    return re.sub(r"\s*<[^>]*>?", "", _header(content, "From")).strip('" ')


def _header(content: bytes, name: str) -> str:
    try:
        said = email.message_from_bytes(content, policy=policy.default)[name]
        return " ".join(str(said or "").split())
    except (MessageError, ValueError, LookupError):  # a charset that is none
        return ""
