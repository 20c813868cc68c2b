"""Use cases: have a time-stamping authority stamp the newest checkpoint, and judge the stamps that are kept."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from ephor.engine.ports import MAIN, Ledger, World
from ephor.engine.ports_witness import StampLine
from ephor.engine.proving import fetch
from ephor.kernel.errors import ConflictError, VerificationError
from ephor.kernel.events import Event
from ephor.kernel.time import stamp
from ephor.kernel.truth import Truth
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.ledger import checkpoint, note, proof, tree
from ephor.rooms.ledger.timestamps import Bracket, TimeStamp, check_address


@dataclass(frozen=True, slots=True)
class Stamps:
    """Time stamps on this plane's main log; it vouches for the other streams."""

    world: World

    def ask(self, line: StampLine, url: str, roots: bytes, *, by: str) -> TimeStamp:
        """Have the newest checkpoint stamped by the authority at *url*, whose root is among *roots*, and keep the stamp.

        Raises:
            InvalidInputError: no address, or no certificates.
            NotPermittedError: *by* may not.
            ConflictError: the ledger is empty.
            UnavailableError: the authority does not answer.
            VerificationError: what it answered is no stamp on that checkpoint under one of *roots*.
        """
        check_address(url)
        with self.world.storage.reading() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.LEDGER, who=by)
        head = self.world.storage.ledger.head()
        if not head.size:
            raise ConflictError("the ledger is empty; there is nothing to stamp")
        answer = line.ask(url, head.note, roots)
        stamped = line.judge(answer, head.note, roots)
        made = TimeStamp(
            self.world.ids.new("tst"), head.origin, head.size, b64encode(head.note).decode(),
            b64encode(answer).decode(), url, stamped.at, stamped.by, by,
        )  # fmt: skip
        with self.world.storage.unit() as unit:
            actor = require(unit.shelf(Person).find(by), PlanePermission.LEDGER, who=by)
            unit.shelf(TimeStamp).add(made)
            unit.append(
                Event(
                    "checkpoint.stamped/1",
                    at=self.world.clock.now(),
                    actor=f"person:{actor.id}",
                    resource=f"log:{made.origin}",
                    metadata={
                        "size": made.size,
                        "stamped_at": stamp(made.at),
                        "authority": made.authority,
                        "url": url,
                    },
                )
            )
        return made

    def get(self, id: str) -> TimeStamp:
        """Return one stamp. Raises NotFoundError."""
        with self.world.storage.reading() as unit:
            return unit.shelf(TimeStamp).get(id)

    def judge(self, line: StampLine | None = None, roots: bytes = b"") -> Sequence[Bracket]:
        """Return every stamp with whether it holds: its signature under *roots*, and its checkpoint in this log.

        Raises:
            InvalidInputError: *roots* are no certificates.
        """
        with self.world.storage.reading() as unit:
            kept = unit.shelf(TimeStamp).all()
        return [self._judged(one, line, roots) for one in kept]

    def _judged(self, kept: TimeStamp, line: StampLine | None, roots: bytes) -> Bracket:
        holds: Truth
        try:
            found = self._in_log(kept)
            if line is None:
                holds, why = None, "name the authority's root to have its signature judged"
            else:
                stamped = line.judge(b64decode(kept.answer), b64decode(kept.checkpoint), roots)
                holds = stamped.at == kept.at
                why = (
                    f"the first {found} entries were there"
                    if holds
                    else "the record says another time than the stamp"
                )
        except (VerificationError, ValueError) as error:
            holds, why = False, str(error)
        return Bracket(kept.id, kept.origin, kept.size, kept.at, kept.authority, holds, why)

    def _in_log(self, kept: TimeStamp) -> int:
        """Return the size of the stamped checkpoint if the log still begins as it says."""
        ledger = self._log_of(kept.origin)
        found = checkpoint.parse(note.parse(b64decode(kept.checkpoint)).text)
        if (found.origin, found.size) != (kept.origin, kept.size):
            raise VerificationError("the record speaks of another checkpoint than the one that was stamped")
        head = ledger.head()
        if found.size > head.size:
            raise VerificationError(
                f"the log has {head.size} entries, {found.size} were stamped: entries are missing"
            )
        path = fetch(ledger, proof.plan_consistency(found.size, head.size))
        tree.verify_consistency(found.size, head.size, found.root, head.root, path)
        return found.size

    def _log_of(self, origin: str) -> Ledger:
        for one in self.world.storage.logs.names():
            if one.origin == origin and one.stream == MAIN:
                return self.world.storage.logs.of(one.number)
        raise VerificationError(f"there is no log `{origin}` here any more")
