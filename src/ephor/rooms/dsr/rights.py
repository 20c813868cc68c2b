"""Which rights each law gives, how each can be carried out, and on which grounds a request may be refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.vocabulary import word


@unique
class DsrLaw(StrEnum):
    """The law a request is made under."""

    GDPR = "gdpr"
    CCPA = "ccpa"
    HIPAA = "hipaa"


@unique
class Right(StrEnum):
    """What a data subject may ask for, in the words of the law that gives it."""

    ACCESS = "access"
    ERASURE = "erasure"
    RECTIFICATION = "rectification"
    PORTABILITY = "portability"
    RESTRICTION = "restriction"
    OBJECTION = "objection"
    AUTOMATED_DECISION = "automated_decision"
    KNOW = "know"
    DELETE = "delete"
    CORRECT = "correct"
    OPT_OUT = "opt_out"
    LIMIT = "limit"
    AMENDMENT = "amendment"
    ACCOUNTING = "accounting"


@unique
class Fulfilment(StrEnum):
    """What Ephor can do for a right."""

    PACKAGE = "package"
    """Collects the subject's rows into one document."""
    PORTABLE = "portable"
    """The same, narrowed to what the subject provided (GDPR Art. 20(1))."""
    ERASE = "erase"
    CORRECT = "correct"
    RESTRICT = "restrict"
    STOP_PURPOSES = "stop_purposes"
    """Withdraws consent for purposes, so that no agent is allowed to act for them."""
    BY_HAND = "by_hand"
    """Nothing: a person has to act, and Ephor says so instead of calling it done."""


RIGHTS: Mapping[DsrLaw, Mapping[Right, str]] = {
    DsrLaw.GDPR: {
        Right.ACCESS: "Art. 15",
        Right.RECTIFICATION: "Art. 16",
        Right.ERASURE: "Art. 17",
        Right.RESTRICTION: "Art. 18",
        Right.PORTABILITY: "Art. 20",
        Right.OBJECTION: "Art. 21",
        Right.AUTOMATED_DECISION: "Art. 22(3)",
    },
    DsrLaw.CCPA: {
        Right.KNOW: "Cal. Civ. Code 1798.100, .110, .115",
        Right.DELETE: "Cal. Civ. Code 1798.105",
        Right.CORRECT: "Cal. Civ. Code 1798.106",
        Right.OPT_OUT: "Cal. Civ. Code 1798.120",
        Right.LIMIT: "Cal. Civ. Code 1798.121",
    },
    DsrLaw.HIPAA: {
        Right.ACCESS: "45 CFR 164.524",
        Right.AMENDMENT: "45 CFR 164.526",
        Right.ACCOUNTING: "45 CFR 164.528",
    },
}
"""Each law's rights and where it gives them."""

_FULFILMENT: Mapping[Right, Fulfilment] = {
    Right.ACCESS: Fulfilment.PACKAGE,
    Right.KNOW: Fulfilment.PACKAGE,
    Right.PORTABILITY: Fulfilment.PORTABLE,
    Right.ERASURE: Fulfilment.ERASE,
    Right.DELETE: Fulfilment.ERASE,
    Right.RECTIFICATION: Fulfilment.CORRECT,
    Right.CORRECT: Fulfilment.CORRECT,
    Right.AMENDMENT: Fulfilment.CORRECT,
    Right.RESTRICTION: Fulfilment.RESTRICT,
    Right.OBJECTION: Fulfilment.STOP_PURPOSES,
    Right.OPT_OUT: Fulfilment.STOP_PURPOSES,
    Right.LIMIT: Fulfilment.STOP_PURPOSES,
}

_STORES = frozenset({Fulfilment.PACKAGE, Fulfilment.PORTABLE, Fulfilment.ERASE, Fulfilment.CORRECT})


@dataclass(frozen=True, slots=True)
class Ground:
    """A reason the law accepts for refusing; ``rights`` empty means any right of that law."""

    source: str
    rights: tuple[Right, ...] = ()


_ERASE = (Right.ERASURE,)
GROUNDS: Mapping[DsrLaw, Mapping[str, Ground]] = {
    DsrLaw.GDPR: {
        "identity_not_shown": Ground("GDPR Art. 11(2), 12(2)"),
        "manifestly_unfounded": Ground("GDPR Art. 12(5)(b)"),
        "excessive": Ground("GDPR Art. 12(5)(b)"),
        "no_ground_for_erasure": Ground("GDPR Art. 17(1)", _ERASE),
        "freedom_of_expression": Ground("GDPR Art. 17(3)(a)", _ERASE),
        "legal_obligation": Ground("GDPR Art. 17(3)(b)", _ERASE),
        "public_health": Ground("GDPR Art. 17(3)(c)", _ERASE),
        "archiving_or_research": Ground("GDPR Art. 17(3)(d)", _ERASE),
        "legal_claims": Ground("GDPR Art. 17(3)(e), 21(1)", (Right.ERASURE, Right.OBJECTION)),
        "rights_of_others": Ground("GDPR Art. 15(4), 20(4)", (Right.ACCESS, Right.PORTABILITY)),
        "compelling_grounds": Ground("GDPR Art. 21(1)", (Right.OBJECTION,)),
        "not_portable": Ground("GDPR Art. 20(1), (3)", (Right.PORTABILITY,)),
        "data_is_accurate": Ground("GDPR Art. 16", (Right.RECTIFICATION,)),
        "no_ground_for_restriction": Ground("GDPR Art. 18(1)", (Right.RESTRICTION,)),
        "no_such_decision": Ground("GDPR Art. 22(1)-(2)", (Right.AUTOMATED_DECISION,)),
    },
    DsrLaw.CCPA: {
        "identity_not_shown": Ground("11 CCR 7021(b)", (Right.KNOW, Right.DELETE, Right.CORRECT)),
        "manifestly_unfounded": Ground("Cal. Civ. Code 1798.145(h)(3)"),
        "excessive": Ground("Cal. Civ. Code 1798.145(h)(3)"),
        "exception_to_deletion": Ground("Cal. Civ. Code 1798.105(d)", (Right.DELETE,)),
        "data_is_accurate": Ground("Cal. Civ. Code 1798.106", (Right.CORRECT,)),
    },
    DsrLaw.HIPAA: {
        "identity_not_shown": Ground("45 CFR 164.514(h)"),
        "unreviewable_denial": Ground("45 CFR 164.524(a)(2)", (Right.ACCESS,)),
        "reviewable_denial": Ground("45 CFR 164.524(a)(3)", (Right.ACCESS,)),
        "amendment_denied": Ground("45 CFR 164.526(a)(2)", (Right.AMENDMENT,)),
        "accounting_suspended": Ground("45 CFR 164.528(a)(2)", (Right.ACCOUNTING,)),
    },
}
"""Each law's own list. Nothing else refuses a request."""


TELLS: Mapping[DsrLaw, str] = {
    DsrLaw.GDPR: "why, that they may complain to a supervisory authority, and that they may go to court (GDPR Art. 12(4))",
    DsrLaw.CCPA: "why, in detail, as far as the law lets you say it (11 CCR 7022 to 7024)",
    DsrLaw.HIPAA: "in writing and in plain language why, whether it can be reviewed, and how to complain (45 CFR 164.524(d)(2), 164.526(d)(1))",
}
"""What whoever is refused is told, by each law; within the time to answer."""


def right_of(law: str, right: str) -> tuple[DsrLaw, Right]:
    """Return the law and the right that two words name, however their letters are written.

    >>> right_of("CCPA", "delete")[1].value
    'delete'

    Raises:
        InvalidInputError: there is no such law or right, or the law gives no such right.
    """
    under = word(DsrLaw, law.lower(), "law")
    asked = word(Right, right.lower(), "right")
    if asked not in RIGHTS[under]:
        known = ", ".join(RIGHTS[under])
        raise InvalidInputError(
            f"`{under}` gives no right `{right}`; it gives: {known}", law=law, right=right
        )
    return under, asked


def fulfilment_of(right: Right) -> Fulfilment:
    """Return what Ephor can do for *right*.

    >>> fulfilment_of(Right.ACCOUNTING).value
    'by_hand'
    """
    return _FULFILMENT.get(right, Fulfilment.BY_HAND)


def needs_stores(right: Right) -> bool:
    """Tell whether carrying out *right* reads or changes data stores, and so takes a plan and its approval."""
    return fulfilment_of(right) in _STORES


def changes_stores(right: Right) -> bool:
    """Tell whether carrying out *right* changes data stores."""
    return fulfilment_of(right) in (Fulfilment.ERASE, Fulfilment.CORRECT)


def needs_identity(right: Right) -> bool:
    """Tell whether the requester must be shown to be the data subject.

    Opting out and limiting need no verification (11 CCR 7026, 7027); everything else does.
    """
    return right not in (Right.OPT_OUT, Right.LIMIT)


def ground_of(law: DsrLaw, right: Right, ground: str) -> Ground:
    """Return the ground of refusal named *ground*.

    Raises:
        InvalidInputError: the law's list has no such ground, or not for this right.
    """
    listed = {name: one for name, one in GROUNDS[law].items() if not one.rights or right in one.rights}
    if ground not in listed:
        raise InvalidInputError(
            f"`{ground[:80]}` is no ground to refuse `{right}` under {law}; use one of: {', '.join(listed)}"
        )
    return listed[ground]


FEES: Mapping[DsrLaw, Mapping[str, Ground]] = {
    DsrLaw.GDPR: {
        "manifestly_unfounded": Ground("GDPR Art. 12(5)(a)"),
        "excessive": Ground("GDPR Art. 12(5)(a)"),
        "further_copies": Ground("GDPR Art. 15(3)", (Right.ACCESS,)),
    },
    DsrLaw.CCPA: {
        "manifestly_unfounded": Ground("Cal. Civ. Code 1798.145(h)(3)"),
        "excessive": Ground("Cal. Civ. Code 1798.145(h)(3)"),
    },
    DsrLaw.HIPAA: {
        "cost_of_copies": Ground("45 CFR 164.524(c)(4)", (Right.ACCESS,)),
        "second_in_twelve_months": Ground("45 CFR 164.528(c)(2)", (Right.ACCOUNTING,)),
    },
}
"""On what each law lets a reasonable fee be asked; everything else is free of charge."""


def fee_of(law: DsrLaw, right: Right, ground: str) -> Ground:
    """Return the ground named *ground* on which a fee may be asked.

    >>> fee_of(DsrLaw.GDPR, Right.ACCESS, "further_copies").source
    'GDPR Art. 15(3)'

    Raises:
        InvalidInputError: the law lets nobody ask for one on that ground.
    """
    listed = {name: one for name, one in FEES[law].items() if not one.rights or right in one.rights}
    if ground not in listed:
        known = ", ".join(listed) or "none: it is free of charge"
        raise InvalidInputError(
            f"{law} lets no fee be asked for {right} on `{ground[:80]}`; grounds are: {known}"
        )
    return listed[ground]
