"""The checks on personal data: processing registered, assessed, kept no longer than said, requests answered in time."""

from __future__ import annotations

from datetime import timedelta

from ephor.rooms.dsr.request import ENDED, Request
from ephor.rooms.evidence.kinds import EvidenceKind
from ephor.rooms.gate.control import manifest_of, unbacked
from ephor.rooms.gate.evidenced import judge_evidence
from ephor.rooms.gate.facts import GateFacts, Recorded
from ephor.rooms.gate.finding import Exhibit, Finding, Status, met, not_known, not_met
from ephor.rooms.ropa.record import ProcessingRecord, missing

_ALL = "all"


def data_processing(facts: GateFacts) -> Finding:
    """Return whether complete records of processing name the agent and cover the data it declares (GDPR Art. 30)."""
    remedy = "ephor ropa register FILE"
    backed = [one for one in facts.processing if one.entry is not None]
    if not backed:
        return not_known(f"no record of processing names the agent by {facts.day.isoformat()}", remedy)
    complete = [one for one in backed if not missing(one.record)]
    if not complete:
        gaps = ", ".join(missing(backed[0].record))
        return not_met(f"record `{backed[0].record.id}` lacks: {gaps}", remedy, *_shown(backed))
    covered = {word for one in complete for word in (*one.record.categories, *one.record.special_categories)}
    if left := [word for word in facts.agent.record.manifest.data.categories if word not in covered]:
        return not_met(
            f"no complete record covers what the manifest declares: {', '.join(left)}",
            remedy,
            *_shown(complete),
        )
    first, *more = _shown(complete)
    return met(f"complete in {', '.join(one.record.id for one in complete)}", first, *more)


def retention_policies(facts: GateFacts) -> Finding:
    """Return whether every category of data declared has a time limit in a record of processing, or a policy is recorded."""
    by_policy = judge_evidence(facts, EvidenceKind.RETENTION_POLICY)
    if by_policy.status is Status.MET:
        return by_policy
    if lacking := unbacked(facts):
        return lacking
    categories = facts.agent.record.manifest.data.categories
    backed = [one for one in facts.processing if one.entry is not None]
    if not categories or not backed:
        return by_policy
    remedy = f"state `erasure` in the record, then: ephor ropa register FILE; or: {by_policy.remedy}"
    if left := [word for word in categories if not any(_is_limited(one.record, word) for one in backed)]:
        return not_met(f"no time limit is set for: {', '.join(left)}", remedy, *_shown(backed))
    return met(
        "every category declared has a time limit in the record of processing",
        manifest_of(facts),
        *_shown(backed),
    )


def subject_requests(facts: GateFacts) -> Finding:
    """Return whether no data subject's request is overdue (GDPR Art. 12(3)).

    That none is open is an answer here and not an absence: the register holds every request there is, and each receipt
    in the ledger was matched with it.
    """
    register, day = facts.register, facts.day
    remedy = "ephor dsr list"
    if register.unlisted:
        return not_known(
            f"the ledger records requests that the register lacks: {', '.join(register.unlisted)}", remedy
        )
    if strange := [one.record.id for one in register.requests if one.entry is None]:
        return not_known(f"the ledger does not bear out: {', '.join(strange)}", "ephor ledger verify")
    unanswered = [one for one in register.requests if not _is_answered(one.record, facts)]
    exhibits = tuple(one.shown("data subject request", one.record.id) for one in unanswered)
    if late := [one.record for one in unanswered if day > one.record.due]:
        told = ", ".join(f"{one.id} (due {one.due.isoformat()})" for one in late)
        return not_met(f"overdue: {told}", f"ephor dsr show {late[0].id}", *exhibits)
    whole = Exhibit(
        "register of data subject requests, matched with the ledger",
        f"{facts.log.origin}@{facts.log.size}",
        None,
        day,
    )
    if not unanswered:
        return met("no request is open or overdue; the register holds every request there is", whole)
    first = min(one.record.due for one in unanswered)
    return met(
        f"{len(unanswered)} open, none overdue; the first is due on {first.isoformat()}",
        whole,
        *exhibits,
        lapses=first + timedelta(1),
    )


def _is_answered(request: Request, facts: GateFacts) -> bool:
    closed = request.closed_at
    return request.status in ENDED and closed is not None and closed <= facts.at


def _is_limited(record: ProcessingRecord, category: str) -> bool:
    return any((record.erasure or {}).get(word, "").strip() for word in (category, _ALL))


def _shown(records: list[Recorded[ProcessingRecord]]) -> tuple[Exhibit, ...]:
    return tuple(
        one.shown(f"record of processing, version {one.record.version}", one.record.id) for one in records
    )
