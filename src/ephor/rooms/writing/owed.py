"""Which documents an agent's laws ask for, and from when; not those that evidence of another kind shows already."""

from __future__ import annotations

from datetime import date

from ephor.rooms.documents.kinds import DocumentKind
from ephor.rooms.gate.finding import Status
from ephor.rooms.gate.impact import data_protection
from ephor.rooms.requirements.answer import Answer, Requirement
from ephor.rooms.writing.facts import AI_ACT, ISO_42001, AgentFacts
from ephor.rooms.writing.obligations import requirements

_BY_OBLIGATION = {
    "eu-ai-act/technical-documentation": DocumentKind.TECHNICAL_DOCUMENTATION,
    "eu-ai-act/declaration": DocumentKind.DECLARATION_OF_CONFORMITY,
    "eu-ai-act/fria": DocumentKind.FRIA,
}


def owed_documents(one: AgentFacts) -> dict[DocumentKind, date | None]:
    """Return the documents that are owed and not shown yet, each with the day from which; None: already.

    The gate asks every agent for an impact assessment. Where nobody can tell whether a document is owed, it is asked for.
    """
    found: dict[DocumentKind, date | None] = {}
    if data_protection(one.gate).status is not Status.MET:
        found[DocumentKind.DPIA] = None
    known = requirements(one, AI_ACT)
    for id, kind in _BY_OBLIGATION.items():
        if id in known and _is_open(known[id]):
            found[kind] = known[id].since
    scope = one.laws.get(ISO_42001)
    if scope is not None and scope.applies is True:
        found[DocumentKind.STATEMENT_OF_APPLICABILITY] = None
    return found


def _is_open(each: Requirement) -> bool:
    """One that applies only later is prepared for; one that is shown by other evidence is done."""
    if each.status is Answer.NOT_APPLICABLE:
        return each.prepared in (Answer.NOT_MET, Answer.NOT_KNOWN)
    return each.status is not Answer.MET
