"""Asking a service over HTTP: JSON both ways, bounded answers, and again where asking again may help."""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

import orjson

from ephor.adapters.posting import Posted, request
from ephor.kernel.errors import InvalidInputError, NotFoundError, UnavailableError

_LONGEST = 64 * 1024 * 1024
_SECONDS = 60.0
_PAUSES = (0.2, 1.0, 3.0)
"""Seconds before each further try."""
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a service is: its address without secrets, and what its URL said besides."""

    url: str
    user: str
    password: str
    options: Mapping[str, str]


def read_place(url: str, options: frozenset[str]) -> Place:
    """Return what a URL such as ``service+https://NAME:SECRET@HOST/PATH?secret=FILE`` says.

    Raises:
        InvalidInputError: it is no such URL, or has an option of another name.
    """
    parts = urlsplit(url.partition("+")[2])
    try:
        asked = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        host = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
    except ValueError:
        raise InvalidInputError(
            "the store's URL cannot be read; check its port and what follows `?`"
        ) from None
    if parts.scheme not in ("http", "https") or not host or parts.fragment:
        raise InvalidInputError("write the store's URL as `NAME+https://HOST/PATH`")
    if unknown := sorted(set(asked) - options):
        raise InvalidInputError(
            f"the store's URL has an option `{unknown[0][:80]}`; it takes: {', '.join(options)}"
        )
    plain = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
    return Place(
        plain,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        {name: values[-1] for name, values in asked.items()},
    )


def read_secret(path: str) -> str:
    """Return what a file of secrets says, without the end of its line. Raises NotFoundError, InvalidInputError."""
    try:
        text = Path(path).read_text("utf-8").strip("\r\n")
    except FileNotFoundError:
        raise NotFoundError(f"there is no file `{path}` with the store's secret") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"cannot read `{path}` ({type(error).__name__})") from error
    if not text:
        raise InvalidInputError(f"`{path}` is empty; write the store's secret into it")
    return text


def ask(method: str, url: str, content: object, headers: Mapping[str, str], name: str) -> tuple[int, Any]:
    """Return status and JSON of an answer below 500; 404 is an answer, other refusals are not.

    Raises:
        UnavailableError: no answer, after trying again, or one that says no; never with what it says.
    """
    body = b"" if content is None else orjson.dumps(content)
    return ask_bytes(method, url, body, headers, name)


def ask_bytes(method: str, url: str, body: bytes, headers: Mapping[str, str], name: str) -> tuple[int, Any]:
    """Send *body* as it is, and see `ask`."""
    told = {"Accept": "application/json"} | ({"Content-Type": "application/json"} if body else {})
    came: Posted | None = None
    for pause in (*_PAUSES, None):
        came = _once(method, url, body, told | dict(headers))
        if (came is not None and came.status not in _AGAIN) or pause is None:
            break
        time.sleep(pause)
    if came is None:
        raise UnavailableError(f"{name} does not answer; try again later")
    if came.status == 404:
        return 404, None
    if not 200 <= came.status < 300:
        raise UnavailableError(
            f"{name} answered {came.status}; check its address and credentials, then try again"
        )
    if len(came.body) > _LONGEST:
        raise UnavailableError(f"an answer of {name} is longer than 64 MiB; it has to answer in pages")
    try:
        return came.status, orjson.loads(came.body) if came.body.strip() else {}
    except orjson.JSONDecodeError:
        raise UnavailableError(f"{name} did not answer in JSON; check its address") from None


def _once(method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Posted | None:
    try:
        return request(url, body, headers, seconds=_SECONDS, longest=_LONGEST + 1, method=method)
    except (OSError, http.client.HTTPException):
        return None
    except ValueError:
        raise InvalidInputError("the store's URL is no address; check it") from None
