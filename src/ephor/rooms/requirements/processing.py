"""What the records of processing settle of a law's facts: a register that people keep, and that the ledger bears out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ephor.kernel.truth import Truth, any_of
from ephor.rooms.impact.assessment import ImpactAssessment, stays_high
from ephor.rooms.ropa.record import LegalBasis, Part, ProcessingRecord, missing

_OBJECTABLE = frozenset({LegalBasis.PUBLIC_TASK, LegalBasis.LEGITIMATE_INTERESTS})
_HANDED_OVER = frozenset({LegalBasis.CONSENT, LegalBasis.CONTRACT})


def facts_of(records: Sequence[ProcessingRecord]) -> dict[str, object]:
    """Return the facts that these records settle; nothing where there is none, or one leaves something out.

    >>> facts_of(())
    {}
    """
    if not records or any(missing(one) for one in records):
        return {}
    return dict(_settled(records))


def assessed(kept: Sequence[ImpactAssessment]) -> dict[str, object]:
    """Return the facts that data protection impact assessments in force settle: the risk, and whether a high one remains."""
    needed = any_of(one.screening.required for one in kept)
    if not kept:
        return {}
    high = {} if needed is None else {"high_risk_processing": needed}
    return {**high, "risk_residual_high": any(stays_high(one.content) for one in kept)}


def _settled(records: Sequence[ProcessingRecord]) -> Iterator[tuple[str, object]]:
    parts = {one.part for one in records}
    if parts == {Part.PROCESSOR}:
        yield "processing_role", "processor"
    elif parts == {Part.CONTROLLER}:
        yield (
            "processing_role",
            "joint_controller" if any(one.joint_controllers for one in records) else "controller",
        )
    bases = {one.legal_basis for one in records if one.part is Part.CONTROLLER}
    if bases and None not in bases:
        yield "consent_is_basis", LegalBasis.CONSENT in bases
        yield "legitimate_interest_or_public_task", bool(bases & _OBJECTABLE)
        yield "contract_or_consent_automated", bool(bases & _HANDED_OVER)
    automated = _any(one.automated_decisions for one in records)
    if automated is not None:
        yield "solely_automated_decisions", automated
    yield "special_categories", any(one.special_categories for one in records)
    yield "third_country_transfers", any(one.transfers for one in records)
    yield "has_recipients", any(one.recipients for one in records)
    yield "personal_data", True


def _any(said: Iterable[Truth]) -> Truth:
    answers = set(said)
    if True in answers:
        return True
    return None if None in answers else False
