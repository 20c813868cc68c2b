"""A record of processing activities, and what it still lacks (GDPR Art. 30)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum, unique


@unique
class LegalBasis(StrEnum):
    """The six bases of GDPR Art. 6(1)(a)-(f), in the guide's words."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    VITAL_INTERESTS = "vital_interests"
    PUBLIC_TASK = "public_task"
    LEGITIMATE_INTERESTS = "legitimate_interests"


@unique
class Part(StrEnum):
    """On which side the record is kept: Art. 30(1) or Art. 30(2)."""

    CONTROLLER = "controller"
    PROCESSOR = "processor"


@unique
class Safeguard(StrEnum):
    """What a transfer to a third country rests on (Chapter V)."""

    ADEQUACY = "adequacy"
    STANDARD_CLAUSES = "standard_clauses"
    BINDING_RULES = "binding_rules"
    OTHER_SAFEGUARD = "other_safeguard"
    DEROGATION = "derogation"


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody the authority can write to: the controller, a joint one, a representative, the DPO."""

    name: str
    contact: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer to a third country or an international organisation.

    ``documentation`` names the document; a derogation under Art. 49(1), second subparagraph, must have one.
    """

    country: str
    safeguard: Safeguard
    documentation: str = ""


@dataclass(frozen=True, slots=True)
class ProcessingRecord:
    """One processing activity, with every field of Art. 30(1) or 30(2), its basis and the agents that carry it out.

    ``None`` means that nobody has said; an empty tuple means that there is none (``transfers``, ``recipients``).
    """

    id: str
    name: str
    part: Part
    controller: Contact | None = None
    joint_controllers: tuple[Contact, ...] = ()
    representative: Contact | None = None
    processor: Contact | None = None
    dpo: Contact | None = None
    no_dpo_because: str = ""
    purposes: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    special_categories: tuple[str, ...] = ()
    special_condition: str = ""
    recipients: tuple[str, ...] | None = None
    transfers: tuple[Transfer, ...] | None = None
    erasure: Mapping[str, str] | None = None
    """The time limit for each category of data, in words (Art. 30(1)(f))."""
    measures: tuple[str, ...] = ()
    legal_basis: LegalBasis | None = None
    basis_details: str = ""
    automated_decisions: bool | None = None
    agents: tuple[str, ...] = ()
    version: int = 1


BASIS_NEEDS: Mapping[LegalBasis, tuple[str, str]] = {
    LegalBasis.CONSENT: ("how consent is asked for and withdrawn", "Art. 6(1)(a), 7"),
    LegalBasis.CONTRACT: ("the contract with the data subject", "Art. 6(1)(b)"),
    LegalBasis.LEGAL_OBLIGATION: ("the law that obliges", "Art. 6(1)(c), 6(3)"),
    LegalBasis.VITAL_INTERESTS: (
        "whose vital interest, and why no other basis serves",
        "Art. 6(1)(d), recital 46",
    ),
    LegalBasis.PUBLIC_TASK: ("the law that lays down the task", "Art. 6(1)(e), 6(3)"),
    LegalBasis.LEGITIMATE_INTERESTS: ("the interest and how it was balanced", "Art. 6(1)(f)"),
}
"""What must be said with each basis for it to hold, and where the law asks for it."""


def missing(record: ProcessingRecord) -> tuple[str, ...]:
    """Return each field that is not filled in, with its article; nothing means complete.

    >>> missing(ProcessingRecord("support", "Support", Part.PROCESSOR))[0]
    'processor (Art. 30(2)(a))'
    """
    checks = _CONTROLLER if record.part is Part.CONTROLLER else _PROCESSOR
    gaps = [f"{name} ({article})" for name, article, lacks in checks if lacks(record)]
    if record.legal_basis is not None and not record.basis_details.strip():
        needed, article = BASIS_NEEDS[record.legal_basis]
        gaps.append(f"basis_details: {needed} ({article})")
    for transfer in record.transfers or ():
        if transfer.safeguard is not Safeguard.ADEQUACY and not transfer.documentation.strip():
            article = "Art. 30(1)(e), 49(6)" if transfer.safeguard is Safeguard.DEROGATION else "Art. 46"
            gaps.append(f"transfers.documentation of {transfer.country} ({article})")
    return tuple(gaps)


def _undated(record: ProcessingRecord) -> bool:
    """Every category needs its own time limit; ``all`` stands for the rest."""
    limits = record.erasure or {}
    return not limits or (
        "all" not in limits and any(category not in limits for category in record.categories)
    )


def _unnamed(contact: Contact | None) -> bool:
    return contact is None or not contact.name.strip() or not contact.contact.strip()


_Check = tuple[str, str, Callable[[ProcessingRecord], bool]]
_CONTROLLER: tuple[_Check, ...] = (
    ("controller", "Art. 30(1)(a)", lambda one: _unnamed(one.controller)),
    (
        "dpo, or no_dpo_because",
        "Art. 30(1)(a), 37",
        lambda one: _unnamed(one.dpo) and not one.no_dpo_because.strip(),
    ),
    ("purposes", "Art. 30(1)(b)", lambda one: not one.purposes),
    ("subjects", "Art. 30(1)(c)", lambda one: not one.subjects),
    ("categories", "Art. 30(1)(c)", lambda one: not one.categories),
    ("recipients", "Art. 30(1)(d)", lambda one: one.recipients is None),
    ("transfers", "Art. 30(1)(e)", lambda one: one.transfers is None),
    ("erasure", "Art. 30(1)(f)", _undated),
    ("measures", "Art. 30(1)(g), 32(1)", lambda one: not one.measures),
    ("legal_basis", "Art. 6(1)", lambda one: one.legal_basis is None),
    (
        "special_condition",
        "Art. 9(2)",
        lambda one: bool(one.special_categories) and not one.special_condition.strip(),
    ),
    ("automated_decisions", "Art. 13(2)(f), 22", lambda one: one.automated_decisions is None),
)
_PROCESSOR: tuple[_Check, ...] = (
    ("processor", "Art. 30(2)(a)", lambda one: _unnamed(one.processor)),
    ("controller", "Art. 30(2)(a)", lambda one: _unnamed(one.controller)),
    (
        "dpo, or no_dpo_because",
        "Art. 30(2)(a), 37",
        lambda one: _unnamed(one.dpo) and not one.no_dpo_because.strip(),
    ),
    ("categories", "Art. 30(2)(b)", lambda one: not one.categories),
    ("transfers", "Art. 30(2)(c)", lambda one: one.transfers is None),
    ("measures", "Art. 30(2)(d), 32(1)", lambda one: not one.measures),
)
