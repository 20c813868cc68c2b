"""The plan that a person approves before data goes, what was decided about conflicts, and the certificate at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum, unique

from ephor.kernel.canonical import digest
from ephor.kernel.errors import ConflictError, InvalidInputError
from ephor.kernel.time import stamp
from ephor.rooms.retention.plan import Policy, PolicyStatus
from ephor.rooms.retention.rule import DataCategory
from ephor.rooms.retention.schedule import Binding, Method, PolicyEntry


@unique
class Keeps(StrEnum):
    """Why rows past their time stay."""

    HELD = "held"
    """A legal hold over the collection or the person, or a restriction that the person asked for."""
    REFERENCED = "referenced"
    """Rows that stay name them by a foreign key."""
    UNREADABLE = "unreadable"
    """The trigger column says no time: nobody can tell how old they are."""
    UNDECIDED = "undecided"
    """The rules conflict, or none says how long: a person decides first."""


@dataclass(frozen=True, slots=True)
class Staying:
    """So many rows stay, and why."""

    reason: Keeps
    because: str
    rows: int


@dataclass(frozen=True, slots=True)
class Line:
    """One collection of a plan: rows past their time, rows that go, rows that stay."""

    collection: str
    category: DataCategory
    purpose: str
    jurisdiction: str
    basis: tuple[str, ...]
    minimum_days: int | None
    maximum_days: int | None
    days: int | None
    """After how many days rows go; None where nothing decides it."""
    cutoff: datetime | None
    """Rows whose time began before this go."""
    method: Method
    archive: bool
    binding: Binding
    due: int
    act: int
    stays: tuple[Staying, ...]
    proposal: str = ""


@unique
class RunStatus(StrEnum):
    """How far a retention plan is."""

    PLANNED = "planned"
    APPROVED = "approved"
    IN_PROGRESS = "in_progress"
    DELETED = "deleted"
    """Gone for whoever asks the database; deleted bytes may still lie in its files."""
    DONE = "done"


@dataclass(frozen=True, slots=True)
class RetentionPlan:
    """What a run does, where, to how many rows, and what stays and why. Counts only, no data."""

    id: str
    as_of: date
    schedule_digest: str
    lines: tuple[Line, ...]
    digest: str
    status: RunStatus
    made_at: datetime
    made_by: str
    approved_by: str = ""
    archive: str = ""
    """The folder of the archive, once the run has begun."""
    done: Mapping[str, int] | None = None
    """Rows worked on by runs that ended, by collection."""
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Archived:
    """What a collection's archive holds; ``digest`` covers the SHA-256 of each file, in their order."""

    rows: int = 0
    files: int = 0
    digest: str = ""


@dataclass(frozen=True, slots=True)
class CertifiedLine:
    """What became of one collection. ``gone`` are the rows of the plan that are not past their time there any more."""

    collection: str
    method: Method
    planned: int
    gone: int
    archived: Archived
    stays: tuple[Staying, ...]


@dataclass(frozen=True, slots=True)
class RetentionCertificate:
    """What a plan came to. The data was out of reach at ``deleted_at`` and out of the files at ``erased_at``.

    ``entry`` is the ledger entry that records it.
    """

    id: str
    plan_digest: str
    lines: tuple[CertifiedLine, ...]
    verified: tuple[str, ...]
    deleted_at: datetime
    erased_at: datetime
    entry: str


@dataclass(frozen=True, slots=True)
class RetentionDecision:
    """A person's word on rules that exclude each other. ``id`` covers the rules, so it ends when one of them changes."""

    id: str
    category: DataCategory
    days: int
    because: str
    by: str
    at: datetime


def conflict_id(policy: Policy) -> str:
    """Return the name of a conflict: the same rules have the same one."""
    return digest([policy.category.value, sorted(repr(one) for one in policy.conflicts)])


def period(entry: PolicyEntry, policy: Policy, decided: RetentionDecision | None) -> tuple[int | None, str]:
    """Return after how many days the data of *entry* goes, or None and why nothing decides it.

    Raises:
        InvalidInputError: the schedule's own number lies outside of what its rules allow.
    """
    if policy.status is PolicyStatus.CONFLICT:
        if decided is None:
            return None, f"conflict {conflict_id(policy)}: decide it with `ephor retention decide`"
        return decided.days, ""
    if entry.days is not None:
        low, high = policy.minimum_days, policy.maximum_days
        if (low is not None and entry.days < low) or (high is not None and entry.days > high):
            bounds = [("at least", low), ("at most", high)]
            asked = " and ".join(f"{word} {days}" for word, days in bounds if days is not None)
            raise InvalidInputError(
                f"the policy on `{entry.category}` says {entry.days} days; its rules ask for {asked}; correct `days`, or leave it out"
            )
        return entry.days, ""
    if policy.maximum_days is None:
        return None, "no rule names a maximum; set `days` in the schedule"
    return policy.maximum_days, ""


def told(entry: PolicyEntry, policy: Policy, decided: RetentionDecision | None) -> str:
    """Return what is proposed about a conflict or, once that is decided, who decided and what it takes precedence over."""
    if decided is None or policy.status is not PolicyStatus.CONFLICT:
        return "; ".join(one.proposal for one in policy.conflicts)
    instead = (
        "" if entry.days in (None, decided.days) else f", not after the {entry.days} days of the schedule"
    )
    return f"{decided.by} decided on {decided.at.date().isoformat()} that it goes after {decided.days} days{instead}: {decided.because}"


def cutoff(as_of: date, days: int) -> datetime:
    """Return the moment before which a time must have begun so that *days* whole days have passed at the start of *as_of*.

    >>> cutoff(date(2026, 3, 2), 1).isoformat()
    '2026-03-01T00:00:00+00:00'
    """
    return datetime.combine(as_of, time(), UTC) - timedelta(days)


def seal_plan(plan: RetentionPlan) -> RetentionPlan:
    """Return the plan with the digest that an approval binds to: everything but who made it when, and its progress."""
    said = [plan.as_of.isoformat(), plan.schedule_digest, [_plain(line) for line in plan.lines]]
    return replace(plan, digest=digest(said))


def check_decision(policy: Policy, days: int, because: str) -> None:
    """Check that there is a conflict to decide, and that it is decided within it.

    Raises:
        ConflictError: the rules do not conflict.
        InvalidInputError: no reason, or a number that none of the rules asks for.
    """
    if policy.status is not PolicyStatus.CONFLICT:
        raise ConflictError(f"the rules on {policy.category} do not conflict; there is nothing to decide")
    if not because.strip():
        raise InvalidInputError("a decision on a conflict takes its reason; add one")
    low, high = policy.maximum_days or 0, policy.minimum_days or 0
    if not low <= days <= high:
        raise InvalidInputError(
            f"{days} days keeps neither rule; decide on {low} to {high}, or split the category with `only`"
        )


def _plain(line: Line) -> Mapping[str, object]:
    return {
        "collection": line.collection,
        "category": line.category.value,
        "purpose": line.purpose,
        "days": line.days,
        "cutoff": stamp(line.cutoff) if line.cutoff else None,
        "method": line.method.value,
        "archive": line.archive,
        "binding": repr(line.binding),
        "due": line.due,
        "act": line.act,
        "stays": [[one.reason.value, one.because, one.rows] for one in line.stays],
    }


def total(lines: Sequence[Line]) -> int:
    """Return how many rows go in all."""
    return sum(line.act for line in lines)
