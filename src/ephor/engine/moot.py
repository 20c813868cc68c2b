"""Whether what a notice tells is over. A step of sending; it records nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from ephor.engine.ports import Unit
from ephor.rooms.approvals.call import CallApproval, CallStatus, standing_of
from ephor.rooms.approvals.notice import About, Notice
from ephor.rooms.approvals.request import ApprovalRequest, RequestStatus
from ephor.rooms.documents.record import DocumentStatus, DocumentVersion
from ephor.rooms.dsr.request import ENDED, Request
from ephor.rooms.incidents.record import Incident, IncidentStatus
from ephor.rooms.risk.register import RegisteredRisk, RiskStatus


def over(unit: Unit, notice: Notice, now: datetime) -> str | None:
    """Return why nobody need hear of what *notice* tells any more; None where it still stands."""
    return _LOOKS[notice.about](unit, notice.approval, now)


def _question(unit: Unit, id: str, now: datetime) -> str | None:
    found = unit.shelf(CallApproval).find(id)
    standing = None if found is None else standing_of(found, now)
    return None if standing is CallStatus.PENDING else f"the question is {standing or 'gone'}"


def _review(unit: Unit, id: str, _now: datetime) -> str | None:
    found = unit.shelf(ApprovalRequest).find(id)
    status = None if found is None else found.status
    return None if status is RequestStatus.PENDING else f"the request is {status or 'gone'}"


def _approval(unit: Unit, id: str, _now: datetime) -> str | None:
    found = unit.shelf(ApprovalRequest).find(id)
    status = None if found is None else found.status
    standing = status in (RequestStatus.APPROVED, RequestStatus.EXPIRED)
    return None if standing else f"the approval is {status or 'gone'}"


def _risk(unit: Unit, id: str, _now: datetime) -> str | None:
    found = unit.shelf(RegisteredRisk).find(id)
    return "the risk is closed" if found is None or found.status is RiskStatus.CLOSED else None


def _incident(unit: Unit, id: str, _now: datetime) -> str | None:
    found = unit.shelf(Incident).find(id)
    return "the incident is closed" if found is None or found.status is IncidentStatus.CLOSED else None


def _request(unit: Unit, id: str, _now: datetime) -> str | None:
    found = unit.shelf(Request).find(id)
    return "the data subject was answered" if found is None or found.status in ENDED else None


def _document(unit: Unit, id: str, _now: datetime) -> str | None:
    """A document that nobody wrote yet is known by what it is about, and is asked for until its version is there."""
    found = unit.shelf(DocumentVersion).find(id)
    current = found is None or found.status in (DocumentStatus.DRAFT, DocumentStatus.APPROVED)
    return None if current else f"the version is {found.status.value if found else 'gone'}"


_LOOKS: Mapping[About, Callable[[Unit, str, datetime], str | None]] = {
    About.ASKED: _question,
    About.ESCALATED: _question,
    About.REVIEW: _review,
    About.APPROVAL: _approval,
    About.RISK: _risk,
    About.INCIDENT: _incident,
    About.REQUEST: _request,
    About.DOCUMENT: _document,
}
