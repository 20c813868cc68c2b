"""The signer process: a Unix socket before a desk. What is no frame ends the connection it came on, and nothing else."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import BoundedSemaphore, Thread

from ephor.adapters.keys import wire
from ephor.adapters.keys.desk import Desk
from ephor.adapters.keys.private import PrivateFolder
from ephor.kernel.errors import ConflictError, InvalidInputError, UnavailableError

_CONNECTIONS = 64
_FRAME_SECONDS = 5.0
"""How long a frame may take once its first byte is here."""
_LONGEST_PATH = 107
"""Bytes in the name of a Unix socket on Linux (unix(7))."""


def serve(
    folder: Path,
    place: Path,
    *,
    mode: int,
    origins: Sequence[str],
    ready: Callable[[], None],
    say: Callable[[str], None],
) -> None:
    """Sign for whoever reaches the socket at *place* with the keys in *folder*, until the process ends.

    Raises:
        ConflictError: another signer serves these keys, or this socket.
        InvalidInputError: nothing can be a socket there.
        UnavailableError: keys or socket cannot be made or read.
    """
    private = PrivateFolder(folder)
    private.create()
    with _only_one(folder), _listening(place, mode) as listener:
        desk = Desk(private, origins, say)
        ready()
        free = BoundedSemaphore(_CONNECTIONS)
        while True:
            free.acquire()
            connection, _ = listener.accept()
            Thread(target=_attend, args=(connection, desk, free), daemon=True).start()


def _attend(connection: socket.socket, desk: Desk, free: BoundedSemaphore) -> None:
    try:
        with connection, suppress(OSError, wire.BrokenFrameError):
            while _waits(connection):
                question = wire.receive(connection, time.monotonic() + _FRAME_SECONDS)
                answer = desk.answer(question)
                if answer is not None:
                    wire.send(connection, wire.pack(*answer), time.monotonic() + _FRAME_SECONDS)
    finally:
        free.release()


def _waits(connection: socket.socket) -> bool:
    """Return when the next question begins; a plane may be silent for as long as it likes. False when it hung up."""
    connection.settimeout(None)
    return bool(connection.recv(1, socket.MSG_PEEK))


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Hold the keys alone: two signers with one memory would each forget what the other confirmed."""
    try:
        file = os.open(folder / "signer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UnavailableError(f"cannot write to `{folder}`: {error.strerror}; make it writable") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        raise ConflictError(f"another signer serves the keys in `{folder}`; stop it first") from None
    try:
        yield
    finally:
        os.close(file)


@contextmanager
def _listening(place: Path, mode: int) -> Iterator[socket.socket]:
    if len(os.fsencode(place)) > _LONGEST_PATH:
        raise InvalidInputError(
            f"`{place}` is too long for a socket; name one of {_LONGEST_PATH} bytes at most"
        )
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _clear(place)
        before = os.umask(0o777)  # nobody gets in between bind and chmod
        try:
            listener.bind(str(place))
        finally:
            os.umask(before)
        place.chmod(mode)
        listener.listen(_CONNECTIONS)
    except OSError as error:
        listener.close()
        raise UnavailableError(
            f"cannot listen at `{place}`: {error.strerror}; name a socket in a folder this account can write to"
        ) from error
    try:
        yield listener
    finally:
        listener.close()
        place.unlink(missing_ok=True)


def _clear(place: Path) -> None:
    """Remove the socket of a signer that died; refuse to push one aside that lives, or a file that is no socket."""
    if not place.exists():
        return
    if not place.is_socket():
        raise InvalidInputError(f"`{place}` is there and is no socket; name another place")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(place))
        except ConnectionRefusedError:
            place.unlink()
            return
    raise ConflictError(f"another signer listens at `{place}`; stop it first")
