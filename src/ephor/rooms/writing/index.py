"""Which writer writes which kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from ephor.rooms.documents.kinds import DocumentKind
from ephor.rooms.documents.model import Section
from ephor.rooms.writing.applicability import statement
from ephor.rooms.writing.audit import audit_report
from ephor.rooms.writing.conformity import declaration, technical_documentation
from ephor.rooms.writing.facts import Facts
from ephor.rooms.writing.impact import dpia, fria
from ephor.rooms.writing.incident import incident_report
from ephor.rooms.writing.model import model_card
from ephor.rooms.writing.parts import Answers
from ephor.rooms.writing.processing import processing_records
from ephor.rooms.writing.risk import risk_assessment
from ephor.rooms.writing.system import system_description

_D = DocumentKind
_WRITERS: Mapping[DocumentKind, Callable[[Any, Answers], tuple[Section, ...]]] = MappingProxyType(
    {
        _D.SYSTEM_DESCRIPTION: system_description,
        _D.RISK_ASSESSMENT: risk_assessment,
        _D.PROCESSING_RECORDS: processing_records,
        _D.MODEL_CARD: model_card,
        _D.INCIDENT_REPORT: incident_report,
        _D.AUDIT_REPORT: audit_report,
        _D.TECHNICAL_DOCUMENTATION: technical_documentation,
        _D.DECLARATION_OF_CONFORMITY: declaration,
        _D.FRIA: fria,
        _D.DPIA: dpia,
        _D.STATEMENT_OF_APPLICABILITY: statement,
    }
)


def write(kind: DocumentKind, facts: Facts, answers: Answers) -> tuple[Section, ...]:
    """Return what a document of this kind says; *facts* are those of its subject."""
    return _WRITERS[kind](facts, answers)
