"""The nouns of a decision: the call, the answer, its reasons and what must be done with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ephor.kernel.vocabulary import Outcome, Reason, Sensitivity
from ephor.rooms.policies.rule import Spoken

__all__ = ["Call", "Decision", "Obligation", "Outcome", "Reason", "Shadow", "Spoken", "Step", "Verdict"]


@dataclass(frozen=True, slots=True)
class Call:
    """One act an agent wants to do.

    ``arguments`` are JSON: text, whole numbers, truth values, lists and objects. ``on_behalf_of`` is a delegation's id;
    a call that names one names its ``purpose`` as well.
    ``subject`` is the data subject the call touches, as the caller names them; only their pseudonym is ever kept.
    ``sensitivity`` raises what the tool declares, never lowers it. ``model`` is the model that asks, where known.
    """

    agent: str
    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    on_behalf_of: str | None = None
    subject: str | None = None
    purpose: str | None = None
    sensitivity: Sensitivity | None = None
    model: str | None = None
    session: str | None = None
    trace: str | None = None


@dataclass(frozen=True, slots=True)
class Obligation:
    """Something the caller must do if it goes ahead.

    ``mask``: hide personal data in ``where`` except the PII types in ``reveal``. ``notice``: show ``text`` first.
    ``log``: log as closely as ``text`` says. ``retain``: keep the record for as long as ``text`` says.
    """

    kind: str
    where: str = ""
    reveal: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Shadow:
    """What the answer would have been with rules that are in shadow; it has no effect."""

    outcome: Outcome
    reasons: tuple[Reason, ...]
    sets: tuple[str, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say, before anything is recorded."""

    outcome: Outcome
    reasons: tuple[Reason, ...]
    obligations: tuple[Obligation, ...]
    rules: tuple[Spoken, ...] = ()
    """The customer's rules that spoke."""
    shadow: Shadow | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One check on the way to an answer: what it looked at, and what it said."""

    check: str
    looked_at: str
    outcome: Outcome
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """The recorded answer to a call. ``entry`` is the ledger entry that holds it."""

    id: str
    outcome: Outcome
    reasons: tuple[Reason, ...]
    obligations: tuple[Obligation, ...]
    entry: str
    policy_digest: str
    """Of everything the answer rested on: manifest, policy, roles, classification, rules."""
    approval: str | None = None
    """The call approval that is waited for, or that this decision used up."""
    path: tuple[Step, ...] = ()
    """How it came about, where that was asked for."""
    rules: tuple[Spoken, ...] = ()
    """The customer's rules that spoke."""
    shadow: Shadow | None = None

    @property
    def allowed(self) -> bool:
        """Whether the agent may act now."""
        return self.outcome is Outcome.ALLOW
