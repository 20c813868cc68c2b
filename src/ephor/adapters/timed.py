"""A connection against one deadline: time limits of the standard library hold for each read, and reads can drip."""

from __future__ import annotations

import io
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def connected(host: str, port: int, left: Callable[[], float], *, secure: bool) -> Iterator[socket.socket]:
    """Connect, with TLS where *secure* says so, as long as *left* says that time is left."""
    with socket.create_connection((host, port), timeout=left()) as plain:
        if not secure:
            yield plain
            return
        plain.settimeout(left())
        with ssl.create_default_context().wrap_socket(plain, server_hostname=host) as private:
            yield private


class TimedLine:
    """As much of a socket as `http.client` uses; it looks at the clock before each time it waits."""

    def __init__(self, line: socket.socket, left: Callable[[], float]) -> None:
        self._line, self._left = line, left

    def sendall(self, data: bytes) -> None:
        self._line.settimeout(self._left())
        self._line.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Stream(self._line, self._left))

    def close(self) -> None:
        """Nothing yet: `http.client` closes as soon as it has a reader, and the reader still needs the line."""


class _Stream(io.RawIOBase):
    def __init__(self, line: socket.socket, left: Callable[[], float]) -> None:
        self._line, self._left = line, left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._line.settimeout(self._left())
        return self._line.recv_into(buffer)
