"""What plane and signer say to each other: frames of fields, each after its length in four bytes, big-endian.

A frame is at most 64 KiB. The first field of a question is a verb, the first of an answer `ok` or the code of an error:

    keys                         -> ok, public key, public key, …
    sign, public key, message    -> ok, signature
    settled, note                -> no answer
    next, public key             -> ok, public key
    retire, public key, keep     -> ok, how many
"""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence

MOST = 1 << 16
"""Bytes in a frame."""
_FIELDS = 64


class BrokenFrameError(ValueError):
    """The other side says something that is no frame."""


def pack(*fields: bytes) -> bytes:
    """Return the frame of *fields*.

    >>> pack(b"ok", b"").hex()
    '0000000a000000026f6b00000000'

    Raises:
        BrokenFrameError: it would be longer than a frame may be.
    """
    body = b"".join(len(field).to_bytes(4, "big") + field for field in fields)
    if len(body) > MOST:
        raise BrokenFrameError("too long")
    return len(body).to_bytes(4, "big") + body


def unpack(body: bytes) -> Sequence[bytes]:
    """Return the fields of a frame's body.

    >>> unpack(pack(b"sign", b"", b"x")[4:])
    [b'sign', b'', b'x']

    Raises:
        BrokenFrameError: they do not fill it exactly, or are too many.
    """
    fields: list[bytes] = []
    place = 0
    while place < len(body):
        start = place + 4
        place = start + int.from_bytes(body[place:start], "big")
        if start > len(body) or place > len(body) or len(fields) == _FIELDS:
            raise BrokenFrameError("fields do not fit")
        fields.append(body[start:place])
    if not fields:
        raise BrokenFrameError("no field")
    return fields


def send(connection: socket.socket, frame: bytes, until: float) -> None:
    """Send *frame* before *until* on the monotonic clock.

    Raises:
        OSError: the other side is gone, or did not take it in time.
    """
    connection.settimeout(_left(until))
    connection.sendall(frame)


def receive(connection: socket.socket, until: float) -> Sequence[bytes]:
    """Return the next frame's fields, if it is here before *until* on the monotonic clock.

    Raises:
        OSError: the other side is gone, or did not answer in time.
        BrokenFrameError: what came is no frame.
    """
    size = int.from_bytes(_exactly(connection, 4, until), "big")
    if not 0 < size <= MOST:
        raise BrokenFrameError("too long")
    return unpack(_exactly(connection, size, until))


def _exactly(connection: socket.socket, size: int, until: float) -> bytes:
    data = b""
    while len(data) < size:
        connection.settimeout(_left(until))  # anew each time: one byte now and then must not go on for ever
        more = connection.recv(size - len(data))
        if not more:
            raise ConnectionResetError("closed")
        data += more
    return data


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("too late")
    return left
