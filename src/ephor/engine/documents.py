"""Use cases: documents drafted from live facts, compared, approved by somebody else, withdrawn, and when they are due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ephor.engine.document_facts import Gathering
from ephor.engine.document_steps import Approving, as_stated, barred, carried, record_draft
from ephor.engine.ports import World
from ephor.kernel.errors import ConflictError, InvalidInputError
from ephor.kernel.events import Event
from ephor.rooms.access.people import Person, PlanePermission, require, require_known
from ephor.rooms.agents.agent import Agent, AgentStatus
from ephor.rooms.agents.wording import worded
from ephor.rooms.documents.compare import Difference, compare
from ephor.rooms.documents.due import DueDocument, due_of, until
from ephor.rooms.documents.expected import expected
from ephor.rooms.documents.kinds import ALL, RULES, DocumentKind, Subject
from ephor.rooms.documents.model import Section
from ephor.rooms.documents.questions import read_answers
from ephor.rooms.documents.record import DocumentStatus, DocumentVersion, facts_digest, withdraw
from ephor.rooms.incidents.record import Incident
from ephor.rooms.models.model import ModelStatus, ModelVersion
from ephor.rooms.writing.facts import Facts
from ephor.rooms.writing.index import write
from ephor.rooms.writing.owed import owed_documents


@dataclass(frozen=True, slots=True)
class SeenDocument:
    """A version, and what changed under it since: nothing, or one line for each difference. None: it is not current."""

    document: DocumentVersion
    changed: tuple[str, ...] | None

    @property
    def stale(self) -> bool:
        """Whether a fact under it changed."""
        return bool(self.changed)


Cache = dict[tuple[DocumentKind | str, str], Facts]


@dataclass(frozen=True, slots=True)
class Documents:
    """The register of documents. What a document says is written from facts; a person states only what only people know."""

    world: World
    gathering: Gathering

    def draft(
        self,
        kind: DocumentKind,
        subject: str = ALL,
        *,
        by: str,
        statements: Mapping[str, object] | None = None,
        period: tuple[date, date] | None = None,
    ) -> DocumentVersion:
        """Draft the next version from the facts as they are now.

        *statements* answers the kind's questions; what was stated for the version before stays unless it is stated anew.
        *period* is the first and last day that an audit report is about.

        Raises:
            NotFoundError: there is no such agent, model or incident.
            InvalidInputError: a statement that is not asked for, a period that cannot be, or the wrong subject.
            NotPermittedError: *by* may not.
            ConflictError: nothing changed since the newest version.
        """
        answers = read_answers(kind, statements or {})
        _check_subject(kind, subject, period, self.world.clock.now().date())
        facts = self.gathering.facts(kind, subject, period)
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.EVIDENCE, who=by)
            before = _versions(unit.shelf(DocumentVersion).all(kind=kind.value, subject=subject))
            id, kept = self.world.ids.new("doc"), carried(before)
            fresh = {key: text for key, text in answers.items() if key not in kept or kept[key].text != text}
            stated = kept | as_stated(unit, self.world, id, kind, subject, fresh, by)
            sections = write(kind, facts, stated)
            if (
                before
                and before[-1].digest == facts_digest(sections)
                and before[-1].status is not DocumentStatus.WITHDRAWN
            ):
                raise ConflictError(
                    f"nothing changed since version {before[-1].version}, `{before[-1].id}`; see `ephor documents show {before[-1].id}`",
                    document=before[-1].id,
                )
            return record_draft(
                unit, self.world, id=id, kind=kind, subject=subject, before=before, sections=sections,
                stated=tuple(stated.values()), by=by, period=period,
            )  # fmt: skip

    def show(self, id: str) -> SeenDocument:
        """Return one version, and what changed under it since. Raises NotFoundError."""
        with self.world.storage.reading() as unit:
            document = unit.shelf(DocumentVersion).get(id)
        return SeenDocument(document, self._changed(document, {}))

    def all(self, *, subject: str | None = None, kind: DocumentKind | None = None) -> Sequence[SeenDocument]:
        """Return every version, by kind, subject and number, each with what changed under it since."""
        cache: Cache = {}
        return [SeenDocument(one, self._changed(one, cache)) for one in self._all(subject, kind)]

    def diff(self, old: str, new: str | None = None) -> tuple[Difference, ...]:
        """Return how two versions differ, or how one differs from what the facts say now.

        Raises:
            NotFoundError: there is no such version.
            InvalidInputError: they are of different kinds or about different things.
        """
        with self.world.storage.reading() as unit:
            first = unit.shelf(DocumentVersion).get(old)
            second = unit.shelf(DocumentVersion).get(new) if new else None
        if second is None:
            return compare(first.sections, self._now(first, {}))
        if (first.kind, first.subject) != (second.kind, second.subject):
            raise InvalidInputError(
                f"`{old}` is a {first.kind.value} of {first.subject}, `{new}` a {second.kind.value} of {second.subject}; compare versions of one"
            )
        return compare(first.sections, second.sections)

    def approve(self, id: str, *, by: str, note: str = "", with_open_points: bool = False) -> DocumentVersion:
        """Approve a draft; an approved one before it is superseded.

        Without open points it is also recorded as evidence, for the gate and for the law that asks for the document. With
        them it has to be said that they were seen, and it is evidence of nothing.

        Raises:
            NotFoundError: there is no such version.
            NotPermittedError: *by* wrote what it says, owns what it is about, or holds no role that may.
            ConflictError: it is no draft, points are open, or a fact under it changed since it was drafted.
        """
        with self.world.storage.reading() as unit:
            changed = self._changed(unit.shelf(DocumentVersion).get(id), {})
        with self.world.storage.unit() as unit:
            person = require_known(unit.shelf(Person).find(by), who=by)
            shelf = unit.shelf(DocumentVersion)
            old = shelf.get(id)
            steps = Approving(unit, self.world, old, person, note.strip() and worded(note, "note"))
            steps.check(barred(unit, old), changed, with_open_points=with_open_points)
            return steps.approve(shelf.all(kind=old.kind.value, subject=old.subject))

    def withdraw(self, id: str, reason: str, *, by: str) -> DocumentVersion:
        """Withdraw a draft, or an approved version that must count no longer.

        Raises:
            InvalidInputError: no reason.
            NotFoundError, NotPermittedError: there is no such version; *by* may not.
            ConflictError: it is withdrawn or superseded already.
        """
        reason = worded(reason, "reason")
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.EVIDENCE, who=by)
            old = unit.shelf(DocumentVersion).get(id)
            new = withdraw(old, reason)
            unit.shelf(DocumentVersion).replace(old, new)
            unit.append(
                Event(
                    kind="document.withdrawn/1",
                    at=self.world.clock.now(),
                    actor=f"person:{by}",
                    resource=f"document:{id}",
                    input_hash=old.digest,
                    metadata={"kind": old.kind.value, "subject": old.subject, "version": old.version, "was": old.status.value, "reason": reason},
                )
            )  # fmt: skip
            return new

    def due(self, days: int = 30) -> Sequence[DueDocument]:
        """Return what is to be written, approved or renewed within so many days, the earliest first.

        Every agent in use needs the guide's documents and those its laws ask for; every model in use its card, every
        incident its report. An audit report is asked for once there was one.

        Raises:
            InvalidInputError: that many days cannot be looked ahead.
        """
        today = self.world.clock.now().date()
        last = until(today, days)
        cache: Cache = {}
        kept: dict[tuple[DocumentKind, str], list[DocumentVersion]] = {}
        for one in self._all(None, None):
            kept.setdefault((one.kind, one.subject), []).append(one)
        asked = self._asked(today, cache) | dict.fromkeys(kept, today)
        gone = self._gone()
        found = [
            due_of(kind, subject, versions, self._changed_under(versions, cache), today, needed_by=day)
            for (kind, subject), day in asked.items()
            if subject not in gone
            for versions in [kept.get((kind, subject), [])]
        ]
        return sorted(
            (one for one in found if one is not None and one.due <= last),
            key=lambda one: (one.due, one.subject, one.kind.value),
        )

    def _all(self, subject: str | None, kind: DocumentKind | None) -> list[DocumentVersion]:
        where = {"subject": subject} if subject else {}
        if kind is not None:
            where["kind"] = kind.value
        with self.world.storage.reading() as unit:
            found = unit.shelf(DocumentVersion).all(**where)
        return sorted(found, key=lambda one: (one.kind.value, one.subject, one.version))

    def _changed_under(self, versions: Sequence[DocumentVersion], cache: Cache) -> tuple[str, ...]:
        current = [one for one in versions if one.status is DocumentStatus.APPROVED]
        current = current or [one for one in versions if one.status is DocumentStatus.DRAFT]
        return self._changed(current[-1], cache) or () if current else ()

    def _changed(self, document: DocumentVersion, cache: Cache) -> tuple[str, ...] | None:
        if document.status not in (DocumentStatus.DRAFT, DocumentStatus.APPROVED):
            return None
        sections = self._now(document, cache)
        if facts_digest(sections) == document.digest:
            return ()
        found = tuple(one.told() for one in compare(document.sections, sections))
        return found or ("it is written otherwise by this version of Ephor",)

    def _now(self, document: DocumentVersion, cache: Cache) -> Sequence[Section]:
        """What the same document would say now, with what was stated for it then. A report on a time that is over stays."""
        if document.period is not None:
            return document.sections
        about = RULES[document.kind].about
        key = (about.value if about is Subject.AGENT else document.kind, document.subject)
        if key not in cache:
            cache[key] = self.gathering.facts(document.kind, document.subject, None)
        return write(document.kind, cache[key], {one.key: one for one in document.stated})

    def _asked(self, today: date, cache: Cache) -> dict[tuple[DocumentKind, str], date]:
        with self.world.storage.reading() as unit:
            agents = [one.id for one in unit.shelf(Agent).all() if one.status not in _NOT_IN_USE]
            models = [one.id for one in unit.shelf(ModelVersion).all() if one.status in _MODELS_IN_USE]
            incidents = [one.id for one in unit.shelf(Incident).all()]
        asked = expected(agents, models, incidents, today)
        for agent in agents:
            facts = self.gathering.agent(agent)
            cache[Subject.AGENT.value, agent] = facts
            asked |= {(kind, agent): day or today for kind, day in owed_documents(facts).items()}
        return asked

    def _gone(self) -> frozenset[str]:
        with self.world.storage.reading() as unit:
            retired = {one.id for one in unit.shelf(Agent).all() if one.status is AgentStatus.RETIRED}
            return frozenset(
                retired
                | {one.id for one in unit.shelf(ModelVersion).all() if one.status is ModelStatus.RETIRED}
            )


_NOT_IN_USE = (AgentStatus.DRAFT, AgentStatus.RETIRED)
_MODELS_IN_USE = (ModelStatus.APPROVED, ModelStatus.PRODUCTION, ModelStatus.DEPRECATED)


def _versions(found: Sequence[DocumentVersion]) -> list[DocumentVersion]:
    return sorted(found, key=lambda one: one.version)


def _check_subject(kind: DocumentKind, subject: str, period: tuple[date, date] | None, today: date) -> None:
    about = RULES[kind].about
    if (about is Subject.ORGANISATION) != (subject == ALL):
        needs = (
            f"is about the whole organisation; name `{ALL}`"
            if about is Subject.ORGANISATION
            else f"is about one {about.value}; name it"
        )
        raise InvalidInputError(f"a {kind.value} {needs}")
    if period is None:
        return
    if kind is not DocumentKind.AUDIT_REPORT:
        raise InvalidInputError(f"a {kind.value} is about how things are now; leave out the period")
    if not period[0] <= period[1] <= today:
        raise InvalidInputError(
            f"no time lies from {period[0].isoformat()} through {period[1].isoformat()}, or it is still to come"
        )
