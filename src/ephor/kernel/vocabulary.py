"""The words several rooms speak: use cases, sensitivities, effects, levels, reviews, answers with their reasons, objections."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Self, TypeVar

from ephor.kernel.errors import InvalidInputError

W = TypeVar("W", bound=StrEnum)


def word(kind: type[W], text: str, what: str) -> W:
    """Return the member of *kind* spelled *text*.

    Raises:
        InvalidInputError: there is no such word; the message lists those there are.
    """
    try:
        return kind(text)
    except ValueError:
        known = ", ".join(member.value for member in kind)
        raise InvalidInputError(f"unknown {what} `{text}`; use one of: {known}", value=text) from None


@dataclass(frozen=True, slots=True)
class Objection:
    """One reason against: a public code that is never reused, and the sentence for people."""

    code: str
    text: str


class Ranked(StrEnum):
    """Words in rising order. Comparing two asks for their order, not for their spelling."""

    rank: int

    def __new__(cls, text: str) -> Self:
        """Make a member; its rank is how many there are before it."""
        member = str.__new__(cls, text)
        member._value_ = text
        member.rank = len(cls.__members__)
        return member

    def __lt__(self, other: object) -> bool:
        return self.rank < self._of(other).rank

    def __le__(self, other: object) -> bool:
        return self.rank <= self._of(other).rank

    def __gt__(self, other: object) -> bool:
        return self.rank > self._of(other).rank

    def __ge__(self, other: object) -> bool:
        return self.rank >= self._of(other).rank

    def _of(self, other: object) -> Ranked:
        if not isinstance(other, type(self)):
            raise TypeError(f"cannot order {type(self).__name__} against {type(other).__name__}")
        return other


@unique
class Outcome(Ranked):
    """The answer to a call, mildest first; the strongest that any check asks for wins."""

    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: a public code that is never reused, the outcome it asks for, and a sentence for people."""

    code: str
    outcome: Outcome
    text: str


@unique
class Sensitivity(Ranked):
    """How sensitive data is, least first. A ceiling admits everything up to itself."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    RESTRICTED = "restricted"


@unique
class RiskLevel(Ranked):
    """The guide's four levels, lowest first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@unique
class UseCase(StrEnum):
    """The guide's five use cases. Each has a policy."""

    CUSTOMER_SERVICE = "customer_service"
    CONTENT_GENERATION = "content_generation"
    CODE_GENERATION = "code_generation"
    DECISION_SUPPORT = "decision_support"
    AUTONOMOUS_ACTION = "autonomous_action"


@unique
class Effect(Ranked):
    """What a tool does to the world, mildest first."""

    READ = "read"
    WRITE = "write"
    EXTERNAL = "external"
    """Something leaves the organisation: a message, a payment, a publication."""
    IRREVERSIBLE = "irreversible"


@unique
class ReviewType(StrEnum):
    """The guide's reviews. A reviewer must hold the role of the same name."""

    SECURITY = "security"
    PRIVACY = "privacy"
    ETHICS = "ethics"
    LEGAL = "legal"
    EXECUTIVE = "executive"
