"""One HTTP request against one deadline, with the standard library alone.

A client library's time limits hold for each read, so a server that drips a byte a second could hold one up for ever.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from ephor.adapters.timed import TimedLine, connected
from ephor.kernel.errors import UnavailableError, VerificationError

MAX_ANSWER = 1 << 16
"""Bytes of the longest answer that is read."""
SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Posted:
    """What came back: the status, the media type in lower case, and the body."""

    status: int
    media_type: str
    body: bytes


def post(url: str, body: bytes, media_type: str, *, seconds: float = SECONDS) -> Posted:
    """Send *body* to an HTTP or HTTPS address. Redirects are not followed, and no proxy is asked.

    Raises:
        UnavailableError: nothing came back in time, or it is not HTTP.
        VerificationError: the answer is longer than `MAX_ANSWER`.
    """
    try:
        came = request(url, body, {"Content-Type": media_type}, seconds=seconds, longest=MAX_ANSWER + 1)
    except TimeoutError:
        raise UnavailableError(
            f"`{url}` did not answer within {seconds:g} seconds; ask again later"
        ) from None
    except http.client.HTTPException as error:  # its text is the other side's
        raise UnavailableError(
            f"`{url}` did not answer in HTTP ({type(error).__name__}); check the address"
        ) from error
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or type(error).__name__
        raise UnavailableError(f"`{url}` did not answer: {said}; ask again later") from error
    if len(came.body) > MAX_ANSWER:
        raise VerificationError(f"its answer is longer than {MAX_ANSWER} bytes")
    return came


def request(
    url: str, body: bytes, headers: Mapping[str, str], *, seconds: float, longest: int, method: str = "POST"
) -> Posted:
    """Send a request and return what came back, at most *longest* bytes of its body.

    Raises:
        TimeoutError: the time is over.
        HTTPException: what came back is not HTTP.
        OSError: there is no way there.
        ValueError: that is no address.
    """
    end = time.monotonic() + seconds

    def left() -> float:
        rest = end - time.monotonic()
        if rest <= 0:
            raise TimeoutError
        return rest

    parts = urlsplit(url)
    secure = parts.scheme == "https"
    host, port = parts.hostname or "", parts.port or (443 if secure else 80)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with connected(host, port, left, secure=secure) as opened:
        line = http.client.HTTPConnection(host, port)
        line.sock = TimedLine(opened, left)
        line.request(method, path, body, {**headers, "Connection": "close"})
        with line.getresponse() as response:
            told = (response.getheader("Content-Type") or "").partition(";")[0].strip().lower()
            return Posted(response.status, told, response.read(longest) if longest else b"")
