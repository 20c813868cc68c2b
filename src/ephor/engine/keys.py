"""Use cases: which keys the plane uses, and a new one in place of an old one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from ephor.engine.ports import Unit, World
from ephor.engine.ports_keys import HandOver, KeyInUse, KeyRing, Rotated
from ephor.kernel.canonical import Json
from ephor.kernel.errors import ConflictError, InvalidInputError
from ephor.kernel.events import Event
from ephor.kernel.visible import check_visible
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.ledger.entry import parse

_LONGEST = 500


@dataclass(frozen=True, slots=True)
class KeyShown:
    """One key, and since when it is in use."""

    key: KeyInUse
    since: str
    """When the entry was received with which it came into use, RFC 3339."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of this plane. Nothing here ever holds or returns a secret."""

    world: World
    ring: KeyRing

    def list(self) -> Sequence[KeyShown]:
        """Return the keys in use."""
        return [KeyShown(key, self._since(key)) for key in self.ring.in_use()]

    def rotate_signing(self, reason: str, *, by: str, keep_old: bool = False) -> Rotated:
        """Let a new key sign from now on. The old private key is destroyed unless *keep_old* asks to put it aside.

        What the old key signed stays valid; a statement that both keys signed leads from one to the other. An
        interrupted rotation is brought to its end instead, and no further one begun.

        Raises:
            InvalidInputError: the reason is empty, too long, or cannot be shown.
            NotPermittedError: *by* may not.
            ConflictError: a person has to provide the new key first.
            UnavailableError: a provider does not answer; the plane goes on, rotate again to finish.
        """
        return self.ring.hand_over(_allowed(by), self._telling("signing", reason, by), keep=keep_old)

    def rotate_wrapping(self, reason: str, *, by: str) -> Rotated:
        """Wrap every data subject's key anew, and destroy the old wrapping key.

        Backups of the database made before then no longer open. An interrupted rotation is brought to its end instead.

        Raises:
            InvalidInputError: the reason is empty, too long, or cannot be shown.
            NotPermittedError: *by* may not.
            ConflictError: a person has to provide the new key first.
            UnavailableError: a provider does not answer; the plane goes on, rotate again to finish.
            VerificationError: somebody's key does not open under the wrapping key it names.
        """
        return self.ring.rewrap(_allowed(by), self._telling("wrapping", reason, by))

    def rotate_pseudonym(self) -> NoReturn:
        """Refuse, and say why.

        Raises:
            ConflictError: always: under another key the same person would have another name, and never be found again.
        """
        raise ConflictError(
            "the pseudonym key cannot be rotated: every data subject would have another name, and no consent, request or erasure "
            "would find them again; if it leaked, treat the names in the ledger as known"
        )

    def _telling(self, kind: str, reason: str, by: str) -> Callable[[HandOver], Event]:
        if not reason.strip() or len(reason) > _LONGEST:
            raise InvalidInputError(
                f"a rotation needs a reason of 1 to {_LONGEST} characters; it is recorded"
            )
        check_visible(reason, "the reason")

        def tell(said: HandOver) -> Event:
            facts: dict[str, Json] = {"reason": reason, "old": said.old, "new": said.new}
            if said.statement is not None:
                facts["statement"] = said.statement
            return Event(
                kind="key.rotated/1",
                at=self.world.clock.now(),
                actor=f"person:{by}",
                resource=f"key:{kind}",
                metadata=facts,
            )

        return tell

    def _since(self, key: KeyInUse) -> str:
        ledger = self.world.storage.ledger
        position = key.position
        if key.kind == "wrapping":
            where = {"kind": "key.rotated/1", "resource": "key:wrapping"}
            position = next(iter(ledger.search(where, before=None, limit=1)), None)
        entry = next(iter(ledger.entries(position or 0, (position or 0) + 1)), None)
        return "" if entry is None else str(parse(entry)["received_at"])


def _allowed(by: str) -> Callable[[Unit], None]:
    def check(unit: Unit) -> None:
        require(unit.shelf(Person).find(by), PlanePermission.KEYS, who=by)

    return check
