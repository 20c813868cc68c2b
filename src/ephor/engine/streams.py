"""Use cases: open further streams, anchor them in the main log, and go on in a new epoch after a loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ephor.engine.anchors import Standing, anchor, standings
from ephor.engine.ports import MAIN, Ended, LogName, World
from ephor.engine.published import Published
from ephor.kernel import ids
from ephor.kernel.errors import InvalidInputError, VerificationError
from ephor.kernel.events import Event
from ephor.kernel.visible import check_visible
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.ledger.checkpoint import parse
from ephor.rooms.ledger.note import parse as parse_note


@dataclass(frozen=True, slots=True)
class Streams:
    """The logs of this plane."""

    world: World

    def list(self) -> Sequence[Standing]:
        """Return every log, its size, and how much of it the main log vouches for."""
        return standings(self.world)

    def open(self, name: str, *, by: str) -> LogName:
        """Begin the log of a new stream.

        Raises:
            InvalidInputError: *name* cannot name a stream.
            NotPermittedError: *by* may not.
            ConflictError: there is one of that name.
        """
        ids.name(name, "a stream")
        with self.world.storage.unit() as unit:
            actor = require(unit.shelf(Person).find(by), PlanePermission.LEDGER, who=by)
            made = unit.open_log(name)
            unit.append(
                Event(
                    "stream.opened/1",
                    at=self.world.clock.now(),
                    actor=f"person:{actor.id}",
                    resource=f"log:{made.origin}",
                )
            )
        return made

    def anchor(self) -> Sequence[LogName]:
        """Record the heads of streams that grew in the main log; return those streams."""
        return anchor(self.world)

    def renew(self, stream: str, reason: str, *, by: str) -> LogName:
        """Go on in a new epoch of a log that lost entries it had published; its first entry says what is known of them.

        What is left must hold by itself: a log that somebody changed is not carried on.

        Raises:
            InvalidInputError: no reason was given.
            NotPermittedError: *by* may not.
            NotFoundError: there is no such stream.
            ConflictError: nothing is lost.
            VerificationError: what is left does not hold.
        """
        if not reason.strip():
            raise InvalidInputError("a new epoch needs a reason; say what was lost and why")
        check_visible(reason, "the reason")
        with self.world.storage.reading() as unit:
            actor = require(unit.shelf(Person).find(by), PlanePermission.LEDGER, who=by)
        self._check_rest(stream)
        now = self.world.clock.now()

        def tell(ended: Ended) -> Event:
            return Event(
                "epoch.started/1",
                at=now,
                actor=f"person:{actor.id}",
                resource=f"log:{ended.origin}",
                metadata={
                    "checkpoint": ended.stored.decode(),
                    "published": ended.published.decode(),
                    "missing": max(_size(ended.published) - _size(ended.stored), 0),
                    "lost": [note.decode() for _, note in sorted(ended.lost.items())],
                    "reason": reason,
                },
            )

        return self.world.storage.logs.renew(stream, tell)

    def _check_rest(self, stream: str) -> None:
        from ephor import verifier  # noqa: PLC0415 - so that `python -m ephor.verifier` finds it not yet loaded

        names = [one for one in self.world.storage.logs.names() if one.stream == stream]
        log = (
            self.world.storage.ledger
            if stream == MAIN or not names
            else self.world.storage.logs.of(names[-1].number)
        )
        head = log.head()
        report = verifier.judge(Published(log, head), head.key)
        if report.verdict != verifier.CONSISTENT:
            found = report.findings[0]
            raise VerificationError(
                f"what is left of `{head.origin}` does not hold ({found.problem}); restore another backup, see `ephor ledger verify`"
            )


def _size(note: bytes) -> int:
    return parse(parse_note(note).text).size
