"""What a decision must know besides the agent's authority: the subject's wishes and what was lent."""

from __future__ import annotations

from dataclasses import dataclass

from ephor.kernel.vocabulary import Objection
from ephor.rooms.access.roles import Rights
from ephor.rooms.consent.statement import Standing


@dataclass(frozen=True, slots=True)
class SubjectStanding:
    """What holds for the data subject a call touches. ``consent`` is for the call's purpose."""

    restricted: bool
    consent: Standing


@dataclass(frozen=True, slots=True)
class Lent:
    """What the delegation a call names is worth: rights, or every reason why it is worth nothing."""

    rights: Rights | None
    reasons: tuple[Objection, ...] = ()
    to_agent: str = ""
    purpose: str = ""
