"""Use cases: what data subjects said about the purposes their data is used for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ephor.engine.ports import World
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.consent.record import event_of
from ephor.rooms.consent.restriction import Restriction, is_restricted
from ephor.rooms.consent.statement import (
    ConsentState,
    Standing,
    Statement,
    check_statement,
    next_number,
    standings,
    statement_id,
)


@dataclass(frozen=True, slots=True)
class ConsentView:
    """What is known of one subject's consent. ``subject`` is the pseudonym."""

    subject: str
    standings: Mapping[str, Standing]
    restricted: bool
    history: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Consent:
    """Consent given, withdrawn and refused. The subject's own identifier is turned into a pseudonym and not kept."""

    world: World

    def state(
        self,
        subject: str,
        purpose: str,
        state: ConsentState,
        *,
        by: str,
        notice_version: str = "",
        channel: str = "cli",
        expires_at: datetime | None = None,
        proof: str | None = None,
    ) -> Statement:
        """Add what the subject said to their history; nothing said before is changed.

        Raises:
            InvalidInputError: the statement cannot stand (`check_statement`), or no subject is named.
            NotPermittedError: *by* may not record consent.
            ConflictError: somebody added to this subject's history at the same moment.
        """
        name, now = self._pseudonym(subject), self.world.clock.now()
        with self.world.storage.unit() as unit:
            actor = require(unit.shelf(Person).find(by), PlanePermission.CONSENT, who=by)
            history = unit.shelf(Statement)
            number = next_number(history.all(subject=name))
            said = Statement(
                id=statement_id(name, number),
                subject=name,
                purpose=purpose,
                state=state,
                notice_version=notice_version,
                channel=channel,
                at=now,
                expires_at=expires_at,
                proof=proof,
                number=number,
                recorded_by=actor.id,
            )
            history.add(check_statement(said))
            unit.append(event_of(said, actor=f"person:{actor.id}"))
        return said

    def view(self, subject: str) -> ConsentView:
        """Return everything the subject said, and what holds now for each purpose."""
        name = self._pseudonym(subject)
        with self.world.storage.reading() as unit:
            history = unit.shelf(Statement).all(subject=name)
            restricted = is_restricted(unit.shelf(Restriction).all(subject=name), name)
        ordered: Sequence[Statement] = sorted(history, key=lambda one: one.number)
        return ConsentView(name, standings(ordered, self.world.clock.now()), restricted, tuple(ordered))

    def _pseudonym(self, subject: str) -> str:
        if not subject.strip():
            raise InvalidInputError("no data subject is named; give the identifier your systems know them by")
        return self.world.pseudonyms.of(subject)
