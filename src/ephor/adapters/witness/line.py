"""The way to witnesses: one HTTP request against one deadline, with the standard library alone.

A client library's time limits hold for each read, so a witness that drips a byte a second could hold one up for ever.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import closing
from urllib.parse import urlsplit

from ephor.kernel.errors import UnavailableError, VerificationError
from ephor.rooms.ledger.witnesses import Reply

MAX_ANSWER = 1 << 16
"""Bytes of the longest answer: sixteen post-quantum cosignatures do not fill it."""
SECONDS = 15.0


class HttpWitnesses:
    """Asks witnesses over HTTP and HTTPS. Redirects are not followed, and no proxy is asked."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds

    def submit(self, url: str, body: bytes) -> Reply:
        """Send an ``add-checkpoint`` request; see `WitnessLine`."""
        end = time.monotonic() + self._seconds

        def left() -> float:
            rest = end - time.monotonic()
            if rest <= 0:
                raise TimeoutError
            return rest

        try:
            return _submit(url, body, left)
        except TimeoutError:
            raise UnavailableError(
                f"`{url}` did not answer within {self._seconds:g} seconds; ask again later"
            ) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            said = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise UnavailableError(f"`{url}` did not answer: {said}; ask again later") from error


def _submit(url: str, body: bytes, left: Callable[[], float]) -> Reply:
    parts = urlsplit(f"{url}/add-checkpoint")
    host, secure = parts.hostname or "", parts.scheme == "https"
    with closing(_Line(host, parts.port or (443 if secure else 80), left, secure=secure)) as line:
        line.request(
            "POST", parts.path, body, {"Content-Type": "text/plain; charset=utf-8", "Connection": "close"}
        )
        with line.getresponse() as response:
            data = response.read(MAX_ANSWER + 1)
            if len(data) > MAX_ANSWER:
                raise VerificationError(f"its answer is longer than {MAX_ANSWER} bytes")
            media_type = (response.getheader("Content-Type") or "").partition(";")[0].strip().lower()
            return Reply(response.status, media_type, data)


class _Line(http.client.HTTPConnection):
    """A connection that looks at the clock before each time it waits."""

    def __init__(self, host: str, port: int, left: Callable[[], float], *, secure: bool) -> None:
        super().__init__(host, port)
        self._left, self._secure = left, secure

    def connect(self) -> None:
        plain = socket.create_connection((self.host, self.port), timeout=self._left())
        try:
            plain.settimeout(self._left())
            context = ssl.create_default_context() if self._secure else None
            whole = context.wrap_socket(plain, server_hostname=self.host) if context else plain
        except BaseException:
            plain.close()
            raise
        self.sock = _Timed(whole, self._left)


class _Timed:
    """As much of a socket as `http.client` uses."""

    def __init__(self, line: socket.socket, left: Callable[[], float]) -> None:
        self._line, self._left = line, left

    def sendall(self, data: bytes) -> None:
        self._line.settimeout(self._left())
        self._line.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Stream(self._line, self._left))

    def close(self) -> None:
        self._line.close()


class _Stream(io.RawIOBase):
    def __init__(self, line: socket.socket, left: Callable[[], float]) -> None:
        self._line, self._left = line, left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._line.settimeout(self._left())
        return self._line.recv_into(buffer)
