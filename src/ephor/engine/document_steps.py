"""Steps of the use cases of documents: record what was stated, a draft, an approval and the evidence that it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ephor.engine.ports import Unit, World
from ephor.kernel.canonical import Json
from ephor.kernel.errors import ConflictError
from ephor.kernel.events import Event
from ephor.rooms.access.people import Person
from ephor.rooms.agents.agent import Agent
from ephor.rooms.documents.kinds import RULES, DocumentKind, KindRule, Subject
from ephor.rooms.documents.model import Section, gaps
from ephor.rooms.documents.questions import Stated, answers_digest
from ephor.rooms.documents.record import (
    DocumentStatus,
    DocumentVersion,
    approve,
    check_approver,
    facts_digest,
    superseded,
)
from ephor.rooms.evidence.kinds import RULES as EVIDENCE_RULES
from ephor.rooms.evidence.kinds import EvidenceKind
from ephor.rooms.evidence.record import Evidence, read_evidence, recorded, why_barred
from ephor.rooms.incidents.record import Incident
from ephor.rooms.models.model import ModelVersion


def carried(before: Sequence[DocumentVersion]) -> dict[str, Stated]:
    """Return what was stated for the newest version, by question."""
    return {one.key: one for one in before[-1].stated} if before else {}


def as_stated(
    unit: Unit, world: World, id: str, kind: DocumentKind, subject: str, answers: Mapping[str, str], by: str
) -> dict[str, Stated]:
    """Record that a person stated these answers, and return them; the words stay with the document."""
    if not answers:
        return {}
    now = world.clock.now()
    entry = unit.append(
        Event(
            kind="document.stated/1",
            at=now,
            actor=f"person:{by}",
            resource=f"document:{id}",
            input_hash=answers_digest(kind, subject, answers),
            metadata={"kind": kind.value, "subject": subject, "questions": [*sorted(answers)]},
        )
    )
    return {key: Stated(key, text, by, now, entry) for key, text in answers.items()}


def record_draft(
    unit: Unit,
    world: World,
    *,
    id: str,
    kind: DocumentKind,
    subject: str,
    before: Sequence[DocumentVersion],
    sections: tuple[Section, ...],
    stated: tuple[Stated, ...],
    by: str,
    period: tuple[date, date] | None,
) -> DocumentVersion:
    """Keep a draft, and record it."""
    now, head, found = world.clock.now(), world.storage.ledger.head(), facts_digest(sections)
    version = before[-1].version + 1 if before else 1
    told: dict[str, Json] = {
        "kind": kind.value, "subject": subject, "version": version, "open_points": len(gaps(sections)),
        "ledger_size": head.size, "ledger_root": head.root.hex(),
    }  # fmt: skip
    entry = unit.append(
        Event(
            kind="document.drafted/1",
            at=now,
            actor=f"person:{by}",
            resource=f"document:{id}",
            input_hash=found,
            refs={"previous": before[-1].id} if before else {},
            metadata=told,
        )
    )
    document = DocumentVersion(
        id=id, kind=kind, subject=subject, version=version, title=RULES[kind].title, sections=sections, digest=found,
        stated=stated, drafted_by=by, drafted_at=now, entry=entry, origin=head.origin, ledger_size=head.size,
        ledger_root=head.root.hex(), period=period,
    )  # fmt: skip
    unit.shelf(DocumentVersion).add(document)
    return document


def barred(unit: Unit, document: DocumentVersion) -> dict[str, str]:
    """Return who may not approve a document besides its authors: whoever owns or made what it is about."""
    about = RULES[document.kind].about
    if about is Subject.AGENT:
        agent = unit.shelf(Agent).get(document.subject)
        return dict.fromkeys(agent.authors, "registered the agent's manifest") | {
            agent.manifest.owner: "owns the agent"
        }
    if about is Subject.MODEL:
        model = unit.shelf(ModelVersion).get(document.subject)
        return {model.created_by: "registered the model", model.owner: "owns the model"}
    if about is Subject.INCIDENT:
        return {unit.shelf(Incident).get(document.subject).by: "opened the incident"}
    return {}


@dataclass(frozen=True, slots=True)
class Approving:
    """One approval: checked, recorded, kept, and turned into evidence, all in the unit given."""

    unit: Unit
    world: World
    document: DocumentVersion
    person: Person
    note: str

    def check(
        self, barred: Mapping[str, str], changed: Sequence[str] | None, *, with_open_points: bool
    ) -> None:
        """Check that the draft can be approved as it is.

        Raises:
            NotPermittedError: the person may not.
            ConflictError: it is no draft, it is stale, or points are open and nobody said that they were seen.
        """
        check_approver(self.document, self.person, barred)
        id, kind, subject = self.document.id, self.document.kind.value, self.document.subject
        if changed:
            raise ConflictError(
                f"a fact under `{id}` changed since it was drafted: {changed[0]}; draft it anew: ephor documents draft {kind} {subject}",
                changed=list(changed),
            )
        if self.document.open_points and not with_open_points:
            raise ConflictError(
                f"`{id}` has {self.document.open_points} open points; close them, or say --with-open-points: it is then evidence of nothing",
                open_points=self.document.open_points,
            )

    def approve(self, versions: Sequence[DocumentVersion]) -> DocumentVersion:
        """Keep the draft as approved and *versions* that were approved before as superseded; return it."""
        shelf, old, now = self.unit.shelf(DocumentVersion), self.document, self.world.clock.now()
        made = approve(old, self.person, barred={}, note=self.note, at=now, entry="")
        before = [one for one in versions if one.status is DocumentStatus.APPROVED]
        for one in before:
            shelf.replace(one, superseded(one))
        evidence = self._evidence(made)
        entry = self._record(made, before, evidence)
        given = dataclasses.replace(made.approval, entry=entry, evidence=tuple(one.id for one in evidence))  # type: ignore[type-var]
        made = dataclasses.replace(made, approval=given)
        shelf.replace(old, made)
        return made

    def _record(
        self, made: DocumentVersion, before: Sequence[DocumentVersion], evidence: Sequence[Evidence]
    ) -> str:
        due = made.approval.due if made.approval else None
        refs = {"supersedes": before[-1].id} if before else {}
        told: dict[str, Json] = {
            "kind": made.kind.value, "subject": made.subject, "version": made.version, "open_points": made.open_points,
            "due": due.isoformat() if due else None, "note": self.note or None, "evidence": [one.id for one in evidence],
        }  # fmt: skip
        return self.unit.append(
            Event(
                kind="document.approved/1",
                at=self.world.clock.now(),
                actor=f"person:{self.person.id}",
                approver=f"person:{self.person.id}",
                resource=f"document:{made.id}",
                input_hash=made.digest,
                refs=refs,
                metadata=told,
            )
        )

    def _evidence(self, made: DocumentVersion) -> list[Evidence]:
        """A document with open points shows nothing; evidence that its approver may not record is none."""
        rule = RULES[made.kind]
        if made.open_points or rule.evidence is None:
            return []
        found = [
            self._shown(made, rule, rule.evidence, agent, about) for agent, about in self._agents(made, rule)
        ]
        kept = [one for one in found if one is not None]
        for one in kept:
            self.unit.shelf(Evidence).add(one)
            self.unit.append(recorded(one))
        return kept

    def _agents(self, made: DocumentVersion, rule: KindRule) -> list[tuple[Agent, str | None]]:
        shelf = self.unit.shelf(Agent)
        if rule.about is Subject.AGENT:
            return [(shelf.get(made.subject), rule.need)]
        if rule.about is Subject.MODEL:
            return [(one, made.subject) for one in shelf.all() if made.subject in one.manifest.models]
        return []

    def _shown(
        self, made: DocumentVersion, rule: KindRule, kind: EvidenceKind, agent: Agent, about: str | None
    ) -> Evidence | None:
        now, by = self.world.clock.now(), self.person.id
        if why_barred(kind, by, owner=agent.manifest.owner, authors=agent.authors):
            return None
        longest = now.date() + EVIDENCE_RULES[kind].counts_for
        due = made.approval.due if made.approval else None
        return read_evidence(
            id=self.world.ids.new("evd"), agent=agent.id, kind=kind, about=about, digest=made.digest, reference=None,
            title=f"{rule.title}, version {made.version} ({made.id})", on=now.date(),
            expires=min(longest, due) if due else longest, material_digest=agent.material_digest, by=by, at=now,
        )  # fmt: skip
