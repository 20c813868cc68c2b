"""Writes mail as ``.eml`` files into a folder, which stands for the mail server of the shop."""

from __future__ import annotations

import re
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

from .database import ShopError

SENDER = "The Shop <support@example.org>"
# One address and nothing else: no list, no name, no header smuggled in behind a line break.
_ADDRESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9][A-Za-z0-9.-]{0,200}\.[A-Za-z]{2,24}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
_LONGEST_SUBJECT = 200
_LONGEST_BODY = 20_000


def compose(to: str, subject: str, body: str, at: datetime) -> EmailMessage:
    """Return the mail, or refuse it before anything has happened.

    Raises:
        ShopError: *to* is not one plain address, or the subject or the body cannot be mailed.
    """
    if not _ADDRESS.fullmatch(to):
        raise ShopError(f"`{to!a}` is not one e-mail address")
    if not 0 < len(subject) <= _LONGEST_SUBJECT or _CONTROL.search(subject):
        raise ShopError(f"the subject must be one line of 1 to {_LONGEST_SUBJECT} characters")
    if not 0 < len(body) <= _LONGEST_BODY or re.search(r"[\x00\ud800-\udfff]", body):
        raise ShopError(f"the body must be text of 1 to {_LONGEST_BODY} characters")
    mail = EmailMessage()
    mail["From"] = SENDER
    mail["To"] = to
    mail["Subject"] = subject
    mail["Date"] = format_datetime(at)
    mail.set_content(body)
    return mail


def deliver(mail: EmailMessage, outbox: Path) -> Path:
    """Write *mail* to *outbox* and return its file, numbered by the order of sending."""
    outbox.mkdir(parents=True, exist_ok=True)
    number = len(list(outbox.glob("*.eml"))) + 1
    while True:
        file = outbox / f"{number:04d}.eml"
        del mail["Message-ID"]
        mail["Message-ID"] = f"<{number:04d}.shop@example.org>"
        try:
            with file.open("xb") as target:  # "x": two senders never write the same file
                target.write(mail.as_bytes(policy=SMTP))
        except FileExistsError:
            number += 1
        else:
            return file
