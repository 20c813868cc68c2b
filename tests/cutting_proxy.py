"""A PostgreSQL server behind a proxy that loses a connection just when it commits."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from threading import Thread
from typing import Any

import sqlalchemy as sa


class Cut(Enum):
    """When the connection is lost that commits next."""

    BEFORE = "before the server hears of it"
    DURING = "while nobody knows whether the server did it"
    AFTER = "after the server did it, before the client hears of it"


class Proxy:
    """Passes bytes on. It reads the client's messages (PostgreSQL 15, 55.7) as far as one must to know a commit."""

    def __init__(self, url: str) -> None:
        self._upstream = sa.make_url(url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.cut: Cut | None = None
        """What to do at the next commit; `None` again when it was done."""
        self.refuses = False
        """Whether nobody gets through any more."""
        self.cuts = 0
        self._sessions: list[_Session] = []
        self._thread = Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        port = self._listener.getsockname()[1]
        return self._upstream.set(host="127.0.0.1", port=port, query={}).render_as_string(False)

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        for one in self._sessions:
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self.refuses:
                    client.close()
                    continue
                server = self._connect()
                self._sessions.append(_Session(self, client, server))

    def _connect(self) -> socket.socket:
        host = str(self._upstream.query.get("host") or self._upstream.host)
        if host.startswith("/"):
            server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            server.connect(f"{host}/.s.PGSQL.{self._upstream.port or 5432}")
            return server
        return socket.create_connection((host, self._upstream.port or 5432))


class _Session:
    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self.proxy, self.client, self.server = proxy, client, server
        self.prepared: dict[bytes, bytes] = {}
        self.deaf = False
        """Whether the client gets nothing more of what the server says."""

        self.threads = [Thread(target=way, daemon=True) for way in (self._to_server, self._to_client)]
        for one in self.threads:
            one.start()

    def close(self) -> None:
        self._end()
        for one in self.threads:
            one.join()
        self.client.close()
        self.server.close()

    def _end(self) -> None:
        for one in (self.client, self.server):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _to_client(self) -> None:
        with suppress(OSError):
            while data := self.server.recv(65_536):
                if self.deaf:
                    if data[-6:-1] == b"Z\0\0\0\5":  # ready for the next query: this one is done
                        break
                    continue
                self.client.sendall(data)
        self._end()

    def _to_server(self) -> None:
        with suppress(OSError, struct.error):
            self._start_up()
            while True:
                kind, body = self._message(1)
                if self._commits(kind, body) and (cut := self.proxy.cut) is not None:
                    self.proxy.cut, self.proxy.cuts = None, self.proxy.cuts + 1
                    self._lose(cut, kind, body)
                    return
                self.server.sendall(kind + struct.pack(">I", len(body) + 4) + body)
        self._end()

    def _lose(self, cut: Cut, kind: bytes, body: bytes) -> None:
        if cut is not Cut.BEFORE:
            self.deaf = True  # first, or the answer may come before the connection is lost
            self.server.sendall(kind + struct.pack(">I", len(body) + 4) + body)
            if kind in (b"P", b"B"):  # what belongs to it: bind, describe, execute, sync
                self._pass_until_sync()
        if cut is not Cut.AFTER:
            self._end()

    def _pass_until_sync(self) -> None:
        while True:
            kind, body = self._message(1)
            self.server.sendall(kind + struct.pack(">I", len(body) + 4) + body)
            if kind == b"S":
                return

    def _start_up(self) -> None:
        while True:
            _, body = self._message(0)
            self.server.sendall(struct.pack(">I", len(body) + 4) + body)
            if struct.unpack(">I", body[:4])[0] == 196_608:  # not a question about TLS: protocol 3.0
                return

    def _message(self, kinds: int) -> tuple[bytes, bytes]:
        kind = self._exactly(kinds)
        return kind, self._exactly(struct.unpack(">I", self._exactly(4))[0] - 4)

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            if not (more := self.client.recv(size - len(data))):
                raise OSError("hung up")
            data += more
        return data

    def _commits(self, kind: bytes, body: bytes) -> bool:
        if kind == b"P":
            name, query = body.split(b"\0")[:2]
            self.prepared[name] = query
            return name == b"" and query.lower() == b"commit"
        if kind == b"B":
            return self.prepared.get(body.split(b"\0")[1], b"").lower() == b"commit"
        return kind == b"Q" and body.rstrip(b"\0").lower() == b"commit"


@contextmanager
def cutting_proxy(url: str) -> Iterator[Any]:
    proxy = Proxy(url)
    yield proxy
    proxy.close()
