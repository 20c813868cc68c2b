"""What a decision must know besides the agent's authority: the subject's wishes, what was lent, what went before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ephor.kernel.vocabulary import Objection
from ephor.rooms.access.roles import Rights
from ephor.rooms.consent.statement import Standing
from ephor.rooms.policies.limits import NOBODY, Behalf


@dataclass(frozen=True, slots=True)
class SubjectStanding:
    """What holds for the data subject a call touches. ``consent`` is for the call's purpose."""

    restricted: bool
    consent: Standing
    against: tuple[str, ...] = ()
    """Codes of what stands against the purpose whatever was consented to: opt-outs, and what a child cannot agree to."""
    opted_out: bool = False
    """Whether any opt-out stands, of whatever."""
    listed: bool = False
    """Whether somebody said what the purpose serves."""


@dataclass(frozen=True, slots=True)
class Lent:
    """What the delegation a call names is worth: rights, or every reason why it is worth nothing."""

    rights: Rights | None
    reasons: tuple[Objection, ...] = ()
    to_agent: str = ""
    purpose: str = ""
    behalf: Behalf = NOBODY
    """Who stands at its beginning, and the delegations from there to here."""


@dataclass(frozen=True, slots=True)
class Known:
    """What was looked up for one call; None where nothing was, which is never a pass.

    ``labels`` are what the call's session touched before it. ``used`` says, for each limit that covers the call, how much
    of it is used in the window that holds now.
    """

    subject: SubjectStanding | None = None
    lent: Lent | None = None
    labels: frozenset[str] | None = None
    used: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """What the arguments of a call say to the rules that read them, without the arguments themselves.

    ``asked`` has a word for each rule of the tool by which a person is asked, ``limits`` one for each limit that covers
    the call. Enough to decide the call again when nobody holds its arguments any more.
    """

    asked: tuple[str, ...] = ()
    limits: Mapping[str, str] | None = None


NOTHING_KNOWN = Known()
NOTHING_OBSERVED = Observed()
UNSAID = SubjectStanding(restricted=False, consent=Standing.NEVER)
"""A data subject who asked for nothing."""
