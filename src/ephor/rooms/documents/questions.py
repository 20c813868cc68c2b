"""What only a person can say in a document: the questions of each kind, and how their answers are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from ephor.kernel.canonical import digest
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.visible import hidden
from ephor.rooms.documents.kinds import DocumentKind

MAX_ANSWER = 20_000
"""Longest answer in characters."""


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that a person states. ``required``: without it the document has a gap."""

    key: str
    asks: str
    cite: str = ""
    required: bool = True


@dataclass(frozen=True, slots=True)
class Stated:
    """A person's answer to one question; the ledger keeps the digest of the words, in the entry named."""

    key: str
    text: str
    by: str
    at: datetime
    entry: str


_D, _Q = DocumentKind, Question
QUESTIONS: Mapping[DocumentKind, tuple[Question, ...]] = MappingProxyType(
    {
        _D.SYSTEM_DESCRIPTION: (
            _Q("architecture", "what the system consists of, where it runs, and how its parts work together"),
            _Q("data_flows", "where data comes from, where it goes, and what crosses a border of the organisation"),
            _Q("changes", "what changed since the version before, and why", required=False),
        ),
        _D.RISK_ASSESSMENT: (
            _Q("method_notes", "what the assessors add to the method", required=False),
            _Q("conclusion", "what the assessors conclude, and what they recommend"),
        ),
        _D.MODEL_CARD: (
            _Q("notes", "what whoever uses the model must know besides", required=False),
        ),
        _D.INCIDENT_REPORT: (
            _Q("lessons", "what was learned, and what will be done otherwise"),
        ),
        _D.AUDIT_REPORT: (
            _Q("opinion", "what the auditor concludes"),
        ),
        # Annex IV, in its own order; what the plane knows is written from its facts.
        _D.TECHNICAL_DOCUMENTATION: (
            _Q("provider", "the provider's name and address, and the version of the system", "Annex IV(1)(a)"),
            _Q("interaction", "how it interacts with hardware or software that is not part of it", "Annex IV(1)(b)"),
            _Q("software", "versions of relevant software or firmware, and requirements on updates", "Annex IV(1)(c)"),
            _Q("forms", "in which forms it is placed on the market: packages, downloads, interfaces", "Annex IV(1)(d)"),
            _Q("hardware", "the hardware it is to run on", "Annex IV(1)(e)"),
            _Q("user_interface", "the user interface given to the deployer", "Annex IV(1)(g)"),
            _Q("instructions", "the instructions for use, or where they are", "Annex IV(1)(h)"),
            _Q("development", "how it was developed, and third parties' systems or tools used", "Annex IV(2)(a)"),
            _Q("design", "the logic, the key design choices and their reasons, what it optimises for, trade-offs", "Annex IV(2)(b)"),
            _Q("architecture", "how its components build on each other, and the computing resources used", "Annex IV(2)(c)"),
            _Q("data_requirements", "training methods and data sets, their origin, scope, selection and labelling", "Annex IV(2)(d)"),
            _Q("predetermined_changes", "changes determined beforehand, and how conformity continues", "Annex IV(2)(f)", required=False),
            _Q("cybersecurity", "the cybersecurity measures", "Annex IV(2)(h)"),
            _Q("limitations", "capabilities and limits in performance, foreseeable unintended outcomes", "Annex IV(3)"),
            _Q("metrics", "why the performance metrics are appropriate", "Annex IV(4)"),
            _Q("standards", "the harmonised standards applied, or the solutions adopted instead", "Annex IV(7)"),
            _Q("post_market_plan", "the plan for monitoring after it is on the market", "Annex IV(9), Art. 72(3)"),
        ),
        _D.DECLARATION_OF_CONFORMITY: (
            _Q("system", "name, type and any further reference that identifies the system", "Annex V(1)"),
            _Q("provider", "name and address of the provider, or of the authorised representative", "Annex V(2)"),
            _Q("standards", "harmonised standards or common specifications to which conformity is declared", "Annex V(6)"),
            _Q("notified_body", "the notified body, the procedure it performed, and its certificate", "Annex V(7)", required=False),
            _Q("signature", "place and date of issue, name and function of the signatory, for whom they sign", "Annex V(8)"),
        ),
        _D.STATEMENT_OF_APPLICABILITY: (
            _Q("scope", "the scope of the management system", "clause 4.3"),
            _Q("excluded", "which controls are excluded and why: one a line, as `A.9.2: why`", "clause 6.1.3", required=False),
            _Q("added", "controls beyond Annex A", "clause 6.1.3", required=False),
        ),
    }
)  # fmt: skip
"""The questions of each kind. Impact assessments are stated by `ephor dpia` and `ephor fria`, and records of processing by
`ephor ropa`: of those nothing is asked here."""


_ELSEWHERE: Mapping[DocumentKind, str] = MappingProxyType(
    {
        _D.DPIA: "nothing; record it by `ephor dpia record FILE`",
        _D.FRIA: "nothing; record it by `ephor fria record FILE`",
        _D.PROCESSING_RECORDS: "nothing; register records by `ephor ropa register FILE`",
    }
)


def questions_of(kind: DocumentKind) -> tuple[Question, ...]:
    """Return the questions of a kind."""
    return QUESTIONS.get(kind, ())


def read_answers(kind: DocumentKind, given: Mapping[str, object]) -> dict[str, str]:
    """Return the answers in a file, by question; empty ones are left out.

    >>> read_answers(DocumentKind.SYSTEM_DESCRIPTION, {"architecture": " one server ", "changes": ["a", "b"]})
    {'architecture': 'one server', 'changes': 'a\\n\\nb'}

    Raises:
        InvalidInputError: a question that the kind does not ask, or an answer that is no text.
    """
    known = [one.key for one in questions_of(kind)]
    if unknown := sorted(str(name) for name in given if name not in known):
        asked = ", ".join(known) or _ELSEWHERE.get(kind, "nothing")
        raise InvalidInputError(f"`{unknown[0][:60]}` is not asked for a {kind.value}; it asks: {asked}")
    answers = {key: _text(key, given[key]) for key in known if given.get(key) is not None}
    return {key: text for key, text in answers.items() if text}


def answers_digest(kind: DocumentKind, subject: str, answers: Mapping[str, str]) -> str:
    """Return the digest that the ledger keeps of what a person stated: the words stay with the document."""
    told = {
        "schema": "ephor/document-statements/1",
        "kind": kind.value,
        "subject": subject,
        "answers": dict(answers),
    }
    return digest(told)


def _text(key: str, value: object) -> str:
    if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
        value = "\n\n".join(part.strip() for part in value)
    if not isinstance(value, str):
        raise InvalidInputError(f"`{key}` is neither text nor a list of texts; write what you have to say")
    text = value.strip()
    if len(text) > MAX_ANSWER:
        raise InvalidInputError(f"`{key}` is {len(text)} characters long; at most {MAX_ANSWER} are kept")
    if mark := hidden(text, keep="\t\n"):
        raise InvalidInputError(f"`{key}` holds the control character {mark}; remove it")
    return text
