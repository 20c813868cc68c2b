"""Runs the witness's application on a socket, with limits on what one client may hold up."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from ephor.kernel.errors import UnavailableError

CONNECTION_SECONDS = 30.0
"""How long a connection may last, whatever it is used for; a client that needs another opens another."""
_GRACE = 15.0
_CONNECTIONS = 256


def serve(app: ASGIApp, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve *app* until the process is told to stop; call *ready* with the URL once connections are taken.

    Raises:
        UnavailableError: the address cannot be listened on.
    """
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.create_server(address[:2], family=family)
    except (OSError, OverflowError, UnicodeError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise UnavailableError(
            f"cannot listen on `{host}` port {port}: {said}; name another with --port"
        ) from error
    shown = f"[{host}]" if ":" in host else host
    config = uvicorn.Config(
        app,
        http=_Bounded,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=int(_GRACE),
    )
    server = _Announcing(config, lambda: ready(f"http://{shown}:{listening.getsockname()[1]}"))
    with listening:
        try:
            server.run(sockets=[listening])
        except KeyboardInterrupt:
            return  # it was told to stop, and has stopped


class _Announcing(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._ready()


class _Bounded(H11Protocol):
    """A connection that ends: uvicorn itself waits for ever for a request that never quite begins."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._ending = self.loop.call_later(CONNECTION_SECONDS, self._end)

    def connection_lost(self, exc: Exception | None) -> None:
        self._ending.cancel()
        super().connection_lost(exc)

    def _end(self) -> None:
        if getattr(self.cycle, "response_complete", True):  # there is no cycle before the first request
            self.transport.abort()
        else:  # an answer is on its way
            self._ending = self.loop.call_later(_GRACE, self.transport.abort)
