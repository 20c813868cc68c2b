"""Who must approve a call, how many of them, within what time, and whom it passes to when they are silent."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ephor.kernel.canonical import digest
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.visible import check_visible
from ephor.rooms.access.people import PlaneRole
from ephor.rooms.approvals.bodies import BODIES

PATIENCE = timedelta(hours=4)
"""How long a question stays open, and how long its answer may be used. Our default; silence denies."""
SHORTEST, LONGEST = timedelta(seconds=1), timedelta(days=30)
"""What a rule may set as the time to answer."""
MAX_QUORUM = 10
ANY = "*"
"""Stands for every agent, or every tool."""
_BARRED = {
    PlaneRole.ADMINISTRATOR: "who sets the rules does not answer by them",
    PlaneRole.ENGINEER: "who builds agents does not answer for what they do",
    PlaneRole.AUDITOR: "who audits does not take part",
}


@dataclass(frozen=True, slots=True)
class Step:
    """From so long after the question on, these roles may answer it as well."""

    after: timedelta
    to: tuple[PlaneRole, ...]


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """How questions about calls are answered. ``id`` is ``AGENT/TOOL``, either of which may be ``*``."""

    id: str
    approvers: tuple[PlaneRole, ...] = (PlaneRole.CALL_APPROVER,)
    quorum: int = 1
    """How many different people must approve; one who rejects is enough to refuse."""
    patience: timedelta = PATIENCE
    escalation: tuple[Step, ...] = ()


DEFAULT = ApprovalRule(f"{ANY}/{ANY}")
"""What holds where nobody set anything: one call approver, within four hours."""


def read_rule(
    *,
    agent: str | None,
    tool: str | None,
    approvers: Sequence[str] = (),
    quorum: int = 1,
    patience: timedelta = PATIENCE,
    escalation: Iterable[tuple[timedelta, Sequence[str]]] = (),
) -> ApprovalRule:
    """Return a rule if it can be kept. Approvers are plane roles, or bodies, which stand for the roles of their seats.

    >>> read_rule(agent=None, tool="refund", approvers=["executive-oversight"], quorum=2).approvers
    (<PlaneRole.EXECUTIVE: 'executive'>,)

    Raises:
        InvalidInputError: an unknown or barred role, a quorum or a time out of range, or steps out of their order.
    """
    if type(quorum) is not int or not 1 <= quorum <= MAX_QUORUM:
        raise InvalidInputError(f"a quorum of {quorum} cannot be; write 1 to {MAX_QUORUM}")
    if not SHORTEST <= patience <= LONGEST:
        raise InvalidInputError("the time to answer must be between 1 second and 30 days")
    steps = tuple(Step(after, _roles(to)) for after, to in escalation)
    times = [timedelta(0), *(step.after for step in steps), patience]
    if any(later <= earlier for earlier, later in itertools.pairwise(times)):
        raise InvalidInputError(
            "the steps of an escalation must rise, from above 0 to below the time to answer", steps=len(steps)
        )
    id = f"{_name(agent, 'agent')}/{_name(tool, 'tool')}"
    return ApprovalRule(id, _roles(approvers) or DEFAULT.approvers, quorum, patience, steps)


def rule_for(find: Callable[[str], ApprovalRule | None], agent: str, tool: str) -> ApprovalRule:
    """Return the rule for one agent's tool: the most specific there is, a tool's before an agent's."""
    for id in (f"{agent}/{tool}", f"{ANY}/{tool}", f"{agent}/{ANY}", DEFAULT.id):
        if (rule := find(id)) is not None:
            return rule
    return DEFAULT


def narrowed(rule: ApprovalRule, approvers: tuple[PlaneRole, ...]) -> ApprovalRule:
    """Return *rule* for a tool that only these *approvers* may answer for, by the tool catalogue; empty: it names none.

    Where the rule names others beside them, only those whom both name are left; where it names none of them, they answer.

    >>> narrowed(DEFAULT, (PlaneRole.EXECUTIVE,)).approvers
    (<PlaneRole.EXECUTIVE: 'executive'>,)
    """
    if not approvers:
        return rule
    both = tuple(role for role in rule.approvers if role in approvers)
    return replace(rule, approvers=both or approvers)


def rule_digest(rule: ApprovalRule) -> str:
    """Return the digest by which an answer is bound to the rule it was given under."""
    return digest(
        {
            "id": rule.id,
            "approvers": sorted(role.value for role in rule.approvers),
            "quorum": rule.quorum,
            "seconds": int(rule.patience.total_seconds()),
            "escalation": [
                {"after": int(step.after.total_seconds()), "to": sorted(role.value for role in step.to)}
                for step in rule.escalation
            ],
        }
    )


def steps_due(steps: Sequence[Step], asked_at: datetime, now: datetime) -> int:
    """Return how many steps of an escalation have been reached.

    >>> from datetime import UTC
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> steps_due([Step(timedelta(hours=1), (PlaneRole.EXECUTIVE,))], at, at + timedelta(hours=1))
    1
    """
    return sum(now >= asked_at + step.after for step in steps)


def unanswerable(rule: ApprovalRule, people: Iterable[Set[PlaneRole]]) -> Iterator[str]:
    """Say where the people there are, each with their roles, are too few for what *rule* asks: silence denies.

    >>> list(unanswerable(DEFAULT, [{PlaneRole.CALL_APPROVER}])), next(unanswerable(DEFAULT, []))
    ([], 'nobody is there to answer: no one holds `call_approver`')
    """
    held, able = list(people), set[PlaneRole]()
    for after, roles in (
        ("", rule.approvers),
        *((f"after {step.after} ", step.to) for step in rule.escalation),
    ):
        if not _holders(held, set(roles)):
            named = " or ".join(f"`{role.value}`" for role in roles)
            yield f"{after}nobody is there to answer: no one holds {named}"
        able.update(roles)
    if (most := _holders(held, able)) < rule.quorum:
        yield f"{rule.quorum} must approve, and {most} may: every question runs out, which denies the call"


def _holders(people: Sequence[Set[PlaneRole]], roles: Set[PlaneRole]) -> int:
    return sum(not roles.isdisjoint(one) for one in people)


def _roles(words: Sequence[str]) -> tuple[PlaneRole, ...]:
    roles: dict[PlaneRole, None] = {}
    seats = {body.id: body.seats for body in BODIES}
    for text in words:
        if text in seats:
            roles.update(dict.fromkeys(seats[text]))
        elif text in {role.value for role in PlaneRole}:
            roles[PlaneRole(text)] = None
        else:
            known = ", ".join([*(role.value for role in PlaneRole if role not in _BARRED), *seats])
            raise InvalidInputError(f"unknown role or body `{text[:80]}`; use one of: {known}")
    for role in roles:
        if role in _BARRED:
            raise InvalidInputError(
                f"`{role.value}` cannot approve calls: {_BARRED[role]}; name another role"
            )
    return tuple(roles)


def _name(text: str | None, what: str) -> str:
    if text is None:
        return ANY
    if not text.strip() or text == ANY or ("/" in text and what == "agent") or len(text) > 200:
        raise InvalidInputError(
            f"`{text[:80]}` is no name of one {what}; write its name, or leave it out for all"
        )
    check_visible(text, f"the name of the {what}")
    return text
