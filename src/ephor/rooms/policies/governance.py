"""The governance policy of each of the guide's five use cases."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import unique
from types import MappingProxyType

from ephor.kernel.canonical import digest
from ephor.kernel.errors import InvalidInputError, NotFoundError
from ephor.kernel.vocabulary import Ranked, ReviewType, RiskLevel, Sensitivity, UseCase


@unique
class MonitoringLevel(Ranked):
    """How closely a running agent is watched, loosest first."""

    STANDARD = "standard"
    ENHANCED = "enhanced"
    COMPREHENSIVE = "comprehensive"


@unique
class AboveCeiling(Ranked):
    """What becomes of an act that needs more autonomy than the policy allows, loosest first."""

    ASK = "ask"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class GovernancePolicy:
    """What an agent of one use case must fulfil before and while it acts. The fields are the guide's."""

    use_case: UseCase
    risk_level: RiskLevel
    requires_human_approval: bool
    """Whether a person must agree before what the agent decides takes effect; the decision on each call applies it."""
    max_autonomy_level: int
    """From 1 to 5; `ephor.rooms.policies.autonomy` says what each means."""
    data_sensitivity_allowed: tuple[Sensitivity, ...]
    required_reviews: tuple[ReviewType, ...]
    monitoring_level: MonitoringLevel
    retention_days: int
    """Days for which the records of a run are kept, at the least."""
    quorum: Mapping[ReviewType, int] = field(default_factory=dict)
    """How many people must give a review, where one is not enough. The guide has no such thing."""
    above_autonomy: AboveCeiling = AboveCeiling.ASK
    """What becomes of an act above ``max_autonomy_level``. Above what the agent alone declares a person is always asked."""


_S, _R = Sensitivity, ReviewType
_TABLE = (
    GovernancePolicy(
        use_case=UseCase.CUSTOMER_SERVICE,
        risk_level=RiskLevel.MEDIUM,
        requires_human_approval=False,
        max_autonomy_level=3,
        data_sensitivity_allowed=(_S.PUBLIC, _S.INTERNAL, _S.CONFIDENTIAL),
        required_reviews=(_R.SECURITY, _R.PRIVACY),
        monitoring_level=MonitoringLevel.STANDARD,
        retention_days=90,
    ),
    # The guide has no policy for content generation. What it writes is published and can mislead, so ethics reviews it.
    GovernancePolicy(
        use_case=UseCase.CONTENT_GENERATION,
        risk_level=RiskLevel.MEDIUM,
        requires_human_approval=False,
        max_autonomy_level=3,
        data_sensitivity_allowed=(_S.PUBLIC, _S.INTERNAL),
        required_reviews=(_R.SECURITY, _R.PRIVACY, _R.ETHICS),
        monitoring_level=MonitoringLevel.STANDARD,
        retention_days=90,
    ),
    # The guide has no policy for code generation. Generated code runs with the organisation's own rights, and source
    # is confidential: a person approves what it changes, and legal looks at licences.
    GovernancePolicy(
        use_case=UseCase.CODE_GENERATION,
        risk_level=RiskLevel.HIGH,
        requires_human_approval=True,
        max_autonomy_level=2,
        data_sensitivity_allowed=(_S.PUBLIC, _S.INTERNAL, _S.CONFIDENTIAL),
        required_reviews=(_R.SECURITY, _R.PRIVACY, _R.LEGAL),
        monitoring_level=MonitoringLevel.ENHANCED,
        retention_days=365,
    ),
    GovernancePolicy(
        use_case=UseCase.DECISION_SUPPORT,
        risk_level=RiskLevel.HIGH,
        requires_human_approval=True,
        max_autonomy_level=2,
        data_sensitivity_allowed=(_S.PUBLIC, _S.INTERNAL),
        required_reviews=(_R.SECURITY, _R.PRIVACY, _R.ETHICS, _R.LEGAL),
        monitoring_level=MonitoringLevel.ENHANCED,
        retention_days=365,
    ),
    GovernancePolicy(
        use_case=UseCase.AUTONOMOUS_ACTION,
        risk_level=RiskLevel.CRITICAL,
        requires_human_approval=True,
        max_autonomy_level=4,
        data_sensitivity_allowed=(_S.PUBLIC,),
        required_reviews=(_R.SECURITY, _R.PRIVACY, _R.ETHICS, _R.LEGAL, _R.EXECUTIVE),
        monitoring_level=MonitoringLevel.COMPREHENSIVE,
        retention_days=730,
    ),
)

POLICIES: Mapping[UseCase, GovernancePolicy] = MappingProxyType(
    {policy.use_case: policy for policy in _TABLE}
)
"""One policy for every use case."""


def policy_of(policies: Mapping[UseCase, GovernancePolicy], use_case: UseCase) -> GovernancePolicy:
    """Return the policy of *use_case*.

    >>> policy_of(POLICIES, UseCase.CODE_GENERATION).risk_level.value
    'high'

    Raises:
        NotFoundError: *policies* has none.
    """
    if (policy := policies.get(use_case)) is None:
        raise NotFoundError(
            f"use case `{use_case.value}` has no policy; nothing of that kind can be approved"
        )
    return policy


def policy_digest(policy: GovernancePolicy) -> str:
    """Return the digest an approval binds to: another value anywhere in the policy, another digest."""
    return digest({"schema": "ephor/policy/1", **_plain(policy)})


def set_digest(policies: Mapping[UseCase, GovernancePolicy]) -> str:
    """Return the digest of a whole set of policies."""
    return digest(
        {
            "schema": "ephor/policies/1",
            "policies": {case.value: policy_digest(policy) for case, policy in policies.items()},
        }
    )


def breaches(
    policy: GovernancePolicy, *, autonomy: int, sensitivities: Iterable[Sensitivity]
) -> tuple[str, ...]:
    """Return what an agent of this *autonomy* handling data of these *sensitivities* would break; empty for nothing.

    >>> breaches(POLICIES[UseCase.DECISION_SUPPORT], autonomy=3, sensitivities=[Sensitivity.INTERNAL])
    ('autonomy `3` is above the 2 that decision_support allows',)
    """
    case = policy.use_case.value
    found = []
    if autonomy > policy.max_autonomy_level:
        found.append(f"autonomy `{autonomy}` is above the {policy.max_autonomy_level} that {case} allows")
    allowed = ", ".join(one.value for one in policy.data_sensitivity_allowed)
    found += [
        f"sensitivity `{one.value}` is not among those that {case} allows: {allowed}"
        for one in sorted(set(sensitivities))
        if one not in policy.data_sensitivity_allowed
    ]
    return tuple(found)


def loosened(policy: GovernancePolicy, other: GovernancePolicy) -> tuple[str, ...]:
    """Return the fields in which *other* asks for less than *policy*; empty where it is nowhere looser.

    >>> loosened(POLICIES[UseCase.CODE_GENERATION], POLICIES[UseCase.DECISION_SUPPORT])
    ()
    """
    looser = {
        "risk_level": other.risk_level < policy.risk_level,
        "requires_human_approval": policy.requires_human_approval and not other.requires_human_approval,
        "max_autonomy_level": not 1 <= other.max_autonomy_level <= policy.max_autonomy_level,
        "data_sensitivity_allowed": not set(other.data_sensitivity_allowed)
        <= set(policy.data_sensitivity_allowed),
        "required_reviews": not set(other.required_reviews) >= set(policy.required_reviews),
        "monitoring_level": other.monitoring_level < policy.monitoring_level,
        "retention_days": other.retention_days < policy.retention_days,
        "above_autonomy": other.above_autonomy < policy.above_autonomy,
        "quorum": any(other.quorum.get(one, 1) < many for one, many in policy.quorum.items()),
    }
    return tuple(name for name, is_looser in looser.items() if is_looser)


def override(policy: GovernancePolicy, stricter: GovernancePolicy) -> GovernancePolicy:
    """Return *stricter*, an organisation's own policy for the same use case, if it is nowhere looser than *policy*.

    More reviews, more monitoring, longer records, less autonomy, fewer sensitivities, a higher risk level: stricter.

    Raises:
        InvalidInputError: another use case, or looser somewhere; the message lists every such field.
    """
    if policy.use_case is not stricter.use_case:
        raise InvalidInputError(
            f"a policy for `{stricter.use_case.value}` cannot take the place of one for `{policy.use_case.value}`"
        )
    if fields := list(loosened(policy, stricter)):
        raise InvalidInputError(
            f"the override for `{policy.use_case.value}` is looser in {', '.join(fields)}; it may only be stricter",
            fields=fields,
        )
    return stricter


def _plain(policy: GovernancePolicy) -> dict[str, object]:
    """Return the policy as JSON: fields by name, words as text, sets of words in one order."""
    values = {one.name: getattr(policy, one.name) for one in dataclasses.fields(policy)}
    quorum = {one.value: many for one, many in values.pop("quorum").items()}
    if quorum:  # left out where there is none, so that the digest of the guide's policies is what it was
        values["quorum"] = quorum
    if values["above_autonomy"] is AboveCeiling.ASK:  # likewise
        del values["above_autonomy"]
    return {
        key: sorted(str(one) for one in value) if isinstance(value, tuple) else value
        for key, value in values.items()
    }
