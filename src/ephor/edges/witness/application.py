"""The one request a witness answers, in HTTP (C2SP tlog-witness)."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from ephor.engine.witnessing import Told
from ephor.kernel.errors import EphorError, UnavailableError
from ephor.kernel.visible import visible
from ephor.rooms.ledger.witness import MAX_BYTES, SIZE_TYPE, STATUS, Ruling

BODY_SECONDS = 10.0
"""How long a client may take to send its request."""


def application(answer: Callable[[bytes], Told], *, body_seconds: float = BODY_SECONDS) -> Starlette:
    """Return the application that answers ``POST /add-checkpoint`` with what *answer* says."""

    async def add_checkpoint(request: Request) -> Response:
        try:
            async with asyncio.timeout(body_seconds):
                body = await _body(request)
        except TimeoutError:
            return _plain(408, "the request took too long")
        except ClientDisconnect:
            return _plain(400, "the request ended early")
        if body is None:
            return _plain(413, f"a request has at most {MAX_BYTES} bytes")
        try:
            told = await run_in_threadpool(answer, body)
        except EphorError as error:
            return _plain(
                503 if isinstance(error, UnavailableError) else 500, f"{error.code}; nothing was cosigned"
            )
        if told.alarm:
            sys.stderr.write(visible(f"ephor: witness: {told.alarm}") + "\n")
            sys.stderr.flush()
        if told.ruling is Ruling.MOVED:
            # By header: as a media type it would be given a charset, which the specification's type does not have.
            return Response(f"{told.text}\n", STATUS[told.ruling], headers={"content-type": SIZE_TYPE})
        return _plain(STATUS[told.ruling], told.text)

    return Starlette(routes=[Route("/add-checkpoint", add_checkpoint, methods=["POST"])])


async def _body(request: Request) -> bytes | None:
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MAX_BYTES:
            return None
    return bytes(data)


def _plain(status: int, text: str) -> Response:
    return Response(text if text.endswith("\n") else f"{text}\n", status, media_type="text/plain")
