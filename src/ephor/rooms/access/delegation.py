"""Delegation: authority lent from a person to an agent and on from agent to agent, never wider than what was held."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum, unique
from itertools import pairwise
from typing import TypeAlias

from ephor.kernel.errors import ConflictError, InvalidInputError, NotPermittedError
from ephor.kernel.time import stamp
from ephor.kernel.visible import check_visible
from ephor.kernel.vocabulary import Objection, Sensitivity
from ephor.rooms.access.roles import NOTHING, Permission, Rights, beyond, lend, narrow

MAX_DEPTH = 5
"""How often authority may at most be passed on after its first grant."""

MAX_PURPOSE = 1000
"""Longest purpose in characters: every call under the delegation names it."""


@unique
class Granter(StrEnum):
    """Who lends."""

    PERSON = "person"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class PersonRights:
    """What a person holds and may therefore lend to an agent; an administrator sets it. ``id`` is the person's."""

    id: str
    permissions: tuple[Permission, ...]
    tools: tuple[str, ...]
    max_sensitivity: Sensitivity


@dataclass(frozen=True, slots=True)
class Delegation:
    """Authority lent to one agent for one purpose until a day.

    ``depth_left`` is how often it may still be passed on. ``spawned`` says that the receiver was started by the
    giver for this. A delegation holds only as long as every delegation before it (``parent``) holds.
    """

    id: str
    from_kind: Granter
    from_id: str
    to_agent: str
    permissions: tuple[Permission, ...]
    tools: tuple[str, ...]
    max_sensitivity: Sensitivity
    purpose: str
    depth_left: int
    granted_at: datetime
    expires_at: datetime
    parent: str | None = None
    spawned: bool = False
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    granted_by: str | None = None
    """The person who lent it, or had an agent lend it; None for one from before that was kept."""

    @property
    def giver(self) -> str:
        """``person:ID`` or ``agent:ID``."""
        return f"{self.from_kind.value}:{self.from_id}"


RightsOf: TypeAlias = "Callable[[str], Rights | None]"
"""What a principal (``person:ID`` or ``agent:ID``) holds by itself; None when nobody knows it."""


def lendable(held: PersonRights) -> Rights:
    """Return what the person may lend."""
    return lend(held.permissions, held.tools, held.max_sensitivity)


def scope(delegation: Delegation) -> Rights:
    """Return what the delegation names; what it is worth depends on the chain it stands in."""
    return lend(delegation.permissions, delegation.tools, delegation.max_sensitivity)


def chain_to(id: str, known: Mapping[str, Delegation]) -> tuple[Delegation, ...]:
    """Return the delegations from the first grant to *id*, first one first.

    Raises:
        ConflictError: a delegation in the chain is not there, or the chain is longer than any can lawfully be.
    """
    chain: list[Delegation] = []
    wanted: str | None = id
    while wanted is not None:
        if len(chain) > MAX_DEPTH:
            raise ConflictError(
                f"the chain of delegation `{id}` is longer than {MAX_DEPTH + 1}; revoke it", delegation=id
            )
        if (hop := known.get(wanted)) is None:
            raise ConflictError(
                f"delegation `{wanted}` in the chain of `{id}` does not exist; grant anew", delegation=wanted
            )
        chain.append(hop)
        wanted = hop.parent
    return tuple(reversed(chain))


def chain_rights(
    chain: Sequence[Delegation], rights_of: RightsOf, now: datetime
) -> Rights | tuple[Objection, ...]:
    """Return what the last agent of *chain* may do on behalf of the first giver, or every reason why nothing.

    At every hop: what the giver holds there, within the delegation's scope, and within what the receiver holds itself
    (RFC 8693, section 4.1, records the actors of such a chain; that rights only shrink along it is our own rule).
    """
    if not chain:
        return (Objection("no-delegation", "there is no delegation"),)
    reasons = [reason for hop in chain for reason in _standing(hop, now)]
    reasons += [reason for before, hop in pairwise(chain) for reason in _link(before, hop)]
    reasons += _shape(chain)
    held = _known(rights_of, chain[0].giver, reasons)
    for hop in chain:
        reasons += _may_pass_on(hop, held)
        held = narrow(narrow(held, scope(hop)), _known(rights_of, f"agent:{hop.to_agent}", reasons))
    if not reasons and not held.permissions and not held.tools:
        reasons.append(
            Objection("delegation-empty", f"nothing of delegation `{chain[-1].id}` is held any more")
        )
    return tuple(dict.fromkeys(reasons)) or held


def check_grant(new: Delegation, before: Sequence[Delegation], rights_of: RightsOf) -> None:
    """Check that *new* may be granted on top of the chain *before* (empty for a first grant).

    Raises:
        InvalidInputError: no purpose, or one that no call could name, nothing lent, no time left, a depth out of range, or
            the receiver does not itself hold what it would be lent.
        ConflictError: a delegation before it is revoked or expired, or does not lead to this giver.
        NotPermittedError: the giver does not hold what it lends, may not pass it on, or widens what it was lent.
    """
    _check_terms(new)
    if before:
        _check_parent(new, before, rights_of)
    given = rights_of(new.giver) if not before else chain_rights(before, rights_of, new.granted_at)
    if given is None or isinstance(given, tuple):
        raise NotPermittedError(
            f"{_named(new.giver)} holds nothing to delegate; see `ephor delegations allow`", giver=new.giver
        )
    _refuse([*_may_pass_on(new, given), *beyond(scope(new), given, _named(new.giver))])
    held = rights_of(f"agent:{new.to_agent}")
    if held is None:
        raise InvalidInputError(
            f"no agent `{new.to_agent}` is registered; register it first", agent=new.to_agent
        )
    if over := beyond(scope(new), held, f"agent `{new.to_agent}`"):
        told = "; ".join(reason.text for reason in over)
        raise InvalidInputError(
            f"{told}; only what both hold can be delegated", reasons=[one.code for one in over]
        )


def revoke(delegation: Delegation, *, by: str, at: datetime) -> Delegation:
    """Return the delegation, revoked; whatever was passed on from it ends with it.

    Raises:
        ConflictError: it is revoked already.
    """
    if delegation.revoked_at is not None:
        raise ConflictError(
            f"delegation `{delegation.id}` was revoked on {stamp(delegation.revoked_at)}",
            delegation=delegation.id,
        )
    return replace(delegation, revoked_at=at, revoked_by=by)


def _check_terms(new: Delegation) -> None:
    if not new.purpose.strip():
        raise InvalidInputError("a delegation needs a purpose; say what it is for")
    if len(new.purpose) > MAX_PURPOSE:
        raise InvalidInputError(
            f"the purpose is {len(new.purpose)} characters long; at most {MAX_PURPOSE} fit"
        )
    check_visible(new.purpose, "the purpose")
    if not new.permissions and not new.tools:
        raise InvalidInputError("a delegation of nothing; name at least one permission or tool")
    if new.expires_at <= new.granted_at:
        raise InvalidInputError(
            f"the delegation would end on {stamp(new.expires_at)}, before it begins; choose a later end"
        )
    if not 0 <= new.depth_left <= MAX_DEPTH:
        raise InvalidInputError(f"depth `{new.depth_left}` is not between 0 and {MAX_DEPTH}")
    if new.giver == f"agent:{new.to_agent}":
        raise InvalidInputError(f"agent `{new.to_agent}` cannot delegate to itself; name another agent")


def _check_parent(new: Delegation, before: Sequence[Delegation], rights_of: RightsOf) -> None:
    answer = chain_rights(before, rights_of, new.granted_at)
    if isinstance(answer, tuple):
        told = "; ".join(reason.text for reason in answer)
        raise ConflictError(
            f"delegation `{before[-1].id}` does not hold: {told}", reasons=[one.code for one in answer]
        )
    if new.parent != before[-1].id or new.giver != f"agent:{before[-1].to_agent}":
        raise ConflictError(
            f"delegation `{before[-1].id}` was not granted to {_named(new.giver)}; name one that was",
            parent=new.parent,
        )
    _refuse([*_link(before[-1], new), *_shape((*before, new))])


def _refuse(reasons: Sequence[Objection]) -> None:
    if reasons:
        told = "; ".join(dict.fromkeys(reason.text for reason in reasons))
        raise NotPermittedError(
            f"{told}; lend less, or ask for more first", reasons=[one.code for one in reasons]
        )


def _standing(hop: Delegation, now: datetime) -> Iterator[Objection]:
    if hop.revoked_at is not None:
        yield Objection("delegation-revoked", f"delegation `{hop.id}` was revoked on {stamp(hop.revoked_at)}")
    if now >= hop.expires_at:
        yield Objection("delegation-expired", f"delegation `{hop.id}` expired on {stamp(hop.expires_at)}")
    if now < hop.granted_at:
        yield Objection("delegation-not-yet", f"delegation `{hop.id}` begins on {stamp(hop.granted_at)}")


def _link(before: Delegation, hop: Delegation) -> Iterator[Objection]:
    """What the next hop may not do: hang elsewhere, go deeper, last longer, serve another purpose."""
    if hop.parent != before.id or hop.giver != f"agent:{before.to_agent}":
        yield Objection("delegation-broken", f"delegation `{hop.id}` does not follow from `{before.id}`")
    if not 0 <= hop.depth_left < before.depth_left:
        left = before.depth_left
        text = f"delegation `{before.id}` may be passed on {left} more times, `{hop.id}` asks {hop.depth_left} after itself"
        yield Objection("delegation-too-deep", text)
    if hop.expires_at > before.expires_at:
        yield Objection(
            "delegation-outlives",
            f"delegation `{hop.id}` ends after `{before.id}`, on {stamp(before.expires_at)}",
        )
    if hop.purpose != before.purpose:
        # GDPR Article 5(1)(b): what was lent for one purpose is not lent on for another.
        yield Objection(
            "delegation-purpose", f"delegation `{hop.id}` serves another purpose than `{before.id}`"
        )


def _shape(chain: Sequence[Delegation]) -> list[Objection]:
    """The chain must begin at a first grant and pass through each agent once."""
    reasons = []
    if chain[0].parent is not None:
        reasons.append(Objection("delegation-broken", f"delegation `{chain[0].id}` is not a first grant"))
    agents = [hop.to_agent for hop in chain]
    if chain[0].from_kind is Granter.AGENT:
        agents.insert(0, chain[0].from_id)
    for agent in sorted({agent for agent in agents if agents.count(agent) > 1}):
        reasons.append(Objection("delegation-cycle", f"agent `{agent}` is in the chain already"))
    return reasons


def _may_pass_on(hop: Delegation, held: Rights) -> tuple[Objection, ...]:
    """An agent needs its own permission to lend, and another to start the agent it lends to."""
    reasons: tuple[Objection, ...] = ()
    if hop.from_kind is Granter.AGENT:
        reasons += _lacks(held, Permission.AGENT_DELEGATE, hop)
    if hop.spawned:
        reasons += _lacks(held, Permission.AGENT_SPAWN, hop)
    return reasons


def _lacks(held: Rights, permission: Permission, hop: Delegation) -> tuple[Objection, ...]:
    """What was lent counts, not what the giver's own roles hold: who lends says whether it may be passed on."""
    if permission in held.permissions:
        return ()
    text = f"{_named(hop.giver)} does not hold permission `{permission.value}`"
    if hop.parent is not None:
        text += f" by delegation `{hop.parent}`, and may not pass it on so"
    return (Objection("permission-not-held", text),)


def _known(rights_of: RightsOf, principal: str, reasons: list[Objection]) -> Rights:
    held = rights_of(principal)
    if held is None:
        reasons.append(Objection("principal-unknown", f"nothing is known about {_named(principal)}"))
        return NOTHING
    return held


def _named(principal: str) -> str:
    kind, _, id = principal.partition(":")
    return f"{kind} `{id}`"
