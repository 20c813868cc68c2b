"""The life of an impact assessment: advice, the authority's word, approval by somebody else, and what ends it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum, unique

from ephor.kernel.canonical import digest
from ephor.kernel.errors import ConflictError, InvalidInputError, NotPermittedError
from ephor.rooms.agents.wording import worded
from ephor.rooms.impact.assessment import (
    Advice,
    Consultation,
    Content,
    ImpactAssessment,
    ImpactKind,
    Notified,
    Verdict,
    missing,
    stays_high,
)
from ephor.rooms.ropa.record import ProcessingRecord

USUAL = timedelta(days=365)
LONGEST = timedelta(days=1096)
"""Three years; as with WP 248 rev.01, III.D, that is the longest until it is looked at again. A year is our figure."""
WEEKS, MORE_WEEKS = timedelta(weeks=8), timedelta(weeks=14)
"""How long the authority has (Art. 36(2)): eight weeks, and six more if it says so."""


@unique
class Standing(StrEnum):
    """Where an assessment stands on a day. Only one in force counts for anything."""

    INCOMPLETE = "incomplete"
    WAITS_FOR_ADVICE = "waits_for_advice"
    WAITS_FOR_AUTHORITY = "waits_for_authority"
    WAITS_FOR_APPROVAL = "waits_for_approval"
    IN_FORCE = "in_force"
    EXPIRED = "expired"
    REOPENED = "reopened"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Stands:
    """Where it stands, and why."""

    standing: Standing
    because: str


def matters(record: ProcessingRecord) -> str:
    """Return the digest of what of a record of processing matters to an assessment: all but names and addresses."""
    return digest(
        {
            "part": record.part.value,
            "purposes": list(record.purposes),
            "subjects": list(record.subjects),
            "categories": list(record.categories),
            "special": [*record.special_categories, record.special_condition],
            "recipients": None if record.recipients is None else list(record.recipients),
            "transfers": None
            if record.transfers is None
            else [[one.country, one.safeguard.value, one.documentation] for one in record.transfers],
            "erasure": None if record.erasure is None else dict(record.erasure),
            "measures": list(record.measures),
            "basis": [record.legal_basis.value if record.legal_basis else None, record.basis_details],
            "automated": record.automated_decisions,
        }
    )


def processing_of(records: Iterable[ProcessingRecord]) -> Mapping[str, str]:
    """Return the records by id, each with the digest of what matters in it."""
    return {one.id: matters(one) for one in sorted(records, key=lambda one: one.id)}


def stands(one: ImpactAssessment, material: str, processing: Mapping[str, str], today: date) -> Stands:
    """Return where an assessment stands, for the manifest and the records of processing as they are."""
    if one.verdict is not None and not one.verdict.approved:
        return Stands(Standing.REJECTED, f"`{one.verdict.by}` rejected it: {one.verdict.reason}")
    if changed := one.reopened or _changed(one, material, processing):
        return Stands(Standing.REOPENED, changed)
    if one.verdict is not None and one.verdict.until is not None:
        until = one.verdict.until
        if today > until:
            return Stands(Standing.EXPIRED, f"it counted through {until.isoformat()}")
        return Stands(Standing.IN_FORCE, f"`{one.verdict.by}` approved it through {until.isoformat()}")
    if gaps := missing(one.kind, one.content):
        return Stands(Standing.INCOMPLETE, f"it lacks: {', '.join(gaps)}")
    if one.advice is None:
        cite = " (Art. 35(2))" if one.kind is ImpactKind.DPIA else ""
        return Stands(Standing.WAITS_FOR_ADVICE, f"the data protection officer has not advised{cite}")
    if why := _unsettled(one, today):
        return Stands(Standing.WAITS_FOR_AUTHORITY, why)
    return Stands(Standing.WAITS_FOR_APPROVAL, "somebody who neither wrote nor advised it approves it")


def advise(one: ImpactAssessment, *, by: str, agrees: bool, notes: str, at: datetime) -> ImpactAssessment:
    """Return it with the data protection officer's advice.

    Raises:
        InvalidInputError: no notes.
        ConflictError: it is decided, or was advised on before.
        NotPermittedError: they wrote it.
    """
    _undecided(one)
    if one.advice is not None:
        raise ConflictError(
            f"`{one.advice.by}` has advised on `{one.id}`; what changed since is a new assessment"
        )
    if by == one.recorded_by:
        raise NotPermittedError(
            f"`{by}` wrote `{one.id}`, and nobody advises themselves; ask another officer"
        )
    return dataclasses.replace(one, advice=Advice(by, at, agrees, worded(notes, "note")))


def consult(one: ImpactAssessment, asked: Consultation, today: date) -> ImpactAssessment:
    """Return it with what was asked of the authority, or with its answer.

    Raises:
        InvalidInputError: days that cannot be, an answer without its day, or no authority.
        ConflictError: it is decided, is no assessment of data protection, or what was sent is another.
    """
    _undecided(one)
    if one.kind is not ImpactKind.DPIA:
        raise ConflictError(
            f"`{one.id}` is a {one.kind.value}; the authority is consulted on a dpia (GDPR Art. 36)"
        )
    worded(asked.authority, "authority")
    if asked.sent_on > today or (asked.answered_on and not asked.sent_on <= asked.answered_on <= today):
        raise InvalidInputError(
            "the authority is asked today or before, and answers after that; correct the days"
        )
    if (asked.answered_on is None) is not (asked.allows is None):
        raise InvalidInputError("an answer of the authority takes its day and whether it allows; give both")
    before = one.consultation
    if before and (before.authority, before.sent_on) != (asked.authority, asked.sent_on):
        raise ConflictError(
            f"`{before.authority}` was asked on {before.sent_on.isoformat()}; record its answer under that day"
        )
    if before and before.allows is not None:
        raise ConflictError(f"the authority has answered on {before.answered_on}; its answer stays")
    return dataclasses.replace(one, consultation=asked)


def decide(
    one: ImpactAssessment,
    verdict: Verdict,
    now: Stands,
    barred: Mapping[str, str],
) -> ImpactAssessment:
    """Return it approved or rejected. *barred* names who may not, and why; *now* is where it stands today.

    Raises:
        InvalidInputError: no reason, or a last day that cannot be.
        ConflictError: it does not wait for approval, or goes against advice without saying why.
        NotPermittedError: they have a part in it.
    """
    _undecided(one)
    parts = {**barred, one.recorded_by: "wrote it"}
    if one.advice:
        parts[one.advice.by] = "advised on it"
    if verdict.by in parts:
        raise NotPermittedError(f"`{verdict.by}` {parts[verdict.by]}; somebody else decides on `{one.id}`")
    if not verdict.approved:
        worded(verdict.reason, "reason")
        return dataclasses.replace(one, verdict=dataclasses.replace(verdict, until=None))
    if now.standing is not Standing.WAITS_FOR_APPROVAL:
        said = now.standing.value.replace("_", " ")
        raise ConflictError(f"`{one.id}` {said if said.startswith('waits') else f'is {said}'}: {now.because}")
    if one.advice and not one.advice.agrees and not verdict.reason.strip():
        raise ConflictError(
            f"`{one.advice.by}` advised against it; give the reason why it is approved nonetheless"
        )
    today = verdict.at.date()
    until = verdict.until or today + USUAL
    if not today <= until <= today + LONGEST:
        raise InvalidInputError(
            f"`{until.isoformat()}` is not between today and {(today + LONGEST).isoformat()}, three years at most"
        )
    return dataclasses.replace(one, verdict=dataclasses.replace(verdict, until=until))


def taking_over(content: Content, other: ImpactAssessment) -> Content:
    """Return what a fria says with what it takes over from a dpia: risks and measures, where it says none (AI Act Art. 27(4))."""
    return dataclasses.replace(
        content,
        risks=content.risks or other.content.risks,
        measures=content.measures or other.content.measures,
    )


def check_taken(one: ImpactAssessment, now: Stands) -> None:
    """Check that a dpia may be rested on, *now* being where it stands.

    Raises:
        ConflictError: it is not in force.
    """
    if now.standing is not Standing.IN_FORCE:
        raise ConflictError(
            f"the assessment `{one.id}`, whose parts are taken over, is not in force: {now.because}; bring it into force "
            "first, or name another"
        )


def notify(one: ImpactAssessment, notified: Notified, today: date) -> ImpactAssessment:
    """Return it with the notification of the market surveillance authority (AI Act Art. 27(3)).

    Raises:
        InvalidInputError: a day to come, or no authority.
        ConflictError: it is no approved assessment of fundamental rights, or the authority was notified before.
    """
    worded(notified.authority, "authority")
    if notified.on > today:
        raise InvalidInputError(f"`{notified.on.isoformat()}` is still to come; record it when it was sent")
    if one.kind is not ImpactKind.FRIA or one.verdict is None or not one.verdict.approved:
        raise ConflictError(
            f"`{one.id}` is no approved fria; only its result is notified (AI Act Art. 27(3))"
        )
    if one.notified is not None:
        raise ConflictError(f"`{one.notified.authority}` was notified on {one.notified.on.isoformat()}")
    return dataclasses.replace(one, notified=notified)


def barred_by(owner: str, authors: Collection[str]) -> Mapping[str, str]:
    """Return who has a part in the agent, and which."""
    return {**dict.fromkeys(authors, "registered the agent's manifest"), owner: "owns the agent"}


def _undecided(one: ImpactAssessment) -> None:
    if one.verdict is not None:
        word = "approved" if one.verdict.approved else "rejected"
        raise ConflictError(
            f"`{one.verdict.by}` has {word} `{one.id}`; what changed since is a new assessment"
        )
    if one.reopened:
        raise ConflictError(f"`{one.id}` no longer holds: {one.reopened}; record a new assessment")


def _changed(one: ImpactAssessment, material: str, processing: Mapping[str, str]) -> str:
    if material != one.material:
        return "the agent's manifest changed materially since"
    if gone := sorted(set(one.processing) - set(processing)):
        return f"record of processing `{gone[0]}` no longer names the agent"
    if new := sorted(set(processing) - set(one.processing)):
        return f"record of processing `{new[0]}` names the agent since"
    if other := [id for id in sorted(processing) if processing[id] != one.processing[id]]:
        return f"record of processing `{other[0]}` changed since"
    return ""


def _unsettled(one: ImpactAssessment, today: date) -> str:
    """Return why the authority's word is still waited for; nothing where it is not needed or was had (Art. 36)."""
    if one.kind is not ImpactKind.DPIA or not stays_high(one.content):
        return ""
    asked = one.consultation
    if asked is None:
        return "a high risk remains; the authority is consulted first (Art. 36(1)): ephor dpia consult"
    if asked.allows is False:
        return f"`{asked.authority}` does not allow it: {asked.notes}"
    last = asked.sent_on + (MORE_WEEKS if asked.extended else WEEKS)
    if asked.allows is None and today <= last:
        return f"`{asked.authority}` has until {last.isoformat()} to answer (Art. 36(2))"
    return ""
