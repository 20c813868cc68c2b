"""The way out for notices: one HTTP request or one mail, each against one deadline, with the standard library alone."""

from __future__ import annotations

import http.client
import re
import smtplib
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.utils import formatdate
from threading import Timer
from urllib.parse import unquote, urlsplit

from ephor.adapters.posting import request
from ephor.engine.ports import Sent
from ephor.kernel.errors import InvalidInputError

SECONDS = 10.0
"""How long one try may take in all."""
_LOOPBACK = re.compile(r"localhost|127(?:\.[0-9]{1,3}){3}|::1", re.IGNORECASE)


class DirectPost:
    """Sends directly, through no proxy. It follows no redirect and reads no more of an answer than its status."""

    def __init__(self, smtp: str, password: str, sender: str, seconds: float = SECONDS) -> None:
        self._smtp, self._password, self._sender, self._seconds = smtp, password, sender, seconds

    def webhook(self, url: str, body: bytes, headers: Mapping[str, str]) -> Sent:
        """Send a POST request."""
        try:
            status = request(url, body, headers, seconds=self._seconds, longest=0).status
        except TimeoutError:
            return Sent(taken=False, said=f"no answer within {self._seconds:g} seconds")
        except http.client.HTTPException as error:  # its text is the other side's
            return Sent(taken=False, said=f"no answer in HTTP ({type(error).__name__})")
        except (OSError, ValueError) as error:
            return Sent(taken=False, said=f"not reached: {_why(error)}")
        if 300 <= status < 400:
            return Sent(taken=False, said=f"answered {status}; redirects are not followed")
        return Sent(taken=200 <= status < 300, said=f"answered {status}")

    def mail(self, to: str, subject: str, text: str, id: str) -> Sent:
        """Hand a mail to the server of the settings."""
        if not self._smtp or not self._sender:
            return Sent(taken=False, said="no mail server is set; set EPHOR_SMTP and EPHOR_SMTP_SENDER")
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._sender, to, subject
        message["Date"] = formatdate(usegmt=True)
        message["Message-ID"] = f"<{id}@{self._sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        try:
            with self._server() as server:
                server.send_message(message, self._sender, [to])
        except smtplib.SMTPResponseException as error:
            return Sent(taken=False, said=f"the mail server answered {error.smtp_code}")
        except smtplib.SMTPRecipientsRefused:
            return Sent(taken=False, said="the mail server refused the recipient")
        except (smtplib.SMTPException, OSError, ValueError, InvalidInputError) as error:
            return Sent(taken=False, said=f"the mail server was not reached: {_why(error)}")
        return Sent(taken=True, said="taken by the mail server")

    @contextmanager
    def _server(self) -> Iterator[smtplib.SMTP]:
        """Connect and log in; whoever drips its answers is cut off when the time is over."""
        parts = urlsplit(self._smtp)
        host = parts.hostname or ""
        if parts.scheme not in ("smtp", "smtps") or not host:
            raise InvalidInputError("EPHOR_SMTP is no address; write smtp://HOST:587 or smtps://HOST:465")
        secure = parts.scheme == "smtps"
        context = ssl.create_default_context()
        port = parts.port or (465 if secure else 587)
        server = (
            smtplib.SMTP_SSL(host, port, timeout=self._seconds, context=context)
            if secure
            else smtplib.SMTP(host, port, timeout=self._seconds)
        )
        watch = Timer(self._seconds, _cut_off, (server,))
        watch.start()
        try:
            if not secure and not _LOOPBACK.fullmatch(host):
                server.starttls(context=context)
            if parts.username:
                server.login(unquote(parts.username), self._password)
            yield server
            with suppress(smtplib.SMTPException, OSError):  # it has the mail already
                server.quit()
        finally:
            watch.cancel()
            server.close()


def _cut_off(server: smtplib.SMTP) -> None:
    with suppress(OSError, AttributeError):
        server.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]


def _why(error: BaseException) -> str:
    """Return what failed in words of this machine, never of the other side."""
    return getattr(error, "strerror", None) or type(error).__name__
