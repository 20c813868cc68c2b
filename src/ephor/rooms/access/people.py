"""People who operate the plane, and what each of their roles lets them do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum, unique

from ephor.kernel.errors import ConflictError, NotFoundError, NotPermittedError
from ephor.kernel.vocabulary import ReviewType


@unique
class PlaneRole(StrEnum):
    """What a person is here. One person may be several things, but never on both sides of one approval."""

    ADMINISTRATOR = "administrator"
    ENGINEER = "engineer"
    SECURITY_REVIEWER = "security_reviewer"
    PRIVACY_REVIEWER = "privacy_reviewer"
    ETHICS_REVIEWER = "ethics_reviewer"
    LEGAL_REVIEWER = "legal_reviewer"
    EXECUTIVE = "executive"
    OPERATOR = "operator"
    PRIVACY_OFFICER = "privacy_officer"
    MODEL_VALIDATOR = "model_validator"
    CALL_APPROVER = "call_approver"
    AUDITOR = "auditor"


@unique
class PlanePermission(StrEnum):
    """One thing a person may do to the plane."""

    PEOPLE = "people:write"
    ROLES = "roles:write"
    DELEGATE = "delegations:write"
    AGENTS = "agents:write"
    SUSPEND = "agents:suspend"
    RESUME = "agents:resume"
    APPROVALS = "approvals:request"
    REVOKE = "approvals:revoke"
    CALLS = "calls:approve"
    APPROVAL_RULES = "approvals:rules"
    """Who approves calls, how many of them, and how soon."""
    NOTICES = "notices:write"
    """Where people are told that a call waits."""
    POLICIES = "policies:write"
    """The organisation's own policies for the use cases."""
    BODIES = "bodies:write"
    """Who sits on a governance body, and what it answers for."""
    RISK_ACCEPT = "risks:accept"
    """Accept what remains of a risk for a time; of a high one, only with the review of executives."""
    REVIEW_SECURITY = "reviews:security"
    REVIEW_PRIVACY = "reviews:privacy"
    REVIEW_ETHICS = "reviews:ethics"
    REVIEW_LEGAL = "reviews:legal"
    REVIEW_EXECUTIVE = "reviews:executive"
    MODELS = "models:write"
    MODELS_APPROVE = "models:approve"
    CONSENT = "consent:write"
    PRIVACY = "privacy:write"
    """Subject requests, records of processing, retention and legal holds."""
    IMPACT_ADVISE = "impact:advise"
    """Advise on impact assessments, as the data protection officer does."""
    IMPACT_APPROVE = "impact:approve"
    """Approve an impact assessment that somebody else wrote and advised on."""
    CLASSES = "classes:sign"
    """Sign off the class of the law that an agent was placed in."""
    EVIDENCE = "evidence:write"
    INCIDENTS = "incidents:write"
    LEDGER = "ledger:write"
    """Further streams of the ledger, and a new epoch after a loss."""
    KEYS = "keys:rotate"
    RULES = "rules:write"
    """Which of the organisation's own rules are in force."""
    RULES_SHADOW = "rules:shadow"
    """Which rules are evaluated without effect."""
    SOURCES = "sources:write"
    """From which sources events must be heard."""


_P = PlanePermission
GRANTS: Mapping[PlaneRole, frozenset[PlanePermission]] = {
    PlaneRole.ADMINISTRATOR: frozenset({_P.PEOPLE, _P.ROLES, _P.AGENTS, _P.SUSPEND, _P.RESUME, _P.APPROVALS, _P.REVOKE, _P.DELEGATE,
                                        _P.MODELS, _P.CONSENT, _P.PRIVACY, _P.EVIDENCE, _P.INCIDENTS, _P.SOURCES, _P.LEDGER,
                                        _P.KEYS, _P.APPROVAL_RULES, _P.NOTICES, _P.POLICIES, _P.RULES, _P.RULES_SHADOW,
                                        _P.BODIES}),
    PlaneRole.ENGINEER: frozenset({_P.AGENTS, _P.SUSPEND, _P.APPROVALS, _P.MODELS, _P.DELEGATE, _P.EVIDENCE, _P.INCIDENTS, _P.SOURCES,
                                   _P.RULES_SHADOW}),
    PlaneRole.SECURITY_REVIEWER: frozenset({_P.RISK_ACCEPT, _P.REVIEW_SECURITY, _P.CLASSES, _P.REVOKE, _P.SUSPEND, _P.EVIDENCE, _P.RULES,
                                            _P.RULES_SHADOW}),
    PlaneRole.PRIVACY_REVIEWER: frozenset({_P.IMPACT_ADVISE, _P.IMPACT_APPROVE, _P.RISK_ACCEPT, _P.REVIEW_PRIVACY, _P.CLASSES, _P.REVOKE, _P.SUSPEND, _P.EVIDENCE}),
    PlaneRole.ETHICS_REVIEWER: frozenset({_P.IMPACT_APPROVE, _P.RISK_ACCEPT, _P.POLICIES, _P.REVIEW_ETHICS, _P.CLASSES, _P.REVOKE, _P.SUSPEND, _P.EVIDENCE}),
    PlaneRole.LEGAL_REVIEWER: frozenset({_P.IMPACT_APPROVE, _P.RISK_ACCEPT, _P.POLICIES, _P.REVIEW_LEGAL, _P.CLASSES, _P.REVOKE, _P.SUSPEND, _P.EVIDENCE}),
    PlaneRole.EXECUTIVE: frozenset({_P.IMPACT_APPROVE, _P.RISK_ACCEPT, _P.POLICIES, _P.BODIES, _P.REVIEW_EXECUTIVE, _P.REVOKE, _P.SUSPEND}),
    PlaneRole.OPERATOR: frozenset({_P.SUSPEND, _P.RESUME, _P.INCIDENTS, _P.EVIDENCE, _P.SOURCES, _P.LEDGER}),
    PlaneRole.PRIVACY_OFFICER: frozenset({_P.IMPACT_ADVISE, _P.CONSENT, _P.PRIVACY, _P.EVIDENCE}),
    PlaneRole.MODEL_VALIDATOR: frozenset({_P.MODELS_APPROVE, _P.EVIDENCE}),
    PlaneRole.CALL_APPROVER: frozenset({_P.CALLS}),
    PlaneRole.AUDITOR: frozenset(),
}  # fmt: skip
"""What each role grants. No role grants everything: an administrator cannot review or approve."""

REVIEW_PERMISSION: Mapping[ReviewType, PlanePermission] = {
    ReviewType.SECURITY: _P.REVIEW_SECURITY,
    ReviewType.PRIVACY: _P.REVIEW_PRIVACY,
    ReviewType.ETHICS: _P.REVIEW_ETHICS,
    ReviewType.LEGAL: _P.REVIEW_LEGAL,
    ReviewType.EXECUTIVE: _P.REVIEW_EXECUTIVE,
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who operates the plane. ``id`` is a work account's name, never a data subject's."""

    id: str
    name: str
    roles: tuple[PlaneRole, ...]


def may(person: Person, permission: PlanePermission) -> bool:
    """Tell whether one of the person's roles grants *permission*.

    >>> may(Person("ada", "Ada", (PlaneRole.ADMINISTRATOR,)), PlanePermission.REVIEW_LEGAL)
    False
    """
    return any(permission in GRANTS[role] for role in person.roles)


def find_person(said: str, people: Iterable[Person]) -> Person:
    """Return whom *said* means: an account's name before a person's own, whose case and spaces do not matter.

    >>> people = [Person("grace", "Grace Hopper", ()), Person("ada", "Grace", ())]
    >>> find_person("grace", people).id, find_person("grace  hopper", people).id
    ('grace', 'grace')

    Raises:
        NotFoundError: nobody is called so; the message says who is.
        ConflictError: several are.
    """
    known, wanted = list(people), " ".join(said.split()).casefold()
    by_account = [one for one in known if one.id == said.strip()]
    found = by_account or [one for one in known if " ".join(one.name.split()).casefold() == wanted]
    if len(found) == 1:
        return found[0]
    if found:
        accounts = ", ".join(f"`{one.id}`" for one in found)
        raise ConflictError(f"`{said[:80]}` is the name of {accounts}; name one by the account")
    listed = ", ".join(f"`{one.id}` ({one.name})" for one in known[:20])
    raise NotFoundError(
        f"nobody is called `{said[:80]}`; there are {listed or 'none yet'}; add one: ephor people add",
        person=said[:80],
    )


def require_known(person: Person | None, *, who: str) -> Person:
    """Return the person, whatever their roles.

    Raises:
        NotPermittedError: nobody is registered as *who*.
    """
    if person is None:
        raise NotPermittedError(
            f"nobody is registered as `{who}`; see `ephor people list`, or name a person with --as",
            person=who,
        )
    return person


def require(person: Person | None, permission: PlanePermission, *, who: str) -> Person:
    """Return the person if they may do this.

    Raises:
        NotPermittedError: nobody is registered as *who*, or none of their roles grants *permission*.
    """
    person = require_known(person, who=who)
    if not may(person, permission):
        holders = ", ".join(role.value for role, granted in GRANTS.items() if permission in granted)
        held = ", ".join(role.value for role in person.roles) or "none"
        raise NotPermittedError(
            f"`{who}` holds {held}; `{permission.value}` needs one of: {holders}",
            person=who,
            permission=permission.value,
        )
    return person
