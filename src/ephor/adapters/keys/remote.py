"""Signing keys that another process holds, behind a Unix socket."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from ephor.adapters.keys import wire
from ephor.adapters.keys.local import checked
from ephor.adapters.keys.provider import SigningKey
from ephor.kernel.errors import ConflictError, EphorError, UnavailableError, VerificationError

PATIENCE = 5.0
"""Seconds until a signer that does not answer counts as gone. All the while no other writer can record."""
_FAMILIES: Mapping[str, type[EphorError]] = {
    one.code: one for one in (ConflictError, UnavailableError, VerificationError)
}


class RemoteSigning:
    """The keys of a signer process. One connection, made when it is needed and again when it broke."""

    def __init__(self, path: Path, patience: float = PATIENCE) -> None:
        self.name = f"signer (unix:{path})"
        self._path, self._patience = path, patience
        self._lock = Lock()
        self._connection: socket.socket | None = None
        self._settled = b""

    def make(self) -> None:
        """The signer made its key before it listened."""
        self.at_hand()

    def at_hand(self) -> Sequence[SigningKey]:
        return [RemoteKey(self, key) for key in self.ask(b"keys")]

    def successor(self, current: bytes) -> SigningKey:
        return RemoteKey(self, self._one(b"next", current))

    def retire(self, current: bytes, *, keep: bool) -> int:
        return int.from_bytes(self._one(b"retire", current, b"1" if keep else b""), "big")

    def sign(self, public_key: bytes, message: bytes) -> bytes:
        return checked(self._one(b"sign", public_key, message), message, public_key, f"the {self.name}")

    def settled(self, note: bytes) -> None:
        """Tell the signer, and do not wait: it hears of it again on the next connection if this one breaks."""
        with self._lock:
            self._settled = note
            if self._connection is not None:
                try:
                    until = time.monotonic() + self._patience
                    wire.send(self._connection, wire.pack(b"settled", note), until)
                except (OSError, wire.BrokenFrameError):
                    self._hang_up()

    def ask(self, *fields: bytes) -> Sequence[bytes]:
        """Return the signer's answer.

        Raises:
            UnavailableError: it does not answer in time, or what answers is no signer.
            ConflictError, VerificationError: it refuses; the message is the signer's.
        """
        with self._lock:
            until = time.monotonic() + self._patience
            try:
                word, *answer = self._exchange(wire.pack(*fields), until)
            except (OSError, wire.BrokenFrameError) as error:
                self._hang_up()
                why = (
                    "does not answer in time"
                    if isinstance(error, TimeoutError)
                    else f"does not answer ({error})"
                )
                raise UnavailableError(
                    f"the signer at `{self._path}` {why}; nothing was recorded, start `ephor keys serve` and try again"
                ) from error
            except BaseException:
                self._hang_up()  # an answer that nobody waited for must not be taken for the next one
                raise
        if word == b"ok":
            return answer
        family = _FAMILIES.get(word.decode("ascii", "replace"), UnavailableError)
        raise family(answer[0].decode("utf-8", "replace")[:500] if answer else "the signer refuses")

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            self._hang_up()

    def _one(self, *fields: bytes) -> bytes:
        answer = self.ask(*fields)
        if len(answer) != 1:
            raise UnavailableError(f"what answers at `{self._path}` is no signer; point EPHOR_SIGNER at one")
        return answer[0]

    def _exchange(self, frame: bytes, until: float) -> Sequence[bytes]:
        if self._connection is not None:
            with suppress(ConnectionError):  # it was restarted since: ask the one that is there now
                wire.send(self._connection, frame, until)
                return wire.receive(self._connection, until)
            self._hang_up()
        connection = self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(max(until - time.monotonic(), 0.001))
        connection.connect(str(self._path))
        if self._settled:
            wire.send(connection, wire.pack(b"settled", self._settled), until)
        wire.send(connection, frame, until)
        return wire.receive(connection, until)

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@dataclass(frozen=True, slots=True)
class RemoteKey:
    """One key of a signer process."""

    signer: RemoteSigning
    public_key: bytes

    def sign(self, message: bytes) -> bytes:
        return self.signer.sign(self.public_key, message)

    def settled(self, note: bytes) -> None:
        self.signer.settled(note)
