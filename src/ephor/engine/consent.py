"""Use cases: what data subjects said about the purposes their data is used for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from ephor.engine.ports import Unit, World
from ephor.kernel import ids
from ephor.kernel.canonical import canonical
from ephor.kernel.errors import ConflictError, InvalidInputError
from ephor.kernel.events import Event
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.agents.wording import worded
from ephor.rooms.consent.ages import check_birth_year
from ephor.rooms.consent.choices import (
    SIGNALLED,
    Category,
    Minor,
    Purpose,
    check_asking,
    check_consenting,
    entry_of,
    opted_out,
    serves,
    signals_opt_out,
)
from ephor.rooms.consent.due import USUAL_AGE, DueConsent, NoticeText, due
from ephor.rooms.consent.record import event_of
from ephor.rooms.consent.restriction import Restriction, is_restricted
from ephor.rooms.consent.statement import (
    SELF,
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
    opted_out: tuple[Category, ...] = ()
    minor: Minor | None = None


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
        given_by: str = SELF,
        text: bytes | None = None,
    ) -> Statement:
        """Add what the subject said to their history; nothing said before is changed.

        *text* is what was shown; only its digest is kept. Without it, the digest is that of the text which was added
        under the notice's version. *given_by* says who spoke for a child.

        Raises:
            InvalidInputError: the statement cannot stand (`check_statement`), or no subject is named.
            NotPermittedError: *by* may not record consent.
            ConflictError: somebody added to this subject's history at the same moment, a child consents that is too
                young, or another text was added under this version.
        """
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.CONSENT, who=by)
            said = Statement(
                id="",
                subject=self._pseudonym(subject),
                purpose=purpose,
                state=state,
                notice_version=notice_version,
                channel=channel,
                at=self.world.clock.now(),
                expires_at=expires_at,
                proof=proof,
                recorded_by=by,
                given_by=given_by,
                shown=_shown(unit, notice_version, text),
            )
            return self._add(unit, said)

    def withdraw_all(
        self, subject: str, *, by: str, channel: str = "cli", proof: str | None = None
    ) -> tuple[Statement, ...]:
        """Withdraw every consent that stands, in one step; one that nobody gave needs no withdrawing.

        Raises:
            InvalidInputError: no subject is named.
            NotPermittedError: *by* may not record consent.
        """
        name, now = self._pseudonym(subject), self.world.clock.now()
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.CONSENT, who=by)
            holds = standings(unit.shelf(Statement).all(subject=name), now)
            given = [purpose for purpose, standing in holds.items() if standing is Standing.GIVEN]
            return tuple(
                self._add(unit, _withdrawal(name, purpose, channel, proof, by=by, at=now))
                for purpose in given
            )

    def opt_out(
        self,
        subject: str,
        categories: Sequence[Category] = SIGNALLED,
        *,
        by: str,
        channel: str = "cli",
        proof: str | None = None,
    ) -> tuple[Statement, ...]:
        """Opt a person out; nothing shows who they are, for the law asks for nothing (11 CCR 7026). It counts at once.

        Whoever is opted out of a category already stays so, and nothing is added.

        Raises:
            InvalidInputError: no subject is named, or a proof is no digest.
            NotPermittedError: *by* may not record consent.
        """
        name, now = self._pseudonym(subject), self.world.clock.now()
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.CONSENT, who=by)
            out = opted_out(unit.shelf(Statement).all(subject=name))
            return tuple(
                self._add(unit, _optout(name, one.value, channel, proof, by=by, at=now))
                for one in dict.fromkeys(categories)
                if one not in out
            )

    def heed(self, subject: str, headers: Mapping[str, str], *, by: str) -> tuple[Statement, ...]:
        """Opt out whoever sends an opt-out preference signal (Global Privacy Control, ``Sec-GPC: 1``) with a request.

        Raises:
            InvalidInputError: no subject is named.
            NotPermittedError: *by* may not record consent.
        """
        return self.opt_out(subject, by=by, channel="gpc") if signals_opt_out(headers) else ()

    def opt_in(
        self,
        subject: str,
        category: Category,
        *,
        by: str,
        notice_version: str,
        asked: bool = False,
        channel: str = "cli",
        proof: str | None = None,
        given_by: str = SELF,
    ) -> Statement:
        """Record that a person opted in again; *asked* says that you asked, which the law forbids for twelve months.

        Raises:
            InvalidInputError: the statement cannot stand.
            NotPermittedError: *by* may not record consent.
            ConflictError: they were asked too soon, or are too young.
        """
        if asked:
            with self.world.storage.reading() as unit:
                history = unit.shelf(Statement).all(subject=self._pseudonym(subject))
            check_asking(history, category, self.world.clock.now())
        return self.state(
            subject, category.value, ConsentState.GIVEN, by=by, notice_version=notice_version,
            channel=channel, proof=proof, given_by=given_by,
        )  # fmt: skip

    def record_minor(self, subject: str, birth_year: int, place: str = "", *, by: str) -> Minor:
        """Record that a person is a child, by the year of birth, which the ledger holds only sealed.

        Raises:
            InvalidInputError: nobody alive is born in that year, or no subject is named.
            NotPermittedError: *by* may not record consent.
        """
        name, now = self._pseudonym(subject), self.world.clock.now()
        check_birth_year(birth_year, now.date())
        found = Minor(name, birth_year, worded(place, "place").upper() if place.strip() else "", by, now)
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.CONSENT, who=by)
            shelf = unit.shelf(Minor)
            if (old := shelf.find(name)) is None:
                shelf.add(found)
            else:
                shelf.replace(old, found)
            event = Event(
                kind="consent.minor-recorded/1",
                at=now,
                actor=f"person:{by}",
                resource=f"minor:{name}",
                subject=name,
            )
            unit.append(event, canonical({"birth_year": birth_year, "place": found.place}))
        return found

    def add_text(self, version: str, text: bytes, purposes: Sequence[str] = (), *, by: str) -> NoticeText:
        """Keep the digest of the text that is shown under a version; a version never gets another text.

        Raises:
            InvalidInputError: no text, or the version or a purpose is no name.
            NotPermittedError: *by* may not.
            ConflictError: the version has a text.
        """
        if not text.strip():
            raise InvalidInputError("the text is empty, and an empty text informs nobody (GDPR Art. 7(2))")
        about = tuple(ids.name(one, "a purpose") for one in purposes)
        made = NoticeText(ids.name(version, "a version"), _digest(text), about, by, self.world.clock.now())
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.PRIVACY, who=by)
            if (old := unit.shelf(NoticeText).find(made.id)) is not None:
                raise ConflictError(
                    f"version `{old.id}` has a text, {old.digest}; give this one another version"
                )
            unit.shelf(NoticeText).add(made)
            event = Event(
                kind="consent.text-added/1",
                at=made.at,
                actor=f"person:{by}",
                resource=f"notice-text:{made.id}",
                input_hash=made.digest,
                metadata={"purposes": list(about)},
            )
            unit.append(event)
        return made

    def due(
        self, within: timedelta = timedelta(days=30), age: timedelta = USUAL_AGE
    ) -> tuple[DueConsent, ...]:
        """Return which consents are to be asked for again: ended, ending, old, or under a text that was replaced."""
        histories: dict[str, list[Statement]] = defaultdict(list)
        with self.world.storage.reading() as unit:
            for one in unit.shelf(Statement).all():
                histories[one.subject].append(one)
            texts = unit.shelf(NoticeText).all()
        return due(histories, texts, self.world.clock.now(), within, age)

    def view(self, subject: str) -> ConsentView:
        """Return everything the subject said, and what holds now for each purpose."""
        name = self._pseudonym(subject)
        with self.world.storage.reading() as unit:
            history = unit.shelf(Statement).all(subject=name)
            restricted = is_restricted(unit.shelf(Restriction).all(subject=name), name)
            minor = unit.shelf(Minor).find(name)
        ordered: Sequence[Statement] = sorted(history, key=lambda one: one.number)
        holds = standings(ordered, self.world.clock.now())
        return ConsentView(name, holds, restricted, tuple(ordered), opted_out(ordered), minor)

    def _add(self, unit: Unit, said: Statement) -> Statement:
        """Give a statement its place at the end of its subject's history, and record it."""
        shelf = unit.shelf(Statement)
        number = next_number(shelf.all(subject=said.subject))
        said = check_statement(replace(said, id=statement_id(said.subject, number), number=number))
        if said.state is ConsentState.GIVEN:
            name = entry_of(said.purpose)
            kinds = serves(said.purpose, unit.shelf(Purpose).find(name) if name else None)
            minor = unit.shelf(Minor).find(said.subject)
            check_consenting(minor, said.given_by, said.proof, said.at.date(), kinds)
        shelf.add(said)
        unit.append(event_of(said, actor=f"person:{said.recorded_by}"))
        return said

    def _pseudonym(self, subject: str) -> str:
        if not subject.strip():
            raise InvalidInputError("no data subject is named; give the identifier your systems know them by")
        return self.world.pseudonyms.of(subject)


def _withdrawal(
    subject: str, purpose: str, channel: str, proof: str | None, *, by: str, at: datetime
) -> Statement:
    state = ConsentState.WITHDRAWN
    return Statement("", subject, purpose, state, "", channel, at, proof=proof, recorded_by=by)


def _optout(
    subject: str, category: str, channel: str, proof: str | None, *, by: str, at: datetime
) -> Statement:
    said = _withdrawal(subject, category, channel, proof, by=by, at=at)
    return replace(said, state=ConsentState.OPTED_OUT)


def _shown(unit: Unit, version: str, text: bytes | None) -> str | None:
    """Return the digest of what was shown, by itself or as it was added under its version."""
    kept = unit.shelf(NoticeText).find(version) if entry_of(version) == version else None
    given = None if text is None else _digest(text)
    if kept and given and kept.digest != given:
        raise ConflictError(f"version `{version}` has another text, {kept.digest}; what was shown is {given}")
    return given or (kept.digest if kept else None)


def _digest(text: bytes) -> str:
    return "sha256:" + sha256(text).hexdigest()
