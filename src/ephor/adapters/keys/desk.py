"""What a signer process signs: heads that do not contradict a confirmed one, and statements about its own keys.

A head binds once the plane has confirmed that it is durable. One that was signed and not confirmed does not: its transaction
may have been rolled back, and the next one of that size has another root.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from ephor.adapters.keys.files import FileSigning
from ephor.adapters.keys.private import PrivateFolder
from ephor.adapters.keys.provider import SigningKey
from ephor.kernel.errors import (
    ConflictError,
    EphorError,
    InvalidInputError,
    UnavailableError,
    VerificationError,
)
from ephor.rooms.ledger import checkpoint, rotation
from ephor.rooms.ledger.checkpoint import Checkpoint
from ephor.rooms.ledger.note import VerifierKey, parse_key, verify

_STATE = "signer.state"
_LONGEST = 1_024
_MOST_LOGS = 10_000


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The newest head of a log that was confirmed, and the key that signed it."""

    size: int
    root: bytes
    key: bytes


class Desk:
    """Answers one question after the other; *say* is told what a person should hear of."""

    def __init__(
        self, folder: PrivateFolder, origins: Sequence[str] = (), say: Callable[[str], None] = lambda _: None
    ) -> None:
        self._folder, self._origins, self._say = folder, tuple(origins), say
        self._source = FileSigning(folder)
        self._source.make()
        self._lock = Lock()
        self._keys = self._load()
        self._family, self._confirmed = self._recall()

    def answer(self, question: Sequence[bytes]) -> Sequence[bytes] | None:
        """Return the answer to one question; None where none is expected."""
        with self._lock:
            try:
                return self._answer(question)
            except EphorError as error:
                self._say(str(error))
                return None if question[0] == b"settled" else (error.code.encode(), str(error).encode())

    def _answer(self, question: Sequence[bytes]) -> Sequence[bytes] | None:
        match question:
            case [b"keys"]:
                return (b"ok", *self._keys)
            case [b"sign", key, message]:
                return b"ok", self._sign(key, message)
            case [b"settled", note]:
                self._confirm(note)
                return None
            case [b"next", current]:
                return b"ok", self._next(current)
            case [b"retire", current, keep]:
                return b"ok", self._retire(current, keep=bool(keep)).to_bytes(4, "big")
            case _:
                raise InvalidInputError(
                    "this is no question a signer answers; use the same version of Ephor on both sides"
                )

    def _sign(self, key: bytes, message: bytes) -> bytes:
        if key not in self._keys:
            raise VerificationError(
                "the signer does not hold that key; point EPHOR_SIGNER at the plane's own"
            )
        try:
            text = message.decode()
        except UnicodeDecodeError:
            raise VerificationError(
                "the signer signs heads and key statements, and this is neither"
            ) from None
        if text.startswith(rotation.TITLE + "\n"):
            self._check_statement(rotation.parse(text), key)
        else:
            self._check_head(checkpoint.parse(text))
        return self._keys[key].sign(message)

    def _check_head(self, head: Checkpoint) -> None:
        self._check_origin(head.origin)
        known = self._confirmed.get(head.origin)
        if known is not None:
            checkpoint.check_progress(Checkpoint(head.origin, known.size, known.root), head)

    def _check_statement(self, said: rotation.Statement, key: bytes) -> None:
        self._check_origin(said.origin)
        named = [parse_key(text).public_key for text in (said.old, said.new)]
        if key not in named or not set(named) <= set(self._keys):
            raise VerificationError("the statement names a key that the signer does not hold")
        known = self._confirmed.get(said.origin)
        if known is not None and said.position < known.size:
            raise VerificationError(
                f"the statement is about entry {said.position}, and {known.size} are confirmed already"
            )

    def _check_origin(self, origin: str) -> None:
        if not (self._origins or self._family):  # whoever asks first decides whose signer this is
            self._keep(_family_of(origin), self._confirmed)
        known = self._origins or (self._family,)
        allowed = any(origin == one or (one.endswith("/") and origin.startswith(one)) for one in known)
        if not allowed or len(origin) > _LONGEST:
            raise VerificationError(
                f"the signer does not sign for `{origin[:120]}`; it belongs to another plane"
            )

    def _confirm(self, note: bytes) -> None:
        head = checkpoint.parse(verify(note, self._verifiers(note)).text)
        self._check_origin(head.origin)
        known = self._confirmed.get(head.origin)
        if known is not None and head.size < known.size:
            return  # of two servers, the slower one tells later
        if known is not None and head.size == known.size and head.root != known.root:
            raise VerificationError(
                f"`{head.origin}` confirms a second root at size {head.size}: two databases go on under one name"
            )
        if known is None and len(self._confirmed) == _MOST_LOGS:
            raise VerificationError(f"the signer remembers {_MOST_LOGS} logs, and no more")
        signed = next(one.public_key for one in self._verifiers(note) if _holds(note, one))
        confirmed = Confirmed(head.size, head.root, signed)
        if confirmed != known:
            self._keep(self._family, {**self._confirmed, head.origin: confirmed})

    def _verifiers(self, note: bytes) -> Sequence[VerifierKey]:
        origin = note.split(b"\n", 1)[0][:_LONGEST].decode("utf-8", "replace")
        try:
            return [VerifierKey(origin, key) for key in self._keys]
        except InvalidInputError as error:
            raise VerificationError(str(error)) from None

    def _next(self, current: bytes) -> bytes:
        in_use = {one.key for one in self._confirmed.values()}
        if current not in self._keys or (in_use and current not in in_use):
            raise ConflictError(
                "only the key in use has a successor; look at `ephor keys list` and try again"
            )
        made = self._source.successor(current).public_key
        self._keys = self._load()
        return made

    def _retire(self, current: bytes, *, keep: bool) -> int:
        # The plane looks at every log of its own; a log that ended keeps its old key in here for ever.
        if current not in {one.key for one in self._confirmed.values()}:
            raise ConflictError(
                "no head by the new key was confirmed yet; the old one stays, rotate again to finish"
            )
        gone = self._source.retire(current, keep=keep)
        self._keys = self._load()
        return gone

    def _load(self) -> Mapping[bytes, SigningKey]:
        return {key.public_key: key for key in self._source.at_hand()}

    def _recall(self) -> tuple[str, Mapping[str, Confirmed]]:
        if not (self._folder.path / _STATE).exists():
            return "", {}
        try:
            kept = json.loads(self._folder.read(_STATE))
            confirmed = {
                str(origin): Confirmed(
                    int(one["size"]), bytes.fromhex(one["root"]), bytes.fromhex(one["key"])
                )
                for origin, one in kept["confirmed"].items()
            }
            return str(kept["family"]), confirmed
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnavailableError(
                f"`{self._folder.path / _STATE}` is damaged: without it the signer does not know what it may sign; restore it"
            ) from error

    def _keep(self, family: str, confirmed: Mapping[str, Confirmed]) -> None:
        """Write down what binds, durably, before it is acted on."""
        plain = {
            origin: {"size": one.size, "root": one.root.hex(), "key": one.key.hex()}
            for origin, one in sorted(confirmed.items())
        }
        self._folder.replace(_STATE, json.dumps({"family": family, "confirmed": plain}).encode())
        self._family, self._confirmed = family, confirmed


def _family_of(origin: str) -> str:
    """Return how the origins of a plane's other logs begin, given one of them: with host and organisation.

    >>> _family_of("ephor.example/acme/main"), _family_of("ephor.example/acme/main/2"), _family_of("acme/main")
    ('ephor.example/acme/', 'ephor.example/acme/', 'acme/')
    """
    parts = origin.split("/")
    return "/".join(parts[: max(1, min(2, len(parts) - 1))]) + ("/" if len(parts) > 1 else "")


def _holds(note: bytes, key: VerifierKey) -> bool:
    try:
        verify(note, [key])
    except VerificationError:
        return False
    return True
