"""The way to witnesses: one HTTP request against one deadline, with the standard library alone.

A client library's time limits hold for each read, so a witness that drips a byte a second could hold one up for ever.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from ephor.adapters.timed import TimedLine, connected
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
        except http.client.HTTPException as error:  # its text is the other side's
            raise UnavailableError(
                f"`{url}` did not answer in HTTP ({type(error).__name__}); check the address"
            ) from error
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or type(error).__name__
            raise UnavailableError(f"`{url}` did not answer: {said}; ask again later") from error


def _submit(url: str, body: bytes, left: Callable[[], float]) -> Reply:
    parts = urlsplit(f"{url}/add-checkpoint")
    secure = parts.scheme == "https"
    host, port = parts.hostname or "", parts.port or (443 if secure else 80)
    with connected(host, port, left, secure=secure) as opened:
        line = http.client.HTTPConnection(host, port)
        line.sock = TimedLine(opened, left)
        line.request(
            "POST", parts.path, body, {"Content-Type": "text/plain; charset=utf-8", "Connection": "close"}
        )
        with line.getresponse() as response:
            data = response.read(MAX_ANSWER + 1)
            if len(data) > MAX_ANSWER:
                raise VerificationError(f"its answer is longer than {MAX_ANSWER} bytes")
            media_type = (response.getheader("Content-Type") or "").partition(";")[0].strip().lower()
            return Reply(response.status, media_type, data)
